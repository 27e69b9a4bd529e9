//! What the settings say of neighbours: the times of each device and version, and how many there may be.

use super::entry::Key;
use super::state::Timing;
use crate::packet::DeviceIndex;
use crate::random::Random;
use crate::sysctl::{NeighbourConf, PerDevice, Sysctl};
use alloc::collections::BTreeMap;

/// How many neighbours of one version there may be. Linux: `gc_thresh1` to `gc_thresh3` of a `neigh_table`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Below this none is forgotten.
    pub(super) keep: usize,
    /// What a clean-up leaves.
    pub(super) clean_to: usize,
    /// There are never more.
    pub(super) most: usize,
}

impl Limits {
    fn new([keep, clean_to, most]: [u32; 3]) -> Self {
        let clean_to = clean_to.min(most.saturating_sub(1));
        Limits { keep: keep as usize, clean_to: clean_to as usize, most: most as usize }
    }

    /// Most neighbours that are being asked for: packets with made-up sources cannot fill the whole table.
    pub(super) fn most_incomplete(&self) -> usize {
        (self.most / 2).max(1)
    }
}

/// What counts for the neighbours of one version. Linux: a `neigh_table` with the `neigh_parms` of its devices.
#[derive(Clone, Debug)]
struct Family {
    limits: Limits,
    devices: BTreeMap<DeviceIndex, Timing>,
    default: Timing,
}

impl Family {
    fn new(limits: [u32; 3], conf: &PerDevice<NeighbourConf>, random: &mut dyn Random) -> Self {
        let mut timing = |conf: &NeighbourConf| Timing::new(conf, random.next_u32());
        let default = timing(&conf.default);
        let devices = conf.devices().map(|(device, conf)| (DeviceIndex(device), timing(conf))).collect();
        Family { limits: Limits::new(limits), devices, default }
    }
}

/// What counts for all neighbours.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    v4: Family,
    v6: Family,
}

impl Parameters {
    /// As the settings say; each device's reachable time is drawn anew.
    pub(super) fn new(sysctl: &Sysctl, random: &mut dyn Random) -> Self {
        let v4 = [sysctl.neigh_gc_thresh1, sysctl.neigh_gc_thresh2, sysctl.neigh_gc_thresh3];
        let v6 = [sysctl.neigh6_gc_thresh1, sysctl.neigh6_gc_thresh2, sysctl.neigh6_gc_thresh3];
        Parameters { v4: Family::new(v4, &sysctl.arp, random), v6: Family::new(v6, &sysctl.nd, random) }
    }

    fn family(&self, v6: bool) -> &Family {
        if v6 { &self.v6 } else { &self.v4 }
    }

    /// How many neighbours of a version there may be.
    pub(super) fn limits(&self, v6: bool) -> Limits {
        self.family(v6).limits
    }

    /// What counts for a neighbour.
    pub(super) fn timing(&self, key: Key) -> &Timing {
        let family = self.family(key.address.is_ipv6());
        family.devices.get(&key.device).unwrap_or(&family.default)
    }
}
