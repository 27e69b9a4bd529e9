//! The tools beside Linux's own: the same commands on a stack and in a namespace that are set up the same way show the
//! same lines, and end with the same code.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet};
use conformance::{artifacts, needs};

crate::cases! {
    ip_shows_and_says_what_linuxs_does,
    ip_shows_and_says_what_linuxs_does_of_ipv6,
    nstat_has_the_form_of_linuxs,
    ping_shows_what_linuxs_does,
    traceroute_shows_what_linuxs_does,
    ss_shows_what_linuxs_does,
    ss_names_the_guests,
}

/// What the user wire gives the guest: Linux's card gets the same.
const MAC: &str = "52:54:0a:00:02:0f";
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

/// The commands, in their order: what is shown and what is refused, with what was changed in between.
const IP: &[&str] = &[
    "addr show dev eth0",
    "-4 -j addr show dev eth0",
    "-br -4 addr show dev eth0",
    "-o -4 addr show dev eth0",
    "link show dev lo",
    "-j link show dev lo",
    "-br link show dev lo",
    "route",
    "-d route",
    "-j route",
    "route get 8.8.8.8",
    "-j route get 8.8.8.8",
    "route get 10.0.2.15",
    "route get 10.0.2.255",
    "-j route get 10.0.2.255",
    "route get 255.255.255.255",
    "route get 127.0.0.1",
    "-d route get 8.8.8.8",
    "route get 8.8.8.8 mark 5",
    "route get 8.8.8.8 mark 0x50",
    "-j route get 8.8.8.8 mark 0x50",
    "route get 8.8.8.8 mark x",
    "route get 8.8.8.8 from 10.0.2.9 iif eth0",
    "route get 10.0.2.15 from 10.0.2.9 iif eth0",
    "-j route get 10.0.2.15 from 10.0.2.9 iif eth0",
    "route get 10.0.2.255 from 10.0.2.9 iif eth0",
    "route get 8.8.8.8 iif eth0",
    "route get 8.8.8.8 from 10.0.2.15",
    "-j route get 8.8.8.8 from 10.0.2.15",
    "route get 8.8.8.8 from 10.0.2.99",
    "route get 8.8.8.8 uid 1000",
    "route get 8.8.8.8 ipproto tcp sport 1 dport 2",
    "route get 8.8.8.8 ipproto frob",
    "route get 8.8.8.8 sport x",
    "route get 8.8.8.8 uid x",
    "route get 198.51.100.1 oif eth0",
    "route get 10.0.0.0/8",
    "route get 0.0.0.0",
    "route get",
    "route get 8.8.8.8 frob",
    "route add 10.9.0.0/16 via 10.0.2.3 mtu lock 1300 advmss 1200 initcwnd 4 rto_min 5ms features ecn quickack 1",
    "route",
    "-j route",
    "route get 10.9.1.1",
    "-j route get 10.9.1.1",
    "route del 10.9.0.0/16",
    "route show table local",
    "-d route show table local",
    "-j route show table local",
    "route add 10.5.0.1/16 via 10.0.2.2",
    "route del 10.5.0.1/16",
    "route add 10.5.0.0/16 via 10.0.2.2",
    "route add 10.5.0.0/16 via 10.0.2.2",
    "route add 10.6.0.0/16 via 10.77.0.2",
    "route add blackhole 10.7.0.0/16",
    "route add 10.10.0.0/16 nexthop via 10.0.2.2 weight 2 nexthop via 10.0.2.3",
    "route add default via 10.0.2.3 metric 5 mtu 1400",
    "route add unreachable 10.8.0.0/16 table 100",
    "route add 10.11.0.0/16 dev eth0 proto static src 10.0.2.15",
    "route",
    "-d route",
    "-j route",
    "-j -p route",
    "route show table 100",
    "route show proto static",
    "route show match 10.5.1.1",
    "route get 10.7.1.1",
    "route get fibmatch 10.5.1.1",
    "-j route get fibmatch 10.11.1.1",
    "route change 10.99.0.0/16 via 10.0.2.2",
    "route change 10.99.0.0/16 via 10.77.0.2",
    "route change 10.5.0.0/16 via 10.0.2.3",
    "route show 10.5.0.0/16",
    "route del 10.5.0.0/16",
    "route del 10.5.0.0/16",
    "route flush 10.10.0.0/16",
    "route add 1.2.3.4",
    "route add bogus via 1.2.3.4",
    "route",
    "rule",
    "rule add from 10.1.0.0/16 table 100 pref 500",
    "rule add fwmark 0x5/0xff iif eth0 to 10.3.0.0/16 blackhole",
    "rule add from 10.1.0.0/16 table 100 pref 500",
    "rule",
    "-j rule",
    "rule show table 100",
    "rule del pref 500",
    "rule del pref 500",
    "rule add not from 10.3.0.0/16 table 55",
    "rule add not fwmark 8 table 55",
    "rule",
    "-j rule",
    "rule show not",
    "rule show table 55",
    "rule show from 10.3.0.0/16",
    "rule del table 55",
    "rule del fwmark 8",
    "rule del from 10.3.0.0/16",
    "rule add",
    "rule del",
    "rule add pref x",
    "rule add tos x",
    "rule",
    "neigh",
    "neigh add 10.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
    "neigh add 10.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
    "neigh add 10.0.2.10 dev eth0",
    "neigh change 10.0.2.11 lladdr 02:00:00:00:00:09 dev eth0",
    "neigh",
    "-j neigh",
    "-br neigh",
    "neigh show dev eth0",
    "neigh show nud stale",
    "neigh get 10.0.2.9 dev eth0",
    "neigh get 10.0.2.12 dev eth0",
    "neigh del 10.0.2.9 dev eth0",
    "neigh del 10.0.2.9 dev eth0",
    "neigh flush",
    "link set dev eth0 mtu 10",
    "link set dev eth0 mtu abc",
    "link set dev eth9 up",
    "link show dev eth9",
    "link set dev eth0 frob",
    "addr add 10.0.2.300/24 dev eth0",
    "addr add 10.0.2.15/24 dev eth0",
    "addr add 10.0.2.3/24",
    "addr add 10.0.2.3/24 10.0.2.4/24 dev eth0",
    "addr add 10.0.2.20/24 dev eth0",
    "addr add 10.0.2.21/24 broadcast + dev eth0",
    "addr replace 10.0.2.20/24 dev eth0",
    "addr change 10.0.2.15/24 dev eth0",
    "addr replace 10.0.2.20/25 dev eth0",
    "addr change 10.12.0.1/16 broadcast 10.12.0.77 dev eth0",
    "addr add 10.9.9.9/32 dev lo",
    "addr add 10.8.8.8/24 dev lo",
    "-o -4 addr show dev lo",
    "route show table local dev lo",
    "addr del 10.9.9.9/32 dev lo",
    "addr del 10.8.8.8/24 dev lo",
    "addr replace 10.0.2.20/33 dev eth0",
    "addr replace 10.0.2.20/24 dev eth9",
    "addr replace 10.0.2.20/24 dev eth0 valid_lft 0",
    "addr replace 10.0.2.20/24 dev eth0 valid_lft 5 preferred_lft 10",
    "-o -4 addr show dev eth0",
    "-j -4 addr show dev eth0",
    "route show table local dev eth0",
    "route show dev eth0",
    "addr add fd01::1/80 dev eth0 mngtmpaddr",
    "addr replace fd01::1/64 dev eth0",
    "addr add fd01::1/64 dev eth0",
    "addr replace fd01::1/64 dev eth0 noprefixroute",
    "addr del fd01::1/80 dev eth0",
    "addr del fd01::1/64 dev eth0",
    "addr del 10.0.2.15/24 dev eth0",
    "-o -4 addr show dev eth0",
    "route show table local dev eth0",
    "route show dev eth0",
    "addr frob",
    "frob",
    "-z",
];

/// As [`IP`], with an IPv6 address on the card.
const IP6: &[&str] = &[
    "-6 addr show dev eth0",
    "-6 -j addr show dev eth0",
    "-6 -br addr show dev eth0",
    "-6 -o addr show dev eth0",
    "addr add fd00:3::15/64 dev eth0 nodad",
    "addr add 10.3.0.15/24 dev eth0 brd +",
    "addr add 10.3.1.15/24 dev eth0 broadcast 10.3.1.77",
    "addr add 10.3.2.15/24 dev eth0 brd -",
    "addr add 10.3.3.15/24 dev eth0",
    "addr show dev eth0",
    "-j addr show dev eth0",
    "-br addr show dev eth0",
    "addr show dev lo",
    "-j addr show dev lo",
    "addr add fd00:3::15/64 dev eth0 nodad",
    "-6 addr del fd00:3::15/64 dev eth0",
    "-6 addr del fd00:3::15/64 dev eth0",
    "addr del 10.3.0.15/24 dev eth0",
    "-4 maddress show dev eth0",
    "-6 maddress show dev eth0",
    "-6 -j maddress show dev eth0",
    "-6 neigh",
    "-6 neigh add fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0",
    "-6 neigh",
    "-6 -j neigh",
    "-6 neigh change fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0 router",
    "-6 neigh",
    "-6 -j neigh",
    "-6 neigh change fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0",
    "-6 neigh show nud permanent",
    "neigh get fd00:2::9 dev eth0",
    "-6 neigh del fd00:2::9 dev eth0",
    "-6 neigh del fd00:2::9 dev eth0",
    "-6 route",
    "-6 -j route",
    "-6 -d route",
    "route get ::1",
    "-j route get ::1",
    "route get fd00:2::15",
    "route get fd00:2::99",
    "route get fd00:9::99",
    "-j route get fd00:9::99",
    "-d route get fd00:9::99",
    "route get fd00:9::9 mark 5",
    "route get fd00:9::9 from fd00:2::15",
    "route get fd00:9::9 from fd00:2::77 iif eth0",
    "-6 route add fd00:8::/64 via fd00:2::3 mtu 1300",
    "-6 route add fd00:8::/32 via fd00:2::3",
    "route get fd00:8::1",
    "-j route get fd00:8::1",
    "-6 route add unreachable fd00:7::/64",
    "-6 route add blackhole fd00:6::/64 metric 5",
    "-6 route add prohibit fd00:5::/64 table 100",
    "route get fd00:7::1",
    "route get fd00:6::1",
    "-6 route add fd00:a::/64 nexthop via fd00:2::3 weight 2 nexthop via fd00:2::4",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 7 proto static",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 7",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 9",
    "-6 route",
    "-6 -j route",
    "-6 -d -j route",
    "-6 route show table 100",
    "-6 route show proto static",
    "-6 route show dev eth0",
    "-6 route show match fd00:a::1",
    "-6 route show root fd00:8::/32",
    "route get fibmatch fd00:9::1",
    "-6 route del fd00:c::/64",
    "-6 route del fd00:a::/64 via fd00:2::9",
    "-6 route del fd00:a::/64 via fd00:2::4",
    "-6 route show fd00:a::/64",
    "-6 route change fd00:a::/64 via fd00:2::5",
    "-6 route change fd00:e::/64 via fd00:2::5",
    "-6 route show fd00:a::/64",
    "-6 route add fd00:d::/64 via fd00:77::3",
    "-6 rule",
    "-6 -j rule",
    "-6 rule add from fd00:1::/64 table 100 pref 5",
    "-6 rule add not to fd00:1::/64 fwmark 3 table 100 pref 6",
    "-6 rule",
    "-6 -j rule",
    "-6 rule del pref 6",
    "-6 rule",
];

/// What gives both an IPv6 address, and no other.
const SIX: [&str; 3] = [
    "-6 addr flush dev eth0",
    "-6 addr add fd00:2::15/64 dev eth0 nodad",
    "-6 route add default via fd00:2::2",
];

const PING: &[&str] = &[
    "-c 2 -i 0.01 127.0.0.1",
    "-c 1 -q 127.0.0.1",
    "-c 1 -s 0 127.0.0.1",
    "-c 1 -s 1000 -t 7 127.0.0.1",
    "-c 1 -n -Q 0x10 127.0.0.1",
    "-c 1 -I 127.0.0.2 127.0.0.1",
    "-c 1 -I lo 127.0.0.1",
    "-c 1 -I eth0 10.0.2.15",
    "-c 1 -D 127.0.0.1",
    "-c 1 -p ff 127.0.0.1",
    "-c 3 -q -f 127.0.0.1",
    "-c 3 -q -A 127.0.0.1",
    "-c 3 -q -l 3 127.0.0.1",
    "-c 1 ::1",
    "-c 1 -6 -s 10 ::1",
    "-c 1 -W 0.1 10.0.2.255",
    "-c 1 -W 0.1 -b 10.0.2.255",
    "-c 1 198.51.100.1%nowhere",
    "-c 1 -I eth9 127.0.0.1",
    "-c 0 127.0.0.1",
    "-c x 127.0.0.1",
    "-t 256 127.0.0.1",
    "-p zz 127.0.0.1",
    "-6 -c 1 127.0.0.1",
    "-4 -c 1 ::1",
];

const TRACEROUTE: &[&str] = &[
    "-n 127.0.0.1",
    "-n -q 1 127.0.0.1",
    "-n -m 1 -q 2 127.0.0.1 100",
    "-n -I -q 1 127.0.0.1",
    "-n -q 1 ::1",
    "-n -q 2 -w 0.1 -f 2 -m 3 10.0.2.99",
];

const SS: &[&str] =
    &["-tln", "-tlnH", "-tan", "-tan state listening", "-tan sport = :7", "-tan not sport = :7"];

/// A stack with a server on port 7, and a namespace that looks the same.
pub(crate) struct Pair {
    folder: Scratch,
    instance: Wnet,
    linux: Namespace,
}

impl Pair {
    pub(crate) fn new() -> Result<Self> {
        let linux = Namespace::new()?;
        needs::program("ip", "iproute2")?;
        for line in [
            "link set lo up".to_owned(),
            format!("link add eth0 address {MAC} type veth peer name peer"),
            "link set peer up".into(),
            "link set eth0 up".into(),
            format!("address add {GUEST}/24 broadcast + dev eth0"),
            "route add default via 10.0.2.2".into(),
        ] {
            linux.run("ip", &line.split(' ').collect::<Vec<_>>())?;
        }
        // What the other end has is nothing of the station's.
        linux.run("sh", &["-c", "echo 1 > /proc/sys/net/ipv6/conf/peer/disable_ipv6"])?;
        let folder = Scratch::new()?;
        let mut command = command(&folder)?;
        // Linux has no router of IPv6 at the other end.
        command
            .args(["run", "--name", "pair", "--ip", &format!("{GUEST}/24")])
            .arg(artifacts::component("echo-server")?)
            .arg("7");
        let instance = Wnet::spawn(&mut command)?;
        instance.wait_for_line("listening on ")?;
        Ok(Pair { folder, instance, linux })
    }

    /// What our tool shows for these words.
    pub(crate) fn ours(&self, tool: &str, line: &str) -> Result<Ended> {
        self.start_ours(tool, line)?.wait()
    }

    /// Our tool, started with these words.
    pub(crate) fn start_ours(&self, tool: &str, line: &str) -> Result<Wnet> {
        let mut command = command(&self.folder)?;
        command
            .args(["exec", "--on", "pair", "--grant", "control,raw,ping"])
            .arg(artifacts::component(tool)?);
        let mut tool = Wnet::spawn(command.args(line.split(' ')))?;
        drop(tool.input());
        Ok(tool)
    }

    /// Linux's tool with these words.
    pub(crate) fn start_linuxs(&self, tool: &str, line: &str) -> Result<Wnet> {
        Wnet::spawn(self.linux.command(tool)?.args(line.split(' ')))
    }

    /// What Linux's tool shows for them: its lines, what it says against it, and its code.
    pub(crate) fn linuxs(&self, tool: &str, line: &str) -> Result<Shown> {
        let output =
            self.linux.command(tool)?.args(line.split(' ')).output().context("the tool does not start")?;
        Ok(Shown::new(&output.stdout, &output.stderr, output.status.code()))
    }

    /// Plays the commands on both, and compares what they show after `alike` took away what may differ.
    fn compare(self, tool: &str, lines: &[&str], alike: impl Fn(Shown) -> Shown) -> Result<()> {
        let mut differences = Vec::new();
        for line in lines {
            let ended = self.ours(tool, line)?;
            let ours = alike(Shown::new(&ended.output, ended.error.as_bytes(), ended.code));
            let linuxs = alike(self.linuxs(tool, line)?);
            if ours != linuxs {
                differences.push(format!("{tool} {line}:\nours    {ours:?}\nLinux's {linuxs:?}"));
            }
        }
        ensure!(differences.is_empty(), "{}", differences.join("\n"));
        self.instance.terminate()?;
        Ok(())
    }
}

/// A `wnet` whose sockets lie in the folder.
pub(crate) fn command(folder: &Scratch) -> Result<Command> {
    let mut command = Command::new(artifacts::wnet()?);
    command.env("XDG_RUNTIME_DIR", folder.folder());
    Ok(command)
}

/// What a tool showed, without what differs between a card of ours and Linux's veth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) lines: Vec<String>,
    said: Vec<String>,
    code: Option<i32>,
}

impl Shown {
    pub(crate) fn new(output: &[u8], error: &[u8], code: Option<i32>) -> Self {
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(same).collect::<Vec<_>>();
        Shown { lines: lines(output), said: lines(error), code }
    }

    /// Without what is of IPv6 and of lifetimes: a veth gives itself an address.
    pub(crate) fn without_ipv6(mut self) -> Self {
        self.lines.retain(|line| !line.contains("inet6"));
        self.lines.dedup_by(|a, b| a == b && a.trim_start().starts_with("valid_lft"));
        self
    }

    /// Without numbers and what depends on time.
    fn without_numbers(mut self) -> Self {
        for line in self.lines.iter_mut().chain(&mut self.said) {
            *line = line.split_inclusive(' ').map(without_time).collect();
        }
        self
    }

    /// Whether the tool had nothing against it.
    pub(crate) fn is_fine(&self) -> bool {
        self.code == Some(0)
    }
}

/// A line without what differs: numbers and peers of devices, disciplines, spaces at the end.
fn same(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    for (theirs, ours) in [
        // In a column it leaves room behind it.
        ("eth0@peer  ", "eth0       "),
        ("eth0@peer", "eth0"),
        ("\"link\":\"peer\",", ""),
        ("qdisc pfifo_fast", "qdisc noqueue"),
        ("\"qdisc\":\"pfifo_fast\"", "\"qdisc\":\"noqueue\""),
        ("\"ifindex\":3,", "\"ifindex\":2,"),
        ("3: eth0", "2: eth0"),
        ("3:\teth0", "2:\teth0"),
    ] {
        line = line.replace(theirs, ours);
    }
    line
}

/// A word without the time that it says: `time=0.045`, `[1700000000.123456]`, `0.011/0.011/0.011/0.000`, `0.050`, `12ms`.
fn without_time(word: &str) -> String {
    let digits = |c: char| c.is_ascii_digit();
    let is_time = word.contains("time=") || word.starts_with('[') || word.trim_end().ends_with("ms,");
    let is_fraction = word.starts_with(digits) && !word.matches('.').count().is_multiple_of(3);
    let is_end = word.ends_with("ms") && word.starts_with(digits);
    match is_time || is_fraction || is_end {
        true => word.replace(|c: char| digits(c) || c == '.', "").to_owned(),
        false => word.to_owned(),
    }
}

fn ip_shows_and_says_what_linuxs_does() -> Result<()> {
    Pair::new()?.compare("ip", IP, Shown::without_ipv6)
}

fn ip_shows_and_says_what_linuxs_does_of_ipv6() -> Result<()> {
    let pair = Pair::new()?;
    for line in SIX {
        ensure!(pair.linuxs("ip", line)?.is_fine() && pair.ours("ip", line)?.code == Some(0), "{line}");
    }
    pair.compare("ip", IP6, |shown| shown)
}

fn ping_shows_what_linuxs_does() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    Pair::new()?.compare("ping", PING, Shown::without_numbers)
}

fn traceroute_shows_what_linuxs_does() -> Result<()> {
    needs::program("traceroute", "traceroute")?;
    Pair::new()?.compare("traceroute", TRACEROUTE, Shown::without_numbers)
}

/// The counters differ, but a line for each has the same form.
fn nstat_has_the_form_of_linuxs() -> Result<()> {
    needs::program("nstat", "iproute2")?;
    let pair = Pair::new()?;
    for line in [
        "-asz IpForwDatagrams",
        "-asz UdpNoPorts IpForw*",
        "-as nothing",
        "-asjz IpForwDatagrams",
        "-asjz nothing",
        "-asn",
        "-Q",
    ] {
        let ended = pair.ours("nstat", line)?;
        let ours = Shown::new(&ended.output, ended.error.as_bytes(), ended.code);
        let linuxs = pair.linuxs("nstat", line)?;
        // The usage has only the options that there are; that nothing fits is said by ours alone.
        let hint = |said: &&String| said.starts_with("nstat: no counter fits ");
        let first = |shown: &Shown| shown.said.iter().find(|said| !hint(said)).cloned();
        ensure!(
            (&ours.lines, ours.code, first(&ours)) == (&linuxs.lines, linuxs.code, first(&linuxs)),
            "nstat {line}:\nours    {ours:?}\nLinux's {linuxs:?}"
        );
    }
    Ok(())
}

fn ss_shows_what_linuxs_does() -> Result<()> {
    needs::program("ss", "iproute2")?;
    needs::program("nc", "netcat-openbsd")?;
    let pair = Pair::new()?;
    let mut server = pair.linux.command("nc")?.args(["-l", "0.0.0.0", "7"]).spawn()?;
    let listening = || pair.linuxs("ss", "-tlnH").is_ok_and(|ss| ss.lines.iter().any(|l| l.contains(":7")));
    wait_for("nc to listen", || listening().then_some(()))?;
    let compared = SS.iter().try_for_each(|line| {
        let ended = pair.ours("ss", line)?;
        // How many connections may wait is the server's choice.
        let backlog = |shown: Shown| Shown {
            lines: shown.lines.iter().map(|line| without_backlog(line)).collect(),
            ..shown
        };
        let ours = backlog(Shown::new(&ended.output, ended.error.as_bytes(), ended.code));
        let linuxs = backlog(pair.linuxs("ss", line)?);
        ensure!(ours == linuxs, "ss {line}:\nours   {ours:#?}\nLinux's {linuxs:#?}");
        Ok(())
    });
    server.kill()?;
    server.wait()?;
    compared
}

fn ss_names_the_guests() -> Result<()> {
    let pair = Pair::new()?;
    let ended = pair.ours("ss", "-tlnpH")?;
    let shown = String::from_utf8_lossy(&ended.output).into_owned();
    ensure!(shown.contains("users:((\"echo-server\",pid=1,fd=3))"), "{shown}: {}", ended.error);
    Ok(())
}

fn without_backlog(line: &str) -> String {
    line.replace(" 128 ", " 1   ")
}
