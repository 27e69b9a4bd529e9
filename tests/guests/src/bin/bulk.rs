//! `bulk receive PORT SECONDS`: accepts a connection, reads for so long and prints how much came.
//! `bulk send HOST PORT SECONDS`: connects and writes for so long.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use test_guests::bulk;

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let seconds = |word: &str| Duration::from_secs(word.parse().expect("SECONDS"));
    let port = |word: &str| -> u16 { word.parse().expect("PORT") };
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["receive", number, time] => {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port(number)))?;
            println!("listening on {}", listener.local_addr()?);
            let (stream, _) = listener.accept()?;
            println!("{}", bulk::receive(stream, seconds(time))?);
            Ok(())
        }
        ["send", host, number, time] => bulk::send(TcpStream::connect((*host, port(number)))?, seconds(time)),
        _ => panic!("receive PORT SECONDS, or send HOST PORT SECONDS"),
    }
}
