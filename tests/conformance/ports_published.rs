//! The user wire: ports published on this machine, without privileges.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use conformance::namespace::reset;
use conformance::traffic::{self, Fingerprint, bytes};
use conformance::wnet_process::{Ended, Wnet, run};
use conformance::{artifacts, needs};

use crate::linux::{expect_little_growth, fill};

crate::cases! {
    sixteen_mebibytes_come_back,
    fifty_connections_at_once,
    a_client_may_close_its_half_first,
    who_reads_late_gets_everything,
    a_port_the_guest_does_not_listen_on_resets,
    a_client_that_resets_ends_one_connection,
    several_ports_reach_one_guest,
    curl_gets_a_page,
    an_address_in_use_is_told_in_one_line,
    an_address_of_somebody_else_is_told_in_one_line,
    the_outside_refuses_the_guest_at_once,
    the_guests_address_may_be_another,
}

/// A server and the port of this machine that reaches it.
pub(crate) fn published(name: &str, options: &[&str]) -> Result<(Wnet, u16)> {
    let guest = artifacts::component(name)?;
    let mut command = Command::new(artifacts::wnet()?);
    let wnet = Wnet::spawn(command.args(["run", "-p", "0:7"]).args(options).arg(guest).arg("7"))?;
    let port = wnet.published_port()?;
    wnet.wait_for_line("listening on ")?;
    Ok((wnet, port))
}

fn connect(port: u16) -> Result<TcpStream> {
    traffic::connect((Ipv4Addr::LOCALHOST, port))
}

fn sixteen_mebibytes_come_back() -> Result<()> {
    let (wnet, port) = published("echo-server", &[])?;
    traffic::echo(&connect(port)?, &bytes(1, 16 << 20))?;
    wnet.terminate()?;
    Ok(())
}

fn fifty_connections_at_once() -> Result<()> {
    let (_wnet, port) = published("echo-server-raw", &[])?;
    let streams = (0..50).map(|_| connect(port)).collect::<Result<Vec<TcpStream>>>()?;
    let served = Barrier::new(streams.len());
    let check = |number: usize, stream: &TcpStream| {
        let first = traffic::exchange(stream, format!("hello from {number}").as_bytes());
        served.wait();
        first.and_then(|()| traffic::echo(stream, &bytes(number as u64, 100_000)))
    };
    thread::scope(|scope| {
        let start = |(number, stream)| scope.spawn(move || check(number, stream));
        let threads: Vec<_> = streams.iter().enumerate().map(start).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}

fn a_client_may_close_its_half_first() -> Result<()> {
    let (_wnet, port) = published("echo-server", &[])?;
    let stream = connect(port)?;
    (&stream).write_all(b"question")?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    (&stream).read_to_end(&mut answer)?;
    ensure!(answer == b"question", "{answer:?}");
    traffic::echo(&connect(port)?, &bytes(2, 4 << 20))
}

fn who_reads_late_gets_everything() -> Result<()> {
    let (wnet, port) = published("echo-server-raw", &[])?;
    let before = wnet.peak_memory()?;
    let late = connect(port)?;
    let sent = Fingerprint::of(&fill(&late)?);
    expect_little_growth(&wnet, before)?;
    traffic::echo(&connect(port)?, &bytes(3, 100_000)).context("nobody else waits")?;
    late.shutdown(Shutdown::Write)?;
    let came_back = Fingerprint::read(&late)?;
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    Ok(())
}

fn a_port_the_guest_does_not_listen_on_resets() -> Result<()> {
    let guest = artifacts::component("echo-server")?;
    let mut command = Command::new(artifacts::wnet()?);
    let wnet = Wnet::spawn(command.args(["run", "-p", "0:9"]).arg(guest).arg("7"))?;
    let port = wnet.published_port()?;
    wnet.wait_for_line("listening on ")?;
    // The system has accepted before the guest was asked.
    let stream = connect(port)?;
    let error = (&stream).read(&mut [0]).expect_err("nobody listens there");
    ensure!(error.kind() == ErrorKind::ConnectionReset, "{error}");
    Ok(())
}

fn a_client_that_resets_ends_one_connection() -> Result<()> {
    let (wnet, port) = published("echo-server", &[])?;
    let stream = connect(port)?;
    traffic::exchange(&stream, b"hello")?;
    reset(stream)?;
    // The server says what its libc made of it, and serves the next one.
    wnet.wait_for_line("10.0.2.2:")?;
    traffic::echo(&connect(port)?, &bytes(4, 100_000))
}

fn several_ports_reach_one_guest() -> Result<()> {
    let (wnet, first) = published("echo-server-raw", &["-p", "127.0.0.1:0:7"])?;
    let lines = wnet.error_so_far();
    let ports: Vec<u16> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("wnet: 127.0.0.1:"))
        .filter_map(|rest| rest.split(' ').next()?.parse().ok())
        .collect();
    ensure!(ports.len() == 2 && ports[0] == first && ports[1] != first, "{lines}");
    for port in ports {
        traffic::echo(&connect(port)?, &bytes(port.into(), 10_000))?;
    }
    Ok(())
}

fn curl_gets_a_page() -> Result<()> {
    let curl = needs::program("curl", "curl")?;
    let (_wnet, port) = published("test/http-hello", &[])?;
    let page = format!("http://127.0.0.1:{port}/");
    let output = Command::new(curl).args(["-sS", "--noproxy", "*", "--max-time", "30", &page]).output()?;
    ensure!(output.status.success() && output.stdout == b"Hello from a component\n", "{output:?}");
    Ok(())
}

/// Expects exit code 125 and one line with these words.
fn expect_refusal(ended: &Ended, words: &[&str]) -> Result<()> {
    ensure!(ended.code == Some(125), "{ended:?}");
    ensure!(ended.error.lines().count() == 1 && ended.output.is_empty(), "{ended:?}");
    ensure!(words.iter().all(|word| ended.error.contains(word)), "{ended:?}");
    Ok(())
}

fn an_address_in_use_is_told_in_one_line() -> Result<()> {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = taken.local_addr()?;
    let publish = format!("{}:7", address.port());
    let guest = artifacts::component("echo-server")?;
    let ended = run(["-p".as_ref(), publish.as_ref(), guest.as_os_str()])?;
    expect_refusal(&ended, &["wnet: ", "in use", &address.to_string()])
}

fn an_address_of_somebody_else_is_told_in_one_line() -> Result<()> {
    let guest = artifacts::component("echo-server")?;
    let ended = run(["-p".as_ref(), "192.0.2.77:8007:7".as_ref(), guest.as_os_str()])?;
    expect_refusal(&ended, &["wnet: ", "192.0.2.77"])
}

fn the_outside_refuses_the_guest_at_once() -> Result<()> {
    let guest = artifacts::component("echo-client")?;
    // Warm, so that the time is that of the refusal.
    run([guest.as_os_str(), "192.0.2.1".as_ref(), "9".as_ref()])?;
    let begun = Instant::now();
    let ended = run([guest.as_os_str(), "192.0.2.1".as_ref(), "9".as_ref()])?;
    // The policy's line and the guest's own.
    ensure!(ended.code == Some(1) && ended.error.lines().count() == 2, "{ended:?}");
    ensure!(begun.elapsed().as_secs() < 5, "after {:?}", begun.elapsed());
    Ok(())
}

fn the_guests_address_may_be_another() -> Result<()> {
    let options = ["--ip", "198.51.100.9/29", "--gateway", "198.51.100.14", "--mac", "02:00:00:00:00:09"];
    let (wnet, port) = published("echo-server-raw", &options)?;
    traffic::echo(&connect(port)?, &bytes(5, 10_000))?;
    wnet.terminate()?;
    Ok(())
}
