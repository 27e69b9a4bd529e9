//! The user wire of a `wnet` that runs in a network namespace, whose Linux has addresses, name servers and settings of the test's.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::namespace::{self, Namespace, reset};
use conformance::scratch::Scratch;
use conformance::wnet_process::Wnet;

use crate::instances::Instances;

crate::cases! {
    pings_of_both_versions_reach_the_outside,
    pings_that_the_machine_does_not_carry_are_prohibited,
    names_are_asked_of_the_machines_server_over_both_transports,
    the_guest_sees_its_clients_own_addresses,
}

/// Addresses of the namespace's Linux that are not its loopback's.
const LINUX: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 77);
const LINUX_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0x77);

/// A namespace whose Linux has both addresses and no way to anybody.
fn namespace() -> Result<Namespace> {
    let linux = Namespace::new()?;
    linux.run("ip", &["addr", "add", &format!("{LINUX}/32"), "dev", "lo"])?;
    linux.run("ip", &["-6", "addr", "add", &format!("{LINUX_V6}/128"), "dev", "lo", "nodad"])?;
    Ok(linux)
}

/// Has a server of the namespace as its guest.
fn start(instances: &Instances, linux: &Namespace, options: &[&str]) -> Result<Wnet> {
    let mut command = linux.command(artifacts::wnet()?)?;
    let folder = instances.command()?;
    let folder = folder.get_envs().find(|(name, _)| *name == "XDG_RUNTIME_DIR").and_then(|(_, value)| value);
    command.env("XDG_RUNTIME_DIR", folder.context("the instances have a folder")?);
    command.args(["run", "--name", "web", "--allow-inbound=tcp://*:7"]).args(options);
    let instance = Wnet::spawn(command.arg(artifacts::component("echo-server")?).arg("7"))?;
    instance.wait_for_line("listening on ")?;
    Ok(instance)
}

fn pings_of_both_versions_reach_the_outside() -> Result<()> {
    let (linux, instances) = (namespace()?, Instances::new()?);
    linux.set("net.ipv4.ping_group_range=0 2147483647")?;
    let rules = [
        format!("--allow-outbound=udp://{LINUX}:7"),
        format!("--allow-outbound=udp://[{LINUX_V6}]:7"),
        "--allow-outbound=udp://203.0.113.1:7".into(),
    ];
    let instance = start(&instances, &linux, &rules.each_ref().map(String::as_str))?;
    for to in [LINUX.to_string(), LINUX_V6.to_string()] {
        for size in ["56", "4000"] {
            let words = ["ping", "--on", "web", "-c", "2", "-i", "0.01", "-s", size, &to];
            let ended = instances.wnet(&words)?;
            let said = String::from_utf8_lossy(&ended.output);
            ensure!(
                ended.code == Some(0) && said.contains(" 2 received, 0% packet loss"),
                "{said}{}",
                ended.error
            );
        }
    }
    // Linux has no way there.
    let words = ["ping", "--on", "web", "-c", "1", "-W", "5", "203.0.113.1"];
    let ended = instances.wnet(&words)?;
    let said = String::from_utf8_lossy(&ended.output);
    ensure!(
        ended.code == Some(1) && said.contains("From 10.0.2.2 icmp_seq=1 Destination Net Unreachable"),
        "{said}"
    );
    let ended = instances.wnet(&["ping", "--on", "web", "-c", "1", "-W", "5", "198.51.100.78"])?;
    let said = String::from_utf8_lossy(&ended.output);
    ensure!(ended.code == Some(1) && said.contains("icmp_seq=1 Packet filtered"), "{said}");
    let told = instance.terminate()?.error;
    ensure!(
        told.contains("denied: ping to 198.51.100.78: --allow-outbound=udp://198.51.100.78:7 would"),
        "{told}"
    );
    Ok(())
}

fn pings_that_the_machine_does_not_carry_are_prohibited() -> Result<()> {
    let (linux, instances) = (namespace()?, Instances::new()?);
    // Linux's own default: nobody's.
    linux.set("net.ipv4.ping_group_range=1 0")?;
    let instance = start(&instances, &linux, &["--allow-outbound=udp://*:7"])?;
    for (to, told) in
        [(LINUX.to_string(), "Packet filtered"), (LINUX_V6.to_string(), "Administratively prohibited")]
    {
        let ended = instances.wnet(&["ping", "--on", "web", "-c", "2", "-i", "0.01", "-W", "5", &to])?;
        let said = String::from_utf8_lossy(&ended.output);
        ensure!(ended.code == Some(1) && said.contains(told), "{said}");
    }
    let told = instance.terminate()?.error;
    ensure!(told.matches("net.ipv4.ping_group_range").count() == 1, "{told}");
    Ok(())
}

/// The answer to a question of DNS with one name: the address of names with one, or that it has to be asked by TCP.
fn answer(question: &[u8], by_tcp: bool) -> Option<Vec<u8>> {
    let end = 12 + question.get(12..)?.iter().position(|byte| *byte == 0)? + 5;
    let (name, rest) = (question.get(12..end)?, question.get(2..4)?);
    // Who asks varies the case of the letters.
    let large = name.get(..6)?.eq_ignore_ascii_case(b"\x05large");
    let is_a = name.ends_with(&[0, 1, 0, 1]);
    let cut = large && !by_tcp;
    let records = u8::from(is_a && !cut);
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x80 | rest[0] & 0x01 | u8::from(cut) << 1, 0x80, 0, 1, 0, records, 0, 0, 0, 0]);
    answer.extend(name);
    if records == 1 {
        let last = if large { 2 } else { 1 };
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last]);
    }
    Some(answer)
}

/// A name server, until the test ends.
fn serve_names(udp: UdpSocket, tcp: TcpListener) {
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((count, from)) = udp.recv_from(&mut question) {
            if let Some(answer) = answer(&question[..count], false) {
                let _ = udp.send_to(&answer, from);
            }
        }
    });
    thread::spawn(move || {
        for mut stream in tcp.incoming().map_while(Result::ok) {
            let mut length = [0; 2];
            while stream.read_exact(&mut length).is_ok() {
                let mut question = vec![0; u16::from_be_bytes(length).into()];
                let Some(answer) =
                    stream.read_exact(&mut question).ok().and_then(|()| answer(&question, true))
                else {
                    break;
                };
                let length = u16::try_from(answer.len()).unwrap_or(0).to_be_bytes();
                if stream.write_all(&[&length[..], &answer].concat()).is_err() {
                    break;
                }
            }
        }
    });
}

/// A `wnet` that believes `file` to be this machine's resolv.conf.
fn with_resolvers(linux: &Namespace, file: &std::path::Path) -> Result<Command> {
    let mut command = linux.command("unshare")?;
    let script = r#"mount --bind "$0" /etc/resolv.conf && exec "$@""#;
    command.args(["--mount", "sh", "-c", script]).arg(file).arg(artifacts::wnet()?);
    Ok(command)
}

fn names_are_asked_of_the_machines_server_over_both_transports() -> Result<()> {
    let (linux, folder) = (namespace()?, Scratch::new()?);
    let server = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53);
    serve_names(linux.udp(server)?, namespace::listen(linux.socket()?, server)?.0);
    let file = folder.write("resolv.conf", "nameserver 127.0.0.1\n")?;
    for address in ["10.0.2.15/24", "fd24:6c63:dd76::15/64"] {
        let mut command = with_resolvers(&linux, &file)?;
        command.args(["run", "--ip", address, "--allow-resolve=*.test"]);
        command.arg(artifacts::component("test/names")?).args(["small.test", "large.test", "other.name"]);
        let ended = Wnet::spawn(&mut command)?.wait()?;
        let said = String::from_utf8_lossy(&ended.output);
        let expected = "small.test: 192.0.2.1\nlarge.test: 192.0.2.2\nother.name: error";
        ensure!(said.starts_with(expected), "{address}: {said}{}", ended.error);
        ensure!(ended.error.contains("--allow-resolve=other.name would allow it"), "{}", ended.error);
    }
    Ok(())
}

fn the_guest_sees_its_clients_own_addresses() -> Result<()> {
    let linux = namespace()?;
    let guest = artifacts::component("echo-server")?;
    for (publish, listen, client) in [
        ("0.0.0.0:0:7", "0.0.0.0:7", IpAddr::from(LINUX)),
        ("[::]:0:7", "[::]:7", LINUX_V6.into()),
        // What listens at :: has clients of both versions.
        ("[::]:0:7", "0.0.0.0:7", LINUX.into()),
    ] {
        let mut command = linux.command(artifacts::wnet()?)?;
        let wnet = Wnet::spawn(command.args(["run", "-p", publish]).arg(&guest).arg(listen))?;
        let line = wnet.wait_for_line(" is port 7 of the guest")?;
        let port = line.split(" is port").next().and_then(|address| address.rsplit(':').next());
        let port = port.and_then(|port| port.parse().ok()).context("a port")?;
        wnet.wait_for_line("listening on ")?;
        // From its own address to itself. A reset is what the server tells of.
        let mut stream = linux.connect(SocketAddr::new(client, port))?;
        stream.write_all(b"hello")?;
        stream.read_exact(&mut [0; 5])?;
        let own = stream.local_addr()?;
        ensure!(own.ip() == client, "{own}");
        reset(stream)?;
        wnet.wait_for_line(&format!("{own}: "))?;
        wnet.terminate()?;
    }
    Ok(())
}
