//! The kinds of stress, a module for each that needs one.

mod crowd;
mod many;

use test_guests::sockets::{End, Family, connect, tcp};

/// Does what the arguments say.
pub(crate) fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let numbers: Vec<u16> = arguments.map(|word| word.parse().expect("a number")).collect();
    match (what.as_str(), &numbers[..]) {
        ("many", &[connections, datagrams]) => many::run(connections.into(), datagrams.into()),
        ("turns", &[port, count]) => turns(port, count),
        ("crowd", &[first, count, own, rounds]) => crowd::run(first, count, own, rounds),
        ("pour", &[port]) => pour(port),
        _ => panic!("{what} what?"),
    }
}

/// A connection to this port, as soon as somebody listens there.
fn reach(port: u16) -> End {
    loop {
        let socket = tcp(Family::Ipv4);
        match connect(&socket, Family::Ipv4.loopback(port)) {
            Ok((input, output)) => return End { input, output, socket },
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    }
}

fn turns(port: u16, count: u16) {
    for number in 0..count {
        let end = reach(port);
        let said = number.to_be_bytes();
        end.output.blocking_write_and_flush(&said).expect("room");
        assert_eq!(heard(&end, said.len()), said, "connection {number}");
    }
    println!("{count} connections");
}

fn pour(port: u16) {
    let end = reach(port);
    println!("pouring");
    while end.output.blocking_write_and_flush(&[0; 4096]).is_ok() {}
}

/// So many bytes of a connection.
fn heard(end: &End, length: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < length {
        all.extend(end.input.blocking_read((length - all.len()) as u64).expect("bytes"));
    }
    all
}
