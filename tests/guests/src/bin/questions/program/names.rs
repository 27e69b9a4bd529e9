//! Names that need no server.

use wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::sockets::network::{ErrorCode, IpAddress};

use super::answers::say;
use test_guests::sockets::network;

pub(crate) fn ask() {
    for name in
        ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "", " ", "a..b", "example.com:80", "[::1]", "a b"]
    {
        say(&format!("{name:?}"), &resolved(name));
    }
    // Of these addresses a host may have one or both, in any order.
    let local = resolved("localhost");
    let loopback = local.split(' ').all(|address| ["127.0.0.1", "::1"].contains(&address));
    say("localhost is the loopback device", &loopback.to_string());
}

/// Addresses and how their list ends.
fn resolved(name: &str) -> String {
    let stream = match resolve_addresses(&network(), name) {
        Ok(stream) => stream,
        Err(error) => return format!("refused: {}", error.name()),
    };
    let mut found = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Ok(Some(address)) => found.push(shown(address)),
            Ok(None) => return found.join(" "),
            Err(ErrorCode::WouldBlock) => stream.subscribe().block(),
            Err(error) => return error.name().into(),
        }
    }
}

fn shown(address: IpAddress) -> String {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => {
            std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h).to_string()
        }
    }
}
