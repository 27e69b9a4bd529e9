//! The tools that are part of `wnet`: guest programs, each with what it needs to be granted.

use crate::gate::Grant;
use std::fmt;

/// A built-in tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it is granted.
    pub grants: &'static [Grant],
    /// The component; empty if it was not there when this was compiled.
    pub component: &'static [u8],
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The build script lists the same names.
macro_rules! tool {
    ($name:literal, $grants:expr) => {
        Tool {
            name: $name,
            grants: &$grants,
            component: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")),
        }
    };
}

/// Links, addresses, routes, rules and neighbours.
pub static IP: Tool = tool!("ip", [Grant::Control]);
/// Counters.
pub static NSTAT: Tool = tool!("nstat", [Grant::Control]);
/// ICMP echo requests and replies.
pub static PING: Tool = tool!("ping", [Grant::Ping]);
/// Whom names are asked of.
pub static RESOLVECTL: Tool = tool!("resolvectl", [Grant::Control]);
/// Sockets.
pub static SS: Tool = tool!("ss", [Grant::Control]);
/// Settings.
pub static SYSCTL: Tool = tool!("sysctl", [Grant::Control]);
/// Frames.
pub static TCPDUMP: Tool = tool!("tcpdump", [Grant::Packet]);
/// The way of packets.
pub static TRACEROUTE: Tool = tool!("traceroute", [Grant::Raw, Grant::Ping]);
