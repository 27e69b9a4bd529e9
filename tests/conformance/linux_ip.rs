//! Linux as the peer, below TCP: both versions of IP, packets in pieces, routers.

use std::ffi::OsStr;
use std::io::Write;
use std::net::Ipv6Addr;
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use conformance::namespace::{GUEST, Namespace};
use conformance::traffic::bytes;
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

crate::cases! {
    pings_of_all_sizes_come_back,
    pings_of_all_sizes_come_back_over_ipv6,
    a_guest_is_served_over_ipv6,
    linux_is_reached_through_a_guest_as_router,
}

/// Linux's end and the guest's, over IPv6.
const LINUX_V6: &str = "fd77::1";
const GUEST_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2);

/// Bytes of an IPv4 and an IPv6 header with that of an echo.
const HEADERS_V4: usize = 28;
const HEADERS_V6: usize = 48;

/// Lengths at which something begins: no data, a time stamp, a full frame, two pieces, many, the largest packet.
fn sizes(headers: usize) -> Vec<usize> {
    let full = 1500 - headers;
    // A piece of IPv6 has 8 bytes of header more.
    let mut sizes = vec![0, 1, 7, 8, 15, 16, 17, 56, 100, 999, full - 1, full, full + 1, full + 8, full + 9];
    sizes.extend([
        2 * full - 40,
        2 * full,
        2 * full + 40,
        4000,
        8192,
        20_000,
        40_000,
        65_000,
        65_506,
        65_507,
    ]);
    sizes
}

/// A namespace with a TAP that has addresses of both versions.
fn linux_with_both() -> Result<Namespace> {
    let linux = Namespace::with_tap()?;
    linux.run("ip", &["-6", "addr", "add", &format!("{LINUX_V6}/64"), "dev", "tap0", "nodad"])?;
    Ok(linux)
}

/// The same, and an echo server on the TAP.
fn served() -> Result<(Namespace, Wnet)> {
    let linux = linux_with_both()?;
    let address = format!("{GUEST_V6}/64");
    let server = Wnet::serve_on_tap(&linux, &["--ip", &address], "echo-server", 7)?;
    Ok((linux, server))
}

/// Each length, three times; ping compares the data that comes back with what it sent.
fn ping_all(linux: &Namespace, target: &str, sizes: &[usize]) -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    for size in sizes {
        let size = size.to_string();
        let options = ["-c", "3", "-i", "0.01", "-W", "5", "-q", "-s", &size, target];
        let report = linux.run("ping", &options)?;
        ensure!(report.contains(" 3 received") && !report.contains("wrong data"), "{size} bytes: {report}");
    }
    Ok(())
}

fn pings_of_all_sizes_come_back() -> Result<()> {
    let (linux, _server) = served()?;
    ping_all(&linux, &GUEST.to_string(), &sizes(HEADERS_V4))
}

fn pings_of_all_sizes_come_back_over_ipv6() -> Result<()> {
    let (linux, _server) = served()?;
    ping_all(&linux, &GUEST_V6.to_string(), &sizes(HEADERS_V6))
}

fn a_guest_is_served_over_ipv6() -> Result<()> {
    needs::program("nc", "netcat-openbsd")?;
    let linux = linux_with_both()?;
    let address = format!("{GUEST_V6}/64");
    let guest = artifacts::component("echo-server")?;
    let service = format!("[{GUEST_V6}]:7");
    let arguments = [OsStr::new("--ip"), OsStr::new(&address), guest.as_os_str(), OsStr::new(&service)];
    let server = Wnet::start_on_tap(&linux, arguments)?;
    server.wait_for_line("listening on [fd77::2]:7")?;
    let mut nc = linux.command("nc")?;
    nc.args(["-6", "-N", "-w", "30", &GUEST_V6.to_string(), "7"]);
    let mut nc = nc.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let sent = bytes(3, 500_000);
    let mut input = nc.stdin.take().context("an input")?;
    let to_send = sent.clone();
    let writer = thread::spawn(move || input.write_all(&to_send));
    let output = nc.wait_with_output()?;
    writer.join().map_err(|_| anyhow!("the writer panicked"))??;
    ensure!(output.status.success() && output.stdout == sent, "{} bytes came back", output.stdout.len());
    Ok(())
}

/// Two networks of Linux with a guest between them: `tap0` in one namespace, and `tap1` behind a bridge in the same
/// one, which a cable connects with the other.
fn linux_is_reached_through_a_guest_as_router() -> Result<()> {
    needs::program("traceroute", "traceroute")?;
    let near = linux_with_both()?;
    let far = Namespace::new()?;
    let run = |words: &str| near.run("ip", &words.split(' ').collect::<Vec<_>>());
    run("tuntap add dev tap1 mode tap")?;
    run("link add br1 type bridge")?;
    run(&format!("link add far1 type veth peer name eth0 netns {}", far.id()))?;
    for device in ["tap1", "far1"] {
        run(&format!("link set {device} master br1"))?;
        run(&format!("link set {device} up"))?;
    }
    run("link set br1 up")?;
    run("route add 203.0.113.0/24 via 198.51.100.2")?;
    run("-6 route add fd78::/64 via fd77::2")?;
    let there = |words: &str| far.run("ip", &words.split(' ').collect::<Vec<_>>());
    there("addr add 203.0.113.1/24 dev eth0")?;
    there("-6 addr add fd78::1/64 dev eth0 nodad")?;
    there("link set eth0 up")?;
    there("route add default via 203.0.113.2")?;
    there("-6 route add default via fd78::2")?;
    let guest = artifacts::component("echo-server")?;
    let options = "--ip fd77::2/64 --nic tap:tap1 --ip 203.0.113.2/24 --ip fd78::2/64 \
                   --sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1";
    let options = options.split_whitespace().map(OsStr::new);
    let router = Wnet::start_on_tap(&near, options.chain([guest.as_os_str()]))?;
    router.wait_for_line("listening on ")?;
    for target in ["203.0.113.1", "fd78::1"] {
        ping_all(&near, target, &[0, 56, 1400, 4000, 65_000])?;
        let way = near.run("traceroute", &["-n", "-q", "1", "-w", "5", target])?;
        let hops: Vec<&str> = way.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        let by = if target.contains(':') { "fd77::2" } else { "198.51.100.2" };
        ensure!(hops == [by, target], "{way}");
    }
    Ok(())
}
