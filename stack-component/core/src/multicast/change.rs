//! Changes of what is listened to that routers of the newest version are still to hear of.

use super::report::Record;
use super::{Filter, Mode};
use crate::time::Instant;
use crate::wire::igmp::RecordType;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// How many times a group's change is still to be told.
#[derive(Clone, Debug, Default)]
struct Change {
    /// That of its mode. Linux: `mca_crcount`.
    mode: u8,
    /// Those of its sources. Linux: `sf_crcount`.
    sources: BTreeMap<IpAddr, u8>,
}

impl Change {
    fn is_told(&self) -> bool {
        self.mode == 0 && self.sources.is_empty()
    }
}

/// All changes of a link. Linux: `mr_ifc_timer` and `mc_ifc_work` with what they send.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    by_group: BTreeMap<IpAddr, Change>,
    /// When they are told next.
    pub(super) tell_at: Option<Instant>,
}

impl Changes {
    /// A group changed, which is told so many times. What is still to be told of an old change is told with the new one
    /// (RFC 3376 section 5.1). Linux: `igmp_ifc_event`, `mld_ifc_event`.
    pub(super) fn note(&mut self, group: IpAddr, before: &Filter, after: &Filter, times: u8, now: Instant) {
        let change = self.by_group.entry(group).or_default();
        if before.mode != after.mode {
            change.mode = times;
        }
        for &source in before.sources.symmetric_difference(&after.sources) {
            change.sources.insert(source, times);
        }
        self.tell_at = Some(now);
    }

    /// There is nothing to tell any more.
    pub(super) fn clear(&mut self) {
        *self = Changes::default();
    }

    /// Whether nothing is to be told.
    pub(super) fn is_empty(&self) -> bool {
        self.by_group.is_empty()
    }

    /// The records of all changes, each told once more; `filter` answers what is wanted of a group. Linux:
    /// `igmpv3_send_cr`, `mld_send_cr`.
    pub(super) fn tell<'a>(&mut self, filter: impl Fn(IpAddr) -> &'a Filter) -> Vec<Record> {
        let mut records = Vec::new();
        for (&group, change) in &mut self.by_group {
            let filter = filter(group);
            if change.mode > 0 {
                change.mode -= 1;
                let kind = match filter.mode {
                    Mode::Include => RecordType::ToInclude,
                    Mode::Exclude => RecordType::ToExclude,
                };
                records.push(Record { kind, group, sources: filter.sources.iter().copied().collect() });
            } else {
                let (allowed, blocked): (Vec<IpAddr>, Vec<IpAddr>) =
                    change.sources.keys().partition(|source| filter.allows(**source));
                let lists = [(RecordType::Allow, allowed), (RecordType::Block, blocked)];
                let lists = lists.into_iter().filter(|(_, sources)| !sources.is_empty());
                records.extend(lists.map(|(kind, sources)| Record { kind, group, sources }));
            }
            change.sources.retain(|_, times| {
                *times -= 1;
                *times > 0
            });
        }
        self.by_group.retain(|_, change| !change.is_told());
        records
    }
}
