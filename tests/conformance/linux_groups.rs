//! Groups of guests, as a bridge of Linux sees them that listens in to what hosts tell routers.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use anyhow::{Context, Result, anyhow, ensure};
use conformance::capture::Tshark;
use conformance::deadline::wait_for;
use conformance::namespace::{LINUX, Namespace};
use conformance::scratch::Scratch;
use conformance::wnet_process::{Wnet, run};
use conformance::{artifacts, needs};

crate::cases! {
    a_bridge_learns_who_is_in_a_group_and_who_left,
    a_bridge_learns_who_is_in_an_ipv6_group_and_who_left,
    a_raw_socket_has_groups,
}

/// Linux's end over IPv6, and the guest's.
const LINUX_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);
const GUEST_V6: &str = "fd77::2/64";

/// The port of the guest's service.
const PORT: u16 = 20077;

/// A namespace with a bridge of the TAP that asks who is in which group and remembers the answers.
fn bridged() -> Result<Namespace> {
    needs::program("bridge", "iproute2")?;
    let linux = Namespace::with_tap()?;
    let bridge =
        "link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_igmp_version 3 mcast_mld_version 2";
    let address = format!("addr add {LINUX_V6}/64 dev br0 nodad");
    let move_to_it = format!("addr add {LINUX}/24 dev br0");
    for words in [
        bridge,
        "addr flush dev tap0",
        "link set tap0 master br0",
        "link set br0 up",
        &move_to_it,
        &address,
        "route add 239.0.0.0/8 dev br0",
        "-6 route add multicast ff05::/16 dev br0 table local",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        linux.run("ip", &words).with_context(|| words.join(" "))?;
    }
    Ok(linux)
}

/// Waits until the bridge knows, or does not know, that somebody behind the TAP is in a group.
fn wait_until(linux: &Namespace, group: IpAddr, is_in: bool) -> Result<()> {
    let wanted = format!("grp {group} ");
    wait_for(&format!("the bridge to know of {group}: {is_in}"), || {
        let table = linux.run("bridge", &["mdb", "show", "dev", "br0"]).ok()?;
        let is_it = |line: &str| format!("{line} ").contains(&wanted) && line.contains("port tap0");
        (table.lines().any(is_it) == is_in).then_some(())
    })
}

fn group_of(group: IpAddr, from: IpAddr, report: &str) -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let linux = bridged()?;
    let (guest, capture) = (artifacts::component("test/group-echo")?, scratch.file("groups.pcapng"));
    let group_text = group.to_string();
    let words = [OsStr::new("--ip"), OsStr::new(GUEST_V6), OsStr::new("--pcap"), capture.as_os_str()];
    let server =
        Wnet::start_on_tap(&linux, words.into_iter().chain([guest.as_os_str(), OsStr::new(&group_text)]))?;
    server.wait_for_line("receiving")?;
    wait_until(&linux, group, true)?;
    let socket = linux.udp((from, 0))?;
    let ask = |data: &[u8]| socket.send_to(data, SocketAddr::new(group, PORT));
    ask(b"hello")?;
    let mut answer = [0; 100];
    let length = socket.recv(&mut answer)?;
    ensure!(&answer[..length] == b"hello", "{:?}", &answer[..length]);
    ask(b"loop")?;
    server.wait_for_line("looped")?;
    ask(b"leave")?;
    server.wait_for_line("left")?;
    wait_until(&linux, group, false)?;
    server.terminate()?;
    tshark.expect_sound(&capture)?;
    let reports = tshark.frames(&capture, report)?;
    ensure!(reports.len() >= 4, "joined twice, left twice: {reports:?}");
    if group.is_ipv6() {
        let solicited: IpAddr = "ff02::1:ff00:2".parse().map_err(|_| anyhow!("an address"))?;
        let filter = format!("icmpv6.mldr.mar.multicast_address == {solicited}");
        ensure!(!tshark.frames(&capture, &filter)?.is_empty(), "nobody was told of {solicited}");
    }
    Ok(())
}

fn a_bridge_learns_who_is_in_a_group_and_who_left() -> Result<()> {
    group_of("239.1.2.3".parse()?, LINUX.into(), "igmp.type == 0x22")
}

fn a_bridge_learns_who_is_in_an_ipv6_group_and_who_left() -> Result<()> {
    group_of("ff05::77".parse()?, LINUX_V6.into(), "icmpv6.type == 143 && ipv6.hlim == 1")
}

/// The questions are in the guest, which ends with 0 if all answers are right.
fn a_raw_socket_has_groups() -> Result<()> {
    let guest = artifacts::component("test/raw-groups")?;
    let ended = run([OsStr::new("--grant"), OsStr::new("raw"), guest.as_os_str()])?;
    ensure!(ended.code == Some(0), "{:?}: {}", ended.code, ended.error);
    Ok(())
}
