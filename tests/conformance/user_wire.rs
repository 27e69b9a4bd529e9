//! The user wire: a guest that talks to the outside, as far as rules let it.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::thread;

use anyhow::{Result, ensure};
use conformance::traffic::bytes;
use conformance::wnet_process::{Wnet, run};
use conformance::{artifacts, deadline};

crate::cases! {
    a_guest_talks_to_the_server_that_a_rule_names,
    a_closed_port_refuses_the_guest,
    a_server_that_no_rule_names_hears_nothing,
    a_datagram_to_a_closed_port_is_refused,
    a_published_udp_port_reaches_the_guest,
}

/// The gateway's address, which is this machine's loopback.
const GATEWAY: &str = "10.0.2.2";

fn listener() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port().to_string();
    Ok((listener, port))
}

fn allowing(transport: &str, port: &str) -> String {
    format!("--allow-outbound={transport}://{GATEWAY}:{port}")
}

fn a_guest_talks_to_the_server_that_a_rule_names() -> Result<()> {
    let (listener, port) = listener()?;
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        std::io::copy(&mut &stream, &mut &stream)?;
        stream.shutdown(std::net::Shutdown::Write)
    });
    let guest = artifacts::component("echo-client")?;
    let sent = bytes(1, 4 << 20);
    let mut wnet = Wnet::start([
        OsStr::new(&allowing("tcp", &port)),
        guest.as_os_str(),
        GATEWAY.as_ref(),
        port.as_ref(),
    ])?;
    wnet.feed(sent.clone());
    let ended = wnet.wait()?;
    ensure!(ended.code == Some(0), "{:?} {}", ended.code, ended.error);
    ensure!(ended.output == sent, "{} bytes came back of {}", ended.output.len(), sent.len());
    server.join().expect("no panic")?;
    Ok(())
}

fn a_closed_port_refuses_the_guest() -> Result<()> {
    let (closed, port) = listener()?;
    drop(closed);
    let guest = artifacts::component("echo-client")?;
    let ended =
        run([OsStr::new(&allowing("tcp", &port)), guest.as_os_str(), GATEWAY.as_ref(), port.as_ref()])?;
    ensure!(ended.code == Some(1) && ended.error.contains("refused"), "{ended:?}");
    Ok(())
}

fn a_server_that_no_rule_names_hears_nothing() -> Result<()> {
    let (listener, port) = listener()?;
    let guest = artifacts::component("echo-client")?;
    let rule = "--allow-outbound=tcp://192.0.2.1:*";
    let ended = run([OsStr::new(rule), guest.as_os_str(), GATEWAY.as_ref(), port.as_ref()])?;
    ensure!(ended.code == Some(1) && ended.error.contains("--allow-outbound=tcp://10.0.2.2:"), "{ended:?}");
    listener.set_nonblocking(true)?;
    ensure!(listener.accept().is_err(), "somebody came");
    Ok(())
}

fn a_datagram_to_a_closed_port_is_refused() -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port().to_string();
    drop(socket);
    let guest = artifacts::component("test/udp-refused")?;
    let target = format!("{GATEWAY}:{port}");
    let ended = run([OsStr::new(&allowing("udp", &port)), guest.as_os_str(), target.as_ref()])?;
    ensure!(ended.code == Some(0) && ended.output.starts_with(b"refused"), "{ended:?}");
    Ok(())
}

fn a_published_udp_port_reaches_the_guest() -> Result<()> {
    let guest = artifacts::component("test/udp-echo")?;
    let mut command = Command::new(artifacts::wnet()?);
    let wnet = Wnet::spawn(command.args(["run", "-p", "0:7/udp"]).arg(guest).arg("0.0.0.0:7"))?;
    let port = wnet.published_port()?;
    wnet.wait_for_line("receiving on ")?;
    for seed in 0..3 {
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        client.connect((Ipv4Addr::LOCALHOST, port))?;
        client.set_read_timeout(Some(deadline::PATIENCE))?;
        let sent = bytes(seed, 20_000);
        client.send(&sent)?;
        let mut back = vec![0; 1 << 16];
        let count = client.recv(&mut back)?;
        ensure!(back.get(..count) == Some(&sent[..]), "{count} bytes came back");
    }
    wnet.terminate()?;
    Ok(())
}
