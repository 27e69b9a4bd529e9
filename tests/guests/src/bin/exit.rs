//! `exit CODE`: ends with this exit code.

fn main() {
    let code = std::env::args().nth(1).and_then(|code| code.parse().ok());
    std::process::exit(code.unwrap_or(2));
}
