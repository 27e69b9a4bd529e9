//! Addresses beside Linux: a guest and Linux with the same station hear the same router and are set up in the same way.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use conformance::deadline::wait_for;
use conformance::namespace::Namespace;
use conformance::needs;
use conformance::scratch::Scratch;
use stack_core::autoconf::identifier;
use stack_core::wire::ethernet::MacAddress;

use crate::linux_control::{Instance, MAC, words};
use crate::linux_ip::Killed;

crate::cases! {
    a_secret_makes_the_addresses_that_linux_makes,
    temporary_addresses_live_as_long_as_linuxs_and_are_sources,
    several_addresses_are_looked_for_at_a_time,
    a_guest_listens_to_the_groups_that_linux_does,
}

/// What makes stable identifiers (RFC 7217).
const SECRET: &str = "2001:db8:1234:5678:9abc:def0:1122:3344";

/// A namespace with a TAP for the guest, and Linux behind a cable from there at a device that is called and addressed like
/// the guest's.
struct Twins {
    here: Namespace,
    linux: Namespace,
}

impl Twins {
    /// Linux's device has these settings before it is up.
    fn new(settings: &[(&str, &str)]) -> Result<Self> {
        let (here, linux) = (Namespace::with_both()?, Namespace::new()?);
        linux.run("ip", &words(&format!("link add eth0 address {MAC} type veth peer name far0")))?;
        linux.run("ip", &words(&format!("link set far0 netns {}", here.id())))?;
        for (name, value) in settings {
            linux.set(&format!("net.ipv6.conf.eth0.{name}={value}"))?;
        }
        here.run("ip", &words("link set far0 up"))?;
        linux.run("ip", &words("link set eth0 up"))?;
        Ok(Twins { here, linux })
    }

    /// A router on both links that tells of fd77::/64, for so long.
    fn router(&self, folder: &Scratch, lifetimes: &str) -> Result<Killed> {
        let radvd = needs::program("radvd", "radvd")?;
        let prefix = format!("prefix fd77::/64 {{ AdvOnLink on; AdvAutonomous on; {lifetimes} }};");
        let says = format!("AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; {prefix}");
        let config = ["tap0", "far0"].map(|device| format!("interface {device} {{ {says} }};\n")).concat();
        let config = folder.write("radvd.conf", config)?;
        self.here.set("net.ipv6.conf.all.forwarding=1")?;
        let mut router = self.here.command(radvd)?;
        router.arg("-n").arg("-C").arg(&config).arg("-p").arg(folder.file("pid")).args(["-m", "stderr"]);
        Ok(Killed(router.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }

    /// The guest, which makes its addresses itself.
    fn guest(&self, what: &str, settings: &[(&str, &str)]) -> Result<Instance<'_>> {
        let settings =
            settings.iter().map(|(name, value)| format!(" --sysctl net.ipv6.conf.eth0.{name}={value}"));
        Instance::start(&self.here, what, &format!("--ip auto{}", settings.collect::<String>()))
    }
}

/// Waits until `show` shows so many addresses, each found to be free, and answers the lines.
fn settled(count: usize, show: impl Fn() -> Result<String>) -> Result<Vec<String>> {
    wait_for(&format!("{count} addresses"), || {
        let shown =
            show().ok().filter(|shown| shown.lines().count() == count && !shown.contains("tentative"))?;
        Some(shown.lines().map(str::to_owned).collect())
    })
}

/// The addresses of lines of `ip -o addr`.
fn addresses(lines: &[String]) -> BTreeSet<String> {
    let address = |line: &String| line.split_whitespace().nth(3).unwrap_or_default().to_owned();
    lines.iter().map(address).collect()
}

const SHOW: &str = "-6 -o addr show dev eth0";

/// What the secret makes with this station, on the link and in fd77::/64.
fn made(station: [u8; 6]) -> Result<BTreeSet<String>> {
    let secret = SECRET.parse::<Ipv6Addr>()?.octets();
    let made = |network: Ipv6Addr| {
        let identifier = identifier::stable(&secret, network, MacAddress(station), 0);
        format!("{}/64", identifier::address(network, identifier))
    };
    Ok([identifier::LINK_LOCAL, "fd77::".parse()?].map(made).into())
}

/// Linux makes them of the station that the hardware came with, which a virtual device has not: it is all zeros.
fn a_secret_makes_the_addresses_that_linux_makes() -> Result<()> {
    let (settings, folder) = ([("stable_secret", SECRET)], Scratch::new()?);
    let twins = Twins::new(&settings)?;
    let _router = twins.router(&folder, "")?;
    let guest = twins.guest("secret", &settings)?;
    let ours = settled(2, || guest.tool(&format!("ip {SHOW}")))?;
    let linuxs = settled(2, || twins.linux.run("ip", &words(SHOW)))?;
    ensure!(addresses(&linuxs) == made([0; 6])?, "Linux's {linuxs:#?}");
    ensure!(addresses(&ours) == made([0x52, 0x54, 0, 0x12, 0x34, 0x56])?, "ours {ours:#?}");
    ensure!(ours.iter().all(|line| line.contains("stable-privacy")), "{ours:#?}");
    Ok(())
}

/// The seconds behind a word of a line of `ip -o addr`.
fn seconds(line: &str, word: &str) -> Result<u32> {
    let number = line.split_whitespace().skip_while(|found| *found != word).nth(1).context("a lifetime")?;
    Ok(number.trim_end_matches("sec").parse()?)
}

fn temporary_addresses_live_as_long_as_linuxs_and_are_sources() -> Result<()> {
    let (settings, folder) = ([("use_tempaddr", "2")], Scratch::new()?);
    for lifetimes in [
        "AdvValidLifetime infinity; AdvPreferredLifetime infinity;",
        "AdvValidLifetime 3600; AdvPreferredLifetime 1800;",
    ] {
        let twins = Twins::new(&settings)?;
        let _router = twins.router(&folder, lifetimes)?;
        let guest = twins.guest("temporary", &settings)?;
        let ours = settled(3, || guest.tool(&format!("ip {SHOW}")))?;
        let linuxs = settled(3, || twins.linux.run("ip", &words(SHOW)))?;
        let of = |lines: &[String]| lines.iter().find(|line| line.contains("temporary")).cloned();
        let (ours, linuxs) = (of(&ours).context("ours")?, of(&linuxs).context("Linux's")?);
        let valid = (seconds(&ours, "valid_lft")?, seconds(&linuxs, "valid_lft")?);
        ensure!(valid.0.abs_diff(valid.1) <= 10, "ours {ours}, Linux's {linuxs}");
        // By chance up to ten minutes less than a day, if routers allow as much.
        let preferred = (seconds(&ours, "preferred_lft")?, seconds(&linuxs, "preferred_lft")?);
        let difference = if preferred.1 > 3600 { 610 } else { 10 };
        ensure!(preferred.0.abs_diff(preferred.1) <= difference, "ours {ours}, Linux's {linuxs}");
        guest.tool("ping -6 -c 1 -w 10 fd77::1")?;
        let neighbours = twins.here.run("ip", &words("-6 neigh show dev tap0"))?;
        let source = addresses(&[ours]).pop_first().unwrap_or_default();
        let source = source.trim_end_matches("/64");
        ensure!(neighbours.contains(source), "{source} is no source: {neighbours}");
        ensure!(!neighbours.contains("fd77::5054:ff:fe12:3456"), "the public one is: {neighbours}");
    }
    Ok(())
}

/// One of them is taken (RFC 4862 section 5.4).
fn several_addresses_are_looked_for_at_a_time() -> Result<()> {
    let linux = Namespace::with_both()?;
    linux.run("ip", &words("-6 addr add fd77::13/64 dev tap0 nodad"))?;
    let guest = Instance::start(&linux, "several", "--ip fd77::2/64")?;
    let wanted = 11..=18;
    for last in wanted.clone() {
        guest.tool(&format!("ip addr add fd77::{last}/64 dev eth0"))?;
    }
    guest.wait_for(&format!("ip {SHOW}"), "dadfailed")?;
    let free = "ip -6 -o addr show dev eth0 -tentative";
    let lines = wait_for("seven addresses", || {
        let shown = guest.tool(free).ok()?;
        let lines: Vec<String> =
            shown.lines().filter(|line| line.contains(" fd77::1")).map(str::to_owned).collect();
        (lines.len() == 7).then_some(lines)
    })?;
    ensure!(!addresses(&lines).contains("fd77::13/64"), "{lines:#?}");
    for last in wanted.filter(|last| *last != 13) {
        linux.run("ping", &words(&format!("-6 -c 1 -w 10 fd77::{last}")))?;
    }
    Ok(())
}

fn a_guest_listens_to_the_groups_that_linux_does() -> Result<()> {
    let twins = Twins::new(&[])?;
    twins.linux.run("ip", &words("addr add 198.51.100.2/24 dev eth0"))?;
    twins.linux.run("ip", &words("-6 addr add fd77::2/64 dev eth0 nodad"))?;
    let guest = Instance::start(&twins.here, "groups", "--ip 198.51.100.2/24 --ip fd77::2/64")?;
    let groups = |shown: String| -> BTreeSet<String> {
        shown.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let linuxs = groups(twins.linux.run("ip", &words("maddress show dev eth0"))?);
    let ours = groups(guest.tool("ip maddress show dev eth0")?);
    ensure!(linuxs.len() >= 6 && ours == linuxs, "ours {ours:#?}, Linux's {linuxs:#?}");
    Ok(())
}
