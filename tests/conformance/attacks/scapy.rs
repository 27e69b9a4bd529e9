//! The frames of attackers once more, made by scapy and sent by Linux: what our makers and our readers of frames believe
//! wrongly alike shows here and nowhere else.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result, ensure};
use conformance::namespace::{GUEST, GUEST_V6, Namespace, TAP};
use conformance::world::{Guest, MAC, World};
use conformance::{needs, traffic};

crate::cases! {
    what_scapy_makes_is_dropped_for_its_reason,
}

/// The groups of the script: each frame counts under the first name, and so many under it altogether.
const GROUPS: [(&str, &str, u64); 20] = [
    ("overlaps", "Drop:FragmentOverlap", 6),
    ("impossible_pieces", "Drop:FragmentTiny", 2),
    ("source_routes", "Drop:Ipv6BadExtension", 4),
    ("chains", "Drop:Ipv6BadExtension", 3),
    ("hop_by_hop_behind", "Drop:UnknownIpProtocol", 1),
    ("lies_of_neighbours", "Drop:NdiscMalformed", 7),
    ("lies_of_routers", "Drop:NdiscMalformed", 6),
    ("lies_of_arp", "Drop:ArpBadSender", 4),
    ("land", "Drop:Ipv4BadSource", 1),
    ("land_v6", "Drop:Ipv6BadSource", 1),
    ("martians", "Drop:Ipv4BadSource", 4),
    ("martians_v6", "Drop:Ipv6BadSource", 3),
    ("forged_errors", "TcpExt:OutOfWindowIcmps", 6),
    ("forged_errors_v6", "Drop:IcmpIgnored", 3),
    ("short_packets", "Drop:Ipv4Truncated", 1),
    ("short_packets_v6", "Drop:Ipv6Truncated", 1),
    ("wrong_headers", "Drop:Ipv4Malformed", 2),
    ("wrong_udp", "Drop:UdpMalformed", 2),
    ("wrong_tcp", "Drop:TcpMalformed", 2),
    ("naked_udp", "Drop:UdpChecksum", 1),
];

/// The script, waiting for the names of groups. It is ended when this is dropped.
struct Scapy {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Scapy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Scapy {
    /// Starts it in `linux`, to send by the TAP.
    fn start(linux: &Namespace) -> Result<Self> {
        needs::program("scapy", "python3-scapy")?;
        let stations = MAC.map(|byte| format!("{byte:02x}")).join(":");
        // The interpreter of the system is the one that the package is for.
        let mut python = linux.command("/usr/bin/python3")?;
        python.args(["-c", include_str!("by_scapy.py"), TAP, "02:00:00:00:00:98", &stations]);
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take().context("an input")?;
        let output = BufReader::new(process.stdout.take().context("an output")?);
        Ok(Scapy { process, input, output })
    }

    /// Sends a group about a connection with these ports, the stack's first; answers how many frames it has.
    fn send(&mut self, group: &str, ports: [u16; 2]) -> Result<u64> {
        writeln!(self.input, "{group} {} {}", ports[0], ports[1])?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let sent = line.trim_end().strip_prefix(group).with_context(|| format!("{group}: {line:?}"))?;
        Ok(sent.trim().parse()?)
    }
}

/// The stack, Linux beside it, and what goes on while frames come.
struct Scene {
    world: World,
    linux: Namespace,
    _servers: [Guest; 2],
    connections: [TcpStream; 2],
}

impl Scene {
    fn new() -> Result<Self> {
        needs::program("ping", "iputils-ping")?;
        let linux = Namespace::with_both()?;
        let world = World::on_tap(&linux)?;
        let servers = [world.spawn("echo-server", &["7"])?, world.spawn("echo-server", &["[::]:7"])?];
        let connect = |address: SocketAddr| {
            conformance::deadline::wait_for("a connection", || linux.connect(address).ok())
        };
        let connections = [connect((GUEST, 7).into())?, connect((GUEST_V6, 7).into())?];
        Ok(Scene { world, linux, _servers: servers, connections })
    }

    /// Both connections are served, and pings of both versions answered: what Linux sent before has been handled then.
    fn goes_on(&self) -> Result<()> {
        self.linux.run("ping", &["-c", "1", "-w", "10", &GUEST.to_string()])?;
        self.linux.run("ping", &["-6", "-c", "1", "-w", "10", &GUEST_V6.to_string()])?;
        for connection in &self.connections {
            traffic::exchange(connection, b"still there")?;
        }
        ensure!(self.world.failure().is_none(), "{:?}", self.world.failure());
        Ok(())
    }

    /// Nothing of what was sent is believed.
    fn is_as_before(&self) -> Result<()> {
        let shown = [
            self.world.tool("ip", "-o addr show dev eth0")?,
            self.world.tool("ip", "route show")?,
            self.world.tool("ip", "-6 route show")?,
            self.world.tool("ip", "route show cache")?,
            self.world.tool("ip", "neigh show nud all dev eth0")?,
        ]
        .concat();
        for lie in ["2001:db8", "fe80::1234", "02:00:00:00:00:99", "ff:ff:ff:ff", "01:00:5e", "mtu 68"] {
            ensure!(!shown.contains(lie), "{lie} was believed: {shown}");
        }
        Ok(())
    }
}

fn what_scapy_makes_is_dropped_for_its_reason() -> Result<()> {
    let scene = Scene::new()?;
    let mut scapy = Scapy::start(&scene.linux)?;
    let ports = [7, scene.connections[0].local_addr()?.port()];
    for (group, counter, expected) in GROUPS {
        scene.goes_on()?;
        let before = scene.world.counter(counter);
        let sent = scapy.send(group, ports)?;
        scene.goes_on()?;
        let counted = scene.world.counter(counter) - before;
        ensure!(
            counted == expected,
            "{group}: {counted} of {sent} frames are {counter}, not {expected}: {:?}",
            scene.world.drops()
        );
        scene.is_as_before().context(group)?;
    }
    Ok(())
}
