//! Routes: where a packet goes next. Linux: `net/ipv4/fib_*.c`, `net/ipv6/ip6_fib.c`, `net/core/fib_rules.c`.
//!
//! Place in the walk: IP input -> this -> local delivery or forwarding; local output -> this -> IP output.
//!
//! ```text
//!  flow key ── rules, by priority ── table ── trie: longest prefix ── alternatives, by metric ── hop, by flow hash
//!                    └─ the next rule, if the table has nothing to say ─┘
//! ```
//!
//! Memory: at most [`MAX_ROUTES`] routes and 4096 rules of a version.

mod cache;
mod entry;
mod error;
mod exceptions;
mod kinds;
mod lookup;
mod metrics;
mod multipath;
mod routes;
mod rule;
mod source;
mod table;
mod trie;

#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod tests;

pub use cache::DestinationCache;
pub use entry::{Hop, Route};
pub use error::RouteError;
pub use exceptions::{Belief, Exceptions, PathMtu};
pub use kinds::{Preference, RouteKind, RouteProtocol, Scope, TableId};
pub use lookup::{Destination, FlowKey, NextHop, ROUTING_TOS, Refusal, Transport, Way};
pub use metrics::{Metrics, OnePath, PathInfo, Paths};
pub use multipath::FlowTuple;
pub use routes::{MAX_ROUTES, Routes};
pub use rule::{PortRange, Rule, RuleAction};
pub use source::{BadSource, SourcePolicy};
pub use table::Meeting;
