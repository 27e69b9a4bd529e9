//! dnsmasq as DHCP server: what it granted is asked for again, of whoever is there, and is gone when it says no, or nothing.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::needs;
use conformance::scratch::Scratch;
use stack_core::wire::dhcp::{CLIENT_PORT, Fields, Message, SERVER_PORT, Sender, Type, option};

use crate::linux_control::{Instance, words};
use crate::linux_ip::Killed;

crate::cases! {
    dnsmasq_grants_more_time_after_t1,
    another_server_is_found_after_t2,
    an_address_that_is_refused_is_given_up,
    an_address_that_nobody_prolongs_ends_with_its_time,
}

/// Seconds after which the server is asked again, and everybody is (RFC 2131 section 4.4.5): dnsmasq itself grants no less
/// than two minutes.
const T1: u32 = 2;
const T2: u32 = 5;

/// dnsmasq with one address to give, and its log.
struct Server {
    _process: Killed,
    log: PathBuf,
}

impl Server {
    fn start(linux: &Namespace, folder: &Scratch, name: &str, address: &str) -> Result<Self> {
        let log = folder.file(name);
        let mut server = linux.command(needs::program("dnsmasq", "dnsmasq-base")?)?;
        server.args(words("--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --port=0 --user=root"));
        server.args(words("--interface=tap0 --bind-interfaces --leasefile-ro --log-dhcp --no-ping"));
        // Who has an address that it knows nothing of is told so, or may keep it.
        server.arg("--dhcp-authoritative");
        server.arg(format!("--dhcp-range={address},{address},255.255.255.0,120"));
        server.args([format!("--dhcp-option=option:T1,{T1}"), format!("--dhcp-option=option:T2,{T2}")]);
        server.arg(format!("--log-facility={}", log.display()));
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Killed(server.spawn()?);
        wait_for("dnsmasq to listen", || {
            fs::read_to_string(&log).is_ok_and(|s| s.contains("DHCP, IP range")).then_some(())
        })?;
        Ok(Server { _process: process, log })
    }

    /// Waits until it has said so often that it does so.
    fn wait_for(&self, what: &str, times: usize) -> Result<()> {
        wait_for(&format!("{what} in dnsmasq's log"), || {
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            (said.matches(what).count() >= times).then_some(())
        })
    }
}

fn dnsmasq_grants_more_time_after_t1() -> Result<()> {
    let (linux, folder) = (Namespace::with_tap()?, Scratch::new()?);
    let server = Server::start(&linux, &folder, "one", "198.51.100.77")?;
    let guest = Instance::start(&linux, "renew", "--ip dhcp")?;
    guest.wait_for("ip -4 addr show dev eth0", "198.51.100.77/24")?;
    server.wait_for("DHCPACK(tap0) 198.51.100.77", 3)?;
    // What is left grows less, and more again once the server was asked.
    let mut before = None;
    wait_for("more time", || {
        let left = guest.tool("ip -4 -o addr show dev eth0").ok()?;
        let (_, rest) = left.split_once("valid_lft ")?;
        let seconds: u32 = rest.split_once("sec")?.0.parse().ok()?;
        before.replace(seconds).filter(|before| *before < seconds)
    })?;
    linux.run("ping", &words("-c 1 -w 10 198.51.100.77"))?;
    Ok(())
}

/// RFC 2131 section 4.4.5: the server does not answer, and everybody is asked.
fn another_server_is_found_after_t2() -> Result<()> {
    let (linux, folder) = (Namespace::with_tap()?, Scratch::new()?);
    let server = Server::start(&linux, &folder, "one", "198.51.100.77")?;
    let guest = Instance::start(&linux, "rebind", "--ip dhcp")?;
    guest.wait_for("ip -4 addr show dev eth0", "198.51.100.77/24")?;
    drop(server);
    for line in ["addr add 198.51.100.5/24 dev tap0", "addr del 198.51.100.1/24 dev tap0"] {
        linux.run("ip", &words(line))?;
    }
    // The second address takes the first one's place only if it was not taken along.
    let _ = linux.run("ip", &words("addr add 198.51.100.5/24 dev tap0"));
    let other = Server::start(&linux, &folder, "other", "198.51.100.77")?;
    other.wait_for("DHCPACK(tap0) 198.51.100.77", 2)?;
    let shown = guest.tool("ip -4 addr show dev eth0")?;
    ensure!(shown.contains("198.51.100.77/24"), "{shown}");
    // From now on it is asked itself.
    guest.wait_for("ip route", "default via 198.51.100.5")?;
    Ok(())
}

fn an_address_that_is_refused_is_given_up() -> Result<()> {
    let (linux, folder) = (Namespace::with_tap()?, Scratch::new()?);
    let server = Server::start(&linux, &folder, "one", "198.51.100.77")?;
    let guest = Instance::start(&linux, "refused", "--ip dhcp")?;
    guest.wait_for("ip -4 addr show dev eth0", "198.51.100.77/24")?;
    drop(server);
    let other = Server::start(&linux, &folder, "other", "198.51.100.88")?;
    other.wait_for("DHCPNAK", 1)?;
    let shown = guest.wait_for("ip -4 addr show dev eth0", "198.51.100.88/24")?;
    ensure!(!shown.contains("198.51.100.77"), "{shown}");
    linux.run("ping", &words("-c 1 -w 10 198.51.100.88"))?;
    Ok(())
}

/// A server of a few lines, which grants shorter times than dnsmasq and does not answer whom it does not want to.
struct ByHand(UdpSocket);

impl ByHand {
    const US: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
    const GRANTED: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 77);

    fn start(linux: &Namespace) -> Result<Self> {
        // A client without an address hears what goes to everybody, and a route says where they are.
        linux.run("ip", &words("route add 255.255.255.255 dev tap0"))?;
        let socket = linux.udp((Ipv4Addr::UNSPECIFIED, SERVER_PORT))?;
        socket.set_broadcast(true)?;
        Ok(ByHand(socket))
    }

    /// Waits for a question of this kind from a client with this address, and answers nothing before it.
    fn wait_for(&self, kind: Type, client: Ipv4Addr) -> Result<Vec<u8>> {
        let mut question = vec![0; 1500];
        loop {
            let count = self.0.recv(&mut question).context("nobody asks")?;
            let message = Message::parse(&question[..count], Sender::Client)?;
            if message.kind() == Some(kind) && message.client_address() == client {
                return Ok(question[..count].to_vec());
            }
        }
    }

    /// Answers a question; an address lasts for `seconds`.
    fn answer(&self, question: &[u8], kind: Type, seconds: u32) -> Result<()> {
        let question = Message::parse(question, Sender::Client)?;
        let options: &[(u8, &[u8])] = &[
            (option::MESSAGE_TYPE, &[kind.0]),
            (option::SERVER_ID, &Self::US.octets()),
            (option::LEASE_TIME, &seconds.to_be_bytes()),
            (option::SUBNET_MASK, &[255, 255, 255, 0]),
            (option::ROUTERS, &Self::US.octets()),
        ];
        let fields = Fields {
            sender: Sender::Server,
            transaction: question.transaction(),
            seconds: 0,
            broadcast: true,
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: Self::GRANTED,
            station: question.station(),
            options,
        };
        self.0.send_to(&fields.emit(), (Ipv4Addr::BROADCAST, CLIENT_PORT))?;
        Ok(())
    }

    /// Grants the address to the next one who has none.
    fn grant(&self, seconds: u32) -> Result<()> {
        for (asked, answer) in [(Type::DISCOVER, Type::OFFER), (Type::REQUEST, Type::ACK)] {
            let question = self.wait_for(asked, Ipv4Addr::UNSPECIFIED)?;
            self.answer(&question, answer, seconds)?;
        }
        Ok(())
    }
}

/// RFC 2131 section 4.4.5: without an answer the address is used no longer, nor what came with it, and all begins anew.
fn an_address_that_nobody_prolongs_ends_with_its_time() -> Result<()> {
    const SECONDS: u32 = 6;
    let linux = Namespace::with_tap()?;
    let server = ByHand::start(&linux)?;
    let guest = Instance::start(&linux, "expired", "--ip dhcp")?;
    let begun = Instant::now();
    server.grant(SECONDS)?;
    guest.wait_for("ip -4 addr show dev eth0", "198.51.100.77/24")?;
    guest.wait_for("ip route", "default via 198.51.100.1")?;
    // It is asked for more, once of us and then of everybody.
    for _ in 0..2 {
        server.wait_for(Type::REQUEST, ByHand::GRANTED)?;
    }
    wait_for("the address to end", || {
        let shown = guest.tool("ip -4 addr show dev eth0").ok()?;
        (!shown.contains("198.51.100.77")).then_some(())
    })?;
    ensure!(begun.elapsed() >= Duration::from_secs(SECONDS.into()), "{:?}", begun.elapsed());
    let routes = guest.tool("ip route")?;
    ensure!(!routes.contains("198.51.100"), "{routes}");
    server.grant(3600)?;
    guest.wait_for("ip -4 addr show dev eth0", "198.51.100.77/24")?;
    linux.run("ping", &words("-c 1 -w 10 198.51.100.77"))?;
    Ok(())
}
