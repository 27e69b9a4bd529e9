//! What a stack is told of names: what it looks them up by.

use super::bindings::exports::wasi::sockets::network::{
    IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use super::bindings::exports::wnet::stack::names::Settings;
use super::config::ip_address;
use std::net::{IpAddr, SocketAddr};

/// What names are looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSettings {
    /// Whom to ask, the first of them first; none: those that the network tells of.
    pub servers: Vec<SocketAddr>,
    /// Domains in which a name of few dots is looked for.
    pub search: Vec<String>,
    /// A name of as many dots is first looked for as it is, 0 to 15.
    pub dots: u8,
    /// Seconds that a server has for its answer, 1 to 30.
    pub timeout: u8,
    /// How often all servers are asked, 1 to 5.
    pub attempts: u8,
    /// Names that nobody needs to be asked about.
    pub hosts: Vec<(String, IpAddr)>,
}

impl Default for NameSettings {
    fn default() -> Self {
        let (servers, search, hosts) = (Vec::new(), Vec::new(), Vec::new());
        NameSettings { servers, search, dots: 1, timeout: 2, attempts: 3, hosts }
    }
}

impl NameSettings {
    /// What `names.configure` is told.
    pub(crate) fn for_stack(&self) -> Settings {
        Settings {
            servers: self.servers.iter().copied().map(socket_address).collect(),
            search: self.search.clone(),
            ndots: self.dots,
            timeout: self.timeout,
            attempts: self.attempts,
            hosts: self.hosts.iter().map(|(name, ip)| (name.clone(), ip_address(*ip))).collect(),
        }
    }
}

fn socket_address(address: SocketAddr) -> IpSocketAddress {
    let port = address.port();
    match address {
        SocketAddr::V4(v4) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: v4.ip().octets().into() })
        }
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}
