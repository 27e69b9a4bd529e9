//! Names and their addresses: the resolver that a host's C library has, in the stack (RFC 1034 section 5.3.1, RFC 1035
//! section 7). Linux: glibc's `getaddrinfo` with `/etc/hosts` and `/etc/resolv.conf`.
//!
//! ```text
//!  lookup("www") ─ literal? localhost? hosts? ─> done
//!        │ no: the names to try, by the search list
//!        v
//!  Lookup ─ www.example.org A, AAAA ─ Cache ─> done
//!        │ not in it
//!        v
//!  Question ─ try: server 1 ─ 2 s ─ server 2 ─ ... next round, twice the time
//!        │        └ Exchange: one message on a socket of its own, with a port, an id and capitals by chance
//!        v
//!  answer ─ cut short? not the capitals? ─> the same over TCP
//!        └ alias? ─> go on with its name     else ─> Cache, and every Lookup that waits for it
//! ```
//!
//! Nothing here has a socket: [`Resolver::take_actions`] tells what is to be asked, and [`Resolver::answer`] is told
//! what came. Place in the walk: `stack/names.rs` lends it sockets as if it were a program.
//!
//! Memory: at most [`MAX_LOOKUPS`] look-ups under way and 16 times as many in all, as many questions as they can wait for, of which [`MAX_ASKED`] are asked at a
//! time, and the [`Cache`]'s bound.

mod action;
mod cache;
mod host;
mod hosts;
mod lookup;
mod question;
mod resolver;
mod settings;

pub use action::{Action, ExchangeId};
pub use host::{Host, InvalidName};
pub use hosts::Hosts;
pub use lookup::{Lookup, NameError};
pub use resolver::{LookupHandle, MAX_ASKED, MAX_LOOKUPS, Resolver};
pub use settings::Settings;

use crate::wire::dns::{Kind, Name};

/// What a question is about, and what the cache finds answers by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    name: Name,
    kind: Kind,
}

#[cfg(test)]
mod tests;
