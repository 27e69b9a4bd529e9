//! Whether sockets let others have their address. Linux: `inet_bind_conflict`.

use super::options::TcpOptions;
use crate::packet::DeviceIndex;

/// Whether a socket lets others have its address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sharing {
    /// Linux: `sk_reuse`.
    address: bool,
    /// Linux: `sk_reuseport`.
    port: bool,
    /// The device it is bound to. Linux: `sk_bound_dev_if`.
    device: Option<DeviceIndex>,
}

impl Sharing {
    /// What a socket's options say.
    pub(super) fn of(options: &TcpOptions) -> Self {
        Sharing { address: options.reuse_address, port: options.reuse_port, device: options.device }
    }

    /// Whether two sockets with overlapping addresses stand in each other's way; the other one may listen.
    /// Linux: `inet_bind_conflict`.
    pub(super) fn conflicts(self, other: Sharing, listens: bool) -> bool {
        let same_device = self.device.is_none() || other.device.is_none() || self.device == other.device;
        let shared = (self.address && other.address && !listens) || (self.port && other.port);
        same_device && !shared
    }
}
