//! A VLAN device: the part of another device's frames that has one tag. Linux: `net/8021q/vlan_dev.c`.

use crate::packet::DeviceIndex;
use crate::wire::ethernet::MacAddress;
use crate::wire::vlan::Tag;

/// What makes an interface a VLAN's. Linux: `struct vlan_dev_priv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// The device whose frames have the tag. Linux: `real_dev`.
    pub parent: DeviceIndex,
    /// The VLAN's number, from 1 to 4094.
    pub id: u16,
    /// The station address, that of the parent when the VLAN was made.
    pub mac: MacAddress,
    /// Whether stations are asked for, as on the parent. Linux: `IFF_NOARP` in `vlan_dev_init`.
    pub has_neighbours: bool,
    /// The tag's priority, from 0 to 7, for packets of each priority from 0 to 15. Linux: `egress-qos-map`.
    pub egress_priorities: [u8; 16],
    /// The packet's priority for each of the tag's. Linux: `ingress-qos-map`.
    pub ingress_priorities: [u32; 8],
}

impl Vlan {
    /// VLAN `id` of a device; no priority is mapped, as on Linux.
    pub const fn new(parent: DeviceIndex, id: u16, mac: MacAddress, has_neighbours: bool) -> Self {
        Vlan { parent, id, mac, has_neighbours, egress_priorities: [0; 16], ingress_priorities: [0; 8] }
    }

    /// The tag of a frame that leaves with this priority. Linux: `vlan_dev_get_egress_qos_mask`.
    pub fn tag(&self, priority: u32) -> Tag {
        let mapped = usize::try_from(priority).ok().and_then(|at| self.egress_priorities.get(at));
        Tag { id: self.id, priority: mapped.copied().unwrap_or(0) }
    }

    /// The priority of a packet that arrived with this tag. Linux: `vlan_get_ingress_priority`.
    pub fn priority(&self, tag: Tag) -> u32 {
        self.ingress_priorities.get(usize::from(tag.priority)).copied().unwrap_or(0)
    }
}
