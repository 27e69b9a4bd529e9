//! A TCP connection by hand: as much of TCP as a well-behaved peer on a cable that loses nothing needs, and
//! every number open to be spoilt.

use anyhow::{Result, ensure};
use stack_core::wire::tcp::{Fields, Flags, Options};

use super::{Segment, WirePeer};
use crate::world::PEER;

/// Bytes of data in one segment.
const MSS: u16 = 1460;

/// A connection of ours with the stack.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Our port.
    pub port: u16,
    /// The stack's port.
    pub stack_port: u16,
    /// The sequence number that we send next.
    pub send_next: u32,
    /// The sequence number that we expect next.
    pub receive_next: u32,
    /// The window that we offer, not scaled.
    pub window: u16,
    /// The window that the stack offered last, not scaled.
    pub stack_window: u16,
    /// The options of the stack's SYN.
    pub stack_options: Options,
}

impl Connection {
    /// What a SYN from a new port to `stack_port` would begin. Nothing is sent.
    pub fn new(peer: &mut WirePeer, stack_port: u16) -> Self {
        let port = peer.free_port();
        Connection {
            port,
            stack_port,
            send_next: u32::from(port) << 16,
            receive_next: 0,
            window: u16::MAX,
            stack_window: 0,
            stack_options: Options::default(),
        }
    }

    /// An established connection with `stack_port`. Refused attempts are repeated: a guest that has just been
    /// started listens soon.
    ///
    /// # Errors
    /// If nobody answers, or nobody ever listens.
    pub fn open(peer: &mut WirePeer, stack_port: u16) -> Result<Self> {
        crate::deadline::wait_for("somebody to listen", || {
            let mut connection = Self::new(peer, stack_port);
            connection.handshake(peer).map(|accepted| accepted.then_some(connection)).transpose()
        })?
    }

    /// Goes through the handshake; whether the stack accepted the connection. It may also refuse it.
    ///
    /// # Errors
    /// If it does neither.
    pub fn handshake(&mut self, peer: &mut WirePeer) -> Result<bool> {
        self.send_syn(peer)?;
        let answer = self.expect(peer, "an answer to a SYN", |segment| segment.flags.ack())?;
        ensure!(answer.acknowledgement == self.send_next, "the SYN is acknowledged: {answer:?}");
        if answer.flags.rst() {
            return Ok(false);
        }
        ensure!(answer.flags == Flags::SYN | Flags::ACK, "a SYN-ACK is expected: {answer:?}");
        self.receive_next = answer.sequence.wrapping_add(1);
        (self.stack_window, self.stack_options) = (answer.window, answer.options);
        self.transmit(peer, Flags::ACK, b"")?;
        Ok(true)
    }

    /// Sends a SYN.
    ///
    /// # Errors
    /// See [`WirePeer::transmit`].
    pub fn send_syn(&mut self, peer: &mut WirePeer) -> Result<()> {
        let options = Options { mss: Some(MSS), ..Options::default() };
        let syn = Fields { flags: Flags::SYN, acknowledgement: 0, options, ..self.fields() };
        peer.transmit(&peer.segment(&syn, b""))?;
        self.send_next = self.send_next.wrapping_add(1);
        Ok(())
    }

    /// The header of an empty acknowledgement, for cases to change.
    pub fn fields(&self) -> Fields {
        Fields {
            source_port: self.port,
            destination_port: self.stack_port,
            sequence: self.send_next,
            acknowledgement: self.receive_next,
            flags: Flags::ACK,
            window: self.window,
            urgent: 0,
            options: Options::default(),
        }
    }

    /// Sends a segment as it should be next.
    ///
    /// # Errors
    /// See [`WirePeer::transmit`].
    pub fn transmit(&mut self, peer: &mut WirePeer, flags: Flags, data: &[u8]) -> Result<()> {
        let fields = Fields { flags, ..self.fields() };
        peer.transmit(&peer.segment(&fields, data))?;
        let control = u32::from(flags.syn()) + u32::from(flags.fin());
        self.send_next = self.send_next.wrapping_add(data.len() as u32 + control);
        Ok(())
    }

    /// Waits for a segment of this connection that `wanted` says yes to.
    ///
    /// # Errors
    /// If it does not come.
    pub fn expect(
        &mut self,
        peer: &mut WirePeer,
        what: &str,
        mut wanted: impl FnMut(&Segment) -> bool,
    ) -> Result<Segment> {
        let mac = peer.mac;
        let segment = peer.expect(what, |frame| {
            let segment = frame.segment().filter(|_| frame.destination() == mac)?;
            (self.is_ours(&segment) && wanted(&segment)).then_some(segment)
        })?;
        self.stack_window = segment.window;
        Ok(segment)
    }

    /// Whether the segment belongs to this connection.
    pub fn is_ours(&self, segment: &Segment) -> bool {
        segment.destination == PEER
            && (segment.source_port, segment.destination_port) == (self.stack_port, self.port)
    }

    /// Waits for the next data in order, acknowledges and answers it; empty at the stack's FIN.
    ///
    /// # Errors
    /// If neither comes.
    pub fn receive(&mut self, peer: &mut WirePeer) -> Result<Vec<u8>> {
        let next = self.receive_next;
        let segment = self.expect(peer, "the next data", |segment| {
            segment.sequence == next && (!segment.payload.is_empty() || segment.flags.fin())
        })?;
        let length = segment.payload.len() as u32;
        let fin = u32::from(segment.flags.fin() && segment.payload.is_empty());
        self.receive_next = next.wrapping_add(length + fin);
        self.transmit(peer, Flags::ACK, b"")?;
        Ok(segment.payload)
    }

    /// Waits for this many bytes and acknowledges them.
    ///
    /// # Errors
    /// If they do not come, or more come, or the stack ends before.
    pub fn receive_exactly(&mut self, peer: &mut WirePeer, length: usize) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        while data.len() < length {
            let more = self.receive(peer)?;
            ensure!(!more.is_empty(), "the stack ended after {} of {length} bytes", data.len());
            data.extend(more);
        }
        ensure!(data.len() == length, "{} bytes in place of {length}", data.len());
        Ok(data)
    }

    /// Sends `data`, which an echo server sends back.
    ///
    /// # Errors
    /// If it does not.
    pub fn echo(&mut self, peer: &mut WirePeer, data: &[u8]) -> Result<()> {
        for piece in data.chunks(MSS.into()) {
            self.transmit(peer, Flags::ACK | Flags::PSH, piece)?;
        }
        let back = self.receive_exactly(peer, data.len())?;
        ensure!(back == data, "other bytes came back");
        Ok(())
    }

    /// Ends in order: our FIN, then the stack's.
    ///
    /// # Errors
    /// If the stack does not go along.
    pub fn close(mut self, peer: &mut WirePeer) -> Result<()> {
        self.transmit(peer, Flags::FIN | Flags::ACK, b"")?;
        while !self.receive(peer)?.is_empty() {}
        Ok(())
    }
}
