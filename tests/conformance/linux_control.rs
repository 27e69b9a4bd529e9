//! Linux as the peer in what IP says of itself: routers' parameters, redirects, addresses that are taken.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use conformance::capture::Tshark;
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::scratch::Scratch;
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

use crate::linux_ip::Killed;

crate::cases! {
    radvd_tells_hop_limits_and_times,
    a_server_is_asked_for_resolvers,
    a_duplicate_of_the_station_turns_ipv6_off,
    an_address_of_linux_is_not_taken,
    a_guest_takes_an_address_of_the_link,
    a_linux_router_redirects_the_guest,
    a_guest_redirects_linux,
}

/// What the guest's station makes with its address, by RFC 4291 appendix A.
pub(crate) const MAC: &str = "52:54:00:12:34:56";
pub(crate) const LINK_LOCAL: &str = "fe80::5054:ff:fe12:3456";

/// A guest on the TAP of a namespace, which tools can look at.
pub(crate) struct Instance<'a> {
    linux: &'a Namespace,
    name: String,
    wnet: String,
    /// None: it has ended.
    process: Option<Wnet>,
    /// What its card sends and hears, if Wireshark is to look at it.
    capture: Option<(Scratch, String)>,
}

impl<'a> Instance<'a> {
    pub(crate) fn start(linux: &'a Namespace, what: &str, options: &str) -> Result<Self> {
        let folder = Scratch::new()?;
        let options = format!("{options} --pcap {}", folder.file("wire.pcapng").display());
        let mut instance = Self::start_on(linux, what, ("tap0", MAC), &options)?;
        instance.capture = Some((folder, MAC.to_owned()));
        Ok(instance)
    }

    /// On another TAP, with this station's address.
    pub(crate) fn start_on(
        linux: &'a Namespace,
        what: &str,
        (tap, mac): (&str, &str),
        options: &str,
    ) -> Result<Self> {
        let name = format!("{what}-{}", std::process::id());
        let guest = artifacts::component("echo-server")?;
        let mut command = linux.command(artifacts::wnet()?)?;
        command.args(["run", "--name", &name, "--nic", &format!("tap:{tap}"), "--mac", mac]);
        let process = Wnet::spawn(command.args(options.split_whitespace()).arg(guest))?;
        process.wait_for_line("listening on ")?;
        let wnet = artifacts::wnet()?.display().to_string();
        Ok(Instance { linux, name, wnet, process: Some(process), capture: None })
    }

    /// What a tool prints, `words` being its name and its arguments.
    pub(crate) fn tool(&self, words: &str) -> Result<String> {
        let mut words = words.split_whitespace();
        let tool = words.next().unwrap_or_default();
        let arguments: Vec<&str> = [tool, "--on", &self.name].into_iter().chain(words).collect();
        self.linux.run(&self.wnet, &arguments)
    }

    /// The process that runs it.
    pub(crate) fn process(&self) -> &Wnet {
        self.process.as_ref().expect("it runs until it is dropped")
    }

    /// Ends it, and has Wireshark look at what it sent, where there is one.
    fn end(&mut self) -> Result<()> {
        let (Some(process), Some((folder, station))) = (self.process.take(), &self.capture) else {
            return Ok(());
        };
        process.terminate()?;
        match Tshark::find() {
            Ok(tshark) => tshark.expect_sound_from(&folder.file("wire.pcapng"), station),
            Err(_) => Ok(()),
        }
    }

    /// What the stack has counted under this name.
    pub(crate) fn count(&self, counter: &str) -> Result<u64> {
        let shown = self.tool(&format!("nstat -asz {counter}"))?;
        let line = shown.lines().find(|line| line.starts_with(counter)).context("a counter")?;
        Ok(line.split_whitespace().nth(1).context("its value")?.parse()?)
    }

    /// Waits until the stack counted something under this name.
    pub(crate) fn wait_for_count(&self, counter: &str) -> Result<u64> {
        wait_for(counter, || self.count(counter).ok().filter(|count| *count > 0))
    }

    /// Waits until a tool prints `part`.
    pub(crate) fn wait_for(&self, words: &str, part: &str) -> Result<String> {
        wait_for(part, || self.tool(words).ok().filter(|shown| shown.contains(part)))
    }
}

impl Drop for Instance<'_> {
    /// Whatever a case is about, no frame of the guest's may be malformed.
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(error) = self.end()
        {
            panic!("{}: {error:#}", self.name);
        }
    }
}

pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A namespace with a TAP that has fd77::1.
fn linux_with_v6() -> Result<Namespace> {
    let linux = Namespace::with_tap()?;
    linux.run("ip", &words("-6 addr add fd77::1/64 dev tap0 nodad"))?;
    Ok(linux)
}

fn radvd_tells_hop_limits_and_times() -> Result<()> {
    let radvd = needs::program("radvd", "radvd")?;
    let linux = linux_with_v6()?;
    let folder = Scratch::new()?;
    let says = "AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvCurHopLimit 42; \
                AdvReachableTime 15000; AdvRetransTimer 700; AdvLinkMTU 1400; \
                prefix fd77::/64 { AdvOnLink on; AdvAutonomous on; }; RDNSS fd77::53 fd77::54 { }; \
                DNSSL example.org lan { };";
    let config = folder.write("radvd.conf", format!("interface tap0 {{ {says} }};\n"))?;
    linux.set("net.ipv6.conf.all.forwarding=1")?;
    let mut router = linux.command(radvd)?;
    router.arg("-n").arg("-C").arg(&config).arg("-p").arg(folder.file("pid")).args(["-m", "stderr"]);
    let router = Killed(router.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let guest = Instance::start(&linux, "parameters", "--ip auto")?;
    guest.wait_for("ip addr", "fd77::5054:ff:fe12:3456/64")?;
    for (setting, expected) in [
        ("net.ipv6.conf.eth0.hop_limit", "42"),
        ("net.ipv6.conf.eth0.mtu", "1400"),
        ("net.ipv6.neigh.eth0.base_reachable_time_ms", "15000"),
        ("net.ipv6.neigh.eth0.retrans_time_ms", "700"),
        ("net.ipv4.neigh.eth0.retrans_time_ms", "1000"),
    ] {
        let shown = guest.tool(&format!("sysctl -n {setting}"))?;
        ensure!(shown.trim() == expected, "{setting}: {shown}");
    }
    let report = linux.run("ping", &words("-6 -c 2 -w 10 fd77::5054:ff:fe12:3456"))?;
    ensure!(report.contains("ttl=42"), "{report}");
    let shown = guest.tool("resolvectl")?;
    let expected = "Link 2 (eth0)\n    Current Scopes: DNS\n       DNS Servers: fd77::53 fd77::54\n        \
                    DNS Domain: example.org lan";
    ensure!(shown.trim_end() == expected, "{shown}");
    let json = guest.tool("resolvectl -j dns eth0")?;
    ensure!(json.contains(r#"{"addressString":"fd77::53","origin":"ra","lifetime":"#), "{json}");
    drop(router);
    Ok(())
}

fn a_server_is_asked_for_resolvers() -> Result<()> {
    let dnsmasq = needs::program("dnsmasq", "dnsmasq-base")?;
    let linux = linux_with_v6()?;
    let folder = Scratch::new()?;
    let log = folder.file("log");
    linux.set("net.ipv6.conf.all.forwarding=1")?;
    let mut server = linux.command(dnsmasq)?;
    server.args(words("--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --port=0 --interface=tap0"));
    server.args(words("--bind-interfaces --leasefile-ro --user=root --enable-ra --log-dhcp"));
    server.args(words("--dhcp-range=fd77::,ra-stateless --dhcp-option=option6:dns-server,[fd77::53]"));
    server.arg("--dhcp-option=option6:domain-search,example.org,lan");
    server.arg(format!("--log-facility={}", log.display()));
    let server = Killed(server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let guest = Instance::start(&linux, "information", "--ip auto")?;
    wait_for("a question in dnsmasq's log", || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        said.contains("DHCPINFORMATION-REQUEST").then_some(())
    })?;
    guest.wait_for_count("Udp6InDatagrams")?;
    guest.wait_for("resolvectl -j dns", r#"{"addressString":"fd77::53","origin":"dhcp6"}"#)?;
    let json = guest.tool("resolvectl -j domain eth0")?;
    for name in ["example.org", "lan"] {
        ensure!(json.contains(&format!(r#"{{"name":"{name}","origin":"dhcp6"}}"#)), "{json}");
    }
    drop(server);
    Ok(())
}

fn a_duplicate_of_the_station_turns_ipv6_off() -> Result<()> {
    let linux = linux_with_v6()?;
    linux.run("ip", &["-6", "addr", "add", &format!("{LINK_LOCAL}/64"), "dev", "tap0", "nodad"])?;
    for (accept_dad, off) in [("1", "0"), ("2", "1")] {
        let options = format!("--ip auto --sysctl net.ipv6.conf.eth0.accept_dad={accept_dad}");
        let guest = Instance::start(&linux, &format!("dad{accept_dad}"), &options)?;
        if off == "0" {
            let shown = guest.wait_for("ip -6 addr", "dadfailed")?;
            ensure!(shown.contains(LINK_LOCAL), "{shown}");
        }
        let setting = "sysctl -n net.ipv6.conf.eth0.disable_ipv6";
        let shown = guest.wait_for(setting, off)?;
        ensure!(shown.trim() == off, "{shown}");
    }
    Ok(())
}

fn an_address_of_linux_is_not_taken() -> Result<()> {
    let linux = linux_with_v6()?;
    let guest = Instance::start(&linux, "taken", "--ip fd77::2/64")?;
    // Given by whoever started it, it is used at once.
    linux.run("ping", &words("-6 -c 1 -w 10 fd77::2"))?;
    guest.tool("ip addr add fd77::1/64 dev eth0")?;
    guest.wait_for("ip -6 addr", "dadfailed")?;
    guest.tool("ip addr add fd77::3/64 dev eth0")?;
    wait_for("an answer", || linux.run("ping", &words("-6 -c 1 -w 1 fd77::3")).ok())?;
    Ok(())
}

fn a_guest_takes_an_address_of_the_link() -> Result<()> {
    let linux = Namespace::with_tap()?;
    linux.run("ip", &words("addr add 169.254.0.1/16 dev tap0"))?;
    let guest = Instance::start(&linux, "linklocal", "--ip link-local")?;
    let shown = guest.wait_for("ip -4 addr show dev eth0", "169.254.")?;
    let address = shown.split_whitespace().find(|word| word.starts_with("169.254.")).unwrap_or_default();
    let address = address.trim_end_matches("/16").to_owned();
    linux.run("ping", &["-c", "1", "-w", "10", &address])?;
    // Linux takes it, too, and says so each time it has another station.
    linux.run("ip", &["addr", "add", &format!("{address}/16"), "dev", "tap0"])?;
    linux.set("net.ipv4.conf.tap0.arp_notify=1")?;
    for station in ["aa", "ab", "ac"] {
        linux.run("ip", &words(&format!("link set tap0 address 02:00:00:00:00:{station}")))?;
    }
    wait_for("another address", || {
        let shown = guest.tool("ip -4 addr show dev eth0").ok()?;
        (shown.contains("169.254.") && !shown.contains(&address)).then_some(())
    })?;
    Ok(())
}

/// A link of three: the TAP, a bridge with fe80::1 and fd77::1 that can route, and a host with fd77::3 that has fd78::1
/// behind it.
fn link_of_three() -> Result<(Namespace, Namespace)> {
    let (router, far) = (Namespace::with_tap()?, Namespace::new()?);
    let run = |line: &str| router.run("ip", &words(line));
    run("link add br0 type bridge mcast_snooping 0")?;
    run(&format!("link add far0 type veth peer name eth0 netns {}", far.id()))?;
    for device in ["tap0", "far0"] {
        run(&format!("link set {device} master br0"))?;
        run(&format!("link set {device} up"))?;
    }
    run("link set br0 up")?;
    for address in ["fe80::1/64", "fd77::1/64"] {
        run(&format!("-6 addr add {address} dev br0 nodad"))?;
    }
    run("-6 route add fd78::/64 via fe80::3 dev br0")?;
    let there = |line: &str| far.run("ip", &words(line));
    there("link set eth0 up")?;
    for address in ["fe80::3/64", "fd77::3/64", "fd78::1/128"] {
        there(&format!("-6 addr add {address} dev eth0 nodad"))?;
    }
    router.set("net.ipv6.conf.all.forwarding=1")?;
    Ok((router, far))
}

/// A counter of Linux's IPv6.
fn linux_counter(linux: &Namespace, name: &str) -> Result<u64> {
    let all = linux.run("cat", &["/proc/net/snmp6"])?;
    let value = all.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Ok(value.unwrap_or(0))
}

fn a_linux_router_redirects_the_guest() -> Result<()> {
    let (router, far) = link_of_three()?;
    let guest = Instance::start(&router, "redirected", "--ip fd77::2/64 --gateway fe80::1")?;
    // The answers go by the router at first, and straight once it has said so.
    far.run("ping", &words("-6 -c 20 -i 0.2 -w 20 -I fd78::1 fd77::2"))?;
    guest.wait_for_count("Icmp6InRedirects")?;
    let passed = linux_counter(&router, "Ip6OutForwDatagrams")?;
    ensure!((1..10).contains(&passed), "{passed} packets of 20 went by the router");
    Ok(())
}

fn a_guest_redirects_linux() -> Result<()> {
    let (near, far) = link_of_three()?;
    near.set("net.ipv6.conf.all.forwarding=0")?;
    let options = "--ip fd77::2/64 --gateway fe80::3 --sysctl net.ipv6.conf.all.forwarding=1";
    let guest = Instance::start(&near, "redirecting", options)?;
    near.set("net.ipv6.conf.br0.accept_redirects=1")?;
    near.run("ip", &["-6", "route", "replace", "fd78::/64", "via", LINK_LOCAL, "dev", "br0"])?;
    near.run("ping", &words("-6 -c 10 -i 0.2 -w 20 fd78::1"))?;
    guest.wait_for_count("Icmp6OutRedirects")?;
    let way = near.run("ip", &words("-6 route get fd78::1"))?;
    ensure!(way.contains("via fe80::3"), "{way}");
    drop(far);
    Ok(())
}
