//! The user wire: a guest that talks to the outside, as far as rules let it.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::thread;

use anyhow::{Result, ensure};
use conformance::deadline::wait_for;
use conformance::traffic::{self, bytes};
use conformance::wnet_process::{Wnet, run};
use conformance::{artifacts, deadline};

use crate::instances::Instances;

crate::cases! {
    a_guest_talks_to_the_server_that_a_rule_names,
    a_closed_port_refuses_the_guest,
    a_server_that_no_rule_names_hears_nothing,
    a_datagram_to_a_closed_port_is_refused,
    a_published_udp_port_reaches_the_guest,
    ipv6_leads_out_and_in,
    addresses_are_given_to_who_asks,
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

fn ipv6_leads_out_and_in() -> Result<()> {
    const GATEWAY_V6: &str = "fd24:6c63:dd76::2";
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port().to_string();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        std::io::copy(&mut &stream, &mut &stream)?;
        stream.shutdown(std::net::Shutdown::Write)
    });
    let guest = artifacts::component("echo-client")?;
    let sent = bytes(6, 1 << 20);
    let rule = format!("--allow-outbound=tcp://[{GATEWAY_V6}]:{port}");
    let mut wnet = Wnet::start([OsStr::new(&rule), guest.as_os_str(), GATEWAY_V6.as_ref(), port.as_ref()])?;
    wnet.feed(sent.clone());
    let ended = wnet.wait()?;
    ensure!(ended.code == Some(0) && ended.output == sent, "{:?} {}", ended.code, ended.error);
    server.join().expect("no panic")?;
    // In from both versions, to a guest that listens at one.
    for (publish, listen) in [("[::1]:0:7", "0.0.0.0:7"), ("[::1]:0:7", "[::]:7"), ("0:7", "[::]:7")] {
        let mut command = Command::new(artifacts::wnet()?);
        let wnet = Wnet::spawn(
            command.args(["run", "-p", publish]).arg(artifacts::component("echo-server")?).arg(listen),
        )?;
        let line = wnet.wait_for_line(" is port 7 of the guest")?;
        let address = line.trim_start_matches("wnet: ").split(' ').next().unwrap_or_default();
        wnet.wait_for_line("listening on ")?;
        traffic::echo(&traffic::connect(address)?, &bytes(7, 100_000))?;
        wnet.terminate()?;
    }
    Ok(())
}

fn addresses_are_given_to_who_asks() -> Result<()> {
    let instances = Instances::new()?;
    let mut command = instances.command()?;
    command.args(["run", "--name", "web", "--ip", "dhcp", "--ip", "auto", "-p", "0:7", "-p", "[::1]:0:7"]);
    let wnet = Wnet::spawn(command.arg(artifacts::component("echo-server")?).arg("7"))?;
    wnet.wait_for_line("listening on ")?;
    let shown = |words: &[&str], part: &str| {
        wait_for(part, || {
            let ended = instances.wnet(&[&["ip", "--on", "web"], words].concat()).ok()?;
            String::from_utf8_lossy(&ended.output).contains(part).then_some(())
        })
    };
    shown(&["addr"], "inet 10.0.2.15/24")?;
    shown(&["addr"], "inet6 fd24:6c63:dd76:0:5054:aff:fe00:20f/64")?;
    shown(&["route"], "default via 10.0.2.2 dev eth0 proto dhcp")?;
    shown(&["-6", "route"], "default via fe80::5055:aff:fe00:202 dev eth0 proto ra")?;
    let error = wnet.error_so_far();
    let published = error.lines().filter_map(|line| line.strip_prefix("wnet: ")?.split(" is port").next());
    for address in published {
        traffic::echo(&traffic::connect(address)?, &bytes(8, 10_000))?;
    }
    wnet.terminate()?;
    Ok(())
}
