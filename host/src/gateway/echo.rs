//! Echoes between the guest and the outside.
//!
//! An unprivileged process may send echo requests by ping sockets (icmp(7)), to whom the kernel gives an identifier of its own, if
//! its group is in `net.ipv4.ping_group_range`. For every identifier that the guest uses towards a remote there is one.

use super::flows::Flows;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};
use stack_core::raw::Family;
use stack_core::wire::{icmpv4, icmpv6};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Most flows at once; one more takes the place of the one that has been silent longest.
pub(super) const MAX_FLOWS: usize = 1024;

/// How long a flow may be silent. Linux: `nf_conntrack_icmp_timeout`.
const SILENCE: Duration = Duration::from_secs(30);

/// The far end of a flow of echoes.
#[derive(Debug)]
pub(super) struct Far {
    /// Connected to whom the guest asks for an echo.
    pub(super) socket: PingSocket,
    /// The guest's last request, which an error would be about.
    pub(super) asked: Vec<u8>,
}

/// All flows.
pub(super) type Echoes = Flows<Far>;

/// None yet.
pub(super) fn echoes() -> Echoes {
    Flows::new(SILENCE, SILENCE)
}

/// A ping socket of this machine.
#[derive(Debug)]
pub(super) struct PingSocket(OwnedFd);

impl PingSocket {
    /// A new one.
    pub(super) fn open(family: Family) -> io::Result<Self> {
        let (family, protocol) = match family {
            Family::V4 => (AddressFamily::INET, ipproto::ICMP),
            Family::V6 => (AddressFamily::INET6, ipproto::ICMPV6),
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(family, SocketType::DGRAM, flags, Some(protocol))?;
        Ok(PingSocket(socket))
    }

    /// Talks to `remote` alone from now on.
    pub(super) fn connect(&self, remote: IpAddr) -> io::Result<()> {
        rustix::net::connect(&self.0, &SocketAddr::new(remote, 0))?;
        Ok(())
    }

    /// Sends a request, whose identifier and checksum the kernel fills in.
    pub(super) fn send(&self, request: &[u8]) -> io::Result<()> {
        rustix::net::send(&self.0, request, SendFlags::empty())?;
        Ok(())
    }

    /// Takes a reply, from its ICMP header on; how many bytes it has.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, _) = rustix::net::recv(&self.0, buffer, RecvFlags::empty())?;
        Ok(count)
    }
}

impl AsFd for PingSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether the kernel lets this process have no ping sockets.
pub(super) fn is_forbidden(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::ACCESS | Errno::PERM))
}

/// The identifier of an undamaged echo request from `source` to `destination`; none if `message` is none.
pub(super) fn identifier_of_request(source: IpAddr, destination: IpAddr, message: &[u8]) -> Option<u16> {
    let asks = match (source, destination) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let header = icmpv4::Header::parse(message).ok()?;
            header.kind() == icmpv4::Type::ECHO_REQUEST && header.code() == 0 && header.checksum_is_valid()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = icmpv6::Header::parse(message).ok()?;
            let sound = header.checksum_is_valid(source, destination);
            header.kind() == icmpv6::Type::ECHO_REQUEST && header.code() == 0 && sound
        }
        _ => false,
    };
    let [.., high, low, _, _] = *message.first_chunk::<8>()?;
    asks.then_some(u16::from_be_bytes([high, low]))
}

/// Makes an echo of `message`, a request or a reply, the reply to the request with this identifier. The checksum of ICMPv6 is left
/// to who sends it. False if it is none.
pub(super) fn make_reply(family: Family, message: &mut [u8], identifier: u16) -> bool {
    let Some(&[.., first, second]) = message.first_chunk::<8>() else { return false };
    let [high, low] = identifier.to_be_bytes();
    // The sequence number stays.
    let rest = [high, low, first, second];
    match family {
        Family::V4 => icmpv4::Fields { kind: icmpv4::Type::ECHO_REPLY, code: 0, rest }.emit(message),
        Family::V6 => icmpv6::Fields { kind: icmpv6::Type::ECHO_REPLY, code: 0, rest }.emit(message),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const V4: (IpAddr, IpAddr) =
        (IpAddr::V4(Ipv4Addr::new(10, 0, 2, 15)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    const V6: (IpAddr, IpAddr) = (IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));

    fn request_v4() -> Vec<u8> {
        let mut message = [&[0; 8][..], b"data"].concat();
        let kind = icmpv4::Type::ECHO_REQUEST;
        icmpv4::Fields { kind, code: 0, rest: [0x12, 0x34, 0, 9] }.emit(&mut message);
        message
    }

    fn request_v6() -> Vec<u8> {
        let mut message = [&[0; 8][..], b"data"].concat();
        let kind = icmpv6::Type::ECHO_REQUEST;
        icmpv6::Fields { kind, code: 0, rest: [0x12, 0x34, 0, 9] }.emit(&mut message);
        icmpv6::fill_checksum(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, &mut message);
        message
    }

    #[test]
    fn undamaged_requests_alone_are_requests() {
        for ((source, destination), request) in [(V4, request_v4()), (V6, request_v6())] {
            assert_eq!(identifier_of_request(source, destination, &request), Some(0x1234));
            for (at, bit) in [(0, 1), (1, 1), (9, 1)] {
                let mut other = request.clone();
                other[at] ^= bit;
                assert_eq!(identifier_of_request(source, destination, &other), None, "{at}");
            }
            for length in 0..8 {
                assert_eq!(identifier_of_request(source, destination, &request[..length]), None);
                let mut cut = request[..length].to_vec();
                assert!(!make_reply(Family::of(source), &mut cut, 1));
            }
        }
    }

    #[test]
    fn a_reply_has_the_guests_identifier_and_all_the_rest() {
        let mut reply = request_v4();
        assert!(make_reply(Family::V4, &mut reply, 0xabcd));
        let header = icmpv4::Header::parse(&reply).unwrap();
        assert!(header.checksum_is_valid());
        assert_eq!(
            (header.kind(), header.identifier(), header.sequence()),
            (icmpv4::Type::ECHO_REPLY, 0xabcd, 9)
        );
        let mut reply = request_v6();
        assert!(make_reply(Family::V6, &mut reply, 0xabcd));
        assert_eq!((reply[0], &reply[4..]), (129, &b"\xab\xcd\0\x09data"[..]));
    }
}
