//! What the settings say of groups.

use super::report::NEWEST;
use crate::packet::DeviceIndex;
use crate::sysctl::Sysctl;
use crate::time::Duration;
use core::net::IpAddr;

/// What hosts and routers speak of groups in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Of IPv4's.
    Igmp,
    /// Of IPv6's.
    Mld,
}

impl Language {
    /// What is spoken of this group.
    pub fn of(group: IpAddr) -> Language {
        if group.is_ipv4() { Language::Igmp } else { Language::Mld }
    }
}

/// What the settings say of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The version that is spoken whatever routers speak. Linux: `force_igmp_version`, `force_mld_version`.
    pub(super) forced: Option<u8>,
    /// How often a change is told if routers do not say. Linux: `igmp_qrv`, `mld_qrv`.
    pub(super) robustness: u8,
    /// What routers cannot make less of it. Linux: `mld_update_qrv`.
    pub(super) least_robustness: u8,
    /// The longest time between two reports nobody asked for, in the newest version. Linux:
    /// `igmpv3_unsolicited_report_interval`, `mldv2_unsolicited_report_interval`.
    pub(super) interval: Duration,
    /// The same in those before it.
    pub(super) old_interval: Duration,
}

impl Settings {
    /// Those of a device.
    pub(super) fn of(sysctl: &Sysctl, device: DeviceIndex, language: Language) -> Settings {
        let millis = |millis: u32| Duration::from_millis(millis.max(1).into());
        let times = |times: u32| u8::try_from(times).unwrap_or(u8::MAX).max(1);
        match language {
            Language::Igmp => {
                let (conf, forced) =
                    (sysctl.ipv4.of(device.0), sysctl.ipv4_device(device.0).force_igmp_version());
                Settings {
                    forced: u8::try_from(forced).ok().filter(|forced| (1..=NEWEST).contains(forced)),
                    robustness: times(sysctl.igmp_qrv),
                    least_robustness: 1,
                    interval: millis(conf.igmpv3_unsolicited_report_interval),
                    old_interval: millis(conf.igmpv2_unsolicited_report_interval),
                }
            }
            Language::Mld => {
                let conf = sysctl.ipv6.of(device.0);
                let for_all = sysctl.ipv6.all.force_mld_version;
                let forced = if for_all != 0 { for_all } else { conf.force_mld_version };
                let robustness = times(sysctl.mld_qrv);
                Settings {
                    forced: u8::try_from(forced).ok().filter(|forced| *forced > 0).map(|forced| forced + 1),
                    robustness,
                    least_robustness: robustness.min(2),
                    interval: millis(conf.mldv2_unsolicited_report_interval),
                    old_interval: millis(conf.mldv1_unsolicited_report_interval),
                }
            }
        }
    }
}
