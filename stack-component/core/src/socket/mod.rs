//! What the sockets of all protocols share: errors, local ports, what is set about groups.

mod error;
mod multicast;
pub mod ports;

pub use error::SocketError;
pub use multicast::{MulticastOption, MulticastOptions};
