//! Settings of all protocols: `net.core.*`.

/// Hands the rows to the next macro, behind those it was handed itself: see [`super::table`].
macro_rules! core_rows {
    ($next:ident $($more:ident)* { $($before:tt)* }) => { $next! { $($more)* { $($before)*
        /// Largest accept queue a listener may ask for.
        somaxconn: u32 = 4096, "net.core.somaxconn", "a number up to 65535", |v| *v <= 65535;
        /// Frames handled in one step at most.
        netdev_budget: u32 = 300, "net.core.netdev_budget", "a number from 1", |v| *v >= 1;
        /// Largest loopback backlog, in packets.
        netdev_max_backlog: u32 = 1000, "net.core.netdev_max_backlog", "a number from 1", |v| *v >= 1;
        /// Largest socket receive buffer in bytes that may be asked for.
        rmem_max: u32 = 4_194_304, "net.core.rmem_max", "bytes, at least 2304", |v| *v >= 2304;
        /// Largest socket send buffer in bytes that may be asked for.
        wmem_max: u32 = 4_194_304, "net.core.wmem_max", "bytes, at least 4608", |v| *v >= 4608;
        /// Receive buffer of a UDP socket in bytes.
        rmem_default: u32 = 212_992, "net.core.rmem_default", "bytes, at least 2304", |v| *v >= 2304;
        /// Send buffer of a UDP socket in bytes.
        wmem_default: u32 = 212_992, "net.core.wmem_default", "bytes, at least 4608", |v| *v >= 4608;
    } } };
}

pub(super) use core_rows;
