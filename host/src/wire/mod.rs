//! Wires: what the guest's network card is plugged into.
//!
//! A wire carries whole Ethernet frames without preamble and frame check sequence. The device model's side
//! of every wire is a [`Wire`]; what lies behind it is a file of its own:
//!
//! * [`tap`]: a Linux TAP device, so that the kernel (or a bridge, or another machine) is the peer;
//! * [`user`]: a cable inside of this process, to the user-mode gateway;
//! * [`pcap`]: no wire itself but a decorator that writes what passes any wire to a capture file.
//!
//! A wire never waits: a frame that finds its queue full is lost, as on a real cable, and whoever lost it
//! counts it.

mod link_mtu;
pub mod pcap;
pub mod tap;
pub mod user;

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// The longest frame that a wire hands out, in bytes: what a TAP whose MTU is as large as IPv4 allows can
/// carry, with an Ethernet header and two VLAN tags before it.
pub const MAX_FRAME: usize = 65_535 + 14 + 8;

/// One end of an Ethernet cable. All methods take `&self` and never block; frames have no frame check
/// sequence.
pub trait Wire: Send + Sync {
    /// Becomes readable (`poll(2)`, level-triggered) when [`Wire::receive`] may have a frame. It may be
    /// readable for nothing; then `receive` makes it unreadable again.
    fn as_fd(&self) -> BorrowedFd<'_>;

    /// Puts the next frame into `frame`, which is cleared first; `Ok(false)` when there is none now.
    ///
    /// # Errors
    /// What the operating system answers when the wire itself has failed, as a TAP that was deleted.
    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool>;

    /// Sends one frame.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when the queue is full; any error means that the frame is lost.
    fn transmit(&self, frame: &[u8]) -> io::Result<()>;

    /// Whether the cable is plugged in: the device's link state.
    fn link_up(&self) -> bool {
        true
    }
}

impl<W: Wire + ?Sized> Wire for Arc<W> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        (**self).receive(frame)
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        (**self).transmit(frame)
    }

    fn link_up(&self) -> bool {
        (**self).link_up()
    }
}
