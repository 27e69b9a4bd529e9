//! Interface `wnet:stack/route-lookup`.

use super::failure::failure;
use super::routing;
use crate::Component;
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::bindings::exports::wnet::stack::route_lookup::{Flow, Guest, Path, Transport};
use crate::entry::enter;
use stack_core::route::{self, BadSource, FlowKey};
use stack_core::stack::control::NoPath;

impl Guest for Component {
    fn find_path(what: Flow, above: Option<Transport>) -> Result<Path, Failure> {
        let above = above.map(|above| route::Transport {
            protocol: above.protocol,
            ports: [above.source_port, above.destination_port],
        });
        let flow = FlowKey { transport: above.unwrap_or_default(), ..routing::core_flow(&what) };
        enter(|state, now| {
            let path = state.stack.find_path(&flow)?;
            let seconds = path.expires.map(|until| until.since(now).as_secs());
            Ok(Path {
                way: routing::wit_way(&path.found, now),
                mtu: path.mtu.map(|known| known.mtu),
                mtu_lock: path.mtu.is_some_and(|known| known.locked),
                expires: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
                redirect: path.redirect,
            })
        })
    }
}

impl From<NoPath> for Failure {
    fn from(why: NoPath) -> Self {
        match why {
            NoPath::Refused(refusal) => refusal.into(),
            NoPath::NotForwarding => failure(Errno::HostUnreachable, ""),
            NoPath::BadSource(BadSource::Martian) => failure(Errno::Invalid, ""),
            // The published errors have no EXDEV: its words say it.
            NoPath::BadSource(BadSource::ReversePath) => failure(Errno::Invalid, "Invalid cross-device link"),
        }
    }
}
