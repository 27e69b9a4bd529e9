//! Settings of neighbour tables: limits that each table has once, and values of each device.

use super::table::{Value, settings};
use alloc::string::String;

/// Hands the rows to the next macro, behind those it was handed itself: see [`super::table`].
macro_rules! neighbour_rows {
    ($next:ident $($more:ident)* { $($before:tt)* }) => { $next! { $($more)* { $($before)*
        /// Neighbours below which none is ever forgotten.
        neigh_gc_thresh1: u32 = 128, "net.ipv4.neigh.default.gc_thresh1", "a number", |_| true;
        /// Neighbours that a clean-up leaves.
        neigh_gc_thresh2: u32 = 512, "net.ipv4.neigh.default.gc_thresh2", "a number", |_| true;
        /// Most neighbours.
        neigh_gc_thresh3: u32 = 1024, "net.ipv4.neigh.default.gc_thresh3", "a number from 1", |v| *v >= 1;
        /// IPv6: neighbours below which none is ever forgotten.
        neigh6_gc_thresh1: u32 = 128, "net.ipv6.neigh.default.gc_thresh1", "a number", |_| true;
        /// IPv6: neighbours that a clean-up leaves.
        neigh6_gc_thresh2: u32 = 512, "net.ipv6.neigh.default.gc_thresh2", "a number", |_| true;
        /// IPv6: most neighbours.
        neigh6_gc_thresh3: u32 = 1024, "net.ipv6.neigh.default.gc_thresh3", "a number from 1", |v| *v >= 1;
    } } };
}

pub(super) use neighbour_rows;

settings! { {
    /// What a device says of its neighbours: `net.ipv4.neigh.DEV.*`, `net.ipv6.neigh.DEV.*`. Linux: `struct
    /// neigh_parms`.
    pub struct NeighbourConf;
    /// Seconds after which an unused neighbour may be forgotten.
    gc_stale_time: u32 = 60, "gc_stale_time", "seconds", |_| true;
    /// Milliseconds, on average, that a neighbour counts as reachable.
    base_reachable_time_ms: u32 = 30_000, "base_reachable_time_ms", "milliseconds from 1", |v| *v >= 1;
    /// Milliseconds between solicitations.
    retrans_time_ms: u32 = 1000, "retrans_time_ms", "milliseconds from 10", |v| *v >= 10;
    /// Seconds that a stale neighbour in use has to show that it lives before it is probed.
    delay_first_probe_time: u32 = 5, "delay_first_probe_time", "seconds", |_| true;
    /// Solicitations to a known address before a neighbour counts as gone.
    ucast_solicit: u32 = 3, "ucast_solicit", "a number from 1", |v| *v >= 1;
    /// Solicitations to everybody before a neighbour counts as not there.
    mcast_solicit: u32 = 3, "mcast_solicit", "a number from 1", |v| *v >= 1;
    /// Solicitations to everybody after those to a known address went unanswered.
    mcast_resolicit: u32 = 0, "mcast_resolicit", "a number", |_| true;
    /// Hundredths of a second for which a station that just changed is believed no other.
    locktime: u32 = 100, "locktime", "hundredths of a second", |_| true;
    /// Most packets that wait for one neighbour's address.
    unres_qlen: u32 = 101, "unres_qlen", "a number", |_| true;
    /// Most bytes of memory in packets that wait for one neighbour's address.
    unres_qlen_bytes: u32 = 212_992, "unres_qlen_bytes", "bytes", |_| true;
} }
