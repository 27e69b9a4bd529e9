//! UDP between a guest and Linux, over a TAP device.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Result, ensure};
use conformance::artifacts;
use conformance::namespace::{GUEST, GUEST_V6, LINUX, LINUX_V6, Namespace};
use conformance::traffic::bytes;
use conformance::wnet_process::{Wnet, run};

crate::cases! {
    datagrams_of_all_sizes_come_back,
    datagrams_of_all_sizes_come_back_over_ipv6,
    many_peers_at_once_get_their_own_answers,
    linux_refuses_and_the_guest_hears_it,
    a_guest_finds_udp_as_std_has_it,
    who_said_so_sends_to_everybody,
}

/// The port of the echo service.
const PORT: u16 = 7;

/// A namespace with a TAP, and a guest on it that sends datagrams back, at the unspecified address `any`.
fn echo(any: &str) -> Result<(Namespace, Wnet)> {
    let linux = Namespace::with_both()?;
    let (guest, address) = (artifacts::component("test/udp-echo")?, format!("{GUEST_V6}/64"));
    let listen = format!("{any}:{PORT}");
    let arguments = [OsStr::new("--ip"), OsStr::new(&address), guest.as_os_str(), OsStr::new(&listen)];
    let server = Wnet::start_on_tap(&linux, arguments)?;
    server.wait_for_line("receiving on")?;
    Ok((linux, server))
}

/// Sends `data` and expects it back.
fn comes_back(socket: &UdpSocket, guest: SocketAddr, data: &[u8]) -> Result<()> {
    socket.send_to(data, guest)?;
    let mut answer = vec![0; 1 << 16];
    let (length, from) = socket.recv_from(&mut answer)?;
    ensure!(from == guest && answer[..length] == *data, "{length} of {} bytes from {from}", data.len());
    Ok(())
}

fn all_sizes(any: &str, ours: IpAddr, guest: IpAddr, largest_whole: usize) -> Result<()> {
    let (linux, _server) = echo(any)?;
    let socket = linux.udp((ours, 0))?;
    let mut sizes = vec![0, 1, 2, 3, 100, 4000, 20_000, 65_507];
    sizes.extend(largest_whole - 2..largest_whole + 3);
    for (seed, size) in (0..).zip(sizes) {
        comes_back(&socket, (guest, PORT).into(), &bytes(seed, size))?;
    }
    Ok(())
}

fn datagrams_of_all_sizes_come_back() -> Result<()> {
    all_sizes("0.0.0.0", LINUX.into(), GUEST.into(), 1472)
}

fn datagrams_of_all_sizes_come_back_over_ipv6() -> Result<()> {
    all_sizes("[::]", LINUX_V6.into(), GUEST_V6.into(), 1452)
}

fn many_peers_at_once_get_their_own_answers() -> Result<()> {
    let (linux, _server) = echo("0.0.0.0")?;
    let guest: SocketAddr = (GUEST, PORT).into();
    let peers: Vec<UdpSocket> = (0..100).map(|_| linux.udp((LINUX, 0))).collect::<Result<_>>()?;
    for round in 0..5_u64 {
        for (index, peer) in (0..).zip(&peers) {
            peer.send_to(&bytes(index + 1000 * round, 500), guest)?;
        }
        for (index, peer) in (0..).zip(&peers) {
            let mut answer = [0; 1000];
            let length = peer.recv(&mut answer)?;
            ensure!(answer[..length] == bytes(index + 1000 * round, 500), "peer {index}, round {round}");
        }
    }
    Ok(())
}

fn linux_refuses_and_the_guest_hears_it() -> Result<()> {
    let linux = Namespace::with_tap()?;
    // A port that was free a moment ago.
    let port = linux.udp((LINUX, 0))?.local_addr()?.port();
    let guest = artifacts::component("test/udp-refused")?;
    let target = format!("{LINUX}:{port}");
    let ended = Wnet::start_on_tap(&linux, [guest.as_os_str(), OsStr::new(&target)])?.wait()?;
    ensure!(ended.code == Some(0), "{:?}: {}", ended.code, ended.error);
    ensure!(ended.output.starts_with(b"refused"), "{}", String::from_utf8_lossy(&ended.output));
    // The other way round: Linux hears that the guest has nobody there.
    let (linux, _server) = echo("0.0.0.0")?;
    let socket = linux.udp((LINUX, 0))?;
    socket.connect((GUEST, PORT + 1))?;
    socket.send(b"anybody?")?;
    let heard = socket.recv(&mut [0; 10]);
    ensure!(heard.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused), "{heard:?}");
    Ok(())
}

/// The questions are in the guest, which ends with 0 if every answer is that of a kernel.
fn a_guest_finds_udp_as_std_has_it() -> Result<()> {
    let ended = run([artifacts::component("test/udp-questions")?.as_os_str()])?;
    ensure!(ended.code == Some(0), "{:?}: {}", ended.code, ended.error);
    Ok(())
}

fn who_said_so_sends_to_everybody() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let [a, b, c, _] = LINUX.octets();
    let guest = artifacts::component("test/broadcast")?;
    let socket = linux.udp((Ipv4Addr::UNSPECIFIED, 0))?;
    let (everybody, port) =
        (Ipv4Addr::new(a, b, c, 255).to_string(), socket.local_addr()?.port().to_string());
    let words = [guest.as_os_str(), OsStr::new(&everybody), OsStr::new(&port)];
    let ended = Wnet::start_on_tap(&linux, words)?.wait()?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let mut heard = [0; 100];
    let (length, from) = socket.recv_from(&mut heard)?;
    ensure!(heard[..length] == *b"hello, everybody" && from.ip() == GUEST, "{from}");
    Ok(())
}
