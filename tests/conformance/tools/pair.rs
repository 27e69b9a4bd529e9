//! A stack and a namespace that are set up the same way, and what tools show on them, as it is compared.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conformance::namespace::Namespace;
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet};
use conformance::{artifacts, needs};

/// What the user wire gives the guest: Linux's card gets the same.
const MAC: &str = "52:54:0a:00:02:0f";
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

/// A stack with a server on port 7, and a namespace that looks the same.
pub(crate) struct Pair {
    folder: Scratch,
    instance: Wnet,
    pub(super) linux: Namespace,
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
        command.args(["run", "--name", "pair", "--ip", &format!("{GUEST}/24")]);
        // IPv6 works on the card, with what addresses a case gives it.
        for setting in ["addr_gen_mode=1", "accept_ra=0", "disable_ipv6=0"] {
            command.args(["--sysctl", &format!("net.ipv6.conf.eth0.{setting}")]);
        }
        command.arg(artifacts::component("echo-server")?).arg("7");
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

    /// What `wnet` shows for these words.
    pub(super) fn short(&self, words: &[&str]) -> Result<Ended> {
        let mut wnet = Wnet::spawn(command(&self.folder)?.args(words))?;
        drop(wnet.input());
        wnet.wait()
    }

    /// The folder that the folder of the instances' sockets lies in.
    pub(super) fn runtime_folder(&self) -> &Path {
        self.folder.folder()
    }

    /// Ends the instance; answers what is left of it.
    pub(super) fn stop(self) -> Result<Scratch> {
        self.instance.terminate()?;
        Ok(self.folder)
    }

    /// A guest with these words, whose standard input stays open.
    pub(super) fn start_guest(&self, name: &str, words: &[&str]) -> Result<Wnet> {
        let mut command = command(&self.folder)?;
        command.args(["exec", "--on", "pair", "--grant", "ping,packet"]).arg(artifacts::component(name)?);
        Wnet::spawn(command.args(words))
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
    pub(super) fn compare(self, tool: &str, lines: &[&str], alike: impl Fn(Shown) -> Shown) -> Result<()> {
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
    pub(super) said: Vec<String>,
    pub(super) code: Option<i32>,
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
    pub(super) fn without_numbers(mut self) -> Self {
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
