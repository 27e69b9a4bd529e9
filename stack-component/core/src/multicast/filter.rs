//! Whose packets to a group are wanted.

use alloc::collections::BTreeSet;
use core::net::IpAddr;

/// What a list of sources means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// These alone are wanted. Linux: `MCAST_INCLUDE`.
    Include,
    /// All but these are wanted. Linux: `MCAST_EXCLUDE`.
    Exclude,
}

/// Whose packets are wanted; none but nobody's is the state of one who does not listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What the list means.
    pub mode: Mode,
    /// The list.
    pub sources: BTreeSet<IpAddr>,
}

impl Filter {
    /// Everybody's.
    pub const EVERYBODY: Filter = Filter { mode: Mode::Exclude, sources: BTreeSet::new() };
    /// Nobody's.
    pub const NOBODY: Filter = Filter { mode: Mode::Include, sources: BTreeSet::new() };

    /// Whether packets of `source` are wanted. Linux: `ip_mc_sf_allow`.
    pub fn allows(&self, source: IpAddr) -> bool {
        (self.mode == Mode::Include) == self.sources.contains(&source)
    }

    /// Whether nothing is wanted.
    pub fn is_nobody(&self) -> bool {
        *self == Filter::NOBODY
    }

    /// What a link must pass on so that every member gets what it wants (RFC 3376 section 3.2). Linux:
    /// `ip_mc_add_src`, `sf_setstate`.
    pub fn of_all<'a>(members: impl Iterator<Item = &'a Filter> + Clone) -> Filter {
        let included = || members.clone().filter(|member| member.mode == Mode::Include);
        let mut excluded = members.clone().filter(|member| member.mode == Mode::Exclude);
        let wanted: BTreeSet<IpAddr> = included().flat_map(|member| &member.sources).copied().collect();
        let Some(first) = excluded.next() else { return Filter { mode: Mode::Include, sources: wanted } };
        let mut unwanted = first.sources.clone();
        for member in excluded {
            unwanted.retain(|source| member.sources.contains(source));
        }
        unwanted.retain(|source| !wanted.contains(source));
        Filter { mode: Mode::Exclude, sources: unwanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn filter(mode: Mode, sources: &[u8]) -> Filter {
        let sources = sources.iter().map(|&last| Ipv4Addr::new(10, 0, 0, last).into()).collect();
        Filter { mode, sources }
    }

    #[test]
    fn what_members_want_together() {
        use Mode::{Exclude, Include};
        // RFC 3376 section 3.2 has the first two as its examples.
        let rows: &[(&[Filter], Filter)] = &[
            (
                &[
                    filter(Exclude, &[1, 2, 3, 4]),
                    filter(Exclude, &[2, 3, 4, 5]),
                    filter(Include, &[4, 5, 6]),
                ],
                filter(Exclude, &[2, 3]),
            ),
            (&[filter(Include, &[1, 2, 3]), filter(Include, &[2, 3, 4])], filter(Include, &[1, 2, 3, 4])),
            (&[filter(Exclude, &[]), filter(Include, &[1])], filter(Exclude, &[])),
            (&[filter(Exclude, &[1])], filter(Exclude, &[1])),
            (&[], Filter::NOBODY),
        ];
        for (members, expected) in rows {
            let all = Filter::of_all(members.iter());
            assert_eq!(all, *expected);
            for last in 0..8 {
                let source = Ipv4Addr::new(10, 0, 0, last).into();
                assert!(members.iter().all(|member| !member.allows(source) || all.allows(source)));
            }
        }
    }
}
