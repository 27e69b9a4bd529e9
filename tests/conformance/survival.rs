//! What tools set is there still when the stack died and another was started in its place.

use anyhow::{Result, ensure};
use conformance::odd_components::sabotaged;
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet};
use conformance::{artifacts, deadline};

use crate::tools::command;

crate::cases! {
    what_tools_set_survives_the_stack,
    very_many_changes_are_remembered_by_what_came_of_them,
}

/// What is set, in its order: things come, change and go.
const CHANGES: &[&str] = &[
    "link set eth0 address 02:00:00:00:0e:00",
    "link add red type dummy",
    "link add white type dummy",
    "link del red",
    "link add link eth0 name eth0.7 type vlan id 7",
    "link set white name green mtu 1400 up",
    "link set eth0.7 up",
    "addr add 10.9.0.1/24 dev green",
    "addr add 10.7.0.1/24 dev eth0.7",
    "addr add 10.9.0.2/24 dev green valid_lft 5000 preferred_lft 4000",
    "addr del 10.9.0.2/24 dev green",
    "addr add fd00:9::1/64 dev green",
    "route add 10.20.0.0/16 via 10.9.0.7",
    "route add 10.20.0.0/16 via 10.9.0.8 metric 5",
    "route del 10.20.0.0/16",
    "route add 10.21.0.0/16 dev green table 100 proto static mtu 1300",
    "route replace default via 10.0.2.3",
    "route add 10.22.0.0/16 nexthop via 10.0.2.2 weight 2 nexthop via 10.9.0.7",
    "rule add from 10.1.0.0/16 table 100 pref 500",
    "rule add iif green blackhole",
    "neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev green",
    "neigh add 10.7.0.9 lladdr 02:00:00:00:00:09 dev eth0.7",
    "neigh del 10.7.0.9 dev eth0.7",
    "addr add 10.9.0.3/24 dev green valid_lft 50000 preferred_lft 40000",
    "addr add fd00:9::3/64 dev green valid_lft 50000 preferred_lft 40000",
    "addr add fe80::9/64 dev green",
    // An address that a device made by itself may go, too.
    "link add blue address 02:00:00:00:00:b1 type dummy",
    "link set blue up",
    "addr del fe80::ff:fe00:b1/64 dev blue",
];

/// What shows all of that.
const SHOWN: &[&str] = &[
    "-o -d link",
    "-o -4 addr",
    "-6 -o addr",
    "-o maddress show dev eth0",
    "route",
    "route show table 100",
    "rule",
    "neigh show nud permanent",
];

/// A stack that dies when it is asked for a packet's way.
struct Mortal {
    folder: Scratch,
    instance: Wnet,
    /// Another guest on it.
    _tool: Wnet,
}

/// The addresses of IPv6 that the card makes of the station address that it has at first.
const OWN: [&str; 2] = ["fe80::5054:aff:fe00:20f/64", "fd24:6c63:dd76:0:5054:aff:fe00:20f/64"];

/// The group that two guests listen to on one port.
const GROUP: &str = "239.1.2.3";

impl Mortal {
    fn new() -> Result<Self> {
        let folder = Scratch::new()?;
        let stack = artifacts::component_bytes("stack")?;
        let stack = sabotaged(&stack, &["wnet:stack/route-lookup@0.1.0#find-path"])?;
        let stack = folder.write("mortal.wasm", stack)?;
        let mut command = command(&folder)?;
        command
            .args(["run", "--name", "mortal", "--ip", "10.0.2.15/24", "--ip", "auto", "--stack"])
            .arg(stack);
        command.arg(artifacts::component("test/group-echo")?).arg(GROUP);
        let instance = Wnet::spawn(&mut command)?;
        instance.wait_for_line("receiving")?;
        let mut command = self::command(&folder)?;
        command.args(["exec", "--on", "mortal"]).arg(artifacts::component("test/group-echo")?).arg(GROUP);
        let tool = Wnet::spawn(&mut command)?;
        tool.wait_for_line("receiving")?;
        Ok(Mortal { folder, instance, _tool: tool })
    }

    fn tool(&self, tool: &str, line: &str) -> Result<Ended> {
        let mut command = command(&self.folder)?;
        command.args(["exec", "--on", "mortal", "--grant", "control"]).arg(artifacts::component(tool)?);
        let mut tool = Wnet::spawn(command.args(line.split(' ')))?;
        drop(tool.input());
        tool.wait()
    }

    /// Does many commands at once.
    fn batch(&self, lines: String) -> Result<()> {
        let mut command = command(&self.folder)?;
        command.args(["exec", "--on", "mortal", "--grant", "control"]).arg(artifacts::component("ip")?);
        let mut tool = Wnet::spawn(command.args(["-batch", "-"]))?;
        tool.feed(lines.into_bytes());
        let ended = tool.wait()?;
        ensure!(ended.code == Some(0), "{ended:?}");
        Ok(())
    }

    /// All that is set, in sorted lines; seconds that pass are left out.
    fn shown(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for line in SHOWN {
            let ended = self.tool("ip", line)?;
            ensure!(ended.code == Some(0), "{line}: {ended:?}");
            let text = String::from_utf8_lossy(&ended.output).into_owned();
            lines.extend(text.lines().map(|shown| format!("{line}: {}", without_seconds(shown.trim_end()))));
        }
        let ended = self.tool("sysctl", "net.ipv4.conf.green.rp_filter")?;
        lines.push(String::from_utf8_lossy(&ended.output).trim_end().to_owned());
        // A device's own address of the link comes when its link is up, which is no matter of the order of commands.
        lines.sort();
        Ok(lines)
    }
}

/// A line without the seconds that are left of lifetimes, which pass.
fn without_seconds(line: &str) -> String {
    let word = |word: &str| match word.strip_suffix("sec").map(str::parse::<u32>) {
        Some(Ok(_)) => "SECONDS".to_owned(),
        _ => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn what_tools_set_survives_the_stack() -> Result<()> {
    let mortal = Mortal::new()?;
    let one_by_one = |lines: &[&str]| {
        lines.iter().try_for_each(|line| {
            let ended = mortal.tool("ip", line)?;
            ensure!(ended.code == Some(0), "{line}: {ended:?}");
            Ok(())
        })
    };
    change(&mortal, one_by_one)?;
    survives(&mortal)
}

/// Makes the changes with `ip`, and sets something of a device that gets another name later.
fn change(mortal: &Mortal, ip: impl Fn(&[&str]) -> Result<()>) -> Result<()> {
    // What a card made of its station address and what the gateway says stays when it gets another one.
    deadline::wait_for("addresses of the card's own", || {
        match mortal.tool("ip", "-6 -o addr show dev eth0") {
            Ok(ended) => {
                let text = String::from_utf8_lossy(&ended.output).into_owned();
                (text.contains(OWN[0]) && text.contains(OWN[1]) && !text.contains("tentative"))
                    .then_some(Ok(()))
            }
            Err(error) => Some(Err(error)),
        }
    })??;
    let renamed = CHANGES.iter().position(|line| line.contains("name green")).unwrap_or_default();
    let (before, after) = CHANGES.split_at(renamed);
    ip(before)?;
    let set = mortal.tool("sysctl", "-w net.ipv4.conf.white.rp_filter=2")?;
    ensure!(set.code == Some(0), "{set:?}");
    ip(after)
}

/// So many that the host asks the stack what it has, in the middle of them and once more.
fn very_many_changes_are_remembered_by_what_came_of_them() -> Result<()> {
    let mortal = Mortal::new()?;
    let come_and_go: String = (0..5000)
        .map(|n| format!("route add 10.30.0.0/16 dev lo metric {n}\nroute del 10.30.0.0/16\n"))
        .collect();
    change(&mortal, |lines| mortal.batch(lines.join("\n")))?;
    mortal.batch(come_and_go.clone())?;
    // What the stack was configured with may go, too.
    mortal.batch("addr del 10.0.2.15/24 dev eth0\naddr add 10.0.2.16/24 dev eth0\n".into())?;
    mortal.batch(come_and_go + "rule del pref 32767\n")?;
    survives(&mortal)
}

fn survives(mortal: &Mortal) -> Result<()> {
    let settled = |lines: &[String]| !lines.iter().any(|line| line.contains("tentative"));
    let before = deadline::wait_for("addresses", || match mortal.shown() {
        Ok(lines) if !settled(&lines) => None,
        shown => Some(shown),
    })??;
    for part in OWN.into_iter().chain([
        "10.21.0.0/16 dev green proto static",
        "02:00:00:00:0e:00",
        "fe80::9/64",
        "10.9.0.3/24",
        "valid_lft SECONDS",
        "net.ipv4.conf.green.rp_filter = 2",
        GROUP,
    ]) {
        ensure!(before.iter().any(|line| line.contains(part)), "{part} is not set: {before:#?}");
    }
    // The next stack is asked once more, and dies, too.
    let asked = mortal.tool("ip", "route get 10.0.2.2")?;
    ensure!(asked.code != Some(0) && asked.error.contains("the stack died of it"), "{asked:?}");
    for left in ["4 restarts left", "3 restarts left"] {
        mortal.instance.wait_for_line(&format!("a new one was started ({left})"))?;
    }
    let mut after = Vec::new();
    let same = deadline::wait_for("what was before", || match mortal.shown() {
        Ok(lines) => {
            after = lines;
            (after == before).then_some(Ok(()))
        }
        Err(error) => Some(Err(error)),
    });
    ensure!(same.is_ok(), "before {before:#?}\nafter {after:#?}");
    same?
}
