//! The groups that a guest's UDP socket listens to and how it sends to them, kept so that the socket can be made again.

use super::super::answer::StackAnswer;
use crate::gate::convert::octets;
use crate::kernel::Entered;
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::groups::{
    FilterMode, GroupFilter, GroupOption, GroupPlace, GroupSource, MembershipChange,
};
use std::mem::discriminant;
use wasmtime::component::ResourceAny;

/// Options about groups, each once, and memberships.
#[derive(Debug, Default)]
pub(super) struct Groups {
    options: Vec<GroupOption>,
    memberships: Vec<Membership>,
}

/// A group that is listened to. Linux: `struct ip_mc_socklist`.
#[derive(Debug)]
struct Membership {
    place: GroupPlace,
    mode: FilterMode,
    sources: Vec<IpAddress>,
}

impl Membership {
    fn is_at(&self, place: &GroupPlace) -> bool {
        let same_device = self.place.device == place.device || self.place.device.is_empty();
        octets(&self.place.group) == octets(&place.group) && (same_device || place.device.is_empty())
    }

    /// Nobody's packets are wanted: the group is left.
    fn is_over(&self) -> bool {
        self.mode == FilterMode::Include && self.sources.is_empty()
    }

    fn add(&mut self, mode: FilterMode, source: IpAddress) {
        // An empty list means what its first source says.
        if self.sources.is_empty() {
            self.mode = mode;
        }
        self.sources.push(source);
    }

    /// What makes it again.
    fn makings(&self) -> impl Iterator<Item = MembershipChange> {
        let mode = self.mode;
        let join = (mode == FilterMode::Exclude).then_some(MembershipChange::Join);
        let add = move |&source: &IpAddress| MembershipChange::AddSource(GroupSource { mode, source });
        join.into_iter().chain(self.sources.iter().map(add))
    }
}

impl Groups {
    /// Remembers an option that the stack accepted.
    pub(super) fn remember(&mut self, option: GroupOption) {
        self.options.retain(|earlier| discriminant(earlier) != discriminant(&option));
        self.options.push(option);
    }

    /// Follows a change that the stack made.
    pub(super) fn follow(&mut self, place: GroupPlace, what: MembershipChange) {
        let at = self.memberships.iter().position(|known| known.is_at(&place));
        let known = at.and_then(|at| self.memberships.get_mut(at));
        match (what, known) {
            (MembershipChange::Join, _) => self.add(place, FilterMode::Exclude, Vec::new()),
            (MembershipChange::Leave, _) => drop(at.map(|at| self.memberships.remove(at))),
            (MembershipChange::AddSource(GroupSource { mode, source }), Some(known)) => {
                known.add(mode, source)
            }
            (MembershipChange::AddSource(GroupSource { mode, source }), None) => {
                self.add(place, mode, vec![source]);
            }
            (MembershipChange::RemoveSource(GroupSource { source, .. }), Some(known)) => {
                known.sources.retain(|other| octets(other) != octets(&source));
            }
            (MembershipChange::SetFilter(GroupFilter { mode, sources }), Some(known)) => {
                (known.mode, known.sources) = (mode, sources);
            }
            (MembershipChange::RemoveSource(_) | MembershipChange::SetFilter(_), None) => {}
        }
        self.memberships.retain(|known| !known.is_over());
    }

    fn add(&mut self, place: GroupPlace, mode: FilterMode, sources: Vec<IpAddress>) {
        self.memberships.push(Membership { place, mode, sources });
    }

    /// Does all of it with a new socket of the stack's that is not bound yet. A device may be gone: what is refused is
    /// said in the log, and is no reason to lose the socket.
    pub(super) fn apply(&self, entered: &mut Entered<'_>, socket: ResourceAny) -> StackAnswer<()> {
        let Some(groups) = entered.stack.groups() else { return Ok(Ok(())) };
        let store = &mut *entered.store;
        for option in &self.options {
            if let Err(code) = groups.call_set(&mut *store, socket, option)? {
                tracing::warn!("{option:?} of a UDP socket is lost: {}", code.name());
            }
        }
        for known in &self.memberships {
            for change in known.makings() {
                if let Err(code) = groups.call_change(&mut *store, socket, &known.place, &change)? {
                    tracing::warn!(
                        "a UDP socket does not listen to {:?} any more: {}",
                        known.place,
                        code.name()
                    );
                }
            }
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u8) -> IpAddress {
        IpAddress::Ipv4((192, 0, 2, number))
    }

    fn of(mode: FilterMode, number: u8) -> GroupSource {
        GroupSource { mode, source: source(number) }
    }

    fn place(group: u8, device: &str) -> GroupPlace {
        GroupPlace { group: IpAddress::Ipv4((239, 0, 0, group)), device: device.into() }
    }

    /// The groups with what makes them again.
    fn made(groups: &Groups) -> Vec<String> {
        let word = |change: MembershipChange| match change {
            MembershipChange::Join => "all".to_owned(),
            MembershipChange::AddSource(GroupSource { mode, source }) => {
                let sign = if mode == FilterMode::Include { '+' } else { '-' };
                format!("{sign}{}", octets(&source)[3])
            }
            other => panic!("{other:?}"),
        };
        let line = |known: &Membership| {
            let words: Vec<_> = known.makings().map(word).collect();
            format!("{} {} {}", octets(&known.place.group)[3], known.place.device, words.join(" "))
        };
        groups.memberships.iter().map(line).collect()
    }

    #[test]
    fn memberships_follow_what_was_done_with_them() {
        use FilterMode::{Exclude, Include};
        let mut groups = Groups::default();
        groups.follow(place(1, "eth0"), MembershipChange::Join);
        groups.follow(place(1, "eth1"), MembershipChange::Join);
        groups.follow(place(1, ""), MembershipChange::AddSource(of(Exclude, 7)));
        groups.follow(place(2, "eth0"), MembershipChange::AddSource(of(Include, 8)));
        groups.follow(place(2, "eth0"), MembershipChange::AddSource(of(Include, 9)));
        assert_eq!(made(&groups), ["1 eth0 all -7", "1 eth1 all", "2 eth0 +8 +9"]);
        groups.follow(place(1, "eth1"), MembershipChange::Leave);
        groups.follow(place(1, "eth0"), MembershipChange::RemoveSource(of(Exclude, 7)));
        groups.follow(place(2, "eth0"), MembershipChange::RemoveSource(of(Include, 8)));
        assert_eq!(made(&groups), ["1 eth0 all", "2 eth0 +9"]);
        groups.follow(place(2, ""), MembershipChange::RemoveSource(of(Include, 9)));
        let filter = GroupFilter { mode: Include, sources: vec![source(4)] };
        groups.follow(place(1, "eth0"), MembershipChange::SetFilter(filter));
        assert_eq!(made(&groups), ["1 eth0 +4"], "with the last source the group is left");
        let nobody = GroupFilter { mode: Include, sources: Vec::new() };
        groups.follow(place(1, "eth0"), MembershipChange::SetFilter(nobody));
        assert_eq!(made(&groups), [""; 0]);
    }

    #[test]
    fn the_last_value_of_each_option_is_kept() {
        let mut groups = Groups::default();
        for option in [GroupOption::ReuseAddress(true), GroupOption::HopLimit(3), GroupOption::HopLimit(4)] {
            groups.remember(option);
        }
        assert!(matches!(groups.options[..], [GroupOption::ReuseAddress(true), GroupOption::HopLimit(4)]));
    }
}
