//! What neighbour discovery says of neighbours (RFC 4861 sections 7.2.3 and 7.2.5).

use super::Neighbours;
use super::entry::Key;
use super::state::{State, Step};
use crate::drop_reason::DropReason;
use crate::time::Instant;
use crate::wire::ethernet::MacAddress;
use crate::wire::{ipv4, ipv6};
use core::net::IpAddr;

/// What a message says of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// The sender of a question or a router named its station by the way.
    Hearsay {
        /// The station.
        mac: MacAddress,
        /// Whether a neighbour that is not known is taken up.
        create: bool,
    },
    /// An advertisement.
    Advertised {
        /// The station; none: the one that is known.
        mac: Option<MacAddress>,
        /// It answers a question.
        solicited: bool,
        /// It is right even if another station is known.
        override_known: bool,
        /// The neighbour is a router.
        router: bool,
    },
}

impl Neighbours {
    /// Hears a statement about the neighbour `key`. [`Neighbours::poll_action`] is to be called after it. Linux:
    /// `ndisc_update`, `__neigh_update`.
    pub fn hear(&mut self, now: Instant, key: Key, statement: Statement) -> Result<(), DropReason> {
        match statement {
            Statement::Hearsay { mac, create } => self.hearsay(now, key, mac, create),
            Statement::Advertised { mac, solicited, override_known, router } => {
                self.advertised(now, key, mac, (solicited, override_known), router)
            }
        }
    }

    /// As [`Neighbours::hear`] of hearsay, that came by ARP. Linux: `neigh_event_ns`.
    pub fn hear_arp(
        &mut self,
        now: Instant,
        key: Key,
        mac: MacAddress,
        create: bool,
    ) -> Result<(), DropReason> {
        self.hearsay(now, key, mac, create).map_err(|reason| match reason {
            DropReason::NdiscNotForUs => DropReason::ArpNotForUs,
            reason => reason,
        })
    }

    fn hearsay(&mut self, now: Instant, key: Key, mac: MacAddress, create: bool) -> Result<(), DropReason> {
        let handle = match self.by_key.get(&key).copied() {
            Some(handle) => handle,
            None if create => self.find_or_create(now, key).ok_or(DropReason::NeighbourTableFull)?,
            None => return Err(DropReason::NdiscNotForUs),
        };
        let Some(entry) = self.entries.get_mut(handle) else { return Err(DropReason::NdiscNotForUs) };
        // What an administrator said is not for the link to change.
        if entry.is_fixed() {
            return Ok(());
        }
        let changed = entry.state().is_valid() && entry.mac != mac;
        entry.mac = mac;
        self.advance(handle, |nud, _| {
            nud.on_hearsay(now, changed);
            Step::Rest
        });
        self.send_waiting(now, handle);
        Ok(())
    }

    fn advertised(
        &mut self,
        now: Instant,
        key: Key,
        mac: Option<MacAddress>,
        (solicited, override_known): (bool, bool),
        router: bool,
    ) -> Result<(), DropReason> {
        // An advertisement makes no neighbour (RFC 4861 section 7.2.5).
        let handle = self.by_key.get(&key).copied().ok_or(DropReason::NdiscNotForUs)?;
        let Some(entry) = self.entries.get_mut(handle) else { return Err(DropReason::NdiscNotForUs) };
        if entry.is_fixed() {
            return Ok(());
        }
        let state = entry.state();
        let known = state.is_valid().then_some(entry.mac);
        let changed = known.is_some() && mac.is_some() && mac != known;
        match (state, mac) {
            (State::Failed, _) | (State::Incomplete, None) => return Err(DropReason::NdiscNotForUs),
            _ if changed && !override_known => {
                // Two stations say that they are it: the known one has to show that it lives.
                if state == State::Reachable {
                    self.advance(handle, |nud, _| {
                        nud.on_hearsay(now, true);
                        Step::Rest
                    });
                }
                return Ok(());
            }
            (_, Some(mac)) => entry.mac = mac,
            (_, None) => {}
        }
        entry.router = router;
        self.advance(handle, |nud, timing| {
            match solicited {
                true => nud.on_answer(now, timing),
                false => nud.on_hearsay(now, changed),
            }
            Step::Rest
        });
        self.send_waiting(now, handle);
        Ok(())
    }

    /// Takes note that a neighbour is a router, or none. Answers whether it was one before. Linux: `NTF_ROUTER`.
    pub fn set_router(&mut self, key: Key, router: bool) -> bool {
        let entry = self.by_key.get(&key).and_then(|&handle| self.entries.get_mut(handle));
        entry.is_some_and(|entry| core::mem::replace(&mut entry.router, router))
    }

    /// Whether a neighbour said that it is a router.
    pub fn is_router(&self, key: Key) -> bool {
        let entry = self.by_key.get(&key).and_then(|&handle| self.entries.get(handle));
        entry.is_some_and(|entry| entry.router)
    }

    /// Where the first of the packets that wait for a neighbour comes from.
    pub fn waiting_source(&self, key: Key) -> Option<IpAddr> {
        let entry = self.by_key.get(&key).and_then(|&handle| self.entries.get(handle))?;
        let packet = entry.first_waiting()?.data();
        match key.address {
            IpAddr::V4(_) => ipv4::Header::parse_quoted(packet).ok().map(|header| header.source().into()),
            IpAddr::V6(_) => ipv6::Header::parse_quoted(packet).ok().map(|header| header.source().into()),
        }
    }

    /// The station of a neighbour, if it is known.
    pub fn station(&self, key: Key) -> Option<MacAddress> {
        let entry = self.by_key.get(&key).and_then(|&handle| self.entries.get(handle))?;
        entry.state().is_valid().then_some(entry.mac)
    }

    /// How much is known of a neighbour; none if nothing is.
    pub fn state_of(&self, key: Key) -> Option<State> {
        self.by_key.get(&key).and_then(|&handle| self.entries.get(handle)).map(|entry| entry.state())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbour::{Said, Verb};
    use crate::packet::DeviceIndex;
    use crate::random::SeededRandom;
    use crate::sysctl::Sysctl;
    use core::net::Ipv6Addr;

    const KEY: Key = Key { device: DeviceIndex(2), address: core::net::IpAddr::V6(Ipv6Addr::LOCALHOST) };
    const A: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const B: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

    fn now() -> Instant {
        Instant::from_millis(1_000_000)
    }

    /// A table that knows the neighbour in this state, at station A.
    fn table(state: State) -> Neighbours {
        let mut table = Neighbours::new(&Sysctl::default(), &mut SeededRandom::new(1));
        table.hear(now(), KEY, Statement::Hearsay { mac: A, create: true }).unwrap();
        if state == State::Reachable {
            table.hear(now(), KEY, said(Some(A), true, true)).unwrap();
        }
        table
    }

    fn said(mac: Option<MacAddress>, solicited: bool, override_known: bool) -> Statement {
        Statement::Advertised { mac, solicited, override_known, router: false }
    }

    fn known(table: &Neighbours) -> (State, MacAddress) {
        let (_, state, mac) = table.iter().next().unwrap();
        (state, mac)
    }

    #[test]
    fn the_table_of_rfc_4861() {
        use State::{Reachable, Stale};
        let rows = [
            (Reachable, said(Some(B), false, false), (Stale, A)),
            (Reachable, said(Some(B), true, false), (Stale, A)),
            (Stale, said(Some(B), true, false), (Stale, A)),
            (Reachable, said(Some(B), true, true), (Reachable, B)),
            (Reachable, said(Some(B), false, true), (Stale, B)),
            (Stale, said(Some(A), true, false), (Reachable, A)),
            (Stale, said(None, true, false), (Reachable, A)),
            (Reachable, said(Some(A), false, true), (Reachable, A)),
            (Reachable, said(None, false, false), (Reachable, A)),
            (Reachable, Statement::Hearsay { mac: A, create: true }, (Reachable, A)),
            (Reachable, Statement::Hearsay { mac: B, create: true }, (Stale, B)),
        ];
        for (state, statement, expected) in rows {
            let mut table = table(state);
            table.hear(now(), KEY, statement).unwrap();
            assert_eq!(known(&table), expected, "{state:?} {statement:?}");
        }
    }

    /// Linux `__neigh_update`: without `NEIGH_UPDATE_F_ADMIN` a permanent entry stays what it is.
    #[test]
    fn what_an_administrator_said_stays() {
        for statement in [said(Some(B), true, true), Statement::Hearsay { mac: B, create: true }] {
            let mut table = table(State::Stale);
            table.tell(now(), Verb::Replace, KEY, Said::new(Some(A), State::Permanent)).unwrap();
            table.hear(now(), KEY, statement).unwrap();
            table.hear_arp(now(), KEY, B, true).unwrap();
            assert_eq!(known(&table), (State::Permanent, A), "{statement:?}");
        }
    }

    #[test]
    fn advertisements_make_no_neighbours() {
        let mut table = Neighbours::new(&Sysctl::default(), &mut SeededRandom::new(1));
        let nobody = Err(DropReason::NdiscNotForUs);
        assert_eq!(table.hear(now(), KEY, said(Some(A), true, true)), nobody);
        assert_eq!(table.hear(now(), KEY, Statement::Hearsay { mac: A, create: false }), nobody);
        assert!(table.is_empty());
    }

    #[test]
    fn who_is_a_router() {
        let mut table = table(State::Stale);
        assert!(!table.set_router(KEY, true) && table.is_router(KEY));
        table.hear(now(), KEY, said(Some(A), true, true)).unwrap();
        assert!(!table.is_router(KEY), "it says that it is none");
    }
}
