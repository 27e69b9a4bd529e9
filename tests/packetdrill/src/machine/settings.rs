//! How a machine is set up, and what scripts change about it.

use std::net::IpAddr;

/// What a fresh machine for one script is to look like: one device, `tun0`, that carries IP packets without any
/// link layer, with an address, and a route by a gateway to where the script's packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The device's address; upstream's `--local_ip`.
    pub local: IpAddr,
    /// Length of the local network's prefix, from `--netmask_ip`.
    pub prefix: u8,
    /// Where the script's packets come from; `--remote_ip`.
    pub remote: IpAddr,
    /// Length of the prefix that is routed by the gateway.
    pub remote_prefix: u8,
    /// The next hop to `remote`; `--gateway_ip`.
    pub gateway: IpAddr,
    /// The device's MTU in bytes; `--mtu`, 1500 by default.
    pub mtu: u16,
    /// Port of the machine's sockets in scripts that bind; `--bind_port`.
    pub bind_port: u16,
    /// Port of the far end in scripts that connect; `--connect_port`.
    pub connect_port: u16,
    /// Options of the script or the command line that the interpreter does not know, as (name, value).
    pub other: Vec<(String, String)>,
}

/// What `ip route` is told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteVerb {
    /// `add`: an error if it is there.
    Add,
    /// `change`: an error if it is not there.
    Change,
    /// `replace`, `append`: either.
    #[default]
    Replace,
    /// `del`.
    Delete,
}

/// `ip route VERB DESTINATION [via GATEWAY] [dev DEVICE] [METRIC VALUE]...`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteChange {
    /// What to do.
    pub verb: RouteVerb,
    /// Destination and length of its prefix; `None` is `default`.
    pub destination: Option<(IpAddr, u8)>,
    /// The next hop.
    pub via: Option<IpAddr>,
    /// The device's name.
    pub device: Option<String>,
    /// The source address to prefer.
    pub source: Option<IpAddr>,
    /// The path's MTU in bytes.
    pub mtu: Option<u32>,
    /// `mtu lock N`: ICMP may not lower it, and packets go without DF.
    pub mtu_lock: bool,
    /// MSS to announce.
    pub advmss: Option<u32>,
    /// Initial congestion window in segments.
    pub initcwnd: Option<u32>,
    /// Initial receive window in segments.
    pub initrwnd: Option<u32>,
    /// Largest window to announce, in bytes.
    pub window: Option<u32>,
    /// `features ecn`.
    pub ecn: bool,
    /// Congestion control of connections over this route.
    pub congctl: Option<String>,
    /// `quickack 1`.
    pub quickack: Option<bool>,
    /// Lower bound of the retransmission timeout, in nanoseconds.
    pub rto_min: Option<u64>,
    /// `fastopen_no_cookie 1`.
    pub fastopen_no_cookie: Option<bool>,
    /// What is not known here, as (name, value).
    pub other: Vec<(String, String)>,
}

/// A change of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    /// `ip link set dev D mtu N`, in bytes.
    Mtu(u32),
    /// `ip link set dev D up` or `down`.
    Up(bool),
    /// `ip link set dev D gso_max_size N`, `txqueuelen N`, ...
    Number(String, u64),
    /// `ethtool -K D tso off`.
    Offload(String, bool),
    /// `tc qdisc ...`: the words after `qdisc`.
    Qdisc(Vec<String>),
}
