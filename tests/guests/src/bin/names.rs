//! Looks names up as programs do, and prints a line for each: the addresses, or the error. `--wait NAME` tries until the
//! name is known.

use std::net::ToSocketAddrs;
use std::thread::sleep;
use std::time::Duration;

fn main() {
    let mut waiting = false;
    for name in std::env::args().skip(1) {
        if name == "--wait" {
            waiting = true;
            continue;
        }
        let mut said = look_up(&name);
        for _ in 0..100 {
            if !waiting || said.is_ok() {
                break;
            }
            sleep(Duration::from_millis(100));
            said = look_up(&name);
        }
        waiting = false;
        println!("{name}: {}", said.unwrap_or_else(|error| format!("error: {error}")));
    }
}

fn look_up(name: &str) -> std::io::Result<String> {
    let addresses = (name, 80).to_socket_addrs()?;
    Ok(addresses.map(|address| address.ip().to_string()).collect::<Vec<_>>().join(" "))
}
