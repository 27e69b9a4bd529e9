//! Which groups the stack listens to on which link, and what it tells routers of that (RFC 3376, RFC 3810 with the
//! versions before them). Linux: `net/ipv4/igmp.c`, `net/ipv6/mcast.c`.
//!
//! Place in the walk: a socket joins -> [`Groups::join`] -> reports; a router's query -> [`Groups::query`] -> reports
//! after a random time; IP input -> [`Groups::hears`] -> local delivery, where [`Groups::allows`] asks for the socket.
//! The machine knows addresses of both versions. What goes out is asked of [`Groups::run`] as records; who has the
//! wire's formats makes messages of them.
//!
//! Memory: [`MAX_MEMBERSHIPS`] memberships of a socket, each of at most [`MAX_SOURCES`] sources, and as many groups that
//! were left and are still to be told of.

mod filter;
mod groups;
mod link;

pub use filter::{Filter, Mode};
pub use groups::{GroupError, Groups, MAX_MEMBERSHIPS, MAX_SOURCES, Member};
pub use link::{Query, Record, Report};

#[cfg(test)]
mod tests;
