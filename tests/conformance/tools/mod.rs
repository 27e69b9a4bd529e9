//! The tools beside Linux's own: the same commands on a stack and in a namespace that are set up the same way show the
//! same lines, and end with the same code.

pub(crate) mod ip_addresses;
pub(crate) mod ip_neighbours;
pub(crate) mod ip_rules;
pub(crate) mod ip_v4;
pub(crate) mod ip_v6;
mod pair;
pub(crate) mod pings;
pub(crate) mod settings;
pub(crate) mod sockets;

pub(crate) use pair::{Pair, Shown, command};
