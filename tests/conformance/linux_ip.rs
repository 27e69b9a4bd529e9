//! Linux as the peer, below TCP: both versions of IP, packets in pieces, routers.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::{GUEST, GUEST_V6, LINUX, Namespace};
use conformance::scratch::Scratch;
use conformance::traffic::bytes;
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

crate::cases! {
    pings_of_all_sizes_come_back,
    pings_of_all_sizes_come_back_over_ipv6,
    routes_and_times_are_recorded,
    a_guest_is_served_over_ipv6,
    linux_is_reached_through_a_guest_as_router,
    dnsmasq_gives_an_address,
    radvd_gives_addresses_as_linux_would_make_them,
}

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

/// A namespace with a TAP that has addresses of both versions, and an echo server on it.
fn served() -> Result<(Namespace, Wnet)> {
    let linux = Namespace::with_both()?;
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

/// The addresses that Linux's ping shows of the options that came back, in their order; how many stamps there are, where
/// there are only those.
fn recorded(linux: &Namespace, option: &str) -> Result<Vec<String>> {
    let words = format!("-n {option} -c 1 -W 5 {GUEST}");
    let report = linux.run("ping", &words.split(' ').collect::<Vec<_>>())?;
    let lines = report.lines().skip_while(|line| !line.starts_with("RR:") && !line.starts_with("TS:"));
    let lines = lines.take_while(|line| !line.is_empty());
    let lines = lines.map(|line| line.trim_start_matches(['R', 'T', 'S', ':']).trim_start());
    let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    Ok(lines.map(|line| if option == "-T tsonly" { "a stamp".into() } else { first(line) }).collect())
}

/// A guest, and Linux in the guest's place, leave the same addresses in the same order.
fn routes_and_times_are_recorded() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let (linux, _server) = served()?;
    let (near, there) = (Namespace::new()?, Namespace::new()?);
    let run = |linux: &Namespace, line: &str| linux.run("ip", &line.split(' ').collect::<Vec<_>>());
    run(&near, &format!("link add eth0 type veth peer name eth0 netns {}", there.id()))?;
    for (end, address) in [(&near, LINUX), (&there, GUEST)] {
        run(end, &format!("addr add {address}/24 dev eth0"))?;
        run(end, "link set eth0 up")?;
    }
    let only_named = format!("-T tsprespec {GUEST} {LINUX}");
    for option in ["-R", "-T tsonly", "-T tsandaddr", &only_named] {
        let (ours, linuxs) = (recorded(&linux, option)?, recorded(&near, option)?);
        ensure!(linuxs.len() >= 2, "{option}: Linux records {linuxs:?}");
        ensure!(ours == linuxs, "{option}: {ours:?}, with Linux {linuxs:?}");
    }
    Ok(())
}

fn a_guest_is_served_over_ipv6() -> Result<()> {
    needs::program("nc", "netcat-openbsd")?;
    let linux = Namespace::with_both()?;
    let address = format!("{GUEST_V6}/64");
    let guest = artifacts::component("echo-server")?;
    let arguments = [OsStr::new("--ip"), OsStr::new(&address), guest.as_os_str(), OsStr::new("[::]:7")];
    let server = Wnet::start_on_tap(&linux, arguments)?;
    server.wait_for_line("listening on [::]:7")?;
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
    let near = Namespace::with_both()?;
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

/// Waits until the instance's addresses are shown with `part` in them.
fn wait_for_address(linux: &Namespace, name: &str, part: &str) -> Result<String> {
    let wnet = artifacts::wnet()?.display().to_string();
    wait_for(part, || {
        let shown = linux.run(&wnet, &["ip", "--on", name, "addr"]).unwrap_or_default();
        shown.contains(part).then_some(shown)
    })
}

/// A name for an instance that no other test has.
fn instance(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}

fn dnsmasq_gives_an_address() -> Result<()> {
    let dnsmasq = needs::program("dnsmasq", "dnsmasq-base")?;
    let linux = Namespace::with_tap()?;
    let mut server = linux.command(dnsmasq)?;
    server.args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--port=0"]);
    server.args(["--interface=tap0", "--bind-interfaces", "--leasefile-ro", "--user=root"]);
    server.args(["--dhcp-range=198.51.100.77,198.51.100.77,255.255.255.0,1h"]);
    server.args(["--dhcp-option=option:dns-server,198.51.100.53,198.51.100.54", "--domain=example.org"]);
    server.args(["--dhcp-option=option:domain-search,eu.example.org,lan"]);
    let server = Killed(server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let name = instance("dhcp");
    let guest = artifacts::component("echo-server")?;
    let mut command = linux.command(artifacts::wnet()?)?;
    command.args(["run", "--name", &name, "--nic", "tap:tap0", "--ip", "dhcp"]).arg(guest);
    let wnet = Wnet::spawn(&mut command)?;
    wnet.wait_for_line("listening on ")?;
    wait_for_address(&linux, &name, "198.51.100.77/24")?;
    linux.run("ping", &["-c", "1", "-w", "10", "198.51.100.77"])?;
    let routes = linux.run(&artifacts::wnet()?.display().to_string(), &["ip", "--on", &name, "route"])?;
    // The lease's route is behind what others configure: 1000 and the card's number, as dhcpcd has it.
    for expected in [
        "default via 198.51.100.1 dev eth0 proto dhcp src 198.51.100.77 metric 1002",
        "198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.77",
    ] {
        ensure!(routes.lines().any(|line| line.trim_end() == expected), "{expected}: {routes}");
    }
    let wnet = artifacts::wnet()?.display().to_string();
    for (verb, expected) in [
        ("dns", "Global:\nLink 2 (eth0): 198.51.100.53 198.51.100.54"),
        ("domain", "Global:\nLink 2 (eth0): example.org eu.example.org lan"),
    ] {
        let shown = linux.run(&wnet, &["resolvectl", "--on", &name, verb])?;
        ensure!(shown.trim_end() == expected, "{shown}");
    }
    drop(server);
    Ok(())
}

fn radvd_gives_addresses_as_linux_would_make_them() -> Result<()> {
    let radvd = needs::program("radvd", "radvd")?;
    let linux = Namespace::with_both()?;
    let folder = Scratch::new()?;
    let prefix = "prefix fd77::/64 { AdvOnLink on; AdvAutonomous on; };";
    let pauses = "AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;";
    let config = folder.write("radvd.conf", format!("interface tap0 {{ {pauses} {prefix} }};\n"))?;
    linux.set("net.ipv6.conf.all.forwarding=1")?;
    let mut router = linux.command(radvd)?;
    router.arg("-n").arg("-C").arg(&config).arg("-p").arg(folder.file("pid"));
    router.args(["-m", "stderr"]);
    let router = Killed(router.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let name = instance("slaac");
    let guest = artifacts::component("echo-server")?;
    let mut command = linux.command(artifacts::wnet()?)?;
    command.args(["run", "--name", &name, "--nic", "tap:tap0", "--mac", "52:54:00:12:34:56"]);
    command.args(["--ip", "auto"]).arg(guest);
    let wnet = Wnet::spawn(&mut command)?;
    wnet.wait_for_line("listening on ")?;
    // RFC 4291 appendix A, as Linux has it by default.
    wait_for_address(&linux, &name, "fd77::5054:ff:fe12:3456/64")?;
    let shown = wait_for_address(&linux, &name, "fe80::5054:ff:fe12:3456/64")?;
    ensure!(shown.contains("dynamic"), "{shown}");
    linux.run("ping", &["-6", "-c", "1", "-w", "10", "fd77::5054:ff:fe12:3456"])?;
    let wnet = artifacts::wnet()?.display().to_string();
    let routes = linux.run(&wnet, &["ip", "--on", &name, "-6", "route"])?;
    ensure!(routes.contains("default via fe80::") && routes.contains("proto ra"), "{routes}");
    drop(router);
    Ok(())
}

/// A process that ends with the test.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
