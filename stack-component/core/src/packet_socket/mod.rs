//! Sockets at the devices: frames as they come in and go out. Linux: `net/packet/af_packet.c`.
//!
//! Place in the walk: beside it. Who is interested gets copies: of what a device received before any protocol sees it
//! ([`PacketSockets::see`], [`PacketSockets::see_protocol`]), and of what goes out when the device takes it. What sockets
//! send goes to the device's queue, past all layers.
//!
//! Memory: at most 256 sockets; each holds frames up to its receive buffer and one more, a program of at most 4096
//! instructions, and the numbers of at most 64 devices. What is beyond that is dropped and counted by socket.

mod frame;
mod socket;
mod table;

pub use frame::{Frame, FrameChecksum, PacketType, protocol_of};
pub use socket::{Form, PacketOption, Protocols, Received, Socket, Statistics};
pub use table::{PacketHandle, PacketSockets};

#[cfg(test)]
mod tests;
