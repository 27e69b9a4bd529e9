//! The bytes of a packet with room in front, so that each layer puts its header before what is there.

use super::Metadata;
use alloc::vec::Vec;

/// A packet: bytes with headroom, and what the layers know of it.
///
/// Receive: a frame comes in as the whole buffer and layers [`pull`](Packet::pull) headers off its front;
/// pulled bytes stay and can be looked at again ([`Packet::whole`]). Transmit: the payload is put in behind
/// headroom and layers [`push`](Packet::push) headers before it. The payload is never moved.
#[derive(Clone, Debug, Default)]
pub struct Packet {
    buffer: Vec<u8>,
    start: usize,
    /// What the layers know of the packet beside its bytes.
    pub meta: Metadata,
}

impl Packet {
    /// Headroom that fits every header the stack puts before a payload: Ethernet with a VLAN tag (18),
    /// IPv4 with options or IPv6 (60), TCP with options (60), and a rest for alignment.
    pub const HEADROOM: usize = 144;

    /// A received frame, taken over without a copy.
    pub fn from_frame(frame: Vec<u8>) -> Self {
        Packet { buffer: frame, start: 0, meta: Metadata::default() }
    }

    /// An empty packet with [`Packet::HEADROOM`] in front and memory for `payload` bytes.
    pub fn with_capacity(payload: usize) -> Self {
        let mut buffer = Vec::with_capacity(Self::HEADROOM + payload);
        buffer.resize(Self::HEADROOM, 0);
        Packet { buffer, start: Self::HEADROOM, meta: Metadata::default() }
    }

    /// A packet that holds a copy of `payload` behind [`Packet::HEADROOM`].
    pub fn from_payload(payload: &[u8]) -> Self {
        let mut packet = Self::with_capacity(payload.len());
        packet.append(payload);
        packet
    }

    /// The bytes from the current layer's first on.
    pub fn data(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The bytes from the current layer's first on, to be changed.
    pub fn data_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..).unwrap_or_default()
    }

    /// All bytes, those of pulled headers (or unused headroom) included.
    pub fn whole(&self) -> &[u8] {
        &self.buffer
    }

    /// How many bytes [`Packet::data`] has.
    pub fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Whether [`Packet::data`] is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes of room or of pulled headers lie before the data.
    pub fn headroom(&self) -> usize {
        self.start
    }

    /// Drops `count` bytes from the front, at most all there are. Linux: `skb_pull`.
    pub fn pull(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
    }

    /// Puts `count` bytes of room before the data and hands them out to be filled (their content is
    /// unspecified). Grows the buffer when the headroom is used up. Linux: `skb_push`.
    pub fn push(&mut self, count: usize) -> &mut [u8] {
        if self.start < count {
            let missing = count - self.start;
            self.buffer.splice(0..0, core::iter::repeat_n(0, missing));
            self.start += missing;
        }
        self.start -= count;
        &mut self.buffer[self.start..self.start + count]
    }

    /// Cuts the data down to `len` bytes from its end; no effect if it is not longer. Linux: `skb_trim`.
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(self.start.saturating_add(len));
    }

    /// Appends bytes at the end. Linux: `skb_put`.
    pub fn append(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How much memory the packet holds, its description included. Linux: `skb->truesize`.
    pub fn memory(&self) -> usize {
        self.buffer.capacity() + size_of::<Packet>()
    }

    /// The data as a vector of its own; no copy if nothing was pulled.
    pub fn into_data(mut self) -> Vec<u8> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
        }
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_before_the_payload() {
        let mut packet = Packet::from_payload(b"data");
        packet.push(3).copy_from_slice(b"tcp");
        packet.push(2).copy_from_slice(b"ip");
        assert_eq!(packet.data(), b"iptcpdata");
        packet.pull(2);
        assert_eq!(packet.data(), b"tcpdata");
        packet.truncate(3);
        assert_eq!(packet.into_data(), b"tcp");
    }

    #[test]
    fn a_push_beyond_the_headroom_grows_the_buffer() {
        let mut packet = Packet::from_frame(b"x".to_vec());
        packet.push(2).copy_from_slice(b"ab");
        assert_eq!(packet.data(), b"abx");
        packet.pull(99);
        assert!(packet.is_empty());
    }
}
