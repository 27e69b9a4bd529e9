//! A packet on its way through the stack. Linux: `struct sk_buff`.

mod buffer;
mod metadata;

pub use buffer::Packet;
pub use metadata::{Checksum, DeviceIndex, LinkDestination, Metadata};
