//! `surroundings [ARGS]`: prints its arguments, its environment, and the files of the folder `/data`.

fn main() {
    for argument in std::env::args() {
        println!("argument {argument}");
    }
    for (name, value) in std::env::vars() {
        println!("variable {name}={value}");
    }
    for entry in std::fs::read_dir("/data").into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        println!("file {} {text}", entry.file_name().to_string_lossy());
    }
    if let Err(error) = std::fs::read_to_string("/data/../outside") {
        println!("outside {:?}", error.kind());
    }
}
