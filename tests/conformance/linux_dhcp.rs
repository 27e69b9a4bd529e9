//! dnsmasq as DHCP server: what it granted is asked for again, of whoever is there, and is gone when it says no.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Result, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::needs;
use conformance::scratch::Scratch;

use crate::linux_control::{Instance, words};
use crate::linux_ip::Killed;

crate::cases! {
    dnsmasq_grants_more_time_after_t1,
    another_server_is_found_after_t2,
    an_address_that_is_refused_is_given_up,
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
