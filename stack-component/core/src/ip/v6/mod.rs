//! IPv6 (RFC 8200, RFC 4291, RFC 8504). Linux: `net/ipv6/ip6_input.c`, `exthdrs.c`, `ip6_output.c`.
//!
//! Place in the walk: Ethernet input -> [`input`] -> route -> local delivery ([`extensions`]) or [`forward`]; a
//! protocol's output -> route -> [`source`] -> [`output`] -> neighbour.

mod extensions;
mod flow_label;
mod forward;
mod fragment;
mod input;
mod output;
pub mod source;

pub use extensions::{BadExtension, Limits, Payload, extensions, hop_by_hop};
pub use flow_label::FlowLabels;
pub use forward::{TooFar, forward};
pub use fragment::{fragment, identification};
pub use input::{Received, check_addresses, input};
pub use output::{Request, output};
