//! What the sockets of all protocols share: errors, local ports, memory, what is set about groups.

mod error;
pub(crate) mod memory;
mod multicast;
pub mod ports;

pub use error::SocketError;
pub use multicast::{MulticastOption, MulticastOptions};
