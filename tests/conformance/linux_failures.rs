//! Linux as the peer, over a TAP device: refusals, resets, and what disappears.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use conformance::namespace::{GUEST, LINUX, Namespace, TAP, reset};
use conformance::traffic::{self, bytes, io_kind};
use conformance::wnet_process::Wnet;

use crate::linux::{ECHO, echo_client, echo_server, fill};

crate::cases! {
    a_port_nobody_listens_on_refuses_linux,
    a_port_nobody_listens_on_refuses_the_guest,
    an_address_nobody_has_is_unreachable_for_the_guest,
    a_network_without_a_route_is_unreachable_for_the_guest,
    a_reset_by_linux_ends_one_connection,
    a_reset_by_linux_reaches_the_guest,
    a_peer_that_disappears_is_given_up_and_others_are_served,
    a_cable_that_was_pulled_loses_nothing,
    what_the_last_reader_of_a_tap_could_do_is_forgotten,
}

/// A second address of Linux, which can be taken away.
const SECOND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 3);

fn a_port_nobody_listens_on_refuses_linux() -> Result<()> {
    let (linux, _server) = echo_server("echo-server", &[])?;
    let begun = Instant::now();
    let error = linux.connect(SocketAddrV4::new(GUEST, 9)).expect_err("nobody listens there");
    ensure!(io_kind(&error) == Some(ErrorKind::ConnectionRefused), "{error:#}");
    ensure!(begun.elapsed().as_secs() < 1, "at once, not after {:?}", begun.elapsed());
    Ok(())
}

/// Expects the client to fail with these words in one line.
fn expect_failure(linux: &Namespace, options: &[&str], port: u16, words: &str) -> Result<()> {
    let ended = echo_client(linux, options, port, b"hello".to_vec())?;
    ensure!(ended.code == Some(1), "the guest's own exit code is 1, not {:?}: {}", ended.code, ended.error);
    ensure!(ended.error.to_lowercase().contains(words), "{}", ended.error);
    ensure!(ended.error.lines().count() == 1, "{}", ended.error);
    Ok(())
}

fn a_port_nobody_listens_on_refuses_the_guest() -> Result<()> {
    expect_failure(&Namespace::with_tap()?, &[], 9, "connection refused")
}

fn an_address_nobody_has_is_unreachable_for_the_guest() -> Result<()> {
    let linux = Namespace::with_tap()?;
    linux.run("ip", &["addr", "flush", "dev", TAP, "scope", "global"])?;
    let quick = ["--sysctl", "net.ipv4.neigh.default.retrans_time_ms=50"];
    expect_failure(&linux, &quick, 9, "unreachable")
}

fn a_network_without_a_route_is_unreachable_for_the_guest() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let mut command = linux.command(conformance::artifacts::wnet()?)?;
    command.args(["run", "--nic", "tap:tap0", "--ip", "198.51.100.2/32"]);
    command.arg(conformance::artifacts::component("echo-client")?).args([&LINUX.to_string(), "9"]);
    let ended = conformance::wnet_process::Wnet::spawn(&mut command)?.wait()?;
    ensure!(ended.code == Some(1) && ended.error.contains("unreachable"), "{ended:?}");
    Ok(())
}

fn a_reset_by_linux_ends_one_connection() -> Result<()> {
    let (linux, server) = echo_server("echo-server", &[])?;
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, b"hello")?;
    let address = stream.local_addr()?;
    reset(stream)?;
    // The server says what its libc made of it, and serves the next one.
    server.wait_for_line(&address.to_string())?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(1, 100_000))
}

fn a_reset_by_linux_reaches_the_guest() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let (listener, port) = linux.listen()?;
    let served = traffic::serve_one(listener, |mut stream| {
        stream.read_exact(&mut [0; 5])?;
        reset(stream)
    });
    // In the words of the guest's libc, which does not tell a reset from other failures of a stream.
    expect_failure(&linux, &[], port, "os error")?;
    traffic::join(served)
}

fn a_peer_that_disappears_is_given_up_and_others_are_served() -> Result<()> {
    let quick =
        ["--sysctl", "net.ipv4.tcp_retries2=3", "--sysctl", "net.ipv4.neigh.default.retrans_time_ms=100"];
    let (linux, server) = echo_server("echo-server-raw", &quick)?;
    linux.run("ip", &["addr", "add", &format!("{SECOND}/24"), "dev", TAP])?;
    let lost = linux.connect_from(SECOND, ECHO)?;
    traffic::exchange(&lost, b"hello")?;
    // The server has much to send to who disappears.
    fill(&lost)?;
    let address = lost.local_addr()?;
    linux.run("ip", &["addr", "del", &format!("{SECOND}/24"), "dev", TAP])?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(2, 1 << 20)).context("while the peer is missed")?;
    let line = server.wait_for_line(&address.to_string()).context("the server learns of it")?;
    ensure!(["timeout", "timed out", "unreachable"].iter().any(|word| line.contains(word)), "{line}");
    traffic::echo(&linux.connect(ECHO)?, &bytes(3, 1 << 20)).context("after that")
}

fn a_cable_that_was_pulled_loses_nothing() -> Result<()> {
    let (linux, _server) = echo_server("echo-server-raw", &[])?;
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, b"before")?;
    linux.run("ip", &["link", "set", TAP, "down"])?;
    // With the device down its routes are gone; the socket remembers its address all the same.
    let _ = (&stream).write(b"meanwhile ");
    linux.run("ip", &["link", "set", TAP, "up"])?;
    (&stream).write_all(b"after")?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut back = Vec::new();
    (&stream).read_to_end(&mut back)?;
    ensure!(back == b"meanwhile after", "{:?} came back", String::from_utf8_lossy(&back));
    traffic::echo(&linux.connect(ECHO)?, &bytes(4, 100_000))
}

/// Another program that reads a TAP device has sums left to it and segments joined. The device remembers that.
const READER: &str = "
import fcntl, struct
tap = open('/dev/net/tun', 'r+b', buffering=0)
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x2, 0x1000, 0x4000
fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'tap0', IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 1, 2, 4
fcntl.ioctl(tap, 0x400454d0, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
";

fn what_the_last_reader_of_a_tap_could_do_is_forgotten() -> Result<()> {
    let linux = Namespace::with_tap()?;
    linux.run("python3", &["-c", READER])?;
    let _server = Wnet::serve_on_tap(&linux, &[], "echo-server", ECHO.port())?;
    let stream = linux.connect(ECHO)?;
    traffic::exchange(&stream, &bytes(5, 100_000))
}
