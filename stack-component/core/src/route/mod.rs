//! Routes: where a packet goes next. Linux: `net/ipv4/fib_*.c`.
//!
//! Place in the walk: IPv4 input -> this -> local delivery or forwarding; local output -> this -> IPv4 output.
//! There are Linux's two tables, `local` (our own addresses, asked first) and `main`.

mod lookup;
mod metrics;
mod table;
mod trie;

pub use lookup::{Destination, NextHop, Refusal};
pub use metrics::{Metrics, OnePath, PathInfo, Paths};
pub use table::{Route, RouteExists, RouteKind, Routes};
