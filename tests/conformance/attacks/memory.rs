//! How much memory floods take: the process of `wnet` is looked at, and the frames come over a bridge of Linux.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result, ensure};
use conformance::deadline::{Deadline, wait_for};
use conformance::namespace::{GUEST, GUEST_V6, LINUX, LINUX_V6, Namespace, TAP};
use conformance::traffic;
use conformance::wire_peer::{ON_LINK, Way, WirePeer, link_address};
use rustix::fd::OwnedFd;
use stack_core::random::{Random, SeededRandom};
use stack_core::wire::arp::Operation;
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::icmpv6::Type;
use stack_core::wire::ipv6::ALL_NODES;
use stack_core::wire::protocol::Protocol;

use crate::linux_control::Instance;

crate::cases! {
    floods_of_all_kinds_take_no_more_memory_than_they_may,
}

/// How much `wnet` may grow by all floods together, by the bounds of docs/ip.md: fragments of both versions 4 MiB each, which
/// memory that is taken and given back in pieces makes half as much again; 1024 neighbours of each version, half of them with
/// packets that wait; 16 addresses and 80 routes. Memory that WebAssembly once has it keeps, and it grows in steps. They take
/// some 16 MiB; without marks fragments alone would take 50.
const GROWTH: u64 = 18 << 20;

/// Frames of each kind.
const FRAMES: usize = 20_000;

/// The guest's station is that of the frames which [`WirePeer`] makes.
const MAC: &str = "52:54:00:00:00:0f";

/// Frame number `number` of a flood.
type Make = fn(&WirePeer, usize, &mut SeededRandom) -> Vec<u8>;

/// The floods, and what counts each of their frames once.
const FLOODS: [(Make, Option<&str>); 6] = [
    (fragment, Some("IpReasmReqds")),
    (fragment_v6, Some("Ip6ReasmReqds")),
    (asks, None),
    (asks_v6, Some("Icmp6InNeighborSolicits")),
    (to_nobody, Some("UdpNoPorts")),
    (advertises, Some("Icmp6InRouterAdvertisements")),
];

/// Frames between two looks at a connection: less than the queue of a TAP takes, so that all of them arrive.
const BURST: usize = 250;

/// First pieces that nothing follows.
fn fragment(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
    let mut frame = peer.packet_from(LINUX, Protocol::UDP, &[0x66; 1400]);
    let [high, low] = (number as u16).to_be_bytes();
    // The identification, and the bit "more fragments" in the place of "do not fragment".
    frame[18..22].copy_from_slice(&[high, low, 0x20, 0]);
    frame[24..26].fill(0);
    let sum = stack_core::wire::checksum::Sum::of(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame
}

fn fragment_v6(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
    const FRAGMENT: u8 = 44;
    let header = [&[Protocol::UDP.0, 0, 0, 1][..], &(number as u32).to_be_bytes()].concat();
    Way::default().frame(peer, FRAGMENT, &[&header[..], &[0x66; 1200]].concat())
}

fn asks(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
    let [high, low] = (number as u16).to_be_bytes();
    peer.arp(Operation::Request, Ipv4Addr::new(198, 51, high, low), GUEST)
}

fn asks_v6(peer: &WirePeer, _: usize, random: &mut SeededRandom) -> Vec<u8> {
    let source = Ipv6Addr::from_bits(0xfd77 << 112 | u128::from(random.next_u64()));
    let station = link_address(1, MacAddress([2, 0, 0, 0, 0, 1]));
    let body = [&GUEST_V6.octets()[..], &station].concat();
    let way = Way { source, destination: GUEST_V6, hop_limit: ON_LINK };
    way.icmp(peer, Type::NEIGHBOUR_SOLICITATION, 0, [0; 4], &body)
}

/// Datagrams to nobody, in the names of neighbours that nobody is.
fn to_nobody(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
    let [high, low] = (number as u16).to_be_bytes();
    peer.packet_from(Ipv4Addr::new(198, 51, high, low), Protocol::UDP, &[0, 9, 0, 9, 0, 8, 0, 0])
}

fn advertises(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
    let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, number as u16 % 1000);
    let prefix = Ipv6Addr::new(0x2001, 0xdb8, number as u16, 0, 0, 0, 0, 0).octets();
    let lifetimes = [0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0];
    let network = [&[3, 4, 64, 0xc0][..], &lifetimes, &prefix].concat();
    let names = [&[25, 3, 0, 0, 0, 0, 7, 8][..], &prefix].concat();
    let body = [&[0; 8][..], &network, &names].concat();
    Way::on_link(router, ALL_NODES).icmp(peer, Type::ROUTER_ADVERTISEMENT, 0, [64, 0, 7, 8], &body)
}

/// Sends a frame by the TAP, as soon as that takes it.
fn transmit(tap: &OwnedFd, frame: &[u8]) -> Result<()> {
    let deadline = Deadline::patient();
    while rustix::io::write(tap, frame) == Err(rustix::io::Errno::AGAIN) {
        ensure!(!deadline.has_passed(), "the TAP takes no frames");
        std::thread::yield_now();
    }
    Ok(())
}

/// The guest, on a bridge that has a TAP of ours beside it.
fn guest(linux: &Namespace) -> Result<Instance<'_>> {
    for line in [
        "addr flush dev tap0".to_owned(),
        "tuntap add dev tap1 mode tap".into(),
        "link add br0 type bridge mcast_snooping 0".into(),
        "link set tap0 master br0 up".into(),
        "link set tap1 master br0 up".into(),
        format!("addr add {LINUX}/16 dev br0"),
        format!("-6 addr add {LINUX_V6}/64 dev br0 nodad"),
        "link set br0 up".into(),
    ] {
        linux.run("ip", &line.split(' ').collect::<Vec<_>>())?;
    }
    Instance::start_on(linux, "flooded", (TAP, MAC), &format!("--ip {GUEST}/16 --ip {GUEST_V6}/64"))
}

fn floods_of_all_kinds_take_no_more_memory_than_they_may() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let guest = guest(&linux)?;
    let tap = linux.tap("tap1")?;
    let (_, far) = wnet::wire::user::cable().context("no wire")?;
    let (peer, mut random) = (WirePeer::new(far), SeededRandom::new(5));
    traffic::echo(&linux.connect((GUEST, 7))?, &traffic::bytes(1, 1 << 20))?;
    let before = guest.process().peak_memory()?;
    let connection = linux.connect((GUEST, 7))?;
    for (make, counter) in FLOODS {
        let count = || counter.map_or(Ok(0), |counter| guest.count(counter));
        let earlier = count()?;
        for number in 0..FRAMES {
            transmit(&tap, &make(&peer, number, &mut random))?;
            if number % BURST == 0 {
                traffic::exchange(&connection, b"still there")?;
            }
        }
        wait_for("an answer", || linux.run("ping", &["-c", "1", "-W", "1", &GUEST.to_string()]).ok())?;
        let counted = count()? - earlier;
        // Linux's own stations ask, too, now and then.
        let expected = FRAMES as u64..=FRAMES as u64 + 100;
        ensure!(counter.is_none() || expected.contains(&counted), "{counter:?}: {counted}");
    }
    let lost = linux.run("cat", &["/proc/net/dev"])?;
    let lost = lost.lines().find_map(|line| line.trim_start().strip_prefix("tap0:")).context("tap0")?;
    ensure!(lost.split_whitespace().nth(11) == Some("0"), "frames did not arrive: {lost}");
    // What came first went for what came later, long before its time was over.
    for counter in ["IpReasmFails", "Ip6ReasmFails"] {
        let given_up = guest.count(counter)?;
        ensure!(given_up > FRAMES as u64 / 2, "{counter}: {given_up}");
    }
    drop(connection);
    traffic::echo(&linux.connect((GUEST, 7))?, &traffic::bytes(1, 1 << 20))?;
    let after = guest.process().peak_memory()?;
    ensure!(after - before < GROWTH, "wnet grew from {} to {} KiB", before >> 10, after >> 10);
    Ok(())
}
