//! Interface `wnet:stack/neighbours`.

use super::failure::failure;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::IpAddress;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::neighbours::{
    Guest, Neighbour, NeighbourState, NeighbourVerb, Proxy,
};
use crate::entry::enter;
use crate::sockets::addresses::{host, wit_host};
use alloc::vec::Vec;
use stack_core::neighbour::{self, Key, Listed, ProxyKey, Said, State, Verb};
use stack_core::packet::DeviceIndex;
use stack_core::wire::ethernet::MacAddress;

/// Most neighbours that are told at once.
const MOST: u32 = 4096;

impl Guest for Component {
    fn neighbours(start: u32, max: u32) -> Vec<Neighbour> {
        enter(|state, now| {
            let all = state.stack.neighbour_listing(now);
            all.skip(start as usize).take(max.min(MOST) as usize).map(neighbour).collect()
        })
    }

    fn set_neighbour(how: NeighbourVerb, what: Neighbour) -> Result<(), Failure> {
        let verb = match how {
            NeighbourVerb::Add => Verb::Add,
            NeighbourVerb::Change => Verb::Change,
            NeighbourVerb::Replace => Verb::Replace,
        };
        let station = match what.link_address.as_slice() {
            [] => None,
            bytes => {
                let bytes = <[u8; 6]>::try_from(bytes);
                Some(MacAddress(bytes.map_err(|_| failure(Errno::Invalid, "Invalid link address"))?))
            }
        };
        let state = match what.state {
            NeighbourState::Incomplete => State::Incomplete,
            NeighbourState::Reachable => State::Reachable,
            NeighbourState::Stale => State::Stale,
            NeighbourState::Delay => State::Delay,
            NeighbourState::Probe => State::Probe,
            NeighbourState::Failed => State::Failed,
            NeighbourState::Noarp => State::NoArp,
            NeighbourState::Permanent => State::Permanent,
        };
        let Neighbour { router, extern_learn, protocol, .. } = what;
        let said = Said { station, state, router, extern_learn, protocol };
        let key = Key { device: DeviceIndex(what.device), address: host(what.address) };
        Ok(enter(|stack, now| stack.stack.set_neighbour(verb, key, said, now))?)
    }

    fn remove_neighbour(device: u32, address: IpAddress) -> Result<(), Failure> {
        let key = Key { device: DeviceIndex(device), address: host(address) };
        Ok(enter(|state, now| state.stack.remove_neighbour(key, now))?)
    }

    fn proxies() -> Vec<Proxy> {
        let told = |(key, proxy): (ProxyKey, neighbour::Proxy)| Proxy {
            device: key.device.map(|device| device.0),
            address: wit_host(key.address),
            router: proxy.router,
            protocol: proxy.protocol,
        };
        enter(|state, _| state.stack.proxies().map(told).collect())
    }

    fn set_proxy(what: Proxy) -> Result<(), Failure> {
        let Proxy { router, protocol, .. } = what;
        let key = proxy_key(what.device, what.address);
        Ok(enter(|state, now| state.stack.set_proxy(key, neighbour::Proxy { router, protocol }, now))?)
    }

    fn remove_proxy(device: Option<u32>, address: IpAddress) -> Result<(), Failure> {
        let key = proxy_key(device, address);
        Ok(enter(|state, now| state.stack.remove_proxy(key, now))?)
    }
}

fn proxy_key(device: Option<u32>, address: IpAddress) -> ProxyKey {
    ProxyKey { address: host(address), device: device.map(DeviceIndex) }
}

/// The WIT's form of a neighbour.
pub(super) fn neighbour(listed: Listed) -> Neighbour {
    let [used, confirmed, updated] = listed.ages.map(|age| u32::try_from(age.as_secs()).unwrap_or(u32::MAX));
    Neighbour {
        device: listed.key.device.0,
        address: wit_host(listed.key.address),
        link_address: listed.mac.map(|mac| mac.0.to_vec()).unwrap_or_default(),
        state: match listed.state {
            State::Incomplete => NeighbourState::Incomplete,
            State::Reachable => NeighbourState::Reachable,
            State::Stale => NeighbourState::Stale,
            State::Delay => NeighbourState::Delay,
            State::Probe => NeighbourState::Probe,
            State::Failed => NeighbourState::Failed,
            State::NoArp => NeighbourState::Noarp,
            State::Permanent => NeighbourState::Permanent,
        },
        router: listed.router,
        extern_learn: listed.extern_learn,
        protocol: listed.protocol,
        probes: listed.probes,
        used,
        confirmed,
        updated,
    }
}
