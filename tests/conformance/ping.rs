//! `wnet ping` and `wnet traceroute`, against Linux on a TAP and against the stack itself.

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::namespace::{GUEST, LINUX, Namespace, TAP};
use conformance::wnet_process::{Ended, Wnet};
use rustix::process::Signal;

use crate::instances::Instances;

crate::cases! {
    linux_answers_pings_of_all_sizes,
    what_is_wrong_on_the_way_is_told,
    a_silent_neighbour_is_unreachable,
    an_interrupted_ping_shows_its_statistics,
    packets_are_traced,
    sockets_have_to_be_granted,
}

/// An instance on the TAP of a namespace whose Linux forwards.
struct Way {
    instances: Instances,
    linux: Namespace,
    _instance: Wnet,
}

impl Way {
    fn new() -> Result<Self> {
        let (instances, linux) = (Instances::new()?, Namespace::with_tap()?);
        let instance = instances.start_on_tap(&linux, "web")?;
        linux.run("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])?;
        linux.run("ip", &["route", "add", BEYOND, "dev", TAP])?;
        Ok(Way { instances, linux, _instance: instance })
    }

    fn ping(&self, words: &[&str]) -> Result<Ended> {
        self.instances.wnet(&[&["ping", "--on", "web"], words].concat())
    }

    fn traceroute(&self, words: &[&str]) -> Result<Ended> {
        self.instances.wnet(&[&["traceroute", "--on", "web"], words].concat())
    }
}

/// A network that Linux believes to be behind its TAP.
const BEYOND: &str = "203.0.113.0/24";
/// A station in it, which nobody is.
const BEYOND_STATION: &str = "203.0.113.5";

/// Expects this exit code, and these parts of the output in this order.
fn expect(ended: &Ended, code: i32, parts: &[&str]) -> Result<()> {
    let text = String::from_utf8_lossy(&ended.output);
    let mut rest = &text[..];
    for part in parts {
        let place =
            rest.find(part).with_context(|| format!("{part:?} is expected in {text}{}", ended.error))?;
        rest = &rest[place + part.len()..];
    }
    ensure!(ended.code == Some(code), "{code} is expected: {ended:?}");
    Ok(())
}

fn linux_answers_pings_of_all_sizes() -> Result<()> {
    let way = Way::new()?;
    let linux = LINUX.to_string();
    for size in [0, 15, 56, 1472, 1473, 8000, 65_507] {
        let ended = way.ping(&["-c", "2", "-i", "0.01", "-s", &size.to_string(), &linux])?;
        let head = format!("PING {linux} ({linux}) {size}({}) bytes of data.\n", size + 28);
        let reply = |sequence| format!("{} bytes from {linux}: icmp_seq={sequence} ttl=64", size + 8);
        let end = "2 packets transmitted, 2 received, 0% packet loss, time ";
        expect(
            &ended,
            0,
            &[&head, &reply(1), &reply(2), &format!("\n--- {linux} ping statistics ---\n"), end],
        )?;
        let timed = String::from_utf8_lossy(&ended.output).contains("rtt min/avg/max/mdev = ");
        ensure!(timed == (size >= 16), "{size}: {ended:?}");
    }
    Ok(())
}

fn what_is_wrong_on_the_way_is_told() -> Result<()> {
    let way = Way::new()?;
    let linux = LINUX.to_string();
    let ended = way.ping(&["-c", "1", "-t", "1", BEYOND_STATION])?;
    let expired = format!("From {linux} icmp_seq=1 Time to live exceeded\n");
    expect(&ended, 1, &[&expired, "1 packets transmitted, 0 received, +1 errors, 100% packet loss"])?;
    let ended = way.ping(&["-c", "1", "-s", "1473", "-M", "do", &linux])?;
    expect(&ended, 1, &["+1 errors"])?;
    ensure!(ended.error.contains("local error: message too long, mtu=1500"), "{ended:?}");
    let own = way.ping(&["-c", "1", "-q", "-I", &GUEST.to_string(), "127.0.0.1"])?;
    expect(&own, 0, &[&format!("from {GUEST} : 56(84)"), "1 received"])?;
    for (words, code, part) in [
        (&["-c", "0", "127.0.0.1"][..], 1, "out of range"),
        (&["-Z", "127.0.0.1"], 2, "Usage: ping"),
        (&["-I", "eth9", "127.0.0.1"], 2, "SO_BINDTODEVICE eth9: No such device"),
        (&["nobody.invalid"], 2, "Name or service not known"),
    ] {
        let ended = way.ping(words)?;
        ensure!(ended.code == Some(code) && ended.error.contains(part), "{words:?}: {ended:?}");
    }
    Ok(())
}

fn a_silent_neighbour_is_unreachable() -> Result<()> {
    let way = Way::new()?;
    let ended = way.ping(&["-c", "1", "198.51.100.99"])?;
    let unreachable = format!("From {GUEST} icmp_seq=1 Destination Host Unreachable\n");
    expect(&ended, 1, &[&unreachable, "+1 errors"])
}

fn an_interrupted_ping_shows_its_statistics() -> Result<()> {
    let way = Way::new()?;
    let mut command = way.instances.command()?;
    let ping = Wnet::spawn(command.args(["ping", "--on", "web", "-i", "0.01", &LINUX.to_string()]))?;
    ping.wait_for_line("icmp_seq=3 ")?;
    ping.signal(Signal::INT)?;
    expect(&ping.wait()?, 0, &["ping statistics", ", 0% packet loss", "rtt min/avg/max/mdev"])
}

fn packets_are_traced() -> Result<()> {
    let way = Way::new()?;
    let linux = LINUX.to_string();
    let first = format!("\n 1  {linux} ({linux})  ");
    for method in [&[][..], &["-I"]] {
        let ended = way.traceroute(&[method, &[&linux]].concat())?;
        let head = format!("traceroute to {linux} ({linux}), 30 hops max, 60 byte packets");
        expect(&ended, 0, &[&head, &first, " ms  ", " ms  ", " ms\n"])?;
        // Linux sends no more than a few errors at a time.
        let beyond = way.traceroute(&[method, &["-n", "-q", "1", "-m", "1", BEYOND_STATION]].concat())?;
        expect(&beyond, 0, &[&format!("\n 1  {linux}  ")])?;
    }
    let silent = way.traceroute(&["-q", "2", "-w", "0.1", "-f", "2", "-m", "3", "198.51.100.99"])?;
    expect(&silent, 0, &["\n 2  * *\n", "\n 3  * *\n"].map(|line| &line[1..]))?;
    drop(way.linux);
    Ok(())
}

fn sockets_have_to_be_granted() -> Result<()> {
    let instances = Instances::new()?;
    let web = instances.start("web")?;
    let ping = artifacts::component("ping")?;
    let ping = ping.to_str().context("a path of UTF-8")?;
    let refused = instances.run(&["--on", "web", ping, "-c", "1", "127.0.0.1"])?;
    ensure!(
        refused.code == Some(126) && refused.error.contains("--grant raw or --grant ping"),
        "{refused:?}"
    );
    let refused = instances.run(&["--on", "web", "--grant", "raw", ping, "-c", "1", "127.0.0.1"])?;
    ensure!(refused.code == Some(2) && refused.error.contains("Operation not permitted"), "{refused:?}");
    ensure!(web.error_so_far().contains("--grant ping"), "{}", web.error_so_far());
    let granted = instances.run(&["--on", "web", "--grant", "ping", ping, "-c", "1", "127.0.0.1"])?;
    expect(&granted, 0, &["1 received"])
}
