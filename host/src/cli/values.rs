//! Single values of the command line. Each parser's error says what was expected.

use super::near::did_you_mean;
use crate::e1000::MAX_MTU;
use crate::gate::Grant;
use crate::gateway::Publish;
use crate::policy::Transport;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// An address and the length of its network prefix in bits (0 to 32, or 128).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address.
    pub address: IpAddr,
    /// The prefix's length in bits.
    pub prefix_length: u8,
}

/// What `--ip` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressArgument {
    /// This address.
    Static(Cidr),
    /// IPv4 addresses from a DHCP server.
    Dhcp,
    /// IPv6 addresses from routers' advertisements.
    Auto,
    /// An IPv4 address that the card takes for itself.
    LinkLocal,
}

impl AddressArgument {
    /// The address, if one was given.
    pub(super) fn cidr(self) -> Option<Cidr> {
        if let AddressArgument::Static(cidr) = self { Some(cidr) } else { None }
    }
}

impl Cidr {
    /// The bits in which an address of this version may differ from another in the network; none if the address is
    /// of the other version.
    fn host_bits(self, address: IpAddr) -> Option<(u128, u128)> {
        let (ours, theirs, width) = match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (ours.to_bits().into(), theirs.to_bits().into(), 32),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits(), theirs.to_bits(), 128u32),
            _ => return None,
        };
        let free = width.saturating_sub(self.prefix_length.into());
        let mask = 1u128.checked_shl(free).map_or(u128::MAX, |bit| bit - 1);
        let (ours, theirs): (u128, u128) = (ours, theirs);
        ((ours ^ theirs) & !mask == 0).then_some((theirs & mask, mask))
    }

    /// Whether `address` is in this address's network.
    pub fn contains(self, address: IpAddr) -> bool {
        self.host_bits(address).is_some()
    }

    /// Whether `address` is in this network and can be a station's: with IPv4 it is not the first (the network) nor
    /// the last (everybody), of which networks of one or two addresses have none (RFC 3021).
    pub fn has_host(self, address: IpAddr) -> bool {
        match self.host_bits(address) {
            Some((host, mask)) => {
                address.is_ipv6() || self.prefix_length >= 31 || (host != 0 && host != mask)
            }
            None => false,
        }
    }

    /// The station with this number in the network, if there is one.
    pub fn host(self, number: u32) -> Option<IpAddr> {
        let (_, mask) = self.host_bits(self.address)?;
        let address = match self.address {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !(mask as u32) | number).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !mask | u128::from(number)).into(),
        };
        self.has_host(address).then_some(address)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_length)
    }
}

/// What `--nic` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WireArgument {
    User,
    Tap(String),
    None,
}

/// What `--dir` names: a directory here, and its path in the guest.
pub(super) type DirectoryMapping = (PathBuf, String);

/// What `--env` names: a variable, and its value if it is not the one of this process.
pub(super) type Variable = (String, Option<String>);

/// A number of decimal digits alone; the standard library's parser takes a sign too.
fn number<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

pub(super) fn wire(text: &str) -> Result<WireArgument, String> {
    match text.split_once(':').unwrap_or((text, "")) {
        ("user", "") => Ok(WireArgument::User),
        ("none", "") => Ok(WireArgument::None),
        ("tap", name) if !name.is_empty() => Ok(WireArgument::Tap(name.to_string())),
        ("stream" | "switch", _) => Err("this wire is not supported yet".into()),
        (name, _) => {
            let near = did_you_mean(name, ["user", "tap", "none"]);
            Err(format!("expected user, tap:NAME or none{near}"))
        }
    }
}

pub(super) fn mac(text: &str) -> Result<[u8; 6], String> {
    let expected = || "expected six bytes in hexadecimal, as 52:54:00:12:34:56".to_string();
    let mut bytes = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2).ok_or_else(expected)?;
        *byte = u8::from_str_radix(part, 16).map_err(|_| expected())?;
    }
    if parts.next().is_some() {
        return Err(expected());
    }
    if bytes == [0; 6] || bytes[0] & 1 != 0 {
        return Err("a network card cannot have a group's address or the zero address".into());
    }
    Ok(bytes)
}

pub(super) fn mtu(text: &str) -> Result<u16, String> {
    let mtu = number(text).filter(|mtu| (68..=MAX_MTU).contains(mtu));
    mtu.ok_or_else(|| format!("expected a number of bytes from 68 to {MAX_MTU}"))
}

const EXPECTED_CIDR: &str =
    "expected an address and the length of its prefix, as 192.0.2.15/24 or 2001:db8::15/64";

pub(super) fn address(text: &str) -> Result<AddressArgument, String> {
    match text {
        "dhcp" => Ok(AddressArgument::Dhcp),
        "auto" => Ok(AddressArgument::Auto),
        "link-local" => Ok(AddressArgument::LinkLocal),
        text if text.contains('/') => cidr(text).map(AddressArgument::Static),
        text => {
            let near = did_you_mean(text, ["dhcp", "link-local", "auto"]);
            Err(format!("{EXPECTED_CIDR}, or dhcp, link-local or auto{near}"))
        }
    }
}

pub(super) fn cidr(text: &str) -> Result<Cidr, String> {
    let (address, prefix) = text.split_once('/').ok_or(EXPECTED_CIDR)?;
    let address: IpAddr = address.parse().map_err(|_| EXPECTED_CIDR)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix_length = number(prefix).filter(|length| *length <= longest).ok_or(EXPECTED_CIDR)?;
    let cidr = Cidr { address, prefix_length };
    if !is_station(address) || !cidr.has_host(address) {
        return Err("this cannot be the address of one station".into());
    }
    Ok(cidr)
}

fn is_station(address: IpAddr) -> bool {
    let special = match address {
        IpAddr::V4(address) => address.octets()[0] == 0 || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unspecified() || address.to_ipv4_mapped().is_some(),
    };
    !(special || address.is_loopback() || address.is_multicast())
}

pub(super) fn gateway(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an address, as 192.0.2.1 or fe80::1".into())
}

pub(super) fn publish(text: &str) -> Result<Publish, String> {
    const EXPECTED: &str =
        "expected [IP:]HOST:GUEST[/udp] with ports up to 65535, as 8080:80 or 0.0.0.0:8080:80";
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let transport = match protocol {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        _ => return Err("expected /tcp, /udp or nothing behind the ports".into()),
    };
    let (host, guest) = ports.rsplit_once(':').ok_or(EXPECTED)?;
    let (ip, host) = match host.rsplit_once(':') {
        Some((ip, host)) => {
            (ip.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| EXPECTED)?, host)
        }
        None => (IpAddr::V4(Ipv4Addr::LOCALHOST), host),
    };
    let host = number(host).ok_or(EXPECTED)?;
    let guest_port = number(guest).filter(|port| *port != 0).ok_or(EXPECTED)?;
    Ok(Publish { listen: SocketAddr::new(ip, host), guest_port, transport })
}

pub(super) fn directory(text: &str) -> Result<DirectoryMapping, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("expected HOST::GUEST, two paths of a directory".into());
    }
    Ok((host.into(), guest.to_string()))
}

pub(super) fn variable(text: &str) -> Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_string())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("expected NAME=VALUE, or NAME alone".into());
    }
    Ok((name.to_string(), value))
}

pub(super) fn grant(text: &str) -> Result<Grant, String> {
    let names = || Grant::ALL.map(Grant::name).join(", ");
    let near = || did_you_mean(text, Grant::ALL.map(Grant::name));
    Grant::named(text).ok_or_else(|| format!("expected one of {}{}", names(), near()))
}

pub(super) fn sysctl(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected KEY=VALUE, as net.ipv4.tcp_syn_retries=3".into()),
    }
}
