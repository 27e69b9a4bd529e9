//! The command `wnet`.

fn main() {}
