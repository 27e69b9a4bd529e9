//! ICMP, frame by frame (RFC 792, RFC 1122).

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use conformance::traffic::bytes;
use conformance::wire_peer::{Frame, WirePeer};
use conformance::world::{PEER, World};
use stack_core::wire::ethernet::{self, MacAddress};
use stack_core::wire::icmpv4::{Type, unreachable};
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ipv4, udp};

crate::cases! {
    pings_with_any_payload_come_back_unchanged,
    pings_to_everybody_are_ignored,
    a_datagram_to_a_closed_port_is_refused,
    a_packet_of_an_unknown_protocol_is_refused,
    errors_are_never_answered_with_errors,
    refusals_are_limited_in_number,
}

fn pings_with_any_payload_come_back_unchanged() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    for (sequence, length) in (0..1473).step_by(23).chain([1472]).enumerate() {
        let (sequence, data) = (u16::try_from(sequence)?, bytes(length as u64, length));
        peer.transmit(&peer.echo_request(7, sequence, &data))?;
        let (back, to) = peer.expect("the answer", |frame| {
            let reply = frame.icmp().filter(|reply| reply.kind() == Type::ECHO_REPLY)?;
            (reply.sequence() == sequence)
                .then(|| (reply.payload().to_vec(), frame.ipv4().map(|p| p.destination())))
        })?;
        ensure!(back == data && to == Some(PEER), "a ping of {length} bytes came back changed, to {to:?}");
    }
    Ok(())
}

/// Whatever is no answer to a ping of our own.
fn answers(peer: &mut WirePeer) -> Result<Vec<Frame>> {
    Ok(peer.settle()?.into_iter().filter(|frame| frame.icmp().is_some()).collect())
}

fn pings_to_everybody_are_ignored() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for everybody in [Ipv4Addr::new(198, 51, 100, 255), Ipv4Addr::BROADCAST] {
        let mut frame = peer.echo_request(1, 1, b"anybody?");
        frame[..6].copy_from_slice(&MacAddress::BROADCAST.0);
        readdress(&mut frame, PEER, everybody);
        peer.transmit(&frame)?;
    }
    let answers = answers(&mut peer)?;
    ensure!(answers.is_empty(), "{answers:?}");
    ensure!(world.counter("Drop:IcmpUnwanted") == 2, "{:?}", world.drops());
    Ok(())
}

/// Changes the addresses of the IPv4 packet in `frame`.
fn readdress(frame: &mut [u8], source: Ipv4Addr, destination: Ipv4Addr) {
    let (_, packet) = frame.split_at_mut(ethernet::HEADER_LEN);
    let header = ipv4::Header::parse(packet).expect("a packet of ours");
    let (total_len, protocol) = (header.total_len(), header.protocol());
    let fields = ipv4::Fields {
        tos: 0,
        total_len,
        identification: 0,
        dont_fragment: true,
        ttl: 64,
        protocol,
        source,
        destination,
    };
    fields.emit(packet);
}

fn datagram(peer: &WirePeer, port: u16) -> Vec<u8> {
    let mut datagram = b"........anybody?".to_vec();
    let fields = udp::Fields { source_port: 5000, destination_port: port, total_len: datagram.len() as u16 };
    // Without a checksum, as UDP permits.
    fields.emit(&mut datagram, 0);
    peer.packet(Protocol::UDP, &datagram)
}

fn expect_refusal(peer: &mut WirePeer, code: u8, refused: &[u8]) -> Result<()> {
    let quote = peer.expect("the refusal", |frame| {
        let error = frame.icmp().filter(|error| error.kind() == Type::DESTINATION_UNREACHABLE)?;
        (error.code() == code).then(|| error.payload().to_vec())
    })?;
    // RFC 1122 section 3.2.2: the header and at least 8 bytes.
    ensure!(
        quote.len() >= 28 && refused[ethernet::HEADER_LEN..].starts_with(&quote),
        "what is quoted: {quote:02x?}"
    );
    Ok(())
}

fn a_datagram_to_a_closed_port_is_refused() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let frame = datagram(&peer, 9);
    peer.transmit(&frame)?;
    expect_refusal(&mut peer, unreachable::PORT, &frame)?;
    ensure!(world.counter("Udp:NoPorts") == 1, "it is counted");
    Ok(())
}

fn a_packet_of_an_unknown_protocol_is_refused() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let frame = peer.packet(Protocol(253), b"experimental");
    peer.transmit(&frame)?;
    expect_refusal(&mut peer, unreachable::PROTOCOL, &frame)?;
    ensure!(world.counter("Ip:InUnknownProtos") == 1, "it is counted");
    Ok(())
}

fn errors_are_never_answered_with_errors() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    let quoted = datagram(&peer, 9);
    for kind in [3, 4, 5, 11, 12, 200] {
        let mut message = vec![kind, 3, 0, 0, 0, 0, 0, 0];
        message.extend_from_slice(&quoted[ethernet::HEADER_LEN..]);
        let checksum = stack_core::wire::checksum::Sum::of(&message).checksum();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
        peer.transmit(&peer.packet(Protocol::ICMP, &message))?;
    }
    let answers = answers(&mut peer)?;
    ensure!(answers.is_empty(), "{answers:?}");
    Ok(())
}

fn refusals_are_limited_in_number() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let frame = datagram(&peer, 9);
    for _ in 0..500 {
        peer.transmit(&frame)?;
    }
    let answers = answers(&mut peer)?.len();
    // net.ipv4.icmp_ratelimit: one a second to one destination, six at once (Linux: XRLIM_BURST_FACTOR).
    ensure!((1..=20).contains(&answers), "{answers} refusals");
    ensure!(world.counter("Udp:NoPorts") == 500, "all are counted");
    Ok(())
}
