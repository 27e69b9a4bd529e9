//! `wnet tcpdump`: what it sees, what it writes, and who may run it.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::capture::Tshark;
use conformance::namespace::{GUEST, LINUX, Namespace};
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet};

use crate::instances::Instances;

crate::cases! {
    a_ping_is_seen_both_ways,
    what_is_written_tshark_reads,
    what_is_written_is_read_again,
    ourselves_are_seen_on_the_loopback_device,
    what_is_wrong_is_said,
    packet_sockets_have_to_be_granted,
}

/// Starts `wnet tcpdump` with these words, and waits until it listens.
fn start(instances: &Instances, words: &[&str]) -> Result<Wnet> {
    let mut command: Command = instances.command()?;
    let tool = Wnet::spawn(command.args(["tcpdump", "--on", "web"]).args(words))?;
    tool.wait_for_line("listening on ")?;
    Ok(tool)
}

fn lines(ended: &Ended) -> Vec<String> {
    String::from_utf8_lossy(&ended.output).lines().map(str::to_owned).collect()
}

fn a_ping_is_seen_both_ways() -> Result<()> {
    let (instances, linux) = (Instances::new()?, Namespace::with_tap()?);
    let _instance = instances.start_on_tap(&linux, "web")?;
    conformance::needs::program("ping", "iputils-ping")?;
    let tool =
        start(&instances, &["-t", "-c", "4", "-i", "eth0", "icmp", "and", "host", &LINUX.to_string()])?;
    let sockets = instances.wnet(&["ss", "--on", "web", "-0H"])?;
    ensure!(lines(&sockets) == ["UNCONN 0      0      *:eth0 *"], "{sockets:?}");
    let link = instances.wnet(&["ip", "--on", "web", "link", "show", "dev", "eth0"])?;
    ensure!(String::from_utf8_lossy(&link.output).contains("PROMISC"), "{link:?}");
    linux.run("ping", &["-c", "2", "-i", "0.01", "-s", "10", &GUEST.to_string()])?;
    let ended = tool.wait()?;
    let seen = lines(&ended);
    ensure!(ended.code == Some(0) && seen.len() == 4, "{ended:?}");
    for (line, sequence) in seen.chunks(2).zip(["seq 1,", "seq 2,"]) {
        let [request, reply] = line else { continue };
        ensure!(request.starts_with(&format!("IP {LINUX} > {GUEST}: ICMP echo request, id ")), "{request}");
        ensure!(reply.starts_with(&format!("IP {GUEST} > {LINUX}: ICMP echo reply, id ")), "{reply}");
        ensure!(request.contains(sequence) && reply.contains(sequence), "{seen:?}");
    }
    for count in ["4 packets captured", "4 packets received by filter", "0 packets dropped by kernel"] {
        ensure!(ended.error.contains(count), "{ended:?}");
    }
    let link = instances.wnet(&["ip", "--on", "web", "link", "show", "dev", "eth0"])?;
    ensure!(!String::from_utf8_lossy(&link.output).contains("PROMISC"), "{link:?}");
    Ok(())
}

fn what_is_written_tshark_reads() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let (instances, linux) = (Instances::new()?, Namespace::with_tap()?);
    let _instance = instances.start_on_tap(&linux, "web")?;
    conformance::needs::program("ping", "iputils-ping")?;
    let tool = start(&instances, &["-w", "-", "-c", "20", "icmp"])?;
    linux.run("ping", &["-c", "10", "-i", "0.01", "-s", "1472", &GUEST.to_string()])?;
    let ended = tool.wait()?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let file = scratch.file("icmp.pcap");
    fs::write(&file, &ended.output)?;
    tshark.expect_sound(&file)?;
    for (filter, expected) in [("icmp.type == 8", 10), ("icmp.type == 0", 10), ("frame.len == 1514", 20)] {
        let found = tshark.frames(&file, filter)?.len();
        ensure!(found == expected, "{filter}: {found}");
    }
    Ok(())
}

/// Without a device, and with a filter of its own.
fn what_is_written_is_read_again() -> Result<()> {
    let instances = Instances::new()?;
    let _instance = instances.start("web")?;
    let tool = start(&instances, &["-w", "-", "-c", "4", "-i", "lo", "icmp"])?;
    instances.wnet(&["ping", "--on", "web", "-c", "2", "-i", "0.01", "127.0.0.1"])?;
    let written = tool.wait()?.output;
    let read = |words: &[&str]| -> Result<Ended> {
        let mut command: Command = instances.command()?;
        let mut tool = Wnet::spawn(command.args(["tcpdump", "--on", "web", "-r", "-"]).args(words))?;
        tool.feed(written.clone());
        tool.wait()
    };
    let replies = read(&["-t", "-v", "icmp and greater 50 and src host 127.0.0.1"])?;
    let head = "reading from file -, link-type EN10MB (Ethernet), snapshot length 262144";
    ensure!(replies.error.trim_end() == head && lines(&replies).len() == 8, "{replies:?}");
    for pair in lines(&replies).chunks(2) {
        ensure!(
            pair[0].starts_with("IP (tos 0x0, ttl 64, id ")
                && pair[0].ends_with("proto ICMP (1), length 84)")
        );
        ensure!(pair[1].starts_with("    127.0.0.1 > 127.0.0.1: ICMP echo re"), "{pair:?}");
    }
    ensure!(
        lines(&read(&["-t", "-#", "-c", "3"])?).last().is_some_and(|line| line.starts_with("    3  IP "))
    );
    ensure!(read(&["udp"])?.output.is_empty(), "the filter holds");
    Ok(())
}

fn ourselves_are_seen_on_the_loopback_device() -> Result<()> {
    let instances = Instances::new()?;
    let _instance = instances.start("web")?;
    let tool = start(&instances, &["-te", "-c", "2", "-i", "any", "icmp6 or icmp"])?;
    let ping = instances.wnet(&["ping", "--on", "web", "-c", "1", "-s", "0", "::1"])?;
    ensure!(ping.code == Some(0), "{ping:?}");
    let ended = tool.wait()?;
    let head = "lo In  00:00:00:00:00:00 > 00:00:00:00:00:00, ethertype IPv6 (0x86dd), length 62: ::1 > ::1: ICMP6, echo";
    let seen = lines(&ended);
    ensure!(seen.len() == 2, "{ended:?}");
    for (line, what) in seen.iter().zip(["request", "reply"]) {
        ensure!(line.starts_with(&format!("{head} {what}, id ")), "{seen:?}");
    }
    Ok(())
}

fn what_is_wrong_is_said() -> Result<()> {
    let instances = Instances::new()?;
    let _instance = instances.start("web")?;
    for (words, part) in [
        (&["-i", "eth9"][..], "tcpdump: eth9: No such device exists"),
        (&["frob"], "syntax error in the filter expression at \"frob\""),
        (&["-c", "0"], "out of range"),
    ] {
        let ended = instances.wnet(&[&["tcpdump", "--on", "web"], words].concat())?;
        ensure!(ended.code == Some(1) && ended.error.contains(part), "{words:?}: {ended:?}");
    }
    let listed = instances.wnet(&["tcpdump", "--on", "web", "-D"])?;
    ensure!(lines(&listed)[0] == "1.lo [Up, Running, Loopback]", "{listed:?}");
    Ok(())
}

fn packet_sockets_have_to_be_granted() -> Result<()> {
    let instances = Instances::new()?;
    let _instance = instances.start("web")?;
    let tool = artifacts::component("tcpdump")?;
    let tool = tool.to_str().context("a path of UTF-8")?;
    let refused = instances.run(&["--on", "web", "--grant", "raw,ping,control", tool, "-D"])?;
    ensure!(refused.code == Some(126) && refused.error.contains("--grant packet"), "{refused:?}");
    let granted = instances.run(&["--on", "web", "--grant", "packet", tool, "-D"])?;
    ensure!(granted.code == Some(0), "{granted:?}");
    Ok(())
}
