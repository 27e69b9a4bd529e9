//! Linux as the peer, over a TAP device: what works between two Linux machines.

use std::io::Read;
use std::net::{Shutdown, SocketAddrV4, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use anyhow::{Context, Result, ensure};
use conformance::namespace::{GUEST, LINUX, Namespace};
use conformance::traffic::{self, Fingerprint, bytes};
use conformance::wnet_process::{Ended, Wnet};
use conformance::{artifacts, needs};

crate::cases! {
    sixty_four_mebibytes_come_back_to_linux,
    sixty_four_mebibytes_come_back_to_the_guest,
    a_flood_of_ten_thousand_pings_is_answered,
    pings_of_56_and_1472_bytes_are_answered,
    two_hundred_connections_one_after_another,
    fifty_connections_at_once,
    messages_of_all_sizes_come_back,
    linux_closes_its_half_first,
    the_guest_closes_its_half_first,
    nc_talks_to_the_echo_server,
    curl_gets_a_page,
    who_reads_late_gets_everything,
    a_guest_that_reads_late_gets_everything,
}

/// The port of the echo server.
pub(crate) const ECHO: SocketAddrV4 = SocketAddrV4::new(GUEST, 7);

/// How much larger `wnet` may get whatever its peers do: the buffers of a few connections, and not what passes
/// through them.
const GROWTH: u64 = 48 << 20;

/// Expects `wnet` not to have grown by more than that since it was as large as `before`.
pub(crate) fn expect_little_growth(wnet: &Wnet, before: u64) -> Result<()> {
    let after = wnet.peak_memory()?;
    ensure!(after - before < GROWTH, "wnet grew from {} to {} MiB", before >> 20, after >> 20);
    Ok(())
}

/// A namespace with a TAP, and the echo server `name` on it.
pub(crate) fn echo_server(name: &str, options: &[&str]) -> Result<(Namespace, Wnet)> {
    let linux = Namespace::with_tap()?;
    let server = Wnet::serve_on_tap(&linux, options, name, ECHO.port())?;
    Ok((linux, server))
}

/// Runs the echo client against Linux's port, with this input.
pub(crate) fn echo_client(linux: &Namespace, options: &[&str], port: u16, input: Vec<u8>) -> Result<Ended> {
    let mut command = linux.command(artifacts::wnet()?)?;
    command.args(["run", "--nic", "tap:tap0", "--ip", &format!("{GUEST}/24")]).args(options);
    command.arg(artifacts::component("echo-client")?).args([LINUX.to_string(), port.to_string()]);
    let mut client = Wnet::spawn(&mut command)?;
    client.feed(input);
    client.wait()
}

fn sixty_four_mebibytes_come_back_to_linux() -> Result<()> {
    let (linux, server) = echo_server("echo-server", &[])?;
    let before = server.peak_memory()?;
    traffic::echo(&linux.connect(ECHO)?, &bytes(1, 64 << 20))?;
    expect_little_growth(&server, before)?;
    server.terminate()?;
    Ok(())
}

fn sixty_four_mebibytes_come_back_to_the_guest() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let (listener, port) = linux.listen()?;
    let served = traffic::serve_one(listener, traffic::echo_back);
    let input = bytes(2, 64 << 20);
    let sent = Fingerprint::of(&input);
    let ended = echo_client(&linux, &[], port, input)?;
    ensure!(ended.code == Some(0), "the client ended with {:?}: {}", ended.code, ended.error);
    let came_back = Fingerprint::of(&ended.output);
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    traffic::join(served)
}

/// Runs `ping` and answers its last lines.
fn ping(linux: &Namespace, arguments: &[&str]) -> Result<String> {
    needs::program("ping", "iputils-ping")?;
    linux.run("ping", &[arguments, &[&GUEST.to_string()]].concat())
}

fn pings_of_56_and_1472_bytes_are_answered() -> Result<()> {
    let (linux, _server) = echo_server("echo-server", &[])?;
    for size in ["56", "1472"] {
        // ping compares the data that comes back with what it sent.
        let report = ping(&linux, &["-c", "20", "-i", "0.01", "-w", "30", "-M", "do", "-s", size])?;
        ensure!(report.contains(" 20 received"), "{report}");
        ensure!(!report.contains("wrong data"), "{report}");
    }
    Ok(())
}

fn a_flood_of_ten_thousand_pings_is_answered() -> Result<()> {
    let (linux, _server) = echo_server("echo-server", &[])?;
    let report = ping(&linux, &["-f", "-q", "-c", "10000", "-w", "60"])?;
    ensure!(report.contains("10000 packets transmitted, 10000 received"), "{report}");
    Ok(())
}

fn two_hundred_connections_one_after_another() -> Result<()> {
    let (linux, _server) = echo_server("echo-server", &[])?;
    for number in 0..200 {
        let stream = linux.connect(ECHO).with_context(|| format!("connection {number}"))?;
        traffic::echo(&stream, &bytes(number, 1000)).with_context(|| format!("connection {number}"))?;
    }
    Ok(())
}

fn fifty_connections_at_once() -> Result<()> {
    let (linux, _server) = echo_server("echo-server-raw", &[])?;
    let streams = (0..50).map(|_| linux.connect(ECHO)).collect::<Result<Vec<TcpStream>>>()?;
    // All are open, and each is served before any ends.
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

fn messages_of_all_sizes_come_back() -> Result<()> {
    let (linux, _server) = echo_server("echo-server-raw", &[])?;
    let stream = linux.connect(ECHO)?;
    for size in [1, 2, 536, 1447, 1448, 1449, 1460, 1461, 4096, 16 << 10] {
        traffic::exchange(&stream, &bytes(size as u64, size)).with_context(|| format!("{size} bytes"))?;
    }
    for power in 14..=20 {
        let (stream, size) = (linux.connect(ECHO)?, 1 << power);
        traffic::echo(&stream, &bytes(power, size)).with_context(|| format!("{size} bytes"))?;
    }
    Ok(())
}

fn linux_closes_its_half_first() -> Result<()> {
    let (linux, _server) = echo_server("echo-server", &[])?;
    let stream = linux.connect(ECHO)?;
    // More than all buffers hold, so that most of it comes back after the end was sent.
    traffic::echo(&stream, &bytes(3, 4 << 20))?;
    let silent = linux.connect(ECHO)?;
    silent.shutdown(Shutdown::Write)?;
    ensure!(Fingerprint::read(&silent)?.length == 0, "nothing comes back for nothing");
    Ok(())
}

fn the_guest_closes_its_half_first() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let (listener, port) = linux.listen()?;
    let answer = bytes(4, 4 << 20);
    let expected = Fingerprint::of(&answer);
    // The client without input ends its half at once and prints what comes all the same.
    let served = traffic::serve_one(listener, move |mut stream| {
        let question = Fingerprint::read(&stream)?;
        std::io::Write::write_all(&mut stream, &answer)?;
        Ok(question.length)
    });
    let ended = echo_client(&linux, &[], port, Vec::new())?;
    ensure!(ended.code == Some(0), "the client ended with {:?}: {}", ended.code, ended.error);
    let came = Fingerprint::of(&ended.output);
    ensure!(came == expected, "sent {expected:?}, got {came:?}");
    ensure!(traffic::join(served)? == 0, "the client had nothing to say");
    Ok(())
}

fn nc_talks_to_the_echo_server() -> Result<()> {
    needs::program("nc", "netcat-openbsd")?;
    let (linux, _server) = echo_server("echo-server", &[])?;
    let mut nc: Command = linux.command("nc")?;
    let text = "one\ntwo\nthree\n";
    nc.args(["-N", "-w", "30", &GUEST.to_string(), "7"]);
    let mut nc = nc.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut nc.stdin.take().context("an input")?, text.as_bytes())?;
    let output = nc.wait_with_output()?;
    ensure!(output.status.success(), "{output:?}");
    ensure!(output.stdout == text.as_bytes(), "{output:?}");
    Ok(())
}

fn curl_gets_a_page() -> Result<()> {
    needs::program("curl", "curl")?;
    let linux = Namespace::with_tap()?;
    let _server = Wnet::serve_on_tap(&linux, &[], "test/http-hello", 80)?;
    for _ in 0..10 {
        let page =
            linux.run("curl", &["-sS", "--noproxy", "*", "--max-time", "30", &format!("http://{GUEST}/")])?;
        ensure!(page == "Hello from a component", "{page}");
    }
    Ok(())
}

/// Sends until nothing more fits anywhere between here and there; answers what was sent.
pub(crate) fn fill(stream: &TcpStream) -> Result<Vec<u8>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    /// For how long nothing has to fit: longer than a window update takes.
    const FULL: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
    /// Far more than the buffers of both ends.
    const LIMIT: usize = 256 << 20;
    stream.set_nonblocking(true)?;
    let (mut sent, piece) = (Vec::new(), bytes(5, 64 << 10));
    while poll(&mut [PollFd::new(stream, PollFlags::OUT)], Some(&FULL))? == 1 {
        while let Ok(count) = std::io::Write::write(&mut &*stream, &piece) {
            sent.extend_from_slice(&piece[..count]);
            ensure!(sent.len() < LIMIT, "nothing slows the sender");
        }
    }
    stream.set_nonblocking(false)?;
    Ok(sent)
}

fn who_reads_late_gets_everything() -> Result<()> {
    let (linux, server) = echo_server("echo-server-raw", &[])?;
    let before = server.peak_memory()?;
    let late = linux.connect(ECHO)?;
    let sent = Fingerprint::of(&fill(&late)?);
    expect_little_growth(&server, before)?;
    // Nobody else waits for who is late.
    traffic::echo(&linux.connect(ECHO)?, &bytes(6, 100_000))?;
    late.shutdown(Shutdown::Write)?;
    let came_back = Fingerprint::read(&late)?;
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    Ok(())
}

fn a_guest_that_reads_late_gets_everything() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let reader = Wnet::serve_on_tap(&linux, &[], "test/patient-reader", ECHO.port())?;
    let (late, starter) = (linux.connect(ECHO)?, linux.connect(ECHO)?);
    let sent = Fingerprint::of(&fill(&late)?);
    late.shutdown(Shutdown::Write)?;
    drop(starter);
    let mut back = Vec::new();
    (&late).read_to_end(&mut back)?;
    let came_back = Fingerprint::of(&back);
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    ensure!(reader.wait()?.code == Some(0), "the guest was content");
    Ok(())
}
