//! What a resolver goes by. Linux: `resolv.conf(5)`.

use super::Hosts;
use crate::time::Duration;
use crate::wire::dns::Name;
use alloc::vec::Vec;

/// What a resolver goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domains that a name of few dots is looked for in, in this order; none: those that the network tells of. Linux:
    /// `search`.
    pub search: Vec<Name>,
    /// A name of as many dots is first looked for as it is. Linux: `ndots`.
    pub dots: u8,
    /// How long the first server has for its answer; each round doubles it. Linux: `timeout`.
    pub timeout: Duration,
    /// How often all servers are asked. Linux: `attempts`.
    pub attempts: u8,
    /// Names that nobody needs to be asked about. Linux: `/etc/hosts`.
    pub hosts: Hosts,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            search: Vec::new(),
            dots: 1,
            timeout: Duration::from_secs(2),
            attempts: 3,
            hosts: Hosts::default(),
        }
    }
}
