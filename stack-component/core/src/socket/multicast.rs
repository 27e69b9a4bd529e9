//! What a socket's owner can set about groups.

use crate::packet::DeviceIndex;

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MulticastOption {
    /// The device that packets to groups leave by; none: that of the route. Linux: `IP_MULTICAST_IF`,
    /// `IPV6_MULTICAST_IF`.
    Device(Option<DeviceIndex>),
    /// How many hops packets to groups may take; 0: they stay on this host. Linux: `IP_MULTICAST_TTL`,
    /// `IPV6_MULTICAST_HOPS`.
    HopLimit(u8),
    /// Whether members on this host get a copy. Linux: `IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`.
    Loop(bool),
    /// Whether packets to groups are taken that others here have joined. Linux: `IP_MULTICAST_ALL`,
    /// `IPV6_MULTICAST_ALL`.
    All(bool),
}

/// All settings of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MulticastOptions {
    /// The device that packets to groups leave by.
    pub device: Option<DeviceIndex>,
    /// How many hops they may take.
    pub hop_limit: u8,
    /// Whether members on this host get a copy.
    pub loops: bool,
    /// Whether packets to groups are taken that others here have joined.
    pub all: bool,
}

impl Default for MulticastOptions {
    /// Those of a new socket: packets stay on the link (RFC 1112 section 6.1).
    fn default() -> Self {
        MulticastOptions { device: None, hop_limit: 1, loops: true, all: true }
    }
}

impl MulticastOptions {
    /// Changes one.
    pub fn set(&mut self, option: MulticastOption) {
        match option {
            MulticastOption::Device(device) => self.device = device,
            MulticastOption::HopLimit(hops) => self.hop_limit = hops,
            MulticastOption::Loop(loops) => self.loops = loops,
            MulticastOption::All(all) => self.all = all,
        }
    }
}
