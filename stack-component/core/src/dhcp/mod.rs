//! The client that gets an address and what belongs to it from a server of the link (RFC 2131, RFC 2132, RFC 3442,
//! RFC 4361, RFC 6842). Linux leaves it to programs such as dhcpcd.
//!
//! ```text
//!             start                offer               ack               no answer
//!   Stopped ───────> Selecting ───────────> Requesting ────> Checking ─────────────> Bound ─ T1 ─> Renewing
//!                     ^   ^  ^                  │ nak            │ somebody has it     ^ ack           │ T2
//!                     │   │  └──────────────────┘                │ (decline)           │               v
//!                     │   └──────────────────────────────────────┘                     └────────── Rebinding
//!                     │ nak                                                            │ ack           │
//!                  Rebooting <── link back ── Bound                                 Checking     lease ended:
//!                     └── ack ──────────────────────────────────────────────────────────┘        Selecting
//! ```
//!
//! Place in the walk: UDP datagrams to port 68 that come by a device with a client go to [`Client::input`]; what it
//! wants done is asked of [`Client::poll_action`]. An ARP question makes sure that nobody has the address (RFC 2131
//! section 4.4.1): two, half a second apart, because a server has looked, too.
//!
//! Memory: one lease of bounded lists for each client, and no queue longer than the actions of one event.

mod action;
mod client;
mod clients;
mod lease;
mod timing;
pub mod v6;

pub use action::{Action, Change, Output};
pub use client::Client;
pub use clients::Clients;
pub use lease::{Lease, Times};

#[cfg(test)]
mod tests;
