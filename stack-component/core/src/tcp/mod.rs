//! TCP (RFC 9293), shaped like quinn's connections: segments and time are handed in, segments to send are
//! asked for, nothing is waited for. Linux: `net/ipv4/tcp*.c`.
//!
//! ```text
//!                    open        +--------+  listen
//!                 +--------------| CLOSE  |-------------+
//!                 v              +--------+             v
//!            +----------+                           +--------+   each SYN makes a small request object,
//!            | SYN-SENT |                           | LISTEN |   the last ACK of the handshake makes it
//!            +----------+                           +--------+   a connection in the accept queue
//!    SYN, ACK |       | SYN                              |
//!             |       v                                  v
//!             |  +----------+   ACK    +-------------+  ACK
//!             |  | SYN-RECV |--------->| ESTABLISHED |<-+
//!             |  +----------+          +-------------+
//!             +------------------------->|         |
//!                                 close  v         v  FIN
//!                            +------------+      +------------+
//!                            | FIN-WAIT-1 |      | CLOSE-WAIT |
//!                            +------------+      +------------+
//!                       ACK   |    |  FIN              | close
//!                             v    v                   v
//!              +------------+   +---------+      +----------+
//!              | FIN-WAIT-2 |   | CLOSING |      | LAST-ACK |
//!              +------------+   +---------+      +----------+
//!                     | FIN          | ACK             | ACK
//!                     v              v                 v
//!                  +-------------------+           +-------+
//!                  |     TIME-WAIT     |---------->| CLOSE |
//!                  +-------------------+  60 s     +-------+
//! ```
//!
//! [`Tcp`] owns all sockets and finds them by a keyed hash; a `Connection` is the state of one and knows
//! nothing of the others. Requests (SYN-RECV) and TIME-WAIT are small objects of their own, so that a flood
//! of either costs little.

mod ack_schedule;
mod acknowledge;
mod bind;
mod black_hole;
mod child;
mod chronograph;
mod close;
mod congestion;
mod connection;
mod connection_request;
mod demux;
mod destinations;
mod ecn;
mod ecn_handshake;
mod fast_open;
mod fast_open_client;
mod filter;
mod first_window;
mod four_tuple;
mod give_up;
mod handle;
mod handshake;
mod icmp_error;
mod info;
mod input;
mod inquiries;
#[cfg(any(test, feature = "testing"))]
mod invariants;
mod keys;
mod listener;
mod listing;
mod measure;
mod memory;
mod mtu_probe;
mod open;
mod options;
mod output;
mod pacing;
mod path;
mod persist;
mod rate;
mod receive;
mod receive_queue;
mod recovery;
mod request;
mod round_trip;
mod sack_out;
mod schedule;
mod secrets;
mod segment;
mod segment_size;
mod send_queue;
mod sent_queue;
mod sequence;
mod set_option;
mod sharing;
mod signature;
mod sockets;
mod state;
mod syn_cookies;
mod syn_sent;
mod table;
mod time_wait;
mod time_wait_input;
mod timers;
mod trace;
mod trail;
mod tuning;
mod usage;
mod validate;
mod window;
mod windowed;
mod write_buffers;

#[cfg(test)]
mod tests;

pub use crate::socket::SocketError;
pub use congestion::{Algorithm, CongestionInfo};
pub use filter::FilterError;
pub(crate) use four_tuple::FourTuple;
pub use handle::TcpHandle;
pub use info::TcpInfo;
pub use listing::{Listed, ListedTimer};
pub use options::{PathMtu, TcpOption, TcpOptions};
pub use sockets::{Received, SendFlags, Shutdown, TcpReadiness};
pub use state::TcpState;
pub use table::{Socket, Tcp};
pub use trail::StateChange;

use crate::counters::Counters;
use crate::packet::{DeviceIndex, Packet};
use crate::random::Random;
use crate::route::Paths;
use crate::sysctl::Sysctl;
use crate::time::Instant;
use core::net::IpAddr;

/// What the stack lends to TCP for a call.
pub struct Env<'a> {
    /// The time of the call.
    pub now: Instant,
    /// Where random numbers come from.
    pub random: &'a mut dyn Random,
    /// Where things are counted.
    pub counters: &'a mut Counters,
    /// The settings.
    pub sysctl: &'a Sysctl,
    /// Who knows the ways to the peers.
    pub paths: &'a dyn Paths,
}

/// What IP knows of a segment that arrived.
#[derive(Clone, Copy, Debug)]
pub struct SegmentInfo {
    /// Who sent it.
    pub source: IpAddr,
    /// Which of our addresses it was sent to.
    pub destination: IpAddr,
    /// Type of service.
    pub tos: u8,
    /// Time to live, as it arrived.
    pub ttl: u8,
    /// Largest IP packet in bytes of the device it came by.
    pub mtu: u32,
    /// Bytes of the IP header, which lie before the segment in its packet.
    pub header_len: usize,
    /// The device it came by.
    pub device: DeviceIndex,
}

/// A segment to be sent.
#[derive(Debug)]
pub struct Output {
    /// TCP header and payload, the checksum [`Partial`](crate::packet::Checksum::Partial).
    pub packet: Packet,
    /// Our address.
    pub source: IpAddr,
    /// The peer's address.
    pub destination: IpAddr,
    /// Time to live; none: as the route, the device or the settings say.
    pub ttl: Option<u8>,
    /// Type of service.
    pub tos: u8,
    /// Mark for policy routing.
    pub mark: u32,
    /// Whether routers must not fragment it (path-MTU discovery).
    pub dont_fragment: bool,
    /// The only device to leave by: the one the socket is bound to, or that of a link-local peer. Linux:
    /// `sk_bound_dev_if`.
    pub device: Option<DeviceIndex>,
}
