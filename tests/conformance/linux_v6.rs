//! Linux as the peer over IPv6: what the cases over IPv4 claim, and what only IPv6 has. Frames longer than usual, both ways.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::net::{Ipv6Addr, Shutdown, SocketAddrV6};
use std::thread;

use anyhow::{Context, Result, ensure};
use conformance::capture::Tshark;
use conformance::namespace::{GUEST, GUEST_V6, LINUX_V6, Namespace, TAP, reset};
use conformance::scratch::Scratch;
use conformance::traffic::{self, Fingerprint, bytes, io_kind};
use conformance::wnet_process::{Ended, Wnet};
use conformance::{artifacts, needs};

use crate::linux::expect_little_growth;

crate::cases! {
    sixty_four_mebibytes_come_back_to_linux_over_ipv6,
    sixty_four_mebibytes_come_back_to_the_guest_over_ipv6,
    a_thousand_connections_over_ipv6,
    linux_closes_its_half_first_over_ipv6,
    resets_reach_both_ends_over_ipv6,
    frames_over_ipv6_are_sound,
    frames_of_nine_thousand_bytes_pass,
}

/// The echo server over IPv6.
const ECHO: SocketAddrV6 = SocketAddrV6::new(GUEST_V6, 7, 0, 0);

/// Options that give the guest its address over IPv6, beside the other one, and let it use it at once.
fn options() -> [String; 4] {
    let quick = "net.ipv6.conf.default.accept_dad=0";
    ["--ip".into(), format!("{GUEST_V6}/64"), "--sysctl".into(), quick.into()]
}

/// Starts the guest `name` with these options, listening over IPv6.
fn serve(linux: &Namespace, more: &[&str], name: &str) -> Result<Wnet> {
    let guest = artifacts::component(name)?;
    let options = options();
    let words = options.iter().map(OsStr::new).chain(more.iter().map(OsStr::new));
    let server = Wnet::start_on_tap(linux, words.chain([guest.as_os_str(), OsStr::new("[::]:7")]))?;
    server.wait_for_line("listening on ")?;
    Ok(server)
}

fn echo_server() -> Result<(Namespace, Wnet)> {
    let linux = Namespace::with_both()?;
    let server = serve(&linux, &[], "echo-server")?;
    Ok((linux, server))
}

/// Runs the echo client against Linux's port, with this input.
fn echo_client(linux: &Namespace, to: Ipv6Addr, port: u16, input: Vec<u8>) -> Result<Ended> {
    let guest = artifacts::component("echo-client")?;
    let (to, port, options) = (to.to_string(), port.to_string(), options());
    let words = options.iter().map(OsStr::new).chain([guest.as_os_str(), to.as_ref(), port.as_ref()]);
    let mut client = Wnet::start_on_tap(linux, words)?;
    client.feed(input);
    client.wait()
}

fn sixty_four_mebibytes_come_back_to_linux_over_ipv6() -> Result<()> {
    let (linux, server) = echo_server()?;
    let before = server.peak_memory()?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(1, 64 << 20))?;
    expect_little_growth(&server, before)
}

fn sixty_four_mebibytes_come_back_to_the_guest_over_ipv6() -> Result<()> {
    let linux = Namespace::with_both()?;
    let (listener, port) = linux.listen_v6()?;
    let served = traffic::serve_one(listener, traffic::echo_back);
    let input = bytes(2, 64 << 20);
    let sent = Fingerprint::of(&input);
    let ended = echo_client(&linux, LINUX_V6, port, input)?;
    ensure!(ended.code == Some(0), "the client ended with {:?}: {}", ended.code, ended.error);
    let came_back = Fingerprint::of(&ended.output);
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    traffic::join(served)
}

/// Twenty at once, fifty times.
fn a_thousand_connections_over_ipv6() -> Result<()> {
    let linux = Namespace::with_both()?;
    let _server = serve(&linux, &[], "echo-server-raw")?;
    for round in 0..50u64 {
        let streams = (0..20).map(|_| linux.connect(ECHO)).collect::<Result<Vec<_>>>();
        let streams = streams.with_context(|| format!("round {round}"))?;
        thread::scope(|scope| {
            let start = |(number, stream)| {
                scope.spawn(move || traffic::echo(stream, &bytes(round * 20 + number, 3000)))
            };
            let threads: Vec<_> = (0..).zip(&streams).map(start).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
        })
        .with_context(|| format!("round {round}"))?;
    }
    Ok(())
}

fn linux_closes_its_half_first_over_ipv6() -> Result<()> {
    let (linux, _server) = echo_server()?;
    // More than all buffers hold, so that most of it comes back after the end was sent.
    traffic::echo(&linux.connect(ECHO)?, &bytes(3, 4 << 20))?;
    let silent = linux.connect(ECHO)?;
    silent.shutdown(Shutdown::Write)?;
    ensure!(Fingerprint::read(&silent)?.length == 0, "nothing comes back for nothing");
    Ok(())
}

fn resets_reach_both_ends_over_ipv6() -> Result<()> {
    let (linux, server) = echo_server()?;
    let refused = linux.connect(SocketAddrV6::new(GUEST_V6, 9, 0, 0)).expect_err("nobody listens there");
    ensure!(io_kind(&refused) == Some(ErrorKind::ConnectionRefused), "{refused:#}");
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, b"hello")?;
    let address = stream.local_addr()?;
    reset(stream)?;
    server.wait_for_line(&address.to_string())?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(1, 100_000))?;
    server.terminate()?;

    let (listener, port) = linux.listen_v6()?;
    let served = traffic::serve_one(listener, |mut stream| {
        stream.read_exact(&mut [0; 5])?;
        reset(stream)
    });
    let ended = echo_client(&linux, LINUX_V6, port, b"hello, and more".to_vec())?;
    // In the words of the guest's libc, which does not tell a reset from other failures of a stream.
    ensure!(ended.code == Some(1) && ended.error.contains("os error"), "{ended:?}");
    traffic::join(served)?;
    let ended = echo_client(&linux, LINUX_V6, 9, Vec::new())?;
    ensure!(ended.error.to_lowercase().contains("connection refused"), "{ended:?}");
    Ok(())
}

/// Neighbour discovery, reports of groups, pings in pieces, connections and their failures.
fn frames_over_ipv6_are_sound() -> Result<()> {
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("ipv6.pcapng");
    let linux = Namespace::with_both()?;
    let options =
        ["--pcap", file.to_str().context("a plain name")?, "--sysctl", "net.ipv4.tcp_early_retrans=0"];
    let server = serve(&linux, &options, "echo-server-raw")?;
    let streams = [linux.connect(ECHO)?, linux.connect(ECHO)?];
    for stream in &streams {
        traffic::exchange(stream, b"hello")?;
        traffic::echo(stream, &bytes(1, 2 << 20))?;
    }
    ensure!(linux.connect(SocketAddrV6::new(GUEST_V6, 9, 0, 0)).is_err(), "nobody listens there");
    reset(linux.connect(ECHO)?)?;
    if needs::program("ping", "iputils-ping").is_ok() {
        for size in ["56", "1452", "1453", "4000", "65000"] {
            linux.run("ping", &["-6", "-c", "2", "-i", "0.01", "-s", size, &GUEST_V6.to_string()])?;
        }
    }
    if needs::program("bash", "bash").is_ok() {
        // A datagram to a port that is closed.
        linux.run("bash", &["-c", &format!("echo hello > /dev/udp/{GUEST_V6}/9")])?;
    }
    drop(streams);
    server.terminate()?;
    tshark.expect_sound(&file)?;
    tshark.expect_no_retransmission(&file, GUEST_V6)?;
    let own = format!("ipv6.src == {GUEST_V6}");
    for filter in [
        format!("{own} && tcp.flags.syn == 1 && tcp.flags.ack == 1"),
        format!("{own} && tcp.flags.fin == 1"),
        format!("{own} && tcp.flags.reset == 1"),
        "icmpv6.type == 136".into(),
        format!("{own} && ipv6.nxt == 44"),
    ] {
        ensure!(!tshark.frames(&file, &filter)?.is_empty(), "no frame matches {filter:?}");
    }
    Ok(())
}

/// A TAP's MTU is the card's: pings that are not cut, segments longer than a usual frame, and what a tool changes.
fn frames_of_nine_thousand_bytes_pass() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    let linux = Namespace::with_both()?;
    linux.run("ip", &["link", "set", TAP, "mtu", "9000"])?;
    let name = format!("jumbo-{}", std::process::id());
    let (tshark, scratch) = (Tshark::find()?, Scratch::new()?);
    let file = scratch.file("jumbo.pcapng");
    let server =
        serve(&linux, &["--name", &name, "--pcap", file.to_str().context("a plain name")?], "echo-server")?;
    for (target, size) in [(GUEST.to_string(), "8972"), (GUEST_V6.to_string(), "8952")] {
        let report =
            linux.run("ping", &["-c", "3", "-i", "0.01", "-W", "5", "-M", "do", "-s", size, &target])?;
        ensure!(report.contains(" 3 received") && !report.contains("wrong data"), "{report}");
    }
    traffic::echo(&linux.connect(ECHO)?, &bytes(8, 16 << 20))?;
    let wnet = artifacts::wnet()?.display().to_string();
    let tool = |words: &[&str]| linux.run(&wnet, &[&["ip", "--on", &name], words].concat());
    ensure!(tool(&["link", "show", "eth0"])?.contains("mtu 9000"), "the TAP's MTU");
    ensure!(tool(&["link", "set", "eth0", "mtu", "16111"]).is_err(), "more than the card moves");
    tool(&["link", "set", "eth0", "mtu", "16110"])?;
    linux.run("ip", &["link", "set", TAP, "mtu", "16110"])?;
    linux.run("ping", &["-c", "1", "-W", "5", "-M", "do", "-s", "16082", &GUEST.to_string()])?;
    tool(&["link", "set", "eth0", "mtu", "1500"])?;
    linux.run("ip", &["link", "set", TAP, "mtu", "1500"])?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(9, 1 << 20))?;
    server.terminate()?;
    tshark.expect_sound(&file)?;
    let long = format!("ipv6.src == {GUEST_V6} && tcp.len > 8000");
    ensure!(!tshark.frames(&file, &long)?.is_empty(), "the guest sends full frames");
    Ok(())
}
