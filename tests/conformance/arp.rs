//! ARP, frame by frame (RFC 826).

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use conformance::deadline::wait_for;
use conformance::wire_peer::{Frame, WirePeer};
use conformance::world::{ADDRESS, MAC, PEER, World};
use stack_core::wire::arp::{self, Operation};
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::tcp::{Fields, Flags};
use wnet::guest::GuestExit;

crate::cases! {
    a_request_for_the_stacks_address_is_answered,
    requests_for_other_addresses_are_not_answered,
    the_first_packet_to_a_peer_waits_for_its_address,
    a_peer_that_does_not_answer_is_unreachable,
    a_peer_that_moves_is_found_at_its_new_station,
}

/// A port of ours that guests connect to.
const PORT: u16 = 4000;

fn replies(frames: &[Frame]) -> Vec<arp::Packet> {
    let packets = frames.iter().filter_map(Frame::arp);
    packets.filter(|packet| packet.operation == Operation::Reply).collect()
}

fn a_request_for_the_stacks_address_is_answered() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    let mut request = peer.arp(Operation::Request, PEER, ADDRESS);
    let reply = arp::Packet {
        operation: Operation::Reply,
        sender_mac: MacAddress(MAC),
        sender: ADDRESS,
        target_mac: peer.mac,
        target: PEER,
    };
    // To the station alone, and to everybody as first requests are.
    for destination in [MacAddress(MAC), MacAddress::BROADCAST] {
        request[..6].copy_from_slice(&destination.0);
        peer.transmit(&request)?;
        let to =
            peer.expect("the reply", |frame| (frame.arp() == Some(reply)).then(|| frame.destination()))?;
        ensure!(to == peer.mac, "the reply is for who asked, not for {to}");
    }
    Ok(())
}

fn requests_for_other_addresses_are_not_answered() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    let others = [
        Ipv4Addr::new(198, 51, 100, 3),
        Ipv4Addr::new(198, 51, 100, 255),
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::BROADCAST,
    ];
    for other in others {
        let mut request = peer.arp(Operation::Request, PEER, other);
        request[..6].copy_from_slice(&MacAddress::BROADCAST.0);
        peer.transmit(&request)?;
    }
    let replies = replies(&peer.settle()?);
    ensure!(replies.is_empty(), "{replies:?}");
    Ok(())
}

/// Waits for a request that everybody gets for the peer's address.
fn expect_request(peer: &mut WirePeer) -> Result<()> {
    let packet = peer.expect("a request for the peer's address", |frame| {
        let packet = frame.arp()?;
        let everybody = frame.destination().is_broadcast();
        (everybody && packet.operation == Operation::Request && packet.target == PEER).then_some(packet)
    })?;
    ensure!((packet.sender, packet.sender_mac) == (ADDRESS, MacAddress(MAC)), "{packet:?}");
    Ok(())
}

fn the_first_packet_to_a_peer_waits_for_its_address() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    peer.answers_arp = false;
    let guest = world.spawn("echo-client", &[&PEER.to_string(), &PORT.to_string()])?;
    expect_request(&mut peer)?;
    peer.transmit(&peer.arp(Operation::Reply, PEER, ADDRESS))?;
    let syn = peer.expect("the SYN", Frame::segment)?;
    ensure!((syn.flags, syn.destination_port) == (Flags::SYN, PORT), "{syn:?}");
    refuse(&mut peer, &syn)?;
    ensure!(guest.wait()? == GuestExit::Code(1), "the guest sees that it was refused");
    Ok(())
}

/// Answers a SYN with a reset.
fn refuse(peer: &mut WirePeer, syn: &conformance::wire_peer::Segment) -> Result<()> {
    let reset = Fields {
        source_port: syn.destination_port,
        destination_port: syn.source_port,
        acknowledgement: syn.sequence.wrapping_add(1),
        flags: Flags::RST | Flags::ACK,
        ..Fields::default()
    };
    peer.transmit(&peer.segment(&reset, b""))
}

fn a_peer_that_does_not_answer_is_unreachable() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[("net.ipv4.neigh.default.retrans_time_ms", "20")])?;
    peer.answers_arp = false;
    let guest = world.spawn("echo-client", &[&PEER.to_string(), &PORT.to_string()])?;
    // As often as net.ipv4.neigh.default.mcast_solicit says.
    for _ in 0..3 {
        expect_request(&mut peer)?;
    }
    ensure!(guest.wait()? == GuestExit::Code(1), "the guest sees that the peer is unreachable");
    peer.answers_arp = true;
    let sent = peer.settle()?;
    ensure!(!sent.iter().any(|frame| frame.segment().is_some()), "a segment left without an address");
    ensure!(world.counter("Drop:NeighbourFailed") >= 1, "{:?}", world.drops());
    Ok(())
}

fn a_peer_that_moves_is_found_at_its_new_station() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    peer.settle()?;
    peer.mac = MacAddress([2, 0, 0, 0, 0, 2]);
    // A station that has just been learnt is believed for a second (Linux: locktime).
    wait_for("an answer to the new station", || {
        let to = station_of_the_answer(&mut peer);
        to.map(|to| (to == peer.mac).then_some(())).transpose()
    })?
}

/// Asks for the stack's address and pings it; to which station the answer goes.
fn station_of_the_answer(peer: &mut WirePeer) -> Result<MacAddress> {
    peer.transmit(&peer.arp(Operation::Request, PEER, ADDRESS))?;
    peer.transmit(&peer.echo_request(1, 1, b"moved"))?;
    peer.expect("the answer", |frame| frame.icmp().map(|_| frame.destination()))
}
