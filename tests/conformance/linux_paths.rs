//! Paths through Linux and through a guest that carry less than their ends: path MTUs by ICMP and without, and neighbours
//! that are somebody else's, move, or are very many.

use std::ffi::OsStr;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context, Result, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::{GUEST, GUEST_V6, LINUX, LINUX_V6, Namespace, TAP};
use conformance::traffic::{self, bytes};
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

crate::cases! {
    a_narrow_link_is_learned_of_by_icmp,
    a_black_hole_is_found_out_by_probing,
    a_guest_as_router_says_how_narrow_its_link_is,
    an_address_that_linux_has_already_is_not_used,
    a_neighbour_that_moves_is_followed,
    two_thousand_neighbours_are_served,
    two_thousand_neighbours_of_ipv6_are_served,
}

/// What the narrow link carries, in bytes.
const NARROW: u32 = 1300;

/// The station behind the router, and its network.
const FAR: [(&str, &str); 2] = [("203.0.113.1", "203.0.113.0/24"), ("fd78::1", "fd78::/64")];

/// A guest, Linux as router, and Linux behind a link that carries less in one direction.
struct Path {
    router: Namespace,
    far: Namespace,
    guest: Wnet,
    name: String,
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A name for an instance that no other test has.
fn instance(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}

/// Starts the guest `echo-server` for this version with these options behind the TAP's own.
fn serve(linux: &Namespace, name: &str, options: &str, any: &str) -> Result<Wnet> {
    let guest = artifacts::component("echo-server")?;
    let address = format!("--name {name} --ip {GUEST_V6}/64 {options}");
    let listen = format!("{any}:7");
    let arguments = words(&address).into_iter().map(OsStr::new);
    let server = Wnet::start_on_tap(linux, arguments.chain([guest.as_os_str(), OsStr::new(&listen)]))?;
    server.wait_for_line("listening on ")?;
    Ok(server)
}

/// Runs `wnet TOOL --on NAME WORDS` and answers what it printed.
fn tool(linux: &Namespace, name: &str, tool: &str, line: &str) -> Result<String> {
    let wnet = artifacts::wnet()?.display().to_string();
    linux.run(&wnet, &[&[tool, "--on", name], &words(line)[..]].concat())
}

impl Path {
    /// For one version: `any` is what the guest listens on, `settings` are its sysctls.
    fn new(what: &str, any: &str, settings: &str) -> Result<Self> {
        let (router, far) = (Namespace::with_both()?, Namespace::new()?);
        let run = |line: &str| router.run("ip", &words(line));
        run(&format!("link add far0 type veth peer name eth0 netns {}", far.id()))?;
        run("addr add 203.0.113.2/24 dev far0")?;
        run("-6 addr add fd78::2/64 dev far0 nodad")?;
        run("link set far0 up")?;
        let there = |line: &str| far.run("ip", &words(line));
        there("addr add 203.0.113.1/24 dev eth0")?;
        there("-6 addr add fd78::1/64 dev eth0 nodad")?;
        there("link set eth0 up")?;
        there("route add default via 203.0.113.2")?;
        there("-6 route add default via fd78::2")?;
        // Only the router knows, and only of the way to the far end.
        run(&format!("route change 203.0.113.0/24 dev far0 mtu {NARROW}"))?;
        run(&format!("-6 route add fd78::1/128 dev far0 mtu {NARROW}"))?;
        for setting in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"] {
            router.set(setting)?;
        }
        let name = instance(what);
        let options = format!(
            "--gateway {LINUX} --gateway {LINUX_V6} --sysctl net.ipv6.conf.default.accept_dad=0 {settings}"
        );
        let guest = serve(&router, &name, &options, any)?;
        Ok(Path { router, far, guest, name })
    }

    /// Has the guest send as much as it gets to the far end.
    fn echo(&self, guest: SocketAddr) -> Result<()> {
        let stream = self.far.connect(guest)?;
        traffic::exchange(&stream, b"hello")?;
        traffic::echo(&stream, &bytes(1, 300_000)).with_context(|| self.guest.error_so_far())
    }
}

/// Both versions: what the guest listens on, its address, and the far end's.
fn versions() -> [(&'static str, SocketAddr, &'static str); 2] {
    [("0.0.0.0", (GUEST, 7).into(), FAR[0].0), ("[::]", (GUEST_V6, 7).into(), FAR[1].0)]
}

/// Linux's router says what the next link carries, and the guest remembers it for the destination.
fn a_narrow_link_is_learned_of_by_icmp() -> Result<()> {
    for (any, guest, far) in versions() {
        let path = Path::new("narrow", any, "")?;
        path.echo(guest)?;
        let counters = tool(&path.router, &path.name, "nstat", "-asz")?;
        let counter = if guest.is_ipv4() { "IcmpInDestUnreachs" } else { "Icmp6InPktTooBigs" };
        let told = counters.lines().find(|line| line.starts_with(counter)).context("a counter")?;
        ensure!(words(told).get(1).is_some_and(|count| *count != "0"), "{told}");
        let sockets = tool(&path.router, &path.name, "ss", "-t -i -a -n")?;
        // The connection is over, or waits: the next one begins with what was learned.
        let stream = path.far.connect(guest)?;
        traffic::exchange(&stream, b"hello")?;
        let shown = tool(&path.router, &path.name, "ss", "-t -i -n")?;
        ensure!(shown.contains(&format!("pmtu:{NARROW}")), "{far}: {shown}\nbefore: {sockets}");
    }
    Ok(())
}

/// The same with a router that says nothing (RFC 4821, `net.ipv4.tcp_mtu_probing`).
fn a_black_hole_is_found_out_by_probing() -> Result<()> {
    for (any, guest, far) in versions() {
        let path = Path::new("hole", any, "--sysctl net.ipv4.tcp_mtu_probing=1")?;
        // What the router says itself goes nowhere; what it passes on does.
        let version = if guest.is_ipv4() { "-4" } else { "-6" };
        path.router.run("ip", &words(&format!("{version} rule add iif lo to {} blackhole", guest.ip())))?;
        path.echo(guest)?;
        let counters = tool(&path.router, &path.name, "nstat", "-asz")?;
        for (counter, silent) in
            [("IcmpInDestUnreachs", true), ("Icmp6InPktTooBigs", true), ("TcpExtTCPTimeouts", false)]
        {
            let line = counters.lines().find(|line| line.starts_with(counter)).context("a counter")?;
            ensure!((words(line).get(1) == Some(&"0")) == silent, "{far}: {line}");
        }
    }
    Ok(())
}

/// A guest between two networks of Linux, of which the second carries 1400 bytes: with "do not fragment" Linux is told, and
/// without it the guest cuts.
fn a_guest_as_router_says_how_narrow_its_link_is() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let (near, far) = (Namespace::with_both()?, Namespace::new()?);
    let run = |line: &str| near.run("ip", &words(line));
    run("tuntap add dev tap1 mode tap")?;
    run("link add br1 type bridge")?;
    run(&format!("link add far1 type veth peer name eth0 netns {}", far.id()))?;
    for device in ["tap1", "far1"] {
        run(&format!("link set {device} master br1"))?;
        run(&format!("link set {device} up"))?;
    }
    run("link set br1 up")?;
    run(&format!("route add {} via {GUEST}", FAR[0].1))?;
    run(&format!("-6 route add {} via {GUEST_V6}", FAR[1].1))?;
    let there = |line: &str| far.run("ip", &words(line));
    there("addr add 203.0.113.1/24 dev eth0")?;
    there("-6 addr add fd78::1/64 dev eth0 nodad")?;
    there("link set eth0 up")?;
    there("route add default via 203.0.113.2")?;
    there("-6 route add default via fd78::2")?;
    let name = instance("mtu-router");
    let options = "--nic tap:tap1 --ip 203.0.113.2/24 --ip fd78::2/64 --mtu 1400 \
                   --sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1 \
                   --sysctl net.ipv6.conf.default.accept_dad=0";
    let _router = serve(&near, &name, options, "0.0.0.0")?;
    // Large packets without the bit are cut, and answers come back whole or in pieces.
    near.run("ping", &words("-c 3 -i 0.01 -W 5 -M dont -s 1450 203.0.113.1"))?;
    let mut refused = near.command("ping")?;
    refused.args(words("-c 2 -i 0.2 -W 5 -M do -s 1450 203.0.113.1"));
    let output = refused.output()?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && said.contains("mtu = 1400"), "{said}");
    let learned = run("route get 203.0.113.1")?;
    ensure!(learned.contains("mtu 1400"), "{learned}");
    // Nobody cuts IPv6 on the way: Linux learns, and cuts itself.
    let mut first = near.command("ping")?;
    let output = first.args(words("-6 -c 1 -W 1 -M dont -s 1450 fd78::1")).output()?;
    let learned = run("-6 route get fd78::1")?;
    ensure!(learned.contains("mtu 1400"), "{learned}: {}", String::from_utf8_lossy(&output.stdout));
    near.run("ping", &words("-6 -c 3 -i 0.01 -W 5 -M dont -s 1450 fd78::1"))?;
    Ok(())
}

/// RFC 4862 section 5.4: Linux has it, so it is not ours; the other addresses work.
fn an_address_that_linux_has_already_is_not_used() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let linux = Namespace::with_both()?;
    linux.run("ip", &words(&format!("-6 addr add {GUEST_V6}/64 dev {TAP} nodad")))?;
    let name = instance("twin");
    let guest = artifacts::component("echo-server")?;
    let words_of = format!("--name {name} --ip fd77::3/64");
    let arguments = words(&words_of).into_iter().map(OsStr::new).chain([guest.as_os_str()]);
    let server = Wnet::start_on_tap(&linux, arguments)?;
    server.wait_for_line("listening on ")?;
    tool(&linux, &name, "ip", &format!("addr add {GUEST_V6}/64 dev eth0"))?;
    let shown = wait_for("the address to fail", || {
        let shown = tool(&linux, &name, "ip", "-6 addr").unwrap_or_default();
        shown
            .lines()
            .find(|line| line.contains(&format!("{GUEST_V6}/64")))
            .map(str::to_owned)
            .filter(|line| line.contains("dadfailed"))
    })?;
    ensure!(shown.contains("tentative"), "{shown}");
    linux.run("ping", &words("-6 -c 1 -w 10 fd77::3"))?;
    // Whoever asks for it finds Linux alone.
    linux.run("ping", &words(&format!("-6 -c 1 -w 10 {GUEST_V6}")))?;
    let heard = tool(&linux, &name, "nstat", "-asz Icmp6InNeighborAdvertisements")?;
    let count = heard.lines().find_map(|line| line.strip_prefix("Icmp6InNeighborAdvertisements"));
    let count: u64 = count.and_then(|rest| rest.split_whitespace().next()).context("a counter")?.parse()?;
    ensure!(count > 0, "nobody said that it is taken: {heard}");
    Ok(())
}

/// Linux's card gets another address again and again, in the middle of a connection and of pings of both versions.
fn a_neighbour_that_moves_is_followed() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let linux = Namespace::with_both()?;
    let name = instance("moving");
    let settings = "--sysctl net.ipv6.conf.default.accept_dad=0";
    let _guest = serve(&linux, &name, settings, "0.0.0.0")?;
    let mut stream = linux.connect((GUEST, 7))?;
    for number in 1..=30 {
        linux.run("ip", &words(&format!("link set {TAP} address 02:00:00:00:01:{number:02x}")))?;
        stream.write_all(b"more ")?;
        linux.run("ping", &words(&format!("-c 1 -w 10 {GUEST}")))?;
        linux.run("ping", &words(&format!("-6 -c 1 -w 10 {GUEST_V6}")))?;
        let shown = tool(&linux, &name, "ip", "neigh")?;
        for address in [LINUX.to_string(), LINUX_V6.to_string()] {
            let entry = shown.lines().find(|line| line.starts_with(&format!("{address} ")));
            let moved = entry.is_some_and(|entry| entry.contains(&format!("02:00:00:00:01:{number:02x}")));
            ensure!(moved, "move {number}: {shown}");
        }
    }
    stream.shutdown(std::net::Shutdown::Write)?;
    let back = traffic::Fingerprint::read(&stream)?;
    ensure!(back == traffic::Fingerprint::of(&b"more ".repeat(30)), "{back:?}");
    Ok(())
}

fn two_thousand_neighbours_are_served() -> Result<()> {
    let neighbours = (0..2000).map(|number| Ipv4Addr::from_bits(0xc612_0100 + number).into()).collect();
    serve_neighbours("many", ("198.18.0.1/16", "198.18.0.2/16"), neighbours)
}

fn two_thousand_neighbours_of_ipv6_are_served() -> Result<()> {
    let network = Ipv6Addr::new(0xfd79, 0, 0, 0, 0, 0, 1, 0).to_bits();
    let neighbours = (0..2000).map(|number| Ipv6Addr::from_bits(network + number).into()).collect();
    serve_neighbours("many6", ("fd79::1/64", "fd79::2/64"), neighbours)
}

/// More than `gc_thresh3` of them, one after another: the table stays within it, and each is served. `ends` are Linux's
/// address and the guest's.
fn serve_neighbours(what: &str, (linuxs, guests): (&str, &str), neighbours: Vec<IpAddr>) -> Result<()> {
    let linux = Namespace::with_both()?;
    let (guest, len) = guests.split_once('/').context("an address with its network")?;
    let guest: IpAddr = guest.parse()?;
    let (version, nodad, any) = if guest.is_ipv6() { ("-6", "nodad", "[::]") } else { ("-4", "", "0.0.0.0") };
    linux.run("ip", &words(&format!("{version} addr add {linuxs} dev {TAP} {nodad}")))?;
    let give = |address: &IpAddr| format!("addr add {address}/{len} dev {TAP} {nodad}\n");
    let folder = conformance::scratch::Scratch::new()?;
    let file = folder.write("addresses", neighbours.iter().map(give).collect::<String>())?;
    linux.run("ip", &[version, "-batch", file.to_str().context("a plain name")?])?;
    let name = instance(what);
    let _guest = serve(&linux, &name, &format!("--ip {guests}"), any)?;
    for address in &neighbours {
        let stream = linux.connect_from(*address, (guest, 7)).with_context(|| address.to_string())?;
        traffic::echo(&stream, b"hello").with_context(|| address.to_string())?;
    }
    let shown = tool(&linux, &name, "ip", &format!("{version} neigh"))?;
    let count = shown.lines().count();
    ensure!((1..=1024).contains(&count), "{count} neighbours are remembered");
    Ok(())
}
