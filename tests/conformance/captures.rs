//! What Wireshark thinks of the frames, and whether anything was sent twice on a wire that loses nothing.

use std::net::{Ipv4Addr, Shutdown};
use std::path::Path;

use anyhow::{Result, ensure};
use conformance::capture::Tshark;
use conformance::namespace::{GUEST, LINUX, Namespace, TAP};
use conformance::scratch::Scratch;
use conformance::traffic::{self, bytes};
use conformance::wnet_process::Wnet;

use crate::linux::{ECHO, echo_client, echo_server};
use crate::ports_published::published;

crate::cases! {
    a_servers_frames_on_a_tap_are_sound_and_sent_once,
    a_clients_frames_on_a_tap_are_sound_and_sent_once,
    the_frames_on_the_user_wire_are_sound_and_sent_once,
    frames_about_failures_are_sound,
    a_capture_is_complete_after_sigterm,
    a_capture_that_cannot_be_written_is_told_in_one_line,
}

/// The guest's address on the user wire.
const USER_GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

/// Without tail loss probes: on a busy machine one may leave before the peer has had its turn to answer.
fn option(file: &Path) -> Result<[&str; 4]> {
    let file = file.to_str().expect("temporary files have plain names");
    Ok(["--pcap", file, "--sysctl", "net.ipv4.tcp_early_retrans=0"])
}

fn a_servers_frames_on_a_tap_are_sound_and_sent_once() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("server.pcapng");
    let (linux, server) = echo_server("echo-server-raw", &option(&file)?)?;
    let streams = [linux.connect(ECHO)?, linux.connect(ECHO)?];
    for stream in &streams {
        traffic::exchange(stream, b"hello")?;
        traffic::echo(stream, &bytes(1, 4 << 20))?;
    }
    if conformance::needs::program("ping", "iputils-ping").is_ok() {
        linux.run("ping", &["-c", "3", "-i", "0.01", "-s", "1472", &GUEST.to_string()])?;
    }
    drop(streams);
    server.terminate()?;
    tshark.expect_sound(&file)?;
    tshark.expect_no_retransmission(&file, GUEST)?;
    // Both directions, from the first frame to the last.
    for filter in ["arp", "tcp.flags.syn == 1 && tcp.flags.ack == 1", "tcp.flags.fin == 1"] {
        ensure!(!tshark.frames(&file, filter)?.is_empty(), "no frame matches {filter:?}");
    }
    let fins = tshark.frames(&file, &format!("tcp.flags.fin == 1 && ip.src == {GUEST}"))?;
    ensure!(fins.len() == 2, "the server closed in order: {fins:?}");
    Ok(())
}

fn a_clients_frames_on_a_tap_are_sound_and_sent_once() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("client.pcapng");
    let linux = Namespace::with_tap()?;
    let (listener, port) = linux.listen()?;
    let served = traffic::serve_one(listener, traffic::echo_back);
    let ended = echo_client(&linux, &option(&file)?, port, bytes(2, 2 << 20))?;
    ensure!(ended.code == Some(0), "{:?}: {}", ended.code, ended.error);
    traffic::join(served)?;
    tshark.expect_sound(&file)?;
    tshark.expect_no_retransmission(&file, GUEST)?;
    let fins = tshark.frames(&file, &format!("tcp.flags.fin == 1 && ip.src == {GUEST}"))?;
    ensure!(fins.len() == 1, "the guest's end was captured: {fins:?}");
    Ok(())
}

fn the_frames_on_the_user_wire_are_sound_and_sent_once() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("user.pcapng");
    let (wnet, port) = published("echo-server-raw", &option(&file)?)?;
    for seed in 0..3 {
        traffic::echo(&traffic::connect((Ipv4Addr::LOCALHOST, port))?, &bytes(seed, 1 << 20))?;
    }
    wnet.terminate()?;
    tshark.expect_sound(&file)?;
    tshark.expect_no_retransmission(&file, USER_GUEST)?;
    Ok(())
}

fn frames_about_failures_are_sound() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("failures.pcapng");
    let (linux, server) = echo_server("echo-server-raw", &option(&file)?)?;
    ensure!(linux.connect(std::net::SocketAddrV4::new(GUEST, 9)).is_err(), "nobody listens there");
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, b"hello")?;
    stream.shutdown(Shutdown::Both)?;
    conformance::namespace::reset(linux.connect(ECHO)?)?;
    // A datagram to a port that is closed, by the shell's own means.
    let datagram = format!("echo hello > /dev/udp/{GUEST}/9");
    if conformance::needs::program("bash", "bash").is_ok() {
        linux.run("bash", &["-c", &datagram])?;
    }
    server.terminate()?;
    tshark.expect_sound(&file)?;
    for filter in ["tcp.flags.reset == 1", &format!("ip.src == {LINUX}")] {
        ensure!(!tshark.frames(&file, filter)?.is_empty(), "no frame matches {filter:?}");
    }
    Ok(())
}

fn a_capture_is_complete_after_sigterm() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("ended.pcapng");
    let (linux, server) = echo_server("echo-server-raw", &option(&file)?)?;
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, b"the last words")?;
    // The connection is open when the signal comes; its end belongs to the capture.
    server.terminate()?;
    tshark.expect_sound(&file)?;
    let ends = format!("ip.src == {GUEST} && (tcp.flags.fin == 1 || tcp.flags.reset == 1)");
    ensure!(!tshark.frames(&file, &ends)?.is_empty(), "the connection's end was not captured");
    linux.run("ip", &["link", "show", TAP])?;
    Ok(())
}

fn a_capture_that_cannot_be_written_is_told_in_one_line() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("no-such-folder/capture.pcapng");
    let guest = conformance::artifacts::component("echo-server")?;
    let ended = Wnet::start(["--pcap".as_ref(), file.as_os_str(), guest.as_os_str()])?.wait()?;
    ensure!(ended.code == Some(125) && ended.error.lines().count() == 1, "{ended:?}");
    ensure!(ended.error.contains("no-such-folder"), "{ended:?}");
    Ok(())
}
