//! Neighbours: which station has an address on a link, and what waits while that is asked.
//! Linux: `net/core/neighbour.c`, `net/ipv4/arp.c`, `net/ipv6/ndisc.c`; RFC 826, RFC 1122 section 2.3.2, RFC 4861 section 7.3.
//!
//! Place in the walk: IP output -> this -> Ethernet output. The layer sends nothing itself: what there is
//! to send or to give up is fetched with [`Neighbours::poll_action`].
//!
//! ```text
//!              send                   answer                   reachable time over
//!   (nothing) ------> INCOMPLETE ----------------> REACHABLE ---------------------> STALE
//!                        | 3 asked                  ^   ^  \ ... and just used        | send
//!                        v                  confirm |   |   \-----------------> DELAY <
//!                     FAILED <---------- PROBE -----|---/                         |
//!                               3 asked    ^                                      | 5 s
//!                                          \--------------------------------------/
//! ```
//!
//! Every limit is stated: entries by `gc_thresh1..3`, packets that wait by `unres_qlen` and
//! `unres_qlen_bytes` for each entry, solicitations one a `retrans_time_ms` for each entry.

pub mod arp;
mod entry;
mod hear;
pub mod nd;
mod parameters;
mod proxies;
mod state;
mod table;
mod told;

pub use entry::{Key, Listed};
pub use hear::Statement;
pub use proxies::{Proxies, Proxy, ProxyKey};
pub use state::{Nud, State, Step, Timing};
pub use table::{Action, Neighbours, Output};
pub use told::{Said, TellError, Verb};

#[cfg(test)]
mod tests;
