//! What the sockets of all protocols share: errors, local ports.

mod error;
pub mod ports;

pub use error::SocketError;
