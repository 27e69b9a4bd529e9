//! Two stacks on a simulated link in virtual time: ten minutes of retransmission in a millisecond, and the
//! same way every time for the same seed.
//!
//! `link` is what lies between the stacks, `wire` looks at what passes it, `network` is all of it with a clock.
//! `plan` draws a run from a seed, `run` carries it out and checks at each step what must be so, with `watch` for a
//! connection and `books` for the counters, and `bulk` measures what flows that share a link get.

mod application;
mod books;
mod bulk;
mod link;
mod link_end;
mod network;
mod plan;
mod router;
mod run;
pub mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod topology;
mod watch;
mod wire;

pub use bulk::{Bulk, FlowResult, jain};
pub use link::{Impairment, Traffic};
pub use link_end::LinkEnd;
pub use network::{ADDRESSES, Network};
pub use plan::{Breadth, Change, EndPlan, Ending, Plan};
pub use run::{Outcome, run};
