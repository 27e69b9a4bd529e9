//! Settings under Linux's names, with Linux's defaults.
//!
//! Those of the whole stack are fields of [`Sysctl`]; their rows stand in `core`, `ip`, `neighbour` and `tcp`. Those
//! that each device has are in four tables, `net.ipv4.conf`, `net.ipv6.conf`, `net.ipv4.neigh` and `net.ipv6.neigh`.

mod core;
mod devices;
mod error;
mod fast_open_keys;
mod ip;
mod ipv4_conf;
mod ipv6_conf;
mod name;
mod nearest;
mod neighbour;
mod per_device;
mod table;
mod tcp;
mod value;

pub use error::SysctlError;
pub use fast_open_keys::fast_open_keys;
pub use ipv4_conf::{Ipv4Conf, Ipv4Device};
pub use ipv6_conf::Ipv6Conf;
pub use neighbour::NeighbourConf;
pub use per_device::PerDevice;

use self::core::core_rows;
use ::core::net::IpAddr;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use devices::{Names, conf4, conf6, neighbours4, neighbours6};
use ip::ip_rows;
use neighbour::neighbour_rows;
use table::{Settings, Value, settings};
use tcp::tcp_rows;

/// The congestion controls there are.
pub const CONGESTION_CONTROLS: &[&str] = &["reno", "cubic", "bbr", "dctcp"];

/// The name of a setting and how it reads.
type ReadOnly = (&'static str, fn() -> String);

/// Settings that can only be read.
const READ_ONLY: &[ReadOnly] =
    &[("net.ipv4.tcp_available_congestion_control", || CONGESTION_CONTROLS.join(" "))];

/// Another name of `net.ipv4.conf.all.forwarding`.
const IP_FORWARD: &str = "net.ipv4.ip_forward";

core_rows! { ip_rows neighbour_rows tcp_rows settings {
    /// The settings of a stack.
    pub struct Sysctl {
        /// What each device does with IPv4.
        ipv4: PerDevice<Ipv4Conf> = conf4(),
        /// What each device does with IPv6.
        ipv6: PerDevice<Ipv6Conf> = conf6(),
        /// What each device says of its IPv4 neighbours.
        arp: PerDevice<NeighbourConf> = neighbours4(),
        /// What each device says of its IPv6 neighbours.
        nd: PerDevice<NeighbourConf> = neighbours6(),
        /// The names of the devices.
        names: Names = Names::default(),
    };
} }

impl Sysctl {
    /// What spreads the flows to a destination over the ways of a route. Linux: `ip_multipath_hash_policy`.
    pub fn multipath_hash_policy(&self, destination: IpAddr) -> u32 {
        match destination {
            IpAddr::V4(_) => self.fib_multipath_hash_policy,
            IpAddr::V6(_) => self.fib_multipath_hash_policy6,
        }
    }

    /// All settings with their values as text: those of the whole stack, those that can only be read, those of
    /// devices.
    pub fn all(&self) -> Vec<(String, String)> {
        let whole = Self::NAMES.iter().filter_map(|name| Some((name.to_string(), self.read(name)?)));
        let read_only = READ_ONLY.iter().map(|(name, value)| (name.to_string(), value()));
        let forward = ::core::iter::once((IP_FORWARD.to_string(), self.ipv4.all.forwarding.show()));
        let mut all: Vec<_> = whole.chain(forward).chain(read_only).collect();
        all.extend(self.devices_settings());
        all
    }

    /// The setting `name` as text; `name` has dots or slashes between its parts, and the other one for a dot in a
    /// device's name.
    pub fn get(&self, name: &str) -> Result<String, SysctlError> {
        let name = name::dotted(name);
        if name == IP_FORWARD {
            return Ok(self.ipv4.all.forwarding.show());
        }
        let read_only = || Some(READ_ONLY.iter().find(|(known, _)| *known == name)?.1());
        self.read(&name)
            .or_else(read_only)
            .or_else(|| self.read_device(&name))
            .ok_or_else(|| self.unknown(name))
    }

    /// Sets the setting `name` to what `value` says; `name` as in [`Sysctl::get`].
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        let name = name::dotted(name);
        if READ_ONLY.iter().any(|(known, _)| *known == name) {
            return Err(SysctlError::ReadOnly(name));
        }
        let target = if name == IP_FORWARD { "net.ipv4.conf.all.forwarding" } else { &name };
        match self.write(target, value).or_else(|| self.write_device(target, value)) {
            Some(written) => written.map_err(|expected| SysctlError::Invalid { name, expected }),
            None => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: String) -> SysctlError {
        let near = nearest::nearest(&name, self.all().into_iter().map(|(name, _)| name));
        SysctlError::Unknown { name, near }
    }
}

#[cfg(test)]
mod tests;
