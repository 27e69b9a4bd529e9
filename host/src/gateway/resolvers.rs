//! The real host's name servers, whom the gateway asks for the guest.

use mio::net::UdpSocket;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Where name servers hear.
pub const PORT: u16 = 53;

/// Most servers that are asked. glibc: `MAXNS`.
const MAX_SERVERS: usize = 3;

/// How long a server may think before the next one is asked, too. glibc waits for `RES_TIMEOUT`, 5 seconds; the guest's own
/// resolver asks again after 2, and is to have an answer by then.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The file that names them.
const FILE: &str = "/etc/resolv.conf";

/// The servers, and whose turn it is.
pub(super) struct Resolvers {
    servers: Box<dyn Fn() -> Vec<SocketAddr> + Send>,
    /// How many were found wanting.
    turn: usize,
}

/// Whom a question was put to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    turn: usize,
    /// How many servers are left to be asked.
    left: usize,
}

impl fmt::Debug for Resolvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolvers").field("turn", &self.turn).finish_non_exhaustive()
    }
}

impl Resolvers {
    /// Those of this machine. They are read again for each question: networks change.
    pub(super) fn of_machine() -> Self {
        Resolvers::new(|| servers(&std::fs::read_to_string(FILE).unwrap_or_default()))
    }

    /// Those that are told of when it is asked.
    pub(super) fn new(servers: impl Fn() -> Vec<SocketAddr> + Send + 'static) -> Self {
        Resolvers { servers: Box::new(servers), turn: 0 }
    }

    /// Who is asked first.
    pub(super) fn current(&self) -> Asked {
        Asked { turn: self.turn, left: (self.servers)().len().saturating_sub(1) }
    }

    /// Where the one that is asked hears.
    pub(super) fn server(&self, asked: Asked) -> SocketAddr {
        let servers = (self.servers)();
        let server = servers.get(asked.turn.checked_rem(servers.len()).unwrap_or(0)).copied();
        // glibc: who names nobody has a server of his own.
        server.unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT))
    }

    /// Hears that one refused or was silent: others are asked first from now on. Questions that were put to it at the same time
    /// all say so, and it counts once.
    pub(super) fn found_wanting(&mut self, asked: Asked) {
        if asked.turn == self.turn {
            self.turn = self.turn.wrapping_add(1);
        }
    }
}

impl Asked {
    /// The next server, if there is one that was not asked yet.
    pub(super) fn next(self) -> Option<Asked> {
        Some(Asked { turn: self.turn.wrapping_add(1), left: self.left.checked_sub(1)? })
    }
}

/// What the guest asks by one of its ports.
#[derive(Debug, Default)]
pub(super) struct Question {
    pub(super) message: Vec<u8>,
    /// Who was asked last.
    pub(super) asked: Asked,
    pub(super) answered: bool,
    /// Sockets to those that were asked and have not refused.
    pub(super) sockets: Vec<(SocketAddr, UdpSocket)>,
}

impl Question {
    /// The socket to a server.
    pub(super) fn socket(&self, server: SocketAddr) -> Option<&UdpSocket> {
        self.sockets.iter().find(|(to, _)| *to == server).map(|(_, socket)| socket)
    }
}

/// Whether a server says that it cannot or will not answer: SERVFAIL, NOTIMP, REFUSED (RFC 1035 section 4.1.1). glibc asks the
/// next one then, too (`send_dg`).
pub(super) fn is_evasive(message: &[u8]) -> bool {
    matches!(message.get(3).map(|flags| flags & 0x0f), Some(2 | 4 | 5))
}

/// The servers that a resolv.conf names; those of one link alone have to be asked by that link, and are left out.
fn servers(text: &str) -> Vec<SocketAddr> {
    let words = text.lines().map(|line| line.split_whitespace());
    let named = words.filter_map(|mut words| (words.next() == Some("nameserver")).then(|| words.next())?);
    let addresses = named.filter_map(|server| server.parse().ok());
    addresses.take(MAX_SERVERS).map(|server: IpAddr| SocketAddr::new(server, PORT)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_glibc_does() {
        let text = "# nameserver 192.0.2.9\nsearch a.test\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \n\
                    nameserver fe80::1%eth0\nnameserver x\noptions ndots:2\nnameserver 192.0.2.2\nnameserver 192.0.2.3";
        let expected: Vec<SocketAddr> =
            ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"].map(|text| text.parse().unwrap()).into();
        assert_eq!(servers(text), expected);
        assert!(servers("").is_empty());
    }

    #[test]
    fn questions_that_go_together_pass_one_server_over() {
        let mut resolvers = Resolvers::new(|| servers("nameserver 192.0.2.1\nnameserver 192.0.2.2"));
        let (a, aaaa) = (resolvers.current(), resolvers.current());
        assert_eq!(resolvers.server(a), "192.0.2.1:53".parse().unwrap());
        resolvers.found_wanting(a);
        resolvers.found_wanting(aaaa);
        let (current, next) = (resolvers.current(), a.next().unwrap());
        assert_eq!(resolvers.server(current), "192.0.2.2:53".parse().unwrap());
        assert_eq!(resolvers.server(next), resolvers.server(current));
        assert_eq!(next.next(), None);
        let nobody = Resolvers::new(Vec::new);
        assert_eq!(nobody.server(nobody.current()), "127.0.0.1:53".parse().unwrap());
    }
}
