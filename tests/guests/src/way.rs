//! What a model knows of a connection: bytes in their order, all of them, and then the end.

use std::cell::RefCell;
use std::rc::Rc;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Way {
    /// Bytes that were sent.
    pub sent: usize,
    /// Bytes of them that came.
    pub received: usize,
    /// No more comes: the sender said so, or is gone.
    pub ended: bool,
    /// Nobody reads any more, so that what is sent is answered with a reset.
    pub deaf: bool,
}

/// What both ends know.
pub type SharedWay = Rc<RefCell<Way>>;

/// A connection that was begun.
#[derive(Debug, Default)]
pub struct Begun {
    /// The port of who began.
    pub client_port: u16,
    /// The port of who listened.
    pub listener_port: u16,
    /// What the client hears, and what it says.
    pub ways: (SharedWay, SharedWay),
    /// The listener has it.
    pub accepted: bool,
    /// One of its ends is gone, or the listener before it was accepted.
    pub gone: bool,
}

/// The byte at a place of what one end sends.
fn byte_at(place: usize) -> u8 {
    (place % 251) as u8
}

impl Way {
    /// Bytes that were sent and did not come yet.
    pub fn missing(&self) -> usize {
        self.sent - self.received
    }

    /// So many bytes that come next, if they are sent.
    pub fn next(&self, length: usize) -> Vec<u8> {
        (self.sent..self.sent + length).map(byte_at).collect()
    }

    /// Takes what came, which has to be what was sent.
    ///
    /// # Panics
    /// With `told`, if it is not.
    pub fn hear(&mut self, data: &[u8], told: &str) {
        assert!(data.len() <= self.missing(), "{told}: reads {} of {}", data.len(), self.missing());
        let same = data.iter().zip(self.received..).all(|(byte, place)| *byte == byte_at(place));
        assert!(same, "{told}: other bytes");
        self.received += data.len();
    }
}
