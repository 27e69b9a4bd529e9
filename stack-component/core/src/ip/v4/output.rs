//! The header of packets made here.

use super::Identification;
use crate::drop_reason::DropReason;
use crate::ip::Cutting;
use crate::packet::Packet;
use crate::random::Random;
use crate::time::Instant;
use crate::wire::ipv4::{Fields, HEADER_LEN, set_options_len};
use crate::wire::protocol::Protocol;
use core::net::Ipv4Addr;

/// A payload with all that its header is made of.
#[derive(Debug)]
pub struct Request {
    /// The transport header and its payload, behind as many bytes of options as its metadata says.
    pub packet: Packet,
    /// One of our addresses.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// What the payload is.
    pub protocol: Protocol,
    /// Time to live.
    pub ttl: u8,
    /// Type of service.
    pub tos: u8,
    /// Whether it may be cut.
    pub cutting: Cutting,
}

/// Puts the header before the payload. What must not be cut is refused if the packet would be larger than `mtu`
/// bytes. Linux: `__ip_queue_xmit`, `__ip_make_skb`, `ip_select_ident`.
pub fn output(
    now: Instant,
    random: &mut dyn Random,
    identification: &mut Identification,
    request: Request,
    mtu: u32,
) -> Result<Packet, (DropReason, Packet)> {
    let Request { mut packet, source, destination, protocol, ttl, tos, cutting } = request;
    let total = HEADER_LEN + packet.len();
    let fits = total <= mtu as usize;
    let total_len = match u16::try_from(total) {
        Ok(total_len) if fits || cutting != Cutting::Never => total_len,
        _ => return Err((DropReason::PacketTooBig, packet)),
    };
    let dont_fragment = cutting == Cutting::Never || (cutting == Cutting::Here && fits);
    // A packet that is never cut needs no number (RFC 6864 section 4.1); 0 tells nothing about us.
    let identification = match dont_fragment {
        true => 0,
        false => identification.next(now, random, source, destination, protocol),
    };
    Fields { tos, total_len, identification, dont_fragment, ttl, protocol, source, destination }
        .emit(packet.push(HEADER_LEN));
    let options = usize::from(core::mem::take(&mut packet.meta.options));
    if options > 0 {
        set_options_len(packet.data_mut(), options);
    }
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;
    use crate::wire::ipv4::{Header, MAX_PACKET};

    fn send(payload: &[u8], cutting: Cutting, mtu: u32) -> Result<Packet, DropReason> {
        let mut random = SeededRandom::new(4);
        let mut identification = Identification::new(&mut random);
        let request = Request {
            packet: Packet::from_payload(payload),
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(192, 0, 2, 2),
            protocol: Protocol::UDP,
            ttl: 64,
            tos: 0x10,
            cutting,
        };
        output(Instant::ZERO, &mut random, &mut identification, request, mtu).map_err(|(reason, _)| reason)
    }

    #[test]
    fn the_header_is_right_and_numbered_only_if_it_may_be_cut() {
        for (cutting, mtu, dont_fragment) in [
            (Cutting::Never, 24, true),
            (Cutting::Here, 24, true),
            (Cutting::Here, 23, false),
            (Cutting::Anywhere, 24, false),
            (Cutting::Anywhere, 23, false),
        ] {
            let packet = send(b"data", cutting, mtu).unwrap();
            let header = Header::parse(packet.data()).unwrap();
            assert!(header.checksum_is_valid());
            assert_eq!((header.payload(), header.tos(), header.ttl()), (&b"data"[..], 0x10, 64));
            assert_eq!(header.dont_fragment(), dont_fragment);
            assert_eq!(header.identification() == 0, dont_fragment);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(send(b"data!", Cutting::Never, 24).unwrap_err(), DropReason::PacketTooBig);
        let largest = alloc::vec![0; MAX_PACKET - HEADER_LEN + 1];
        for cutting in [Cutting::Never, Cutting::Here, Cutting::Anywhere] {
            assert!(send(&largest[1..], cutting, 65_536).is_ok());
            assert_eq!(send(&largest, cutting, 65_536).unwrap_err(), DropReason::PacketTooBig);
        }
    }
}
