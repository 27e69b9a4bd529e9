//! Frames that should not be: dropped and counted, while a connection goes on.

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};
use conformance::wire_peer::{Connection, Frame, WirePeer, describe};
use conformance::world::{ADDRESS, Guest, PEER, World};
use stack_core::random::{Random, SeededRandom};
use stack_core::wire::arp::{self, Operation};
use stack_core::wire::ethernet::{self, EtherType, MacAddress};
use stack_core::wire::ipv4;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::tcp::{Fields, Flags, Options};

crate::cases! {
    wrong_checksums_are_dropped_and_counted,
    truncated_frames_of_every_length_do_no_harm,
    frames_that_are_too_long_do_no_harm,
    lengths_that_lie_are_dropped_and_counted,
    packets_for_others_are_dropped_and_counted,
    impossible_addresses_are_dropped_and_counted,
    fragments_are_dropped_and_counted,
    ten_thousand_frames_of_garbage_do_no_harm,
    ten_thousand_damaged_frames_do_no_harm,
}

/// The port of the echo server.
const PORT: u16 = 7;

/// Who sends garbage. The connection that has to go on is with [`PEER`].
const VANDAL: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 66);

/// A stack with an echo server, and a connection to it.
struct Scene {
    world: World,
    _server: Guest,
    peer: WirePeer,
    connection: Connection,
}

impl Scene {
    fn new() -> Result<Self> {
        let (world, mut peer) = World::with_peer(&[])?;
        let server = world.spawn("echo-server-raw", &[&PORT.to_string()])?;
        let connection = Connection::open(&mut peer, PORT)?;
        Ok(Scene { world, _server: server, peer, connection })
    }

    /// The connection is served.
    fn goes_on(&mut self) -> Result<()> {
        self.connection.echo(&mut self.peer, b"still there")?;
        ensure!(self.world.failure().is_none(), "{:?}", self.world.failure());
        Ok(())
    }

    /// What was answered to the frames sent so far; acknowledgements on the connection may come at any time.
    fn answers(&mut self) -> Result<Vec<Frame>> {
        let mut answers = self.peer.settle()?;
        answers.retain(|frame| frame.segment().is_none_or(|segment| !self.connection.is_ours(&segment)));
        Ok(answers)
    }

    /// Sends frames that are to be dropped for `reason`, each once and without an answer.
    fn expect_drops(&mut self, reason: &str, frames: &[Vec<u8>]) -> Result<()> {
        self.peer.settle()?;
        let before = self.world.counter(reason);
        for frame in frames {
            self.peer.transmit(frame)?;
        }
        let answers = self.answers()?;
        ensure!(answers.is_empty(), "{reason}: {}", first(&answers));
        let counted = self.world.counter(reason) - before;
        ensure!(
            counted == frames.len() as u64,
            "{reason}: {counted} of {}: {:?}",
            frames.len(),
            self.world.drops()
        );
        self.goes_on()
    }

    /// A SYN to the echo server. Its last byte is not zero, as the padding of a shorter frame would be.
    fn syn(&mut self) -> Vec<u8> {
        let fields = Connection::new(&mut self.peer, PORT).fields();
        let options = Options { mss: Some(1460), ..Options::default() };
        self.peer.segment(&Fields { flags: Flags::SYN, acknowledgement: 0, options, ..fields }, b"")
    }

    /// A SYN whose IPv4 header is changed by `spoil` and has a right checksum again.
    fn syn_with(&mut self, spoil: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut frame = self.syn();
        let (_, packet) = frame.split_at_mut(ethernet::HEADER_LEN);
        spoil(packet);
        sum(packet);
        frame
    }
}

fn first(frames: &[Frame]) -> String {
    frames.first().map(Frame::to_string).unwrap_or_default()
}

/// Fills in the checksum of the 20 bytes of header that `packet` begins with.
fn sum(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let checksum = stack_core::wire::checksum::Sum::of(&packet[..20]).checksum();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

/// Where in a frame the IPv4 packet and what it carries begin.
const IPV4: usize = ethernet::HEADER_LEN;
const TRANSPORT: usize = IPV4 + ipv4::HEADER_LEN;

fn wrong_checksums_are_dropped_and_counted() -> Result<()> {
    let mut scene = Scene::new()?;
    let spoilt = |mut frame: Vec<u8>, at: usize| {
        frame[at] ^= 0x10;
        frame
    };
    let ip = [spoilt(scene.syn(), IPV4 + 10), spoilt(scene.syn(), IPV4 + 8), spoilt(scene.syn(), IPV4 + 1)];
    scene.expect_drops("Drop:Ipv4Checksum", &ip)?;
    let tcp = [spoilt(scene.syn(), TRANSPORT + 16), spoilt(scene.syn(), TRANSPORT + 3)];
    scene.expect_drops("Drop:TcpChecksum", &tcp)?;
    let ping = scene.peer.echo_request(1, 1, b"ping");
    let icmp = [spoilt(ping.clone(), TRANSPORT + 2), spoilt(ping, TRANSPORT + 9)];
    scene.expect_drops("Drop:IcmpChecksum", &icmp)?;
    for (counter, expected) in [("IpExt:InCsumErrors", 3), ("Tcp:InCsumErrors", 2), ("Icmp:InCsumErrors", 2)]
    {
        let counted = scene.world.counter(counter);
        ensure!(counted == expected, "{counter} is {counted}");
    }
    Ok(())
}

fn truncated_frames_of_every_length_do_no_harm() -> Result<()> {
    let mut scene = Scene::new()?;
    let data = Fields { flags: Flags::ACK | Flags::PSH, ..Connection::new(&mut scene.peer, PORT).fields() };
    let whole = [
        scene.syn(),
        scene.peer.segment(&data, b"some data that is longer than the shortest frame of an Ethernet"),
        scene.peer.echo_request(1, 1, b"some data that is longer than the shortest frame of an Ethernet"),
        scene.peer.arp(Operation::Request, PEER, ADDRESS),
    ];
    // An ARP packet ends in the address asked for, whose last byte is not zero either.
    scene.peer.settle()?;
    for frame in whole {
        for length in 0..frame.len() {
            scene.peer.transmit(&frame[..length])?;
        }
        let answers = scene.answers()?;
        ensure!(answers.is_empty(), "{}: {}", describe(&frame), first(&answers));
        scene.goes_on()?;
    }
    Ok(())
}

fn frames_that_are_too_long_do_no_harm() -> Result<()> {
    let mut scene = Scene::new()?;
    let mut frame = scene.syn();
    // Longer than the MTU, than the device's buffers, than what it can receive at all, than IPv4 can be.
    for length in [1515, 1518, 1519, 1522, 1523, 2048, 2049, 4096, 8192, 16_384, 16_385, 65_535, 65_557] {
        frame.resize(length, 0xaa);
        scene.peer.transmit(&frame)?;
        let (_, packet) = frame.split_at_mut(IPV4);
        // Honest about it, as far as IPv4 can say it.
        packet[2..4].copy_from_slice(&u16::try_from(length - IPV4).unwrap_or(u16::MAX).to_be_bytes());
        sum(packet);
        scene.peer.transmit(&frame)?;
        scene.goes_on()?;
    }
    Ok(())
}

fn lengths_that_lie_are_dropped_and_counted() -> Result<()> {
    let mut scene = Scene::new()?;
    let total = |length: u16| move |packet: &mut [u8]| packet[2..4].copy_from_slice(&length.to_be_bytes());
    let too_long = [scene.syn_with(total(1000)), scene.syn_with(total(u16::MAX))];
    scene.expect_drops("Drop:Ipv4Truncated", &too_long)?;
    let malformed = [
        scene.syn_with(total(19)),
        scene.syn_with(total(0)),
        scene.syn_with(|packet| packet[0] = 0x44),
        scene.syn_with(|packet| packet[0] = 0x65),
    ];
    scene.expect_drops("Drop:Ipv4Malformed", &malformed)?;
    // The packet ends within TCP's header, and TCP's header is longer than the packet.
    let mut short = scene.syn();
    let (_, segment) = short.split_at_mut(TRANSPORT);
    segment[12] = 0xf0;
    stack_core::wire::tcp::fill_checksum(PEER.into(), ADDRESS.into(), clear_checksum(segment));
    let inside = [scene.syn_with(total(39)), scene.syn_with(total(20)), short];
    scene.expect_drops("Drop:TcpMalformed", &inside)
}

fn packets_for_others_are_dropped_and_counted() -> Result<()> {
    let mut scene = Scene::new()?;
    let other = |packet: &mut [u8]| packet[16..20].copy_from_slice(&[198, 51, 100, 77]);
    let frames = [scene.syn_with(other), scene.syn_with(other)];
    scene.expect_drops("Drop:Ipv4NotForUs", &frames)?;
    // For another station: the card itself does not take them.
    let mut frame = scene.syn();
    frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 0x77]);
    scene.peer.transmit(&frame)?;
    let answers = scene.answers()?;
    ensure!(answers.is_empty(), "{}", first(&answers));
    scene.goes_on()
}

fn impossible_addresses_are_dropped_and_counted() -> Result<()> {
    let mut scene = Scene::new()?;
    let source =
        |address: Ipv4Addr| move |packet: &mut [u8]| packet[12..16].copy_from_slice(&address.octets());
    let martians = [Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1)];
    let frames = martians.map(|address| scene.syn_with(source(address)));
    scene.expect_drops("Drop:Ipv4BadSource", &frames)?;
    let loopback = |packet: &mut [u8]| packet[16..20].copy_from_slice(&[127, 0, 0, 1]);
    let frames = [scene.syn_with(loopback)];
    scene.expect_drops("Drop:Ipv4BadDestination", &frames)
}

fn fragments_are_dropped_and_counted() -> Result<()> {
    let mut scene = Scene::new()?;
    // Pieces that begin within a TCP header, and such that end behind the largest packet.
    for (reason, fields) in
        [("Drop:FragmentTiny", [0x0001, 0x2001_u16]), ("Drop:FragmentMalformed", [0x1fff, 0x3fff])]
    {
        let frames =
            fields.map(|field| scene.syn_with(|packet| packet[6..8].copy_from_slice(&field.to_be_bytes())));
        scene.expect_drops(reason, &frames)?;
    }
    Ok(())
}

/// How many frames one run of garbage has, and after how many the connection is looked at.
const RUN: usize = 10_000;
const LOOK: usize = 500;

/// Sends frames that `make` makes of random numbers.
fn run(mut make: impl FnMut(&mut Scene, &mut SeededRandom) -> Vec<u8>) -> Result<()> {
    let mut scene = Scene::new()?;
    let mut random = SeededRandom::new(0x6a2b);
    for number in 1..=RUN {
        let frame = make(&mut scene, &mut random);
        scene.peer.transmit(&frame)?;
        if number % LOOK == 0 {
            // Answers to garbage are of no interest, as long as they are sound.
            scene.peer.settle()?;
            scene.goes_on()?;
        }
    }
    let dropped: u64 = scene.world.drops().iter().map(|(_, count)| count).sum();
    ensure!(dropped > RUN as u64 / 10, "only {dropped} drops: {:?}", scene.world.drops());
    let mut newcomer = Connection::open(&mut scene.peer, PORT)?;
    newcomer.echo(&mut scene.peer, b"a newcomer")
}

fn noise(random: &mut SeededRandom, longest: u32) -> Vec<u8> {
    let mut bytes = vec![0; random.below(longest + 1) as usize];
    random.fill(&mut bytes);
    bytes
}

/// Noise at each layer, with everything below it right.
fn garbage(scene: &mut Scene, random: &mut SeededRandom) -> Vec<u8> {
    let peer = &scene.peer;
    match random.below(7) {
        0 => noise(random, 1600),
        1 => peer.frame(EtherType(random.next_u32() as u16), &noise(random, 1500)),
        2 => peer.frame(EtherType::IPV4, &noise(random, 1500)),
        3 => garbage_arp(peer, random),
        4 => peer.packet_from(VANDAL, Protocol(random.next_u32() as u8), &noise(random, 1480)),
        5 => peer.packet_from(VANDAL, Protocol::ICMP, &noise(random, 100)),
        _ => garbage_segment(peer, random),
    }
}

/// ARP from any station; but not in the name of the peer, whose connection would look for it there.
fn garbage_arp(peer: &WirePeer, random: &mut SeededRandom) -> Vec<u8> {
    let mut bytes = [0; arp::PACKET_LEN];
    random.fill(&mut bytes);
    if random.below(2) == 0 {
        let sender = Ipv4Addr::from_bits(random.next_u32());
        let mut packet = peer.arp(Operation::Other(random.below(5) as u16), sender, ADDRESS);
        packet[IPV4 + 8] = random.next_u32() as u8;
        return packet;
    }
    peer.frame(EtherType::ARP, &bytes)
}

/// A segment with random options, numbers and flags, to a port that exists or not.
fn garbage_segment(peer: &WirePeer, random: &mut SeededRandom) -> Vec<u8> {
    let mut segment = noise(random, 200);
    segment.resize(segment.len().max(20), 0);
    let port = if random.below(2) == 0 { PORT } else { random.next_u32() as u16 };
    segment[2..4].copy_from_slice(&port.to_be_bytes());
    if random.below(4) > 0 {
        segment[12] = (5 + random.below(11) as u8) << 4;
    }
    stack_core::wire::tcp::fill_checksum(VANDAL.into(), ADDRESS.into(), clear_checksum(&mut segment));
    peer.packet_from(VANDAL, Protocol::TCP, &segment)
}

fn clear_checksum(segment: &mut [u8]) -> &mut [u8] {
    segment[16..18].fill(0);
    segment
}

fn ten_thousand_frames_of_garbage_do_no_harm() -> Result<()> {
    run(garbage)
}

/// Sound frames with a few bits turned over; those of TCP as if they belonged to the connection.
fn damaged(scene: &mut Scene, random: &mut SeededRandom) -> Vec<u8> {
    let fields = scene.connection.fields();
    let mut frame = match random.below(4) {
        0 => scene.syn(),
        1 => scene.peer.segment(&fields, b"damaged data"),
        2 => scene.peer.echo_request(1, 1, b"damaged data"),
        _ => {
            let mut request = scene.peer.arp(Operation::Request, VANDAL, ADDRESS);
            request[..6].copy_from_slice(&MacAddress::BROADCAST.0);
            request
        }
    };
    // One bit at least in what a checksum guards: two in the same column could make up for each other.
    let bit = IPV4 * 8 + random.below(((frame.len() - IPV4) * 8) as u32) as usize;
    frame[bit / 8] ^= 1 << (bit % 8);
    if random.below(3) == 0 {
        frame.truncate(random.below(frame.len() as u32 + 1) as usize);
    }
    frame
}

fn ten_thousand_damaged_frames_do_no_harm() -> Result<()> {
    run(damaged)
}
