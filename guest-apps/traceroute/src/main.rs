//! `traceroute`
fn main() {}
