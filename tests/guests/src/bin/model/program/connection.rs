//! What goes through a connection: bytes in their order, all of them, and then the end.

use test_guests::random::Random;
use test_guests::way::SharedWay;
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// One end of a connection; the streams go before the socket.
pub(crate) struct End {
    input: Option<InputStream>,
    output: Option<OutputStream>,
    incoming: SharedWay,
    outgoing: SharedWay,
    /// The other end is gone, or never was: anything may happen to what is under way.
    pub(crate) loose: bool,
}

impl End {
    pub(crate) fn new(
        streams: (InputStream, OutputStream),
        (incoming, outgoing): (SharedWay, SharedWay),
        loose: bool,
    ) -> Self {
        End { input: Some(streams.0), output: Some(streams.1), incoming, outgoing, loose }
    }

    /// Whether a reset may have come, or may be on its way.
    fn uncertain(&self) -> bool {
        let (incoming, outgoing) = (self.incoming.borrow(), self.outgoing.borrow());
        self.loose || outgoing.deaf || incoming.deaf
    }

    /// Calls a method of one of the streams.
    pub(crate) fn call(&mut self, random: &mut Random, told: &str) {
        match random.below(8) {
            0..=2 => self.write(random, told),
            3..=5 => self.read(random, told),
            6 => self.drop_one(random),
            _ => {
                if let Some(output) = &self.output {
                    let flushed = output.flush();
                    assert!(
                        flushed.is_ok() || self.outgoing.borrow().ended || self.uncertain(),
                        "{told}: flush {flushed:?}"
                    );
                }
            }
        }
    }

    fn write(&mut self, random: &mut Random, told: &str) {
        let Some(output) = &self.output else { return };
        let over = self.outgoing.borrow().ended || self.uncertain();
        let room = match output.check_write() {
            Ok(room) => room as usize,
            Err(error) => return assert!(over, "{told}: check-write {error:?}"),
        };
        assert!(!self.outgoing.borrow().ended || self.uncertain(), "{told}: writes after shutdown");
        let length = random.below(5000).min(room);
        let data = self.outgoing.borrow().next(length);
        match output.write(&data) {
            Ok(()) => self.outgoing.borrow_mut().sent += length,
            Err(error) => assert!(over, "{told}: write {error:?}"),
        }
    }

    fn read(&mut self, random: &mut Random, told: &str) {
        let Some(input) = &self.input else { return };
        let most = random.below(8000);
        let mut incoming = self.incoming.borrow_mut();
        let missing = incoming.missing();
        // What was sent comes; who waits for more than that would wait for ever.
        let certain =
            missing > 0 && most > 0 && !self.loose && !incoming.deaf && !self.outgoing.borrow().deaf;
        let read = match certain {
            true => input.blocking_read(most as u64),
            false => input.read(most as u64),
        };
        match read {
            Ok(data) => {
                assert!(data.len() <= most, "{told}: reads {} of {most}", data.len());
                incoming.hear(&data, told);
                assert!(!certain || !data.is_empty(), "{told}: nothing read of {missing}");
            }
            Err(StreamError::Closed) => {
                let complete = incoming.ended && missing == 0;
                drop(incoming);
                assert!(complete || self.uncertain(), "{told}: ends with {missing} missing");
            }
            Err(error) => {
                drop(incoming);
                assert!(self.uncertain(), "{told}: read {error:?}");
            }
        }
    }

    /// Says that no more is sent, as `shutdown` does and dropping the stream.
    pub(crate) fn end_output(&mut self) {
        self.outgoing.borrow_mut().ended = true;
    }

    /// Nobody reads any more, as after `shutdown`.
    pub(crate) fn end_input(&mut self) {
        self.incoming.borrow_mut().deaf = true;
    }

    fn drop_one(&mut self, random: &mut Random) {
        if random.one_in(2) {
            if self.output.take().is_some() {
                self.end_output();
            }
        } else if self.input.take().is_some() {
            self.end_input();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.end_output();
        self.end_input();
    }
}
