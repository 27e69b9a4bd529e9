//! `http-hello PORT`: answers every request with a greeting, one client after another.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("PORT");
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (client, _) = listener.accept()?;
        if let Err(error) = answer(client) {
            eprintln!("{error}");
        }
    }
}

/// Reads a request up to the empty line behind its header, and answers it.
fn answer(client: TcpStream) -> io::Result<()> {
    let mut request = BufReader::new(client);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let greeting = "Hello from a component\n";
    let length = greeting.len();
    write!(request.get_mut(), "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{greeting}")
}
