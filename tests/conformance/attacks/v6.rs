//! IPv6: extension headers, fragments, neighbour discovery, routers, forged errors.

use std::net::Ipv6Addr;

use anyhow::{Result, ensure};
use conformance::wire_peer::{ON_LINK, Way, WirePeer, link_address};
use conformance::world::{ADDRESS_V6, PEER_V6};
use stack_core::random::{Random, SeededRandom};
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::icmpv6::Type;
use stack_core::wire::ipv6::ALL_NODES;

use super::Scene;

crate::cases! {
    source_routes_are_refused,
    chains_of_headers_have_an_end,
    unknown_options_are_treated_as_they_say,
    overlapping_fragments_condemn_their_datagram,
    fragments_that_cannot_be_are_dropped,
    a_flood_of_fragments_stays_within_its_memory,
    impossible_addresses_are_dropped,
    messages_about_neighbours_from_far_are_dropped,
    broken_messages_about_neighbours_are_dropped,
    a_flood_of_neighbours_does_no_harm,
    a_flood_of_neighbours_that_nobody_is_leaves_room,
    broken_advertisements_of_routers_are_dropped,
    a_flood_of_routers_does_no_harm,
    forged_errors_and_naked_datagrams_are_dropped,
    ten_thousand_damaged_packets_do_no_harm,
}

/// Numbers of headers.
const HOP_BY_HOP: u8 = 0;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
const OPTIONS: u8 = 60;

/// A thief's station.
const THIEF: MacAddress = MacAddress([2, 0, 0, 0, 0, 0x99]);

/// An echo request with its checksum.
fn ping() -> Vec<u8> {
    Way::default().message(Type::ECHO_REQUEST, 0, [0x11, 0x11, 0, 1], b"through?")
}

/// A header of eight bytes with one option that pads.
fn padding(next: u8) -> Vec<u8> {
    vec![next, 0, 1, 4, 0, 0, 0, 0]
}

/// A fragment header; `offset` is in bytes.
fn fragment_header(next: u8, offset: u16, more: bool, id: u32) -> Vec<u8> {
    let mut header = vec![next, 0];
    header.extend((offset | u16::from(more)).to_be_bytes());
    header.extend(id.to_be_bytes());
    header
}

/// A piece of a datagram.
fn piece(peer: &WirePeer, id: u32, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    Way::default().frame(peer, FRAGMENT, &[&fragment_header(UDP, offset, more, id)[..], payload].concat())
}

/// Whether the ping of [`ping`] was answered.
fn got_through(answers: &[conformance::wire_peer::Frame]) -> bool {
    let is_reply = |frame: &conformance::wire_peer::Frame| {
        frame.icmp_v6().is_some_and(|reply| reply.kind() == Type::ECHO_REPLY && reply.identifier() == 0x1111)
    };
    answers.iter().any(is_reply)
}

/// RFC 5095, RFC 6554, RFC 8754: no route of the sender's choice.
fn source_routes_are_refused() -> Result<()> {
    let mut scene = Scene::new()?;
    for (kind, left) in [(0, 1), (3, 1), (4, 1), (77, 1)] {
        let mut header = vec![ICMPV6, 2, kind, left, 0, 0, 0, 0];
        header.extend(PEER_V6.octets());
        let frame = Way::default().frame(&scene.peer, ROUTING, &[&header[..], &ping()].concat());
        let answers = scene.expect("Drop:Ipv6BadExtension", 1, &[frame])?;
        ensure!(!got_through(&answers), "routing header {kind}");
    }
    Ok(())
}

/// RFC 8504 section 5.3, RFC 8200 section 4.1: a hundred headers, one that is cut off, hop-by-hop options not at the start.
fn chains_of_headers_have_an_end() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut long: Vec<u8> = (0..99).flat_map(|_| padding(OPTIONS)).collect();
    long.extend(padding(ICMPV6));
    let (bad, unknown) = ("Drop:Ipv6BadExtension", "Drop:UnknownIpProtocol");
    let chains = [
        (OPTIONS, bad, [&long[..], &ping()].concat()),
        (OPTIONS, bad, vec![ICMPV6, 200, 1, 4, 0, 0, 0, 0]),
        (OPTIONS, unknown, [padding(HOP_BY_HOP), padding(ICMPV6), ping()].concat()),
        // An option that is longer than its header.
        (OPTIONS, bad, [&[ICMPV6, 0, 1, 5, 0, 0, 0, 0][..], &ping()].concat()),
        // The payload of a jumbogram, which no link here carries.
        (HOP_BY_HOP, bad, [&[ICMPV6, 0, 0xc2, 4, 0, 1, 0x11, 0x70][..], &ping()].concat()),
    ];
    for (number, (first, reason, chain)) in chains.into_iter().enumerate() {
        let frame = Way::default().frame(&scene.peer, first, &chain);
        let answers = scene.expect(reason, 1, &[frame])?;
        ensure!(!got_through(&answers), "chain {number}");
    }
    Ok(())
}

/// RFC 8200 section 4.2: skipped, dropped, or dropped with an error, to groups without.
fn unknown_options_are_treated_as_they_say() -> Result<()> {
    let mut scene = Scene::new()?;
    for option in [0x1e, 0x5e, 0x9e, 0xde] {
        let chain = [&[ICMPV6, 0, option, 4, 0, 0, 0, 0][..], &ping()].concat();
        let frame = Way::default().frame(&scene.peer, OPTIONS, &chain);
        let dropped = u64::from(option != 0x1e);
        let answers = scene.expect("Drop:Ipv6BadExtension", dropped, &[frame])?;
        ensure!(got_through(&answers) == (option == 0x1e), "option {option:#x}");
        let problem = answers.iter().filter_map(|frame| frame.icmp_v6());
        let told = problem.filter(|message| message.kind() == Type::PARAMETER_PROBLEM).count();
        ensure!(told == usize::from(option >= 0x80), "option {option:#x}: {told} complaints");
    }
    Ok(())
}

/// RFC 5722.
fn overlapping_fragments_condemn_their_datagram() -> Result<()> {
    let mut scene = Scene::new()?;
    let overlaps =
        [[(0, true, 32), (24, false, 24)], [(24, false, 24), (0, true, 32)], [(32, true, 8), (24, true, 32)]];
    for (id, parts) in (1..).zip(overlaps) {
        let frames =
            parts.map(|(offset, more, length)| piece(&scene.peer, id, offset, more, &vec![7; length]));
        scene.expect("Drop:FragmentOverlap", 1, &frames)?;
    }
    Ok(())
}

fn fragments_that_cannot_be_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    // Not a multiple of eight bytes; an end behind the longest packet. Both are answered (RFC 8200 section 4.5).
    let frames = [piece(&scene.peer, 1, 0, true, &[0; 63]), piece(&scene.peer, 2, 65_528, false, &[0; 64])];
    scene.expect("Drop:Ipv6BadExtension", 2, &frames)?;
    // RFC 7112: the first piece ends before the last header begins.
    let cut = [&fragment_header(OPTIONS, 0, true, 3)[..], &[ICMPV6, 2, 1, 4, 0, 0, 0, 0]].concat();
    let frame = Way::default().frame(&scene.peer, FRAGMENT, &cut);
    scene.expect("Drop:Ipv6BadExtension", 1, &[frame])?;
    // RFC 6946: a piece that is the whole is no piece.
    let whole = [fragment_header(ICMPV6, 0, false, 4), ping()].concat();
    let frame = Way::default().frame(&scene.peer, FRAGMENT, &whole);
    ensure!(got_through(&scene.send(&[frame])?), "an atomic fragment");
    scene.goes_on()
}

fn a_flood_of_fragments_stays_within_its_memory() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.flood("Drop:FragmentNoMemory", 20_000, |peer, number| {
        piece(peer, number as u32, 0, true, &[0x66; 1200])
    })
}

fn impossible_addresses_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    for source in ["::1", "ff02::1", "::ffff:198.51.100.1", "::ffff:127.0.0.1"] {
        let way = Way { source: source.parse()?, ..Way::default() };
        let frames = [way.echo_request(&scene.peer, 1, b"x"), way.frame(&scene.peer, TCP, &[0; 20])];
        scene.expect_silence("Drop:Ipv6BadSource", &frames)?;
    }
    let own = Way { source: ADDRESS_V6, ..Way::default() };
    let frame = own.echo_request(&scene.peer, 1, b"x");
    let answers = scene.send(&[frame])?;
    ensure!(answers.is_empty(), "{}", answers[0]);
    for destination in [Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED] {
        let way = Way { destination, ..Way::default() };
        let frame = way.echo_request(&scene.peer, 1, b"x");
        scene.expect_silence("Drop:Ipv6BadDestination", &[frame])?;
    }
    Ok(())
}

/// RFC 4861 section 7.1: whatever was forwarded has less than 255 hops left.
fn messages_about_neighbours_from_far_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let target = [&PEER_V6.octets()[..], &link_address(2, THIEF)].concat();
    let way = Way { hop_limit: ON_LINK - 1, ..Way::default() };
    let frames = [
        way.icmp(&scene.peer, Type::NEIGHBOUR_ADVERTISEMENT, 0, [0x20, 0, 0, 0], &target),
        way.icmp(&scene.peer, Type::NEIGHBOUR_SOLICITATION, 0, [0; 4], &ADDRESS_V6.octets()),
        way.icmp(&scene.peer, Type::ROUTER_ADVERTISEMENT, 0, [64, 0, 7, 8], &[0; 8]),
        way.icmp(&scene.peer, Type::REDIRECT, 0, [0; 4], &[0; 32]),
    ];
    scene.expect_silence("Drop:NdiscMalformed", &frames)
}

/// RFC 4861 section 7.1.1, 7.1.2: codes, targets and options.
fn broken_messages_about_neighbours_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let (ask, tell) = (Type::NEIGHBOUR_SOLICITATION, Type::NEIGHBOUR_ADVERTISEMENT);
    let group = ALL_NODES.octets();
    let empty_option = [&ADDRESS_V6.octets()[..], &[1, 0, 0, 0, 0, 0, 0, 0]].concat();
    let long_option = [&ADDRESS_V6.octets()[..], &[1, 200, 0, 0, 0, 0, 0, 0]].concat();
    // Who has no address yet asks all that may have it, and does not say where it is.
    let nobody = Way { source: Ipv6Addr::UNSPECIFIED, ..Way::on_link(PEER_V6, ADDRESS_V6) };
    let with_station = [&ADDRESS_V6.octets()[..], &link_address(1, THIEF)].concat();
    let way = Way::on_link(PEER_V6, ADDRESS_V6);
    let frames = [
        way.icmp(&scene.peer, ask, 1, [0; 4], &ADDRESS_V6.octets()),
        way.icmp(&scene.peer, ask, 0, [0; 4], &group),
        way.icmp(&scene.peer, ask, 0, [0; 4], &[0; 4]),
        way.icmp(&scene.peer, ask, 0, [0; 4], &empty_option),
        way.icmp(&scene.peer, ask, 0, [0; 4], &long_option),
        nobody.icmp(&scene.peer, ask, 0, [0; 4], &with_station),
        way.icmp(&scene.peer, tell, 0, [0x20, 0, 0, 0], &group),
        // Solicited, and to all.
        Way::on_link(PEER_V6, ALL_NODES).icmp(&scene.peer, tell, 0, [0x60, 0, 0, 0], &PEER_V6.octets()),
    ];
    scene.expect_silence("Drop:NdiscMalformed", &frames)?;
    // Nobody asked for it: no entry is made of it.
    let stranger = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0x77);
    let body = [&stranger.octets()[..], &link_address(2, THIEF)].concat();
    let frame = Way::on_link(stranger, ADDRESS_V6).icmp(&scene.peer, tell, 0, [0x60, 0, 0, 0], &body);
    scene.expect_silence("Drop:NdiscNotForUs", &[frame])?;
    scene.expect_unknown(THIEF)
}

/// The settings that keep few neighbours: `gc_thresh3` is [`super::NEIGHBOURS`].
const FEW_NEIGHBOURS: [(&str, &str); 3] = [
    ("net.ipv6.neigh.default.gc_thresh1", "16"),
    ("net.ipv6.neigh.default.gc_thresh2", "32"),
    ("net.ipv6.neigh.default.gc_thresh3", "64"),
];

/// One of the other stations of the network.
fn other(number: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 100 + number as u16)
}

fn a_flood_of_neighbours_does_no_harm() -> Result<()> {
    let mut scene = Scene::with(&FEW_NEIGHBOURS)?;
    scene.flood("Icmp6:InNeighborSolicits", 5000, |peer, number| {
        let [high, low] = (number as u16).to_be_bytes();
        let station = link_address(1, MacAddress([2, 0, 0, high, low, 1]));
        let body = [&ADDRESS_V6.octets()[..], &station].concat();
        Way::on_link(other(number), ADDRESS_V6).icmp(peer, Type::NEIGHBOUR_SOLICITATION, 0, [0; 4], &body)
    })?;
    scene.expect_neighbours("-6", 16, super::NEIGHBOURS)
}

/// Pings in the names of neighbours that nobody is.
fn a_flood_of_neighbours_that_nobody_is_leaves_room() -> Result<()> {
    let mut scene = Scene::with(&FEW_NEIGHBOURS)?;
    scene.peer.is_alone = true;
    scene.flood("Drop:NeighbourTableFull", 5000, |peer, number| {
        Way { source: other(number), ..Way::default() }.echo_request(peer, number as u16, b"x")
    })?;
    scene.expect_neighbours("-6", 16, super::NEIGHBOURS)
}

/// RFC 4861 section 6.1.2.
fn broken_advertisements_of_routers_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x1234);
    let advertise = |peer: &WirePeer, source, code, body: &[u8]| {
        Way::on_link(source, ALL_NODES).icmp(peer, Type::ROUTER_ADVERTISEMENT, code, [64, 0, 7, 8], body)
    };
    let frames = [
        advertise(&scene.peer, PEER_V6, 0, &[0; 8]),
        advertise(&scene.peer, router, 1, &[0; 8]),
        advertise(&scene.peer, router, 0, &[0; 4]),
        advertise(&scene.peer, router, 0, &[0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]),
        advertise(&scene.peer, router, 0, &[0, 0, 0, 0, 0, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0]),
    ];
    scene.expect_silence("Drop:NdiscMalformed", &frames)?;
    // Sound, with options that are nonsense: a group as prefix, a length of 200 bits, an MTU of one byte.
    let mut prefix = vec![3, 4, 200, 0xc0];
    prefix.extend([0xff; 12]);
    prefix.extend(ALL_NODES.octets());
    let nonsense = [&[0; 8][..], &prefix, &[5, 1, 0, 0, 0, 0, 0, 1]].concat();
    let frame = advertise(&scene.peer, router, 0, &nonsense);
    let before = parameters(&scene)?;
    scene.send(&[frame])?;
    let after = parameters(&scene)?;
    ensure!(before == after, "nonsense is believed: {after}");
    for reason in ["Ignored:NdOptionMalformed", "Ignored:RaMtuUnbelievable"] {
        let count = scene.world.counter(reason);
        ensure!(count == 1, "{reason}: {count}");
    }
    scene.goes_on()
}

/// What a router can say beside that it is one: addresses, networks, the MTU.
fn parameters(scene: &Scene) -> Result<String> {
    let addresses = scene.world.tool("ip", "-o addr show dev eth0")?;
    let routes = scene.world.tool("ip", "-6 route show")?;
    let networks: Vec<&str> = routes.lines().filter(|line| !line.starts_with("default ")).collect();
    let mtu = scene.world.tool("sysctl", "-n net.ipv6.conf.eth0.mtu")?;
    Ok(format!("{addresses}{}\n{mtu}", networks.join("\n")))
}

/// Three thousand prefixes of a hundred routers, each with routes and a server of names: 16 routers, 64 routes to networks
/// and 16 addresses are kept.
fn a_flood_of_routers_does_no_harm() -> Result<()> {
    let mut scene = Scene::with(&[("net.ipv6.conf.default.accept_ra_rt_info_max_plen", "64")])?;
    scene.flood("Drop:NdiscTooManyRoutes", 3000, |peer, number| {
        let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1 + number as u16 % 100);
        let prefix = Ipv6Addr::new(0x2001, 0xdb8, number as u16, 0, 0, 0, 0, 0).octets();
        let lifetimes = [0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0];
        let on_link_and_own = [&[3, 4, 64, 0xc0][..], &lifetimes, &prefix].concat();
        let route = [&[24, 3, 64, 0, 0, 0, 7, 8][..], &prefix].concat();
        let names = [&[25, 3, 0, 0, 0, 0, 7, 8][..], &prefix].concat();
        let body = [&[0; 8][..], &on_link_and_own, &route, &names].concat();
        let way = Way::on_link(router, ALL_NODES);
        way.icmp(peer, Type::ROUTER_ADVERTISEMENT, 0, [64, 0, 7, 8], &body)
    })?;
    let routes = scene.world.tool("ip", "-6 -o route show")?;
    let begin = |with: &str| routes.lines().filter(|line| line.starts_with(with)).count();
    ensure!((begin("default via fe80:"), begin("2001:db8:")) == (16, 64), "{routes}");
    let addresses = scene.world.tool("ip", "-6 -o addr show dev eth0 dynamic")?;
    ensure!(addresses.lines().count() == 16, "{addresses}");
    ensure!(scene.world.counter("Ignored:RaTooManyAddresses") > 0, "the others leave no trace");
    Ok(())
}

/// A packet too big that is none, or about nothing of ours; UDP without a checksum (RFC 8200 section 8.1).
fn forged_errors_and_naked_datagrams_are_dropped() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut quoted = vec![0x60, 0, 0, 0, 0, 20, TCP, 64];
    quoted.extend(ADDRESS_V6.octets());
    quoted.extend(PEER_V6.octets());
    quoted.extend([0, 7, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0]);
    let small = [0u32, 68, 1279]
        .map(|mtu| Way::default().icmp(&scene.peer, Type::PACKET_TOO_BIG, 0, mtu.to_be_bytes(), &quoted));
    scene.expect_silence("Drop:IcmpIgnored", &small)?;
    let ours = [1280u32, 1400]
        .map(|mtu| Way::default().icmp(&scene.peer, Type::PACKET_TOO_BIG, 0, mtu.to_be_bytes(), &quoted));
    scene.expect_silence("Icmp6:InErrors", &ours)?;
    let naked = Way::default().frame(&scene.peer, UDP, &[0, 1, 0, 7, 0, 9, 0, 0, b'x']);
    scene.expect_silence("Drop:UdpChecksum", &[naked])
}

/// Sound packets of all kinds with a few bytes changed behind the addresses, checksums not mended.
fn ten_thousand_damaged_packets_do_no_harm() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut random = SeededRandom::new(3);
    for number in 1..=10_000 {
        let mut frame = sound_packet(&scene.peer, &mut random);
        for _ in 0..=random.below(5) {
            let at = 14 + random.below(frame.len() as u32 - 14) as usize;
            frame[at] = random.next_u32() as u8;
        }
        scene.peer.transmit(&frame)?;
        if number % super::LOOK == 0 {
            scene.goes_on()?;
        }
    }
    let dropped: u64 = scene.world.drops().iter().map(|(_, count)| count).sum();
    ensure!(dropped > 5000, "only {dropped} drops: {:?}", scene.world.drops());
    Ok(())
}

fn sound_packet(peer: &WirePeer, random: &mut SeededRandom) -> Vec<u8> {
    let mut noise = vec![0; random.below(64) as usize];
    random.fill(&mut noise);
    let here = Way::on_link(PEER_V6, ADDRESS_V6);
    match random.below(8) {
        0 => Way::default().echo_request(peer, 1, &noise),
        1 => Way::default().frame(peer, UDP, &noise),
        2 => Way::default().frame(peer, TCP, &[&[0; 20][..], &noise].concat()),
        3 => Way::default().frame(peer, OPTIONS, &[padding(ICMPV6), ping()].concat()),
        4 => Way::default().frame(peer, HOP_BY_HOP, &[padding(ICMPV6), ping()].concat()),
        5 => piece(peer, random.next_u32(), random.below(200) as u16 * 8, true, &noise),
        6 => here.icmp(
            peer,
            Type::NEIGHBOUR_SOLICITATION,
            0,
            [0; 4],
            &[&ADDRESS_V6.octets()[..], &noise].concat(),
        ),
        _ => here.icmp(peer, Type::ROUTER_ADVERTISEMENT, 0, [64, 0, 0, 0], &[&[0; 8][..], &noise].concat()),
    }
}
