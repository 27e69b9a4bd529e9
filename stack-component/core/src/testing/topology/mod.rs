//! Hosts and routers with any links between them.

mod tests;

use super::link::{Impairment, Link};
use super::link_end::LinkEnd;
use crate::random::SeededRandom;
use crate::stack::Stack;
use crate::time::{Duration, Instant};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Frames a stack handles before the next has its turn.
const BUDGET: usize = 64;

/// One end of a link: the stack, and the address of its new device there.
type End<'a> = (usize, &'a str);

/// Stacks and the links between them, with a clock that jumps to what happens next.
struct Topology {
    stacks: Vec<Stack>,
    links: Vec<Arc<Mutex<Link>>>,
    now: Instant,
}

impl Topology {
    /// `count` stacks that forward, without links.
    fn new(count: usize) -> Self {
        let stack = |number: usize| {
            let mut stack = Stack::new(Box::new(SeededRandom::new(number as u64 + 1)));
            let settings = [
                ("net.ipv4.ip_forward", "1"),
                ("net.ipv6.conf.all.forwarding", "1"),
                // Nobody has to wait until an address is known to be one's own.
                ("net.ipv6.conf.default.dad_transmits", "0"),
            ];
            for (name, value) in settings {
                stack.set_sysctl(name, value).unwrap();
            }
            stack
        };
        let now = Instant::from_millis(1_000_000);
        Topology { stacks: (0..count).map(stack).collect(), links: Vec::new(), now }
    }

    /// Joins two stacks by a link of `mtu` bytes; their devices are called `eth` and the link's number, which it answers.
    fn join(&mut self, ends: [End<'_>; 2], mtu: u32) -> usize {
        let number = self.links.len();
        let link = Link::new(Impairment::NONE, number as u64, self.now);
        for (end, (stack, address)) in ends.into_iter().enumerate() {
            let device = Box::new(LinkEnd { link: link.clone(), end });
            let stack = &mut self.stacks[stack];
            let index = stack.add_device(&format!("eth{number}"), device, mtu).unwrap();
            stack.add_address(index, address.parse().unwrap()).unwrap();
        }
        self.links.push(link);
        number
    }

    fn link(&self, number: usize) -> MutexGuard<'_, Link> {
        self.links[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&mut self) {
        let mut more = true;
        while more {
            more = false;
            for stack in &mut self.stacks {
                more |= stack.poll(self.now, BUDGET);
            }
        }
    }

    /// Lets time pass.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.settle();
            let arrivals = (0..self.links.len()).filter_map(|link| self.link(link).next_arrival());
            let timers = self.stacks.iter().filter_map(Stack::next_deadline);
            let next = arrivals.chain(timers).min().map_or(end, |next| next.min(end));
            self.now = self.now.max(next);
            let now = self.now;
            (0..self.links.len()).for_each(|link| self.link(link).advance(now));
            self.settle();
        }
    }
}
