//! Lists of filters at five points.

use super::EgressChecked;
use crate::drop_reason::DropReason;
use crate::packet::{DeviceIndex, Packet};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Where on its way a packet is looked at. Linux: `enum nf_inet_hooks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPoint {
    /// Arrived, header checked, not routed yet.
    PreRouting,
    /// Routed to this stack, about to be delivered.
    LocalIn,
    /// Routed to somebody else.
    Forward,
    /// Made by this stack, header in place.
    LocalOut,
    /// About to leave, whoever made it.
    PostRouting,
}

/// What becomes of a packet. Linux: `NF_ACCEPT`, `NF_DROP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on to the next filter, or on its way.
    Accept,
    /// It is dropped, and counted as [`DropReason::Netfilter`].
    Drop,
}

/// What a filter knows beside the packet. Linux: `struct nf_hook_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookState {
    /// Where it is asked.
    pub point: HookPoint,
    /// The device the packet came by; none for packets made here.
    pub input: Option<DeviceIndex>,
    /// The device the packet will leave by; none before it is routed and for packets that stay here.
    pub output: Option<DeviceIndex>,
}

/// A filter: looks at (and may change) a packet from its IP header on.
pub type Hook = Box<dyn FnMut(&HookState, &mut Packet) -> Verdict + Send>;

/// The filters of all points.
#[derive(Default)]
pub struct Hooks {
    lists: [Vec<Entry>; 5],
}

struct Entry {
    priority: i32,
    hook: Hook,
}

impl Hooks {
    /// Adds a filter behind those with the same or a lower priority. Linux: `nf_register_net_hook`.
    pub fn register(&mut self, point: HookPoint, priority: i32, hook: Hook) {
        let list = &mut self.lists[point as usize];
        let at = list.partition_point(|entry| entry.priority <= priority);
        list.insert(at, Entry { priority, hook });
    }

    /// Whether no filter is there to be asked.
    pub fn is_empty(&self, point: HookPoint) -> bool {
        self.lists[point as usize].is_empty()
    }

    /// Asks the filters of a point, in order, until one drops the packet. PostRouting is asked through
    /// [`Hooks::post_routing`]. Linux: `nf_hook_slow`.
    pub fn run(&mut self, state: &HookState, packet: &mut Packet) -> Result<(), DropReason> {
        for entry in &mut self.lists[state.point as usize] {
            if (entry.hook)(state, packet) == Verdict::Drop {
                return Err(DropReason::Netfilter);
            }
        }
        Ok(())
    }

    /// Asks the filters of PostRouting and lets the packet leave if all accept. `input` is the device it
    /// came by, if it is forwarded.
    pub fn post_routing(
        &mut self,
        input: Option<DeviceIndex>,
        output: DeviceIndex,
        mut packet: Packet,
    ) -> Result<EgressChecked, DropReason> {
        let state = HookState { point: HookPoint::PostRouting, input, output: Some(output) };
        self.run(&state, &mut packet)?;
        Ok(EgressChecked::new(packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;
    use std::sync::Mutex;

    const STATE: HookState =
        HookState { point: HookPoint::LocalIn, input: Some(DeviceIndex(2)), output: None };

    #[test]
    fn filters_are_asked_by_priority_until_one_drops() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut hooks = Hooks::default();
        for (name, priority, verdict) in [
            ('c', 5, Verdict::Drop),
            ('a', -1, Verdict::Accept),
            ('d', 9, Verdict::Accept),
            ('b', -1, Verdict::Accept),
        ] {
            let asked = asked.clone();
            let hook: Hook = Box::new(move |state, _| {
                assert_eq!(*state, STATE);
                asked.lock().unwrap().push(name);
                verdict
            });
            hooks.register(HookPoint::LocalIn, priority, hook);
        }
        let mut packet = Packet::from_payload(b"");
        assert_eq!(hooks.run(&STATE, &mut packet), Err(DropReason::Netfilter));
        assert_eq!(*asked.lock().unwrap(), ['a', 'b', 'c']);
    }

    #[test]
    fn empty_lists_accept_and_mint_the_proof() {
        let mut hooks = Hooks::default();
        assert_eq!(hooks.run(&STATE, &mut Packet::from_payload(b"")), Ok(()));
        let checked = hooks.post_routing(None, DeviceIndex(2), Packet::from_payload(b"x")).unwrap();
        assert_eq!(checked.packet().data(), b"x");
        hooks.register(HookPoint::PostRouting, 0, Box::new(|_, _| Verdict::Drop));
        let refused = hooks.post_routing(None, DeviceIndex(2), Packet::from_payload(b"x"));
        assert_eq!(refused.unwrap_err(), DropReason::Netfilter);
    }
}
