//! The gateway's door: what the guest begins is held back until it is clear what becomes of it.
//!
//! The gateway's stack takes packets for all hosts of the world as its own (`ip route add local 0.0.0.0/0 dev lo`, Linux's
//! AnyIP). Before it sees the first packet of a flow, the event loop has asked the policy and the real host: a connection that
//! is refused there is refused here, instead of accepted and then reset.

use super::device::WireDevice;
use super::knock::{Knock, Wish, wish};
use stack_core::device::{Features, NetDevice};
use stack_core::packet::Packet;
use stack_core::time::Instant;
use stack_core::wire::ethernet::{self, MacAddress};
use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most frames that wait for a judgement; more are lost, as in a full queue of a card.
const MAX_KNOCKS: usize = 4096;

/// Frames between the wire and the gateway's stack.
#[derive(Debug)]
pub(super) struct Door {
    state: Mutex<State>,
    /// The gateway's own addresses.
    own: Vec<IpAddr>,
}

#[derive(Debug, Default)]
struct State {
    /// Frames to be judged.
    knocks: VecDeque<Knock>,
    /// Frames that may come in.
    admitted: VecDeque<Vec<u8>>,
    /// Where datagrams come in unasked: a socket waits for them.
    open: HashSet<SocketAddr>,
    /// Who sent the last frame.
    guest: Option<MacAddress>,
}

impl Door {
    /// The door of the gateway with these addresses.
    pub(super) fn new(own: Vec<IpAddr>) -> Self {
        Door { state: Mutex::default(), own }
    }

    /// Whether the gateway itself has this address.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        self.own.contains(&address)
    }

    /// The gateway's own addresses.
    pub(super) fn own(&self) -> &[IpAddr] {
        &self.own
    }

    /// The frame that has waited longest for a judgement.
    pub(super) fn take(&self) -> Option<Knock> {
        self.state().knocks.pop_front()
    }

    /// Lets a frame in.
    pub(super) fn admit(&self, frame: Vec<u8>) {
        self.state().admitted.push_back(frame);
    }

    /// Whether frames wait to come in.
    pub(super) fn has_admitted(&self) -> bool {
        !self.state().admitted.is_empty()
    }

    /// The guest's station address, once it has sent something.
    pub(super) fn guest_mac(&self) -> Option<MacAddress> {
        self.state().guest
    }

    /// Lets datagrams to `destination` in from now on, or no longer.
    pub(super) fn set_open(&self, destination: SocketAddr, open: bool) {
        let mut state = self.state();
        if open {
            state.open.insert(destination);
        } else {
            state.open.remove(&destination);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Queues are as good after a panic as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of a frame has to be judged first.
    fn judged_first(&self, state: &State, frame: &[u8]) -> Option<(Wish, SocketAddr, SocketAddr)> {
        let (wish, source, destination) = wish(frame)?;
        let stacks_own = match wish {
            Wish::Connection | Wish::Reset => false,
            Wish::Datagram => state.open.contains(&destination),
            Wish::Router | Wish::Lease => false,
            Wish::Echo | Wish::Other => self.is_own(destination.ip()),
        };
        (!stacks_own).then_some((wish, source, destination))
    }
}

/// The gateway's network card behind its door.
#[derive(Debug)]
pub(super) struct DoorDevice {
    pub(super) door: Arc<Door>,
    pub(super) card: WireDevice,
}

impl NetDevice for DoorDevice {
    fn mac(&self) -> MacAddress {
        self.card.mac()
    }

    fn features(&self) -> Features {
        self.card.features()
    }

    fn link_up(&self) -> bool {
        self.card.link_up()
    }

    fn poll(&mut self, now: Instant, budget: usize, frames: &mut Vec<Packet>) -> bool {
        let first = frames.len();
        let more = self.card.poll(now, budget, frames);
        let mut state = self.door.state();
        let arrived = frames.split_off(first);
        frames.extend(state.admitted.drain(..).map(Packet::from_frame));
        let sender = arrived.last().and_then(|packet| ethernet::Header::parse(packet.data()).ok());
        state.guest = sender.map(|header| header.source()).or(state.guest);
        for packet in arrived {
            match self.door.judged_first(&state, packet.data()) {
                None => frames.push(packet),
                Some((wish @ Wish::Reset, source, destination)) => {
                    frames.push(packet);
                    let knock = Knock { wish, source, destination, frame: Vec::new() };
                    let room = state.knocks.len() < MAX_KNOCKS;
                    state.knocks.extend(room.then_some(knock));
                }
                Some((wish, source, destination)) if state.knocks.len() < MAX_KNOCKS => {
                    let frame = packet.data().to_vec();
                    state.knocks.push_back(Knock { wish, source, destination, frame });
                }
                Some(_) => {}
            }
        }
        more
    }

    fn transmit(&mut self, frame: Packet) -> Result<(), Packet> {
        self.card.transmit(frame)
    }

    fn flush(&mut self) {
        self.card.flush();
    }

    fn can_transmit(&self) -> bool {
        self.card.can_transmit()
    }
}
