//! Guests in other languages and on the usual libraries, which know nothing of the stack that they talk through.

use std::ffi::OsStr;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;

use anyhow::{Context, Result, ensure};
use conformance::deadline::{self, PATIENCE};
use conformance::namespace::{GUEST, LINUX, Namespace};
use conformance::scratch::Scratch;
use conformance::traffic::{self, Fingerprint, bytes};
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

use crate::linux_ip::Killed;
use crate::linux_names;

crate::cases! {
    curl_downloads_a_hundred_megabytes_from_hyper,
    curl_downloads_a_hundred_megabytes_from_pythons_http_server,
    tokio_serves_many_at_once,
    asyncio_serves_many_at_once,
    c_serves_many_at_once_by_poll,
    c_serves_several_at_once_by_select,
    javascript_serves_many_at_once,
    a_python_client_asks_by_name_and_hears_of_refusals,
    a_rust_client_keeps_things_in_redis,
}

/// The port of the servers here.
const PORT: u16 = 7000;

/// Starts a guest with a server's arguments on the TAP, and waits until it listens.
fn serve(linux: &Namespace, options: &[&str], guest: &Path, arguments: &[&str]) -> Result<Wnet> {
    let all = options.iter().map(OsStr::new).chain([guest.as_os_str()]);
    let wnet = Wnet::start_on_tap(linux, all.chain(arguments.iter().map(OsStr::new)))?;
    wnet.wait_for_line("listening on ")?;
    Ok(wnet)
}

/// Has the guest, which listens, serve `count` clients: all are served once before any ends, and each then gets `length` bytes
/// back, sent while they are received.
fn expect_echoes(linux: &Namespace, wnet: Wnet, count: usize, length: usize) -> Result<()> {
    let streams = (0..count).map(|_| linux.connect((GUEST, PORT))).collect::<Result<Vec<TcpStream>>>()?;
    let served = Barrier::new(count);
    let check = |number: usize, stream: &TcpStream| {
        let first = traffic::exchange(stream, format!("hello from {number}").as_bytes());
        served.wait();
        first.and_then(|()| traffic::echo(stream, &bytes(number as u64, length)))
    };
    thread::scope(|scope| {
        let start = |(number, stream)| scope.spawn(move || check(number, stream));
        let threads: Vec<_> = streams.iter().enumerate().map(start).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    // One that is reset is nobody's end but its own.
    conformance::namespace::reset(linux.connect((GUEST, PORT))?)?;
    traffic::echo(&linux.connect((GUEST, PORT))?, b"the next one")?;
    let ended = wnet.terminate()?;
    ensure!(!ended.error.contains("wnet: "), "{ended:?}");
    Ok(())
}

/// Sends datagrams of several sizes to the guest, and expects each back.
fn expect_datagrams(linux: &Namespace) -> Result<()> {
    let asker: UdpSocket = linux.udp((LINUX, 0))?;
    asker.connect((GUEST, PORT))?;
    let mut back = vec![0; 65536];
    for length in [1, 0, 1472, 9000, 65507] {
        let datagram = bytes(length as u64, length);
        asker.send(&datagram)?;
        let count = asker.recv(&mut back).with_context(|| format!("{length} bytes"))?;
        ensure!(back[..count] == datagram, "{count} bytes came back of {length}");
    }
    Ok(())
}

fn tokio_serves_many_at_once() -> Result<()> {
    let guest = artifacts::language_guest("rust", "tokio-echo")?;
    let linux = Namespace::with_tap()?;
    let server = serve(&linux, &[], &guest, &[&PORT.to_string()])?;
    expect_datagrams(&linux)?;
    expect_echoes(&linux, server, 50, 100_000)
}

fn c_serves_many_at_once_by_poll() -> Result<()> {
    let guest = artifacts::language_guest("c", "echo-poll")?;
    let linux = Namespace::with_tap()?;
    let server = serve(&linux, &[], &guest, &[&PORT.to_string()])?;
    expect_datagrams(&linux)?;
    expect_echoes(&linux, server, 50, 100_000)
}

fn c_serves_several_at_once_by_select() -> Result<()> {
    let guest = artifacts::language_guest("c", "echo-select")?;
    let linux = Namespace::with_tap()?;
    let server = serve(&linux, &[], &guest, &[&PORT.to_string()])?;
    expect_echoes(&linux, server, 20, 100_000)
}

fn asyncio_serves_many_at_once() -> Result<()> {
    let guest = artifacts::language_guest("python", "python")?;
    let linux = Namespace::with_tap()?;
    let server = serve(&linux, &[], &guest, &["asyncio", &PORT.to_string()])?;
    expect_echoes(&linux, server, 50, 100_000)
}

fn javascript_serves_many_at_once() -> Result<()> {
    let guest = artifacts::language_guest("javascript", "javascript")?;
    let linux = Namespace::with_tap()?;
    let server = serve(&linux, &[], &guest, &[&PORT.to_string()])?;
    expect_echoes(&linux, server, 20, 50_000)
}

/// Has curl download a large file that the guest serves, and then a small one over the same guest.
fn expect_downloads(guest: &Path, arguments: &[&str]) -> Result<()> {
    let curl = needs::program("curl", "curl")?;
    let linux = Namespace::with_tap()?;
    let folder = Scratch::new()?;
    let large = bytes(1, 100_000_000);
    folder.write("large", &large)?;
    folder.write("small", "a few bytes")?;
    let mapping = format!("{}::/", folder.folder().display());
    let server = serve(&linux, &["--dir", &mapping], guest, arguments)?;
    for (name, expected) in [("large", Fingerprint::of(&large)), ("small", Fingerprint::of(b"a few bytes"))] {
        let mut command = linux.command(&curl)?;
        command.args(["-sS", "--fail", "--noproxy", "*", "--max-time", "60"]);
        command.arg(format!("http://{GUEST}:{PORT}/{name}")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut download = Killed(command.spawn()?);
        let came = Fingerprint::read(download.0.stdout.take().context("an output")?)?;
        ensure!(came == expected, "{name}: {expected:?} were served, {came:?} came");
        ensure!(download.0.wait()?.success(), "{name}");
    }
    server.terminate()?;
    Ok(())
}

fn curl_downloads_a_hundred_megabytes_from_hyper() -> Result<()> {
    let guest = artifacts::language_guest("rust", "hyper-files")?;
    expect_downloads(&guest, &[&PORT.to_string()])
}

fn curl_downloads_a_hundred_megabytes_from_pythons_http_server() -> Result<()> {
    let guest = artifacts::language_guest("python", "python")?;
    expect_downloads(&guest, &["http", &PORT.to_string()])
}

fn a_python_client_asks_by_name_and_hears_of_refusals() -> Result<()> {
    let guest = artifacts::language_guest("python", "python")?;
    let linux = Namespace::with_tap()?;
    let _names = linux_names::dnsmasq(&linux, &[format!("--host-record=answers.test,{LINUX}")])?;
    let socket = linux.udp((LINUX, 0))?;
    let port = socket.local_addr()?.port();
    socket.set_read_timeout(Some(PATIENCE))?;
    let answering = thread::spawn(move || -> Result<()> {
        for _ in 0..2 {
            let mut question = [0; 100];
            let (length, asker) = socket.recv_from(&mut question)?;
            socket.send_to(&[b"you said ", &question[..length]].concat(), asker)?;
        }
        Ok(())
    });
    let ask = |host: &str, port: u16| {
        let port = port.to_string();
        let dns = LINUX.to_string();
        let words = ["--dns", &dns].map(OsStr::new).into_iter().chain([guest.as_os_str()]);
        let words = words.chain(["udp", host, &port, "one", "two"].map(OsStr::new));
        Wnet::start_on_tap(&linux, words)?.wait()
    };
    let said = ask("answers.test", port)?;
    ensure!(said.output == b"you said one\nyou said two\n", "{said:?}");
    traffic::join(answering)?;
    // Linux answers with ICMP; the socket that learnt of it goes on.
    let said = ask("answers.test", port)?;
    let refused = String::from_utf8_lossy(&said.output).matches("Connection refused").count();
    ensure!(said.code == Some(0) && refused == 2, "{said:?}");
    let said = ask("nobody.test", port)?;
    ensure!(said.code != Some(0) && said.error.contains("gaierror"), "{said:?}");
    Ok(())
}

fn a_rust_client_keeps_things_in_redis() -> Result<()> {
    /// Redis's own port.
    const REDIS: u16 = 6379;
    let guest = artifacts::language_guest("rust", "redis-client")?;
    let program = needs::program("redis-server", "redis-server")?;
    let linux = Namespace::with_tap()?;
    let folder = Scratch::new()?;
    let mut redis = linux.command(program)?;
    redis.args(["--port", &REDIS.to_string(), "--bind", &LINUX.to_string()]);
    redis.args(["--protected-mode", "no", "--save", ""]);
    redis.current_dir(folder.folder()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _redis = Killed(redis.spawn()?);
    deadline::wait_for("redis to listen", || linux.connect((LINUX, REDIS)).ok())?;
    let (host, port) = (LINUX.to_string(), REDIS.to_string());
    let client = Wnet::start_on_tap(&linux, [guest.as_os_str(), host.as_ref(), port.as_ref()])?.wait()?;
    let expected = "greeting: hello from a component\nlarge: 4194304 bytes, the same\ncounter: in order\n\
                    news: something happened (1 listening)\ndone\n";
    ensure!(client.output == expected.as_bytes() && client.code == Some(0), "{client:?}");
    Ok(())
}
