//! `ip monitor` beside Linux's own: the same changes of a stack and of a namespace are told in the same lines.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use conformance::deadline::Deadline;
use conformance::wnet_process::Wnet;
use rustix::process::Signal;

use crate::tools::{Pair, Shown};

crate::cases! {
    ip_monitor_tells_what_linuxs_does,
    ip_monitor_tells_more_than_one_at_once,
}

/// What is told of. Linux has groups that a stack has not.
const MONITOR: &str = "-4 monitor label link address route neigh rule";

const CHANGES: &[&str] = &[
    "addr add 10.9.0.1/24 brd + dev eth0",
    "route add 10.5.0.0/16 via 10.0.2.2",
    "route replace 10.5.0.0/16 via 10.0.2.3",
    "route append 10.5.0.0/16 via 10.0.2.4",
    "route del 10.5.0.0/16",
    "route add blackhole 10.6.0.0/16 metric 7",
    "route del blackhole 10.6.0.0/16",
    "route add 10.10.0.0/16 nexthop via 10.0.2.2 weight 2 nexthop via 10.0.2.3",
    "route add 10.11.0.0/16 dev eth0 table 100 proto static",
    "rule add from 10.1.0.0/16 table 100 pref 500",
    "rule del pref 500",
    "neigh add 10.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
    "neigh change 10.0.2.9 lladdr 02:00:00:00:00:0a dev eth0",
    "neigh replace 10.0.2.9 lladdr 02:00:00:00:00:0a nud stale dev eth0",
    "neigh del 10.0.2.9 dev eth0",
    "link set dev eth0 mtu 1400",
    "link set dev eth0 mtu 1500",
];

/// A change that is told of when the monitor listens, and one that is told last.
const FIRST: &str = "rule add pref 998 table 998";
const FIRST_TOLD: &str = "998:";
const LAST: &str = "rule add pref 999 table 999";
const LAST_TOLD: &str = "999:";

fn ip_monitor_tells_what_linuxs_does() -> Result<()> {
    let pair = Pair::new()?;
    let ours = pair.start_ours("ip", MONITOR)?;
    let linuxs = pair.start_linuxs("ip", MONITOR)?;
    begin(&pair, &ours)?;
    begin(&pair, &linuxs)?;
    for line in CHANGES.iter().chain([&LAST]) {
        ensure!(pair.ours("ip", line)?.code == Some(0), "ours: {line}");
        ensure!(pair.linuxs("ip", line)?.is_fine(), "Linux's: {line}");
    }
    let (ours, linuxs) = (told(ours)?, told(linuxs)?);
    ensure!(ours == linuxs, "ours    {ours:#?}\nLinux's {linuxs:#?}");
    Ok(())
}

/// Several listen, each to something else.
fn ip_monitor_tells_more_than_one_at_once() -> Result<()> {
    let pair = Pair::new()?;
    let all = pair.start_ours("ip", "-o monitor all")?;
    let rules = pair.start_ours("ip", "-j monitor rule")?;
    begin(&pair, &all)?;
    begin(&pair, &rules)?;
    for line in ["link add red type dummy", "link del red", LAST] {
        ensure!(pair.ours("ip", line)?.code == Some(0), "{line}");
    }
    all.wait_for_line(LAST_TOLD)?;
    let told = all.wait_for_line("[LINK]Deleted")?;
    ensure!(told.contains(": red: <BROADCAST,NOARP>") && told.contains("\\    link/ether"), "{told}");
    let json = rules.wait_for_line("\"priority\":999")?;
    ensure!(json.starts_with(",{") && !json.contains("red"), "{json}");
    Ok(())
}

/// Changes something until the monitor tells of it.
fn begin(pair: &Pair, monitor: &Wnet) -> Result<()> {
    let deadline = Deadline::patient();
    while !deadline.has_passed() {
        // One of both is there already at the second time.
        pair.ours("ip", "rule del pref 998")?;
        pair.linuxs("ip", "rule del pref 998")?;
        ensure!(pair.ours("ip", FIRST)?.code == Some(0), "ours: {FIRST}");
        ensure!(pair.linuxs("ip", FIRST)?.is_fine(), "Linux's: {FIRST}");
        if monitor.wait_for_line_until(Deadline::after(Duration::from_millis(200)), "998").is_ok() {
            return Ok(());
        }
    }
    bail!("the monitor tells of nothing: {}", monitor.error_so_far())
}

/// What the monitor told between the first change and the last.
fn told(monitor: Wnet) -> Result<Vec<String>> {
    monitor.wait_for_line(LAST_TOLD)?;
    // Whom a shell started in the background hears no SIGINT, and neither does Linux's monitor then.
    monitor.signal(Signal::TERM)?;
    let ended = monitor.wait()?;
    let lines = Shown::new(&ended.output, b"", None).lines;
    let begin = lines.iter().rposition(|line| line.contains(FIRST_TOLD)).map_or(0, |at| at + 1);
    Ok(lines.into_iter().skip(begin).collect())
}
