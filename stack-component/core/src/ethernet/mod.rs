//! The Ethernet layer: whose frame, which protocol; and the header before a packet that leaves.
//! Linux: `net/ethernet/eth.c`.
//!
//! Place in the walk: device -> this -> ARP or IP input, and neighbour -> this -> queueing discipline.

mod input;
mod output;

pub use input::input;
pub use output::{multicast_mac, multicast_mac_v6, output};
