//! Options of scripts and of the command line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::machine::Setup;

/// How a script is to be run. Names and defaults are upstream's (config.c), but for the local address, which is
/// random there, and what upstream's own runners give on the command line.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the machine looks like.
    pub setup: Setup,
    /// `--ip_version`.
    pub ip_version: IpVersion,
    /// Whether `--mtu` was given.
    mtu_is_chosen: bool,
    /// `--tolerance_usecs`, in nanoseconds.
    pub tolerance: u64,
    /// `--tolerance_percent` of the time since the event before.
    pub tolerance_percent: f64,
    /// `--tcp_ts_tick_usecs`: 0 does not check the values of outbound timestamps.
    pub ts_tick_usecs: u64,
    /// `--tcp_ts_ecr_scaled`: echoes of timestamps that were never sent are computed.
    pub ts_ecr_scaled: bool,
    /// `--tcp_ts_ecr_strict`: the echoes of outbound timestamps are compared. Not upstream's.
    pub ts_ecr_strict: bool,
    /// `--strict_segments`: a segment of the script is one segment on the wire.
    pub strict_segments: bool,
    /// `--non_fatal=packet`.
    pub non_fatal_packet: bool,
    /// `--non_fatal=syscall`.
    pub non_fatal_call: bool,
    /// `--is_anyip`.
    pub any_ip: bool,
    /// `--dry_run`: parse only.
    pub dry_run: bool,
    /// `-v`: all packets are printed.
    pub verbose: bool,
    /// `--define SYM=VAL`.
    pub defines: Vec<(String, String)>,
}

/// The version that sockets and packets are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// `ipv4`
    V4,
    /// `ipv4-mapped-ipv6`: sockets of AF_INET6, packets of IPv4.
    Mapped,
    /// `ipv6`
    V6,
}

impl Default for Config {
    fn default() -> Config {
        let defines = [
            ("MSS", "1460"),
            ("TFO_COOKIE", "3021b9d889017eeb"),
            ("TFO_COOKIE_ZERO", "b7c12350a90dc8f5"),
            ("CODE", "host_unreachable"),
            ("CMSG_LEVEL_IP", "SOL_IP"),
            ("CMSG_TYPE_RECVERR", "IP_RECVERR"),
        ];
        Config {
            setup: Setup {
                local: Ipv4Addr::new(192, 168, 0, 1).into(),
                prefix: 16,
                remote: Ipv4Addr::new(192, 0, 2, 1).into(),
                remote_prefix: 24,
                gateway: Ipv4Addr::new(192, 168, 0, 2).into(),
                mtu: 1500,
                bind_port: 8080,
                connect_port: 8080,
                other: Vec::new(),
            },
            ip_version: IpVersion::V4,
            mtu_is_chosen: false,
            tolerance: 4_000_000,
            tolerance_percent: 12.5,
            ts_tick_usecs: 0,
            ts_ecr_scaled: false,
            ts_ecr_strict: false,
            strict_segments: false,
            non_fatal_packet: false,
            non_fatal_call: false,
            any_ip: false,
            dry_run: false,
            verbose: false,
            defines: defines.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        }
    }
}

/// What the symbols that depend on the version are with IPv6, as upstream's runner says.
const IPV6_DEFINES: [(&str, &str); 5] = [
    ("TFO_COOKIE", "c1d1e9742a47a9bc"),
    ("TFO_COOKIE_ZERO", "82af1a8f9a205c34"),
    ("CODE", "address_unreachable"),
    ("CMSG_LEVEL_IP", "SOL_IPV6"),
    ("CMSG_TYPE_RECVERR", "IPV6_RECVERR"),
];

/// Options that take no value.
pub const FLAGS: &[&str] = &[
    "tcp_ts_ecr_scaled",
    "tcp_ts_ecr_strict",
    "strict_segments",
    "dry_run",
    "is_anyip",
    "send_omit_free",
    "debug",
    "verbose",
    "wire_client",
    "wire_server",
    "persistent_tun_dev",
];

impl Config {
    /// Takes an option, of a script or of the command line. Options that mean nothing here (those of real devices
    /// and of the remote mode) are kept for the machine in [`Setup::other`].
    ///
    /// # Errors
    /// A value that the option cannot have.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        if FLAGS.contains(&name) {
            self.set_flag(name);
            return Ok(());
        }
        let value = value.ok_or_else(|| format!("--{name} needs a value"))?;
        let wrong = |_| format!("--{name}={value} is not a number of the right size");
        match name {
            "ip_version" => self.set_version(ip_version(value)?),
            "bind_port" => self.setup.bind_port = value.parse().map_err(wrong)?,
            "connect_port" => self.setup.connect_port = value.parse().map_err(wrong)?,
            "mtu" => {
                self.setup.mtu = value.parse().map_err(wrong)?;
                self.mtu_is_chosen = true;
            }
            "tolerance_usecs" => self.tolerance = value.parse::<u64>().map_err(wrong)? * 1000,
            "tcp_ts_tick_usecs" => self.ts_tick_usecs = value.parse().map_err(wrong)?,
            "tolerance_percent" => {
                self.tolerance_percent =
                    value.parse().map_err(|_| format!("--{name}={value} is not a number"))?;
            }
            "local_ip" => self.setup.local = address(name, value)?.0,
            "gateway_ip" => self.setup.gateway = address(name, value)?.0,
            "remote_ip" => {
                let (address, prefix) = address(name, value)?;
                self.setup.remote = address;
                self.setup.remote_prefix = prefix.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
            }
            "netmask_ip" => match address(name, value)?.0 {
                IpAddr::V4(mask) => self.setup.prefix = mask.to_bits().leading_ones() as u8,
                IpAddr::V6(_) => return Err(format!("--{name}={value} is not a mask of IPv4")),
            },
            "non_fatal" => {
                self.non_fatal_packet |= value.contains("packet");
                self.non_fatal_call |= value.contains("syscall");
            }
            "define" => {
                let (name, value) = value.split_once('=').ok_or("--define needs SYMBOL=VALUE")?;
                self.defines.push((name.to_owned(), value.to_owned()));
            }
            _ => self.setup.other.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    /// The default addresses follow the version, and the MTU makes room for the longer header, so that the segments
    /// of scripts are of one size. Upstream: set_default_config, its runners' `--mtu=1520`.
    fn set_version(&mut self, version: IpVersion) {
        let setup = &mut self.setup;
        let of_other_version = setup.local.is_ipv6() != (version == IpVersion::V6);
        if of_other_version {
            let defaults = if version == IpVersion::V6 { ipv6_setup() } else { Config::default().setup };
            let mtu = if self.mtu_is_chosen { setup.mtu } else { defaults.mtu };
            let (bind_port, connect_port) = (setup.bind_port, setup.connect_port);
            let other = std::mem::take(&mut setup.other);
            *setup = Setup { mtu, bind_port, connect_port, other, ..defaults };
            if version == IpVersion::V6 {
                let defines =
                    IPV6_DEFINES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                self.defines.extend(defines);
            }
        }
        self.ip_version = version;
    }

    /// To be called when all options are taken. A gateway that is the machine itself, as the kernel's own runner has
    /// it, or that is not in the local network becomes the first other address there: on a device without link
    /// layer any gateway is as good.
    pub fn finish(&mut self) {
        let setup = &mut self.setup;
        let (IpAddr::V4(local), IpAddr::V4(gateway)) = (setup.local, setup.gateway) else {
            return finish_v6(setup);
        };
        let mask = u32::MAX.checked_shl(32 - u32::from(setup.prefix.min(32))).unwrap_or(0);
        let network = local.to_bits() & mask;
        if gateway != local && gateway.to_bits() & mask == network {
            return;
        }
        let first = Ipv4Addr::from_bits(network | 1);
        setup.gateway = if first == local { Ipv4Addr::from_bits(network | 2) } else { first }.into();
    }

    fn set_flag(&mut self, name: &str) {
        match name {
            "tcp_ts_ecr_scaled" => self.ts_ecr_scaled = true,
            "tcp_ts_ecr_strict" => self.ts_ecr_strict = true,
            "strict_segments" => self.strict_segments = true,
            "dry_run" => self.dry_run = true,
            "is_anyip" => self.any_ip = true,
            "verbose" => self.verbose = true,
            other => self.setup.other.push((other.to_owned(), String::new())),
        }
    }
}

fn ipv6_setup() -> Setup {
    Setup {
        local: Ipv6Addr::new(0xfd3d, 0xa0b, 0x17d6, 0, 0, 0, 0, 1).into(),
        prefix: 64,
        remote: Ipv6Addr::new(0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1).into(),
        remote_prefix: 64,
        gateway: Ipv6Addr::new(0xfd3d, 0xa0b, 0x17d6, 0, 0, 0, 0, 2).into(),
        mtu: 1520,
        ..Config::default().setup
    }
}

/// The gateway of upstream's runners is in another network than the machine.
fn finish_v6(setup: &mut Setup) {
    let (IpAddr::V6(local), IpAddr::V6(gateway)) = (setup.local, setup.gateway) else { return };
    let mask = u128::MAX.checked_shl(128 - u32::from(setup.prefix.min(128))).unwrap_or(0);
    let is_near = (local.to_bits() ^ gateway.to_bits()) & mask == 0;
    if !is_near || local == gateway {
        setup.gateway = Ipv6Addr::from_bits(local.to_bits() ^ 3).into();
    }
}

fn ip_version(value: &str) -> Result<IpVersion, String> {
    match value {
        "ipv4" => Ok(IpVersion::V4),
        "ipv4-mapped-ipv6" => Ok(IpVersion::Mapped),
        "ipv6" => Ok(IpVersion::V6),
        _ => Err(format!("--ip_version={value} is not ipv4, ipv4-mapped-ipv6 or ipv6")),
    }
}

fn address(name: &str, value: &str) -> Result<(IpAddr, Option<u8>), String> {
    let (address, prefix) = match value.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()),
        None => (value, None),
    };
    let address = address.parse().map_err(|_| format!("--{name}={value} is not an IP address"))?;
    Ok((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_a_neighbour() {
        for (local, gateway, expected) in [
            ("192.168.0.1", "192.168.0.2", "192.168.0.2"),
            ("192.168.0.1", "192.168.0.1", "192.168.0.2"),
            ("192.168.0.2", "192.168.0.2", "192.168.0.1"),
            ("10.248.0.3", "192.168.0.2", "10.248.0.1"),
        ] {
            let mut config = Config::default();
            config.set("local_ip", Some(local)).unwrap();
            config.set("gateway_ip", Some(gateway)).unwrap();
            config.finish();
            assert_eq!(config.setup.gateway.to_string(), expected);
        }
    }

    #[test]
    fn options_are_taken_or_refused() {
        let mut config = Config::default();
        for (name, value) in [
            ("mtu", "9000"),
            ("tolerance_usecs", "10000"),
            ("netmask_ip", "255.255.255.0"),
            ("remote_ip", "10.0.0.1/8"),
            ("so_flags", "x"),
        ] {
            config.set(name, Some(value)).unwrap();
        }
        config.set("strict_segments", None).unwrap();
        assert_eq!((config.setup.mtu, config.tolerance, config.setup.prefix), (9000, 10_000_000, 24));
        assert_eq!((config.setup.remote_prefix, config.strict_segments), (8, true));
        assert_eq!(config.setup.other, [("so_flags".to_owned(), "x".to_owned())]);
        assert!(config.set("mtu", Some("lots")).is_err());
        assert!(config.set("mtu", None).is_err());
        assert!(config.set("ip_version", Some("ipx")).is_err());
    }
}
