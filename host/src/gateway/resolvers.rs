//! The real host's name servers, whom the gateway asks for the guest.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where name servers hear.
pub const PORT: u16 = 53;

/// Most servers that are asked. glibc: `MAXNS`.
const MAX_SERVERS: usize = 3;

/// The file that names them.
const FILE: &str = "/etc/resolv.conf";

/// The server whose turn it is when `turn` were found wanting. Read again each time: networks change.
pub(super) fn current(turn: usize) -> SocketAddr {
    let servers = servers(&std::fs::read_to_string(FILE).unwrap_or_default());
    let server = servers.get(turn.checked_rem(servers.len()).unwrap_or(0)).copied();
    // glibc: who names nobody has a server of his own.
    SocketAddr::new(server.unwrap_or(Ipv4Addr::LOCALHOST.into()), PORT)
}

/// The servers that a resolv.conf names; those of one link alone have to be asked by that link, and are left out.
fn servers(text: &str) -> Vec<IpAddr> {
    let words = text.lines().map(|line| line.split_whitespace());
    let named = words.filter_map(|mut words| (words.next() == Some("nameserver")).then(|| words.next())?);
    named.filter_map(|server| server.parse().ok()).take(MAX_SERVERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_glibc_does() {
        let text = "# nameserver 192.0.2.9\nsearch a.test\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \n\
                    nameserver fe80::1%eth0\nnameserver x\noptions ndots:2\nnameserver 192.0.2.2\nnameserver 192.0.2.3";
        let expected: Vec<IpAddr> =
            ["192.0.2.1", "2001:db8::1", "192.0.2.2"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(servers(text), expected);
        assert!(servers("").is_empty());
    }
}
