//! `wnet-packetdrill FILE|DIR...`
fn main() {}
