//! How much memory floods take: the process of `wnet` is looked at, and the frames come over a bridge of Linux.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result, ensure};
use conformance::deadline::{Deadline, wait_for};
use conformance::namespace::{GUEST, GUEST_V6, LINUX, LINUX_V6, Namespace};
use conformance::wire_peer::{ON_LINK, Way, WirePeer, link_address};
use conformance::wnet_process::Wnet;
use conformance::{artifacts, traffic};
use rustix::fd::OwnedFd;
use stack_core::random::{Random, SeededRandom};
use stack_core::wire::arp::Operation;
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::icmpv6::Type;
use stack_core::wire::ipv6::ALL_NODES;
use stack_core::wire::protocol::Protocol;

crate::cases! {
    floods_of_all_kinds_take_no_more_memory_than_they_may,
}

/// How much `wnet` may grow by all floods together: fragments of both versions may take 4 MiB each
/// (`ipfrag_high_thresh`), neighbours 1024 entries of each, routers 16 addresses and 80 routes; memory that WebAssembly once
/// has it keeps, and it grows in steps. They take some 12 MiB; without marks fragments alone would take 50.
const GROWTH: u64 = 20 << 20;

/// Frames of each kind.
const FRAMES: usize = 20_000;

/// The guest's station is that of the frames which [`WirePeer`] makes.
const MAC: &str = "52:54:00:00:00:0f";

/// Frame number `number` of a flood.
type Make = fn(&WirePeer, usize, &mut SeededRandom) -> Vec<u8>;

const FLOODS: [Make; 6] = [fragment, fragment_v6, asks, asks_v6, echo, advertises];

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
fn echo(peer: &WirePeer, number: usize, _: &mut SeededRandom) -> Vec<u8> {
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
fn guest(linux: &Namespace) -> Result<Wnet> {
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
    let guest = artifacts::component("echo-server")?;
    let options = format!("run --nic tap:tap0 --mac {MAC} --ip {GUEST}/16 --ip {GUEST_V6}/64");
    let mut command = linux.command(artifacts::wnet()?)?;
    let wnet = Wnet::spawn(command.args(options.split(' ')).arg(guest).arg("7"))?;
    wnet.wait_for_line("listening on ")?;
    Ok(wnet)
}

fn floods_of_all_kinds_take_no_more_memory_than_they_may() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let wnet = guest(&linux)?;
    let tap = linux.tap("tap1")?;
    let (_, far) = wnet::wire::user::cable().context("no wire")?;
    let (peer, mut random) = (WirePeer::new(far), SeededRandom::new(5));
    traffic::echo(&linux.connect((GUEST, 7))?, &traffic::bytes(1, 1 << 20))?;
    let before = wnet.peak_memory()?;
    for make in FLOODS {
        for number in 0..FRAMES {
            transmit(&tap, &make(&peer, number, &mut random))?;
        }
        wait_for("an answer", || linux.run("ping", &["-c", "1", "-W", "1", &GUEST.to_string()]).ok())?;
    }
    traffic::echo(&linux.connect((GUEST, 7))?, &traffic::bytes(1, 1 << 20))?;
    let after = wnet.peak_memory()?;
    ensure!(after - before < GROWTH, "wnet grew from {} to {} KiB", before >> 10, after >> 10);
    wnet.terminate()?;
    Ok(())
}
