//! Which groups the stack listens to on which link, and what it tells routers of that (RFC 3376, RFC 3810 with the
//! versions before them). Linux: `net/ipv4/igmp.c`, `net/ipv6/mcast.c`.
//!
//! Place in the walk: a socket joins -> [`Groups::join`] -> reports; a router's query -> [`Groups::query`] -> reports
//! after a random time; IP input -> [`Groups::hears`] -> local delivery, where [`Groups::allows`] asks for the socket.
//! The machine is one for both versions of IP, with a state of its own for each on every link. What goes out is asked of
//! [`Groups::run`] as records; who has the wire's formats makes messages of them.
//!
//! Memory: a state for each device and version; as many memberships of a socket as `net.ipv4.igmp_max_memberships` says,
//! of IPv6 [`MAX_MEMBERSHIPS_V6`], each of at most `net.ipv4.igmp_max_msf` or `net.ipv6.mld_max_msf` sources; and what
//! was left and is still to be told of: every change tells what is left of those before it, so that there are never more
//! than the robustness of the link. A question is remembered as far as it is about what is listened to.

mod change;
mod filter;
mod groups;
mod link;
mod pack;
mod querier;
mod report;
mod settings;
mod sources;

pub use filter::{Filter, Mode};
pub use groups::{GroupError, Groups, MAX_MEMBERSHIPS_V6, Member, Membership};
pub use pack::batches;
pub use report::{Query, Record, Report};
pub use settings::Language;
pub use sources::GroupChange;

#[cfg(test)]
mod tests;
