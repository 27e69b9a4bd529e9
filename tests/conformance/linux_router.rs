//! Guests as routers between namespaces of Linux, and behind routers of Linux: ends of the way, redirects, source validation,
//! rules, tools that look beyond a router, VLANs between two guests, dummies.

use anyhow::{Context, Result, ensure};
use conformance::capture::Tshark;
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::needs;
use conformance::scratch::Scratch;

use crate::linux_control::{Instance, LINK_LOCAL, MAC, words};

crate::cases! {
    a_guest_tells_of_packets_that_went_too_far,
    a_guest_redirects_linux_over_ipv4,
    a_linux_router_redirects_the_guest_over_ipv4,
    the_reverse_path_filter_drops_strictly_and_loosely,
    rules_by_source_and_mark_choose_the_way,
    pings_and_traces_over_ipv6_go_through_linux,
    two_guests_meet_in_a_vlan,
    a_dummy_device_has_addresses_that_linux_reaches,
}

/// Runs `ip` with each of these lines.
fn set_up(linux: &Namespace, lines: &[&str]) -> Result<()> {
    lines.iter().try_for_each(|line| linux.run("ip", &words(line)).map(drop))
}

/// What a command prints that may fail.
fn said(linux: &Namespace, program: &str, line: &str) -> Result<String> {
    let output = linux.command(program)?.args(words(line)).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// Linux with `tap0` (198.51.100.1, fd77::1), and Linux behind `tap1` (203.0.113.1, fd78::1), which a guest connects.
fn two_networks() -> Result<(Namespace, Namespace)> {
    let (near, far) = (Namespace::with_both()?, Namespace::new()?);
    let cable = format!("link add far1 type veth peer name eth0 netns {}", far.id());
    set_up(
        &near,
        &[
            "tuntap add dev tap1 mode tap",
            "link add br1 type bridge mcast_snooping 0",
            &cable,
            "link set tap1 master br1 up",
            "link set far1 master br1 up",
            "link set br1 up",
            "route add 203.0.113.0/24 via 198.51.100.2",
            "-6 route add fd78::/64 via fd77::2",
        ],
    )?;
    set_up(
        &far,
        &[
            "addr add 203.0.113.1/24 dev eth0",
            "-6 addr add fd78::1/64 dev eth0 nodad",
            "link set eth0 up",
            "route add default via 203.0.113.2",
            "-6 route add default via fd78::2",
        ],
    )?;
    Ok((near, far))
}

/// The guest between them.
const BETWEEN: &str = "--ip 198.51.100.2/24 --ip fd77::2/64 --nic tap:tap1 --ip 203.0.113.2/24 --ip fd78::2/64 \
                       --sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1";

fn a_guest_tells_of_packets_that_went_too_far() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let (near, _far) = two_networks()?;
    let guest = Instance::start(&near, "too-far", BETWEEN)?;
    near.run("ping", &words("-c 1 -w 10 203.0.113.1"))?;
    near.run("ping", &words("-6 -c 1 -w 10 fd78::1"))?;
    let v4 = said(&near, "ping", "-n -c 1 -W 5 -t 1 203.0.113.1")?;
    ensure!(v4.contains("From 198.51.100.2 icmp_seq=1 Time to live exceeded"), "{v4}");
    let v6 = said(&near, "ping", "-6 -n -c 1 -W 5 -t 1 fd78::1")?;
    ensure!(v6.contains("From fd77::2 icmp_seq=1 Time exceeded: Hop limit"), "{v6}");
    // Behind a refusal, and behind no route at all.
    guest.tool("ip route add prohibit 192.0.2.0/24")?;
    set_up(&near, &["route add 192.0.2.0/24 via 198.51.100.2", "route add 192.0.3.0/24 via 198.51.100.2"])?;
    let refused = said(&near, "ping", "-n -c 1 -W 5 192.0.2.1")?;
    ensure!(refused.contains("From 198.51.100.2 icmp_seq=1 Packet filtered"), "{refused}");
    let nowhere = said(&near, "ping", "-n -c 1 -W 5 192.0.3.1")?;
    ensure!(nowhere.contains("From 198.51.100.2 icmp_seq=1 Destination Net Unreachable"), "{nowhere}");
    Ok(())
}

/// A link of three over IPv4: a bridge of the TAP with 198.51.100.1, and a host with 198.51.100.3 that has 203.0.113.1 behind
/// it.
fn link_of_three() -> Result<(Namespace, Namespace)> {
    let (near, far) = (Namespace::with_tap()?, Namespace::new()?);
    let cable = format!("link add far0 type veth peer name eth0 netns {}", far.id());
    set_up(
        &near,
        &[
            "addr flush dev tap0",
            "link add br0 type bridge mcast_snooping 0",
            &cable,
            "link set tap0 master br0 up",
            "link set far0 master br0 up",
            "addr add 198.51.100.1/24 dev br0",
            "link set br0 up",
        ],
    )?;
    set_up(
        &far,
        &["addr add 198.51.100.3/24 dev eth0", "addr add 203.0.113.1/32 dev lo", "link set eth0 up"],
    )?;
    Ok((near, far))
}

fn a_guest_redirects_linux_over_ipv4() -> Result<()> {
    let (near, _far) = link_of_three()?;
    let options = "--ip 198.51.100.2/24 --sysctl net.ipv4.ip_forward=1";
    let guest = Instance::start(&near, "redirecting4", options)?;
    guest.tool("ip route add 203.0.113.0/24 via 198.51.100.3")?;
    near.set("net.ipv4.conf.br0.accept_redirects=1")?;
    set_up(&near, &["route add 203.0.113.0/24 via 198.51.100.2"])?;
    near.run("ping", &words("-c 5 -i 0.2 -w 20 203.0.113.1"))?;
    guest.wait_for_count("IcmpOutRedirects")?;
    let way = near.run("ip", &words("route get 203.0.113.1"))?;
    ensure!(way.contains("via 198.51.100.3") && way.contains("redirected"), "{way}");
    Ok(())
}

fn a_linux_router_redirects_the_guest_over_ipv4() -> Result<()> {
    let (router, _far) = link_of_three()?;
    for setting in ["net.ipv4.ip_forward=1", "net.ipv4.conf.br0.send_redirects=1"] {
        router.set(setting)?;
    }
    set_up(&router, &["route add 203.0.113.0/24 via 198.51.100.3"])?;
    let guest = Instance::start(&router, "redirected4", "--ip 198.51.100.2/24 --gateway 198.51.100.1")?;
    guest.tool("ping -c 5 -i 0.2 -w 20 203.0.113.1")?;
    guest.wait_for_count("IcmpInRedirects")?;
    let passed = |line: &str| -> Result<u64> {
        let all = router.run("cat", &["/proc/net/snmp"])?;
        let mut lines = all.lines().filter_map(|line| line.strip_prefix("Ip: ")).map(words);
        let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let at = names.iter().position(|name| *name == line).context("a counter")?;
        Ok(values.get(at).context("its value")?.parse()?)
    };
    let before = passed("ForwDatagrams")?;
    ensure!(before < 5, "{before} packets of 5 went by the router");
    guest.tool("ping -c 5 -i 0.01 -w 20 203.0.113.1")?;
    let after = passed("ForwDatagrams")?;
    ensure!(after == before, "{} packets went the long way after the advice", after - before);
    Ok(())
}

/// RFC 3704: an address of the other network is dropped by the strict filter alone, one of no network by the loose one, too.
fn the_reverse_path_filter_drops_strictly_and_loosely() -> Result<()> {
    let (near, _far) = two_networks()?;
    set_up(&near, &["addr add 203.0.113.77/32 dev lo", "addr add 192.0.2.77/32 dev lo"])?;
    for (filter, other, nowhere) in [(0, false, false), (1, true, true), (2, false, true)] {
        let options = format!("{BETWEEN} --sysctl net.ipv4.conf.all.rp_filter={filter}");
        let guest = Instance::start(&near, &format!("rp{filter}"), &options)?;
        near.run("ping", &words("-c 1 -w 10 203.0.113.1"))?;
        let dropped = || -> Result<u64> {
            let shown = guest.tool("nstat -asz TcpExtIPReversePathFilter")?;
            let line = shown.lines().find(|line| line.starts_with("TcpExtIPReversePathFilter"));
            Ok(line.and_then(|line| line.split_whitespace().nth(1)).context("a counter")?.parse()?)
        };
        ensure!(dropped()? == 0, "rp_filter {filter} drops what comes the right way");
        for (source, expected) in [("203.0.113.77", other), ("192.0.2.77", nowhere)] {
            let before = dropped()?;
            said(&near, "ping", &format!("-c 1 -W 0.2 -I {source} 203.0.113.1"))?;
            // Whatever came first was handled before this one.
            near.run("ping", &words("-c 1 -w 10 203.0.113.1"))?;
            let more = dropped()? - before;
            ensure!(more == u64::from(expected), "rp_filter {filter}: {more} drops from {source}");
        }
    }
    Ok(())
}

fn rules_by_source_and_mark_choose_the_way() -> Result<()> {
    let (near, _far) = two_networks()?;
    set_up(&near, &["addr add 198.51.100.9/24 dev tap0"])?;
    let guest = Instance::start(&near, "rules", BETWEEN)?;
    for line in [
        "route add prohibit 203.0.113.0/24 table 100",
        "rule add from 198.51.100.9 table 100",
        "route add 203.0.113.0/24 via 198.51.100.1 table 200",
        "rule add fwmark 7 table 200",
    ] {
        guest.tool(&format!("ip {line}"))?;
    }
    near.run("ping", &words("-c 1 -w 10 -I 198.51.100.1 203.0.113.1"))?;
    let refused = said(&near, "ping", "-n -c 1 -W 5 -I 198.51.100.9 203.0.113.1")?;
    ensure!(refused.contains("From 198.51.100.2 icmp_seq=1 Packet filtered"), "{refused}");
    let marked = guest.tool("ip route get 203.0.113.1 mark 7")?;
    ensure!(marked.contains("via 198.51.100.1 dev eth0 table 200"), "{marked}");
    let unmarked = guest.tool("ip route get 203.0.113.1 mark 8")?;
    ensure!(unmarked.contains("203.0.113.1 dev eth1"), "{unmarked}");
    guest.tool("ip rule del from 198.51.100.9 table 100")?;
    near.run("ping", &words("-c 1 -w 10 -I 198.51.100.9 203.0.113.1"))?;
    Ok(())
}

/// The tools of guests towards Linux that routes, and over the link itself.
fn pings_and_traces_over_ipv6_go_through_linux() -> Result<()> {
    let (router, far) = (Namespace::with_both()?, Namespace::new()?);
    let cable = format!("link add far0 type veth peer name eth0 netns {}", far.id());
    let lines = [&cable, "-6 addr add fd78::2/64 dev far0 nodad", "link set far0 up"];
    set_up(&router, &lines)?;
    router.set("net.ipv6.conf.all.forwarding=1")?;
    let there =
        ["-6 addr add fd78::1/64 dev eth0 nodad", "link set eth0 up", "-6 route add default via fd78::2"];
    set_up(&far, &there)?;
    let guest = Instance::start(&router, "tools6", "--ip fd77::2/64 --gateway fd77::1")?;
    // Linux looks for duplicates of its own first.
    router.run("ping", &words("-6 -c 1 -w 10 fd78::1"))?;
    for size in [0, 56, 1452, 1453, 4000, 65_507] {
        let report = guest.tool(&format!("ping -6 -c 2 -i 0.01 -w 10 -s {size} fd78::1"))?;
        ensure!(report.contains(" 2 received, 0% packet loss"), "{report}");
        ensure!(report.contains(&format!("{} bytes from fd78::1: icmp_seq=2 ttl=63", size + 8)), "{report}");
    }
    for method in ["", "-I "] {
        let way = guest.tool(&format!("traceroute -6 {method}-n -q 1 fd78::1"))?;
        let hops: Vec<_> = way.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        ensure!(hops == ["fd77::1", "fd78::1"], "{way}");
    }
    // While Linux looks for others with this address it answers nobody who asks for it.
    let shown = wait_for("Linux's own address of the link", || {
        let shown = router.run("ip", &words("-6 -o addr show dev tap0 scope link -tentative")).ok()?;
        shown.contains("fe80::").then_some(shown)
    })?;
    let link_local = shown.split_whitespace().find(|word| word.starts_with("fe80::")).unwrap_or_default();
    let link_local = link_local.trim_end_matches("/64");
    guest.wait_for("ip -6 -o addr show dev eth0 scope link -tentative", LINK_LOCAL)?;
    router.run("ping", &words(&format!("-6 -c 1 -w 10 {LINK_LOCAL}%tap0")))?;
    let report = guest.tool(&format!("ping -c 2 -i 0.01 -w 10 {link_local}%eth0"))?;
    ensure!(
        report.contains(", 0% packet loss") && report.contains(&format!("from {link_local}%eth0:")),
        "{report}"
    );
    Ok(())
}

/// 802.1Q between two stacks of ours, on a bridge that carries what it does not understand.
fn two_guests_meet_in_a_vlan() -> Result<()> {
    let (tshark, folder) = (Tshark::find()?, Scratch::new()?);
    let file = folder.file("vlan.pcapng");
    let linux = Namespace::with_tap()?;
    set_up(
        &linux,
        &[
            "tuntap add dev tap1 mode tap",
            "link add br0 type bridge mcast_snooping 0",
            "link set tap0 master br0 up",
            "link set tap1 master br0 up",
            "link set br0 up",
        ],
    )?;
    let capture = format!("--ip 198.51.100.2/24 --pcap {}", file.display());
    let one = Instance::start_on(&linux, "vlan-one", ("tap0", MAC), &capture)?;
    let other =
        Instance::start_on(&linux, "vlan-other", ("tap1", "52:54:00:12:34:57"), "--ip 198.51.100.3/24")?;
    for (guest, id, last) in [(&one, 7, 1), (&other, 7, 2), (&one, 8, 1), (&other, 9, 2)] {
        guest.tool(&format!("ip link add link eth0 name eth0.{id} type vlan id {id}"))?;
        guest.tool(&format!("ip link set eth0.{id} up"))?;
        guest.tool(&format!("ip addr add 203.0.{id}.{last}/24 dev eth0.{id}"))?;
        guest.tool(&format!("ip addr add fd78:{id}::{last}/64 dev eth0.{id} nodad"))?;
    }
    for line in [
        "ping -c 2 -i 0.01 -w 10 203.0.7.2",
        "ping -c 1 -w 10 -s 8000 203.0.7.2",
        "ping -c 2 -w 10 fd78:7::2",
    ] {
        let report = one.tool(line)?;
        ensure!(report.contains(", 0% packet loss"), "{line}: {report}");
    }
    let apart = one.tool("ping -c 1 -W 1 203.0.8.2");
    ensure!(apart.is_err(), "another VLAN answers: {apart:?}");
    drop(one);
    let untagged = "(icmp || icmpv6.type == 128) && !vlan";
    ensure!(tshark.frames(&file, untagged)?.is_empty(), "pings without a tag");
    for filter in
        ["vlan.id == 7 && icmp.type == 0", "vlan.id == 7 && icmpv6.type == 129", "vlan.id == 8 && arp"]
    {
        ensure!(!tshark.frames(&file, filter)?.is_empty(), "no frame matches {filter:?}");
    }
    tshark.expect_sound(&file)
}

fn a_dummy_device_has_addresses_that_linux_reaches() -> Result<()> {
    let linux = Namespace::with_both()?;
    let guest = Instance::start(&linux, "dummy", "--ip 198.51.100.2/24 --ip fd77::2/64")?;
    for line in
        ["link add red type dummy", "addr add 192.0.2.9/32 dev red", "addr add fd79::9/128 dev red nodad"]
    {
        guest.tool(&format!("ip {line}"))?;
    }
    set_up(&linux, &["route add 192.0.2.9 via 198.51.100.2", "-6 route add fd79::9 via fd77::2"])?;
    guest.tool("ip link set red up")?;
    linux.run("ping", &words("-c 1 -w 10 192.0.2.9"))?;
    linux.run("ping", &words("-6 -c 1 -w 10 fd79::9"))?;
    // What goes out by it is gone, and counted.
    guest.tool("ip route add 203.0.113.0/24 dev red")?;
    let lost = guest.tool("ping -c 1 -W 0.2 203.0.113.1");
    ensure!(lost.is_err(), "{lost:?}");
    let shown = guest.tool("ip -j -s link show dev red")?;
    ensure!(shown.contains("\"tx\":{\"bytes\":") && !shown.contains("\"tx\":{\"bytes\":0,"), "{shown}");
    guest.tool("ip link del red")?;
    ensure!(linux.run("ping", &words("-c 1 -W 1 192.0.2.9")).is_err(), "its addresses went with it");
    Ok(())
}
