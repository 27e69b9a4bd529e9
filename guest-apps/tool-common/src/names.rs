//! The names of hosts, as they are shown beside or for their addresses.

use crate::address::wit;
use crate::bindings::wasi::io::poll::{Pollable, poll};
use crate::bindings::wasi::sockets::network::ErrorCode;
use crate::bindings::wnet::stack::reverse_names::look_up;
use std::collections::HashMap;
use std::net::IpAddr;

/// What is known of addresses, so that nobody is asked twice.
#[derive(Debug, Default)]
pub struct HostNames {
    known: HashMap<IpAddr, Option<String>>,
}

impl HostNames {
    /// The name of the host that has an address; none if nobody says. Waits for the answer, but no longer than until `stop`
    /// is ready. Linux: getnameinfo(3).
    pub fn name(&mut self, address: IpAddr, stop: Option<&Pollable>) -> Option<String> {
        self.known.entry(address).or_insert_with(|| found(address, stop)).clone()
    }
}

fn found(address: IpAddr, stop: Option<&Pollable>) -> Option<String> {
    let lookup = look_up(wit(address)).ok()?;
    loop {
        match lookup.name() {
            Err(ErrorCode::WouldBlock) => {}
            answer => return answer.ok(),
        }
        let ended = lookup.subscribe();
        let waited_for: Vec<&Pollable> = [Some(&ended), stop].into_iter().flatten().collect();
        if poll(&waited_for).contains(&1) {
            return None;
        }
    }
}
