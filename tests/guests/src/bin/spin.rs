//! `spin`: computes for ever and never waits for anything.

fn main() {
    println!("spinning");
    loop {
        std::hint::spin_loop();
    }
}
