//! One rule.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// What carries the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        })
    }
}

/// Which versions of IP a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Both.
    #[default]
    Any,
    /// `#ipv4-only`
    V4,
    /// `#ipv6-only`
    V6,
}

impl Version {
    pub(super) fn has(self, address: IpAddr) -> bool {
        match self {
            Version::Any => true,
            Version::V4 => address.is_ipv4(),
            Version::V6 => address.is_ipv6(),
        }
    }
}

/// Names: one, all below one, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// `*`
    All,
    /// `*.example.com`: all below it, not itself.
    Below(String),
    /// `example.com`
    One(String),
}

impl Names {
    fn has(&self, name: &str) -> bool {
        match self {
            Names::All => true,
            Names::One(one) => one == name,
            Names::Below(domain) => {
                name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

/// A rule of `--allow-resolve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// Which names.
    pub names: Names,
    /// Which of their addresses.
    pub family: Version,
}

impl NameRule {
    pub(super) fn names(&self, name: &str) -> bool {
        self.names.has(name)
    }
}

/// Hosts of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Those with these names, at the addresses that were looked up. `*`: all, with or without a name.
    Named(Names),
    /// Those whose addresses begin with these bits.
    Network(IpAddr, u8),
}

/// A rule of `--allow-outbound` or `--allow-inbound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRule {
    /// What carries the data.
    pub transport: Transport,
    /// Which hosts: the remote ones, or the own addresses.
    pub hosts: Hosts,
    /// Which ports; 0 in a rule for hearing: one that the stack chooses.
    pub ports: Vec<RangeInclusive<u16>>,
    /// Which versions of IP.
    pub family: Version,
}

impl AddressRule {
    /// To hear at a port of all addresses.
    pub fn hearing(transport: Transport, port: u16) -> Self {
        let hosts = Hosts::Named(Names::All);
        AddressRule { transport, hosts, ports: vec![port..=port], family: Version::Any }
    }

    fn has(&self, transport: Transport, address: SocketAddr) -> bool {
        let port = self.ports.iter().any(|ports| ports.contains(&address.port()));
        self.transport == transport && port && self.family.has(address.ip())
    }

    /// Whether it allows to send to `remote`, which has a name that it `named` or has not.
    pub(super) fn allows(&self, transport: Transport, remote: SocketAddr, named: bool) -> bool {
        self.is_host(remote.ip(), named) && self.has(transport, remote)
    }

    /// Whether it allows to send anything to `remote`, which has a name that it `named` or has not.
    pub(super) fn reaches(&self, remote: IpAddr, named: bool) -> bool {
        self.family.has(remote) && self.is_host(remote, named)
    }

    fn is_host(&self, remote: IpAddr, named: bool) -> bool {
        match &self.hosts {
            Hosts::Named(Names::All) => true,
            Hosts::Named(Names::One(name)) if name == "localhost" => remote.is_loopback(),
            Hosts::Named(_) => named,
            Hosts::Network(network, bits) => is_in(remote, *network, *bits),
        }
    }

    /// Whether it allows to hear at `local`: all addresses are more than one.
    pub(super) fn allows_listening(&self, transport: Transport, local: SocketAddr) -> bool {
        let host = match &self.hosts {
            Hosts::Named(Names::All) => true,
            Hosts::Named(Names::One(name)) if name == "localhost" => local.ip().is_loopback(),
            Hosts::Named(_) => false,
            Hosts::Network(network, bits) => {
                is_in(local.ip(), *network, *bits) && (*bits == 0 || !local.ip().is_unspecified())
            }
        };
        host && self.has(transport, local)
    }

    /// Whether it implies that some name may be looked up.
    pub(super) fn is_about_names(&self) -> bool {
        matches!(self.hosts, Hosts::Named(_))
    }

    /// Whether it names the hosts of this name, and not all hosts.
    pub(super) fn singles_out(&self, name: &str) -> bool {
        self.hosts != Hosts::Named(Names::All) && self.names(name)
    }

    /// Whether it implies that `name` may be looked up.
    pub(super) fn names(&self, name: &str) -> bool {
        match &self.hosts {
            Hosts::Named(names) => names.has(name),
            Hosts::Network(..) => false,
        }
    }
}

/// Whether the first `bits` bits are the same. An IPv4 address in IPv6's clothes is none.
fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |differ: u32| u32::from(bits) <= differ;
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same((a.to_bits() ^ b.to_bits()).leading_zeros()),
        (IpAddr::V6(a), IpAddr::V6(b)) => same((a.to_bits() ^ b.to_bits()).leading_zeros()),
        _ => false,
    }
}
