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
    "addr add 10.0.2.20/24 dev eth0",
    "addr add 10.0.2.21/24 broadcast + dev eth0",
    "addr replace 10.0.2.20/24 dev eth0",
    "addr change 10.0.2.15/24 dev eth0",
    "addr replace 10.0.2.20/25 dev eth0",
    "addr change 10.12.0.1/16 broadcast 10.12.0.77 dev eth0",
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
        let folder = Scratch::new()?;
        let mut command = command(&folder)?;
        command.args(["run", "--name", "pair"]).arg(artifacts::component("echo-server")?).arg("7");
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
        command.args(["exec", "--on", "pair", "--grant", "control"]).arg(artifacts::component(tool)?);
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

    fn compare(self, tool: &str, lines: &[&str]) -> Result<()> {
        let mut differences = Vec::new();
        for line in lines {
            let ended = self.ours(tool, line)?;
            let ours = Shown::new(&ended.output, ended.error.as_bytes(), ended.code);
            let linuxs = self.linuxs(tool, line)?;
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
        let lines = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let lines = text.lines().filter(|line| !line.contains("inet6"));
            // The line behind an IPv6 address is about its lifetime, as that behind an IPv4 one.
            let mut kept: Vec<String> = lines.map(same).collect();
            kept.dedup_by(|a, b| a == b && a.trim_start().starts_with("valid_lft"));
            kept
        };
        Shown { lines: lines(output), said: lines(error), code }
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
    ] {
        line = line.replace(theirs, ours);
    }
    line
}

fn ip_shows_and_says_what_linuxs_does() -> Result<()> {
    Pair::new()?.compare("ip", IP)
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
