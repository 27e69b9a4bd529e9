//! `patient-reader PORT`: accepts two connections. It reads nothing from the first until the second has ended;
//! then it reads the first to its end and sends everything back.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("PORT");
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    println!("listening on {}", listener.local_addr()?);
    let (mut data, _) = listener.accept()?;
    let (mut starter, _) = listener.accept()?;
    starter.read_to_end(&mut Vec::new())?;
    let mut all = Vec::new();
    data.read_to_end(&mut all)?;
    data.write_all(&all)
}
