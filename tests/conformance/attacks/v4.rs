//! IPv4 and ARP: fragments, addresses, options, and lies about errors and neighbours.

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use conformance::traffic::bytes;
use conformance::wire_peer::WirePeer;
use conformance::world::{ADDRESS, MAC, PEER};
use stack_core::random::{Random, SeededRandom};
use stack_core::wire::arp::{self, Operation};
use stack_core::wire::checksum::Sum;
use stack_core::wire::ethernet::{EtherType, HEADER_LEN, MacAddress};
use stack_core::wire::icmpv4;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::tcp::{Fields, Flags, Options};

use super::Scene;

crate::cases! {
    overlapping_fragments_condemn_their_datagram,
    datagrams_longer_than_the_longest_are_not_put_together,
    fragments_that_cannot_be_are_dropped,
    a_flood_of_fragments_stays_within_its_memory,
    a_packet_from_ourselves_is_dropped,
    impossible_senders_are_dropped,
    source_routes_and_broken_options_are_refused,
    every_type_of_icmp_does_no_harm,
    forged_errors_do_not_move_a_connection,
    odd_options_of_tcp_do_no_harm,
    lies_about_neighbours_are_not_believed,
    a_flood_of_neighbours_does_not_displace_those_in_use,
    a_flood_of_neighbours_that_nobody_is_leaves_room,
}

/// The bit "more fragments" of the field with the offset.
const MORE: u16 = 0x2000;

/// A packet header with anything in it, and a right checksum.
fn packet(
    source: Ipv4Addr,
    protocol: Protocol,
    fragment: (u16, u16),
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let (identification, field) = fragment;
    let words = 5 + options.len().div_ceil(4);
    let mut packet = vec![0x40 | words as u8, 0];
    packet.extend(((words * 4 + payload.len()) as u16).to_be_bytes());
    packet.extend(identification.to_be_bytes());
    packet.extend(field.to_be_bytes());
    packet.extend([64, protocol.0, 0, 0]);
    packet.extend(source.octets());
    packet.extend(ADDRESS.octets());
    packet.extend(options);
    packet.resize(words * 4, 0);
    let sum = Sum::of(&packet).checksum();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// A piece of a datagram; `offset` is in bytes.
fn piece(peer: &WirePeer, id: u16, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let field = (offset / 8) | if more { MORE } else { 0 };
    peer.frame(EtherType::IPV4, &packet(PEER, Protocol::UDP, (id, field), &[], payload))
}

/// Teardrop, bonk and their kin (RFC 5722 for IPv4, too): a datagram whose parts overlap is worth nothing.
fn overlapping_fragments_condemn_their_datagram() -> Result<()> {
    let mut scene = Scene::new()?;
    let overlaps = [
        // The end within the first, the first within the end, one that begins earlier and ends later.
        [(0, true, 32), (24, false, 24)],
        [(24, false, 24), (0, true, 32)],
        [(32, true, 8), (24, true, 32)],
    ];
    for (id, parts) in (1..).zip(overlaps) {
        let frames =
            parts.map(|(offset, more, length)| piece(&scene.peer, id, offset, more, &vec![7; length]));
        scene.expect("Drop:FragmentOverlap", 1, &frames)?;
    }
    Ok(())
}

/// The ping of death.
fn datagrams_longer_than_the_longest_are_not_put_together() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut frames: Vec<Vec<u8>> =
        (0..44).map(|part| piece(&scene.peer, 9, part * 1480, true, &[0; 1480])).collect();
    frames.push(piece(&scene.peer, 9, 65_120, false, &[0; 1000]));
    frames.push(piece(&scene.peer, 10, 65_528, false, &[0; 600]));
    scene.expect("Drop:FragmentMalformed", 2, &frames)?;
    Ok(())
}

fn fragments_that_cannot_be_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    // What is no multiple of eight bytes loses its last ones, and here there were no others (Linux: ip_frag_queue).
    scene.expect_silence("Drop:FragmentMalformed", &[piece(&scene.peer, 2, 8, true, &[0; 1])])?;
    // Two ends at different places.
    let two_ends = [piece(&scene.peer, 3, 64, false, &[0; 8]), piece(&scene.peer, 3, 128, false, &[0; 8])];
    scene.expect("Drop:FragmentMalformed", 1, &two_ends)?;
    let tiny = [1, MORE | 1].map(|field| {
        scene.peer.frame(EtherType::IPV4, &packet(PEER, Protocol::TCP, (4, field), &[], &[0; 16]))
    });
    scene.expect_silence("Drop:FragmentTiny", &tiny)
}

/// 28 MB of first pieces that nothing follows.
fn a_flood_of_fragments_stays_within_its_memory() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut random = SeededRandom::new(1);
    scene.flood("Drop:FragmentNoMemory", 20_000, |peer, _| {
        let (id, offset) = (random.next_u32() as u16, random.below(100) as u16 * 8);
        piece(peer, id, offset, true, &[0x66; 1400])
    })
}

/// LAND: from our own address to ourselves.
fn a_packet_from_ourselves_is_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let fields = Fields {
        source_port: super::PORT,
        destination_port: super::PORT,
        flags: Flags::SYN,
        ..scene.connection.fields()
    };
    let mut segment = vec![0; fields.header_len()];
    fields.emit(&mut segment, 0);
    stack_core::wire::tcp::fill_checksum(ADDRESS.into(), ADDRESS.into(), &mut segment);
    let frame = scene.peer.packet_from(ADDRESS, Protocol::TCP, &segment);
    scene.expect_silence("Drop:Ipv4BadSource", &[frame])
}

fn impossible_senders_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let senders = ["127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"];
    for sender in senders {
        let sender = sender.parse()?;
        let frames = [Protocol::ICMP, Protocol::UDP, Protocol::TCP]
            .map(|protocol| scene.peer.packet_from(sender, protocol, &[8, 0, 0xf7, 0xff, 0, 0, 0, 0]));
        scene.expect_silence("Drop:Ipv4BadSource", &frames)?;
    }
    Ok(())
}

/// RFC 7126: source routes, loose and strict, and options whose lengths lie.
fn source_routes_and_broken_options_are_refused() -> Result<()> {
    let mut scene = Scene::new()?;
    let [a, b, c, d] = PEER.octets();
    let mut pointer_astray = vec![7, 39, 3];
    pointer_astray.resize(40, 0);
    let options: [&[u8]; 6] = [
        &[0x83, 7, 4, a, b, c, d],
        &[0x89, 7, 4, a, b, c, d],
        &[7, 0],
        &[0xff, 0xff],
        &[0x44, 36, 4],
        &pointer_astray,
    ];
    for options in options {
        let ping = [8, 0, 0xf7, 0xff, 0, 0, 0, 0];
        let frame = packet(PEER, Protocol::ICMP, (1, 0), options, &ping);
        let frame = scene.peer.frame(EtherType::IPV4, &frame);
        let answers = scene.expect("Drop:Ipv4BadOption", 1, &[frame])?;
        let is_reply = |frame: &conformance::wire_peer::Frame| {
            frame.icmp().is_some_and(|message| message.kind() == icmpv4::Type::ECHO_REPLY)
        };
        ensure!(!answers.iter().any(is_reply), "{options:?} was let through");
    }
    Ok(())
}

fn every_type_of_icmp_does_no_harm() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut frames = Vec::new();
    for kind in 0..=255u8 {
        for code in [0, 1, 4, 255] {
            let mut message = vec![kind, code, 0, 0];
            message.extend([0x7a; 44]);
            let sum = Sum::of(&message).checksum();
            message[2..4].copy_from_slice(&sum.to_be_bytes());
            frames.push(scene.peer.packet(Protocol::ICMP, &message));
        }
    }
    let answers = scene.send(&frames)?.iter().filter(|frame| frame.icmp().is_some()).count();
    // Each is dropped for a reason, but for echoes and times that are answered whatever their code.
    let reasons = ["Drop:IcmpIgnored", "Drop:IcmpUnwanted", "Drop:IcmpMalformed"];
    let unwanted: u64 = reasons.iter().map(|reason| scene.world.counter(reason)).sum();
    ensure!((unwanted, answers) == (1016, 8), "{unwanted}, {answers}: {:?}", scene.world.drops());
    scene.goes_on()
}

/// RFC 5927: an error about a number that is not on its way is forged. And one that is believed makes segments no smaller
/// than `net.ipv4.route.min_pmtu`.
fn forged_errors_do_not_move_a_connection() -> Result<()> {
    let mut scene = Scene::new()?;
    let quote = |scene: &Scene, sequence: u32| {
        let (from, to) = (scene.connection.stack_port, scene.connection.port);
        let mut quoted = packet(ADDRESS, Protocol::TCP, (1, 0), &[], &[]);
        quoted[16..20].copy_from_slice(&PEER.octets());
        quoted.extend([from.to_be_bytes(), to.to_be_bytes()].concat());
        quoted.extend(sequence.to_be_bytes());
        quoted
    };
    let mut frames = Vec::new();
    for (kind, code, mtu) in [
        (3, 0, 0),
        (3, 1, 0),
        (3, 2, 0),
        (3, 3, 0),
        (3, 4, 68u16),
        (3, 4, 0),
        (4, 0, 0),
        (11, 0, 0),
        (12, 0, 0),
    ] {
        for sequence in [0, scene.connection.receive_next.wrapping_add(1 << 30)] {
            let mut message = vec![kind, code, 0, 0, 0, 0];
            message.extend(mtu.to_be_bytes());
            message.extend(quote(&scene, sequence));
            let sum = Sum::of(&message).checksum();
            message[2..4].copy_from_slice(&sum.to_be_bytes());
            frames.push(scene.peer.packet(Protocol::ICMP, &message));
        }
    }
    let before = scene.world.counter("TcpExt:OutOfWindowIcmps");
    let answers = scene.send(&frames)?;
    ensure!(answers.is_empty(), "{}", answers[0]);
    let counted = scene.world.counter("TcpExt:OutOfWindowIcmps") - before;
    // All but those that ask to slow down, which nobody looks at (RFC 6633).
    ensure!(counted == 16, "{counted} errors were found forged: {:?}", scene.world.drops());
    scene.goes_on()?;
    // Segments are as long as ever.
    let data = bytes(1, 2000);
    scene.connection.transmit(&mut scene.peer, Flags::ACK | Flags::PSH, &data[..1460])?;
    ensure!(scene.connection.receive(&mut scene.peer)?.len() == 1460, "the path's MTU was believed");
    Ok(())
}

/// An MSS of 0, scales that are too large, lengths that lie: the SYN is answered as one without the option.
fn odd_options_of_tcp_do_no_harm() -> Result<()> {
    let mut scene = Scene::new()?;
    let odd: [&[u8]; 7] = [
        &[2, 4, 0, 0],
        &[2, 4, 0, 1],
        &[3, 3, 255, 0],
        &[2, 0, 0, 0],
        &[2, 255, 0, 0],
        &[4, 2, 5, 3],
        &[34, 2, 34, 255],
    ];
    for options in odd {
        let mut connection = conformance::wire_peer::Connection::new(&mut scene.peer, super::PORT);
        let fields = Fields {
            flags: Flags::SYN,
            acknowledgement: 0,
            options: Options::default(),
            ..connection.fields()
        };
        let mut segment = vec![0; fields.header_len()];
        fields.emit(&mut segment, 0);
        segment.extend_from_slice(options);
        segment[12] = (segment.len() as u8 / 4) << 4;
        stack_core::wire::tcp::fill_checksum(PEER.into(), ADDRESS.into(), &mut segment);
        let frame = scene.peer.packet(Protocol::TCP, &segment);
        scene.peer.transmit(&frame)?;
        connection.send_next = connection.send_next.wrapping_add(1);
        let answer = connection.expect(&mut scene.peer, "a SYN-ACK", |segment| segment.flags.syn())?;
        connection.receive_next = answer.sequence.wrapping_add(1);
        connection.transmit(&mut scene.peer, Flags::ACK, b"")?;
        connection.transmit(&mut scene.peer, Flags::ACK | Flags::PSH, &[7; 200])?;
        let back = connection.receive_exactly(&mut scene.peer, 200)?;
        ensure!(back == [7; 200], "{options:?}");
    }
    scene.goes_on()
}

/// Messages in the name of the stack, of everybody, of nobody, and with lengths that lie.
fn lies_about_neighbours_are_not_believed() -> Result<()> {
    let mut scene = Scene::new()?;
    let arp = |operation, sender_mac, sender, target| {
        let mut bytes = [0; arp::PACKET_LEN];
        let target_mac = MacAddress([0; 6]);
        arp::Packet { operation, sender_mac, sender, target_mac, target }.emit(&mut bytes);
        bytes
    };
    let thief = MacAddress([2, 0, 0, 0, 0, 0x99]);
    let everybody = MacAddress::BROADCAST;
    let (group, nobody) = (MacAddress([1, 0, 0x5e, 0, 0, 1]), Ipv4Addr::BROADCAST);
    let lies = [
        arp(Operation::Request, everybody, PEER, ADDRESS),
        arp(Operation::Reply, group, PEER, ADDRESS),
        arp(Operation::Request, thief, nobody, ADDRESS),
        arp(Operation::Reply, MacAddress(MAC), PEER, ADDRESS),
    ];
    let frames = lies.map(|lie| scene.peer.frame(EtherType::ARP, &lie));
    scene.expect_silence("Drop:ArpBadSender", &frames)?;
    let mut lengths = arp(Operation::Request, thief, PEER, ADDRESS);
    lengths[4] = 255;
    let broken =
        [scene.peer.frame(EtherType::ARP, &lengths), scene.peer.frame(EtherType::ARP, &lengths[..27])];
    scene.expect_silence("Drop:ArpMalformed", &broken)?;
    scene.expect_unknown(thief)
}

/// The settings that keep few neighbours: `gc_thresh3` is [`super::NEIGHBOURS`].
const FEW_NEIGHBOURS: [(&str, &str); 3] = [
    ("net.ipv4.neigh.default.gc_thresh1", "16"),
    ("net.ipv4.neigh.default.gc_thresh2", "32"),
    ("net.ipv4.neigh.default.gc_thresh3", "64"),
];

/// One of the other stations of the network.
fn other(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(198, 51, 100, 3 + (number % 250) as u8)
}

/// A station that asks in the name of all others, each time with another station address.
fn a_flood_of_neighbours_does_not_displace_those_in_use() -> Result<()> {
    let mut scene = Scene::with(&FEW_NEIGHBOURS)?;
    let mut random = SeededRandom::new(2);
    for number in 0..5000 {
        let mut frame = scene.peer.arp(Operation::Request, other(number), ADDRESS);
        random.fill(&mut frame[HEADER_LEN + 10..HEADER_LEN + 14]);
        scene.peer.transmit(&frame)?;
        if number % super::LOOK == 0 {
            scene.goes_on()?;
        }
    }
    scene.goes_on()?;
    scene.expect_neighbours("-4", 16, super::NEIGHBOURS)
}

/// Pings in the names of neighbours that nobody is: those who are asked for take half of the table at most, the answers to
/// all others are dropped.
fn a_flood_of_neighbours_that_nobody_is_leaves_room() -> Result<()> {
    let mut scene = Scene::with(&FEW_NEIGHBOURS)?;
    scene.peer.is_alone = true;
    let ping = [8, 0, 0xf7, 0xff, 0, 0, 0, 0];
    scene.flood("Drop:NeighbourTableFull", 5000, |peer, number| {
        peer.packet_from(other(number), Protocol::ICMP, &ping)
    })?;
    scene.expect_neighbours("-4", 16, super::NEIGHBOURS)
}
