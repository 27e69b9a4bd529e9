//! What goes through a connection.

use std::pin::pin;

use test_guests::random::Random;
use test_guests::way::SharedWay;
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

use crate::program::bindings::wasi::sockets::types::{ErrorCode, TcpSocket};
use crate::program::bindings::wit_stream;
use crate::program::wait::at_once;

/// Bytes that may be on their way at a time: fewer than any buffer holds, so that nobody waits for room.
const UNDER_WAY: usize = 4000;

type Outcome = FutureReader<Result<(), ErrorCode>>;

/// One end of a connection: what `send` and `receive` are used for once.
pub(crate) struct End {
    sending: Option<(StreamWriter<u8>, Outcome)>,
    receiving: Option<(StreamReader<u8>, Outcome)>,
    incoming: SharedWay,
    outgoing: SharedWay,
    /// The other end is gone, or never was: anything may happen to what is under way.
    pub(crate) loose: bool,
}

impl End {
    pub(crate) fn new(socket: &TcpSocket, (incoming, outgoing): (SharedWay, SharedWay), loose: bool) -> Self {
        let (writer, data) = wit_stream::new();
        let sending = Some((writer, socket.send(data)));
        End { sending, receiving: Some(socket.receive()), incoming, outgoing, loose }
    }

    /// Whether a reset may have come, or may be on its way.
    fn uncertain(&self) -> bool {
        self.loose || self.outgoing.borrow().deaf || self.incoming.borrow().deaf
    }

    /// Uses one of the streams.
    pub(crate) async fn call(&mut self, random: &mut Random, told: &str) {
        match random.below(16) {
            0..=5 => self.write(random, told).await,
            6..=12 => self.read(random, told).await,
            13 => self.finish(told).await,
            14 => self.finish_reading(told).await,
            _ => self.stop_reading(),
        }
    }

    async fn write(&mut self, random: &mut Random, told: &str) {
        let uncertain = self.uncertain();
        let Some((writer, _)) = &mut self.sending else { return };
        let room = UNDER_WAY - self.outgoing.borrow().missing();
        let length = random.below(3000).min(room);
        let data = self.outgoing.borrow().next(length);
        let left = writer.write_all(data).await;
        assert!(left.is_empty() || uncertain, "{told}: {} of {length} bytes are not taken", left.len());
        self.outgoing.borrow_mut().sent += length - left.len();
        if !left.is_empty() {
            self.finish(told).await;
        }
    }

    async fn read(&mut self, random: &mut Random, told: &str) {
        let (uncertain, missing) = (self.uncertain(), self.incoming.borrow().missing());
        let Some((stream, _)) = &mut self.receiving else { return };
        let most = 1 + random.below(4000);
        let (result, data) = {
            let mut read = pin!(stream.read(Vec::with_capacity(most)));
            // What was sent comes; who waits for more than that would wait for ever.
            match missing > 0 && !uncertain {
                true => read.await,
                false => match at_once(read.as_mut()).await {
                    Some(read) => read,
                    None => read.as_mut().cancel(),
                },
            }
        };
        self.incoming.borrow_mut().hear(&data, told);
        assert!(
            uncertain || missing == 0 || !data.is_empty(),
            "{told}: nothing read of {missing}: {result:?}"
        );
        if result == StreamResult::Dropped {
            let ended = self.incoming.borrow().ended && missing == data.len();
            assert!(ended || uncertain, "{told}: ends with {missing} missing");
            if let Some((_, received)) = self.receiving.take() {
                let received = received.await;
                assert!(received.is_ok() || uncertain, "{told}: received {received:?}");
            }
        }
    }

    /// Says that no more is sent.
    async fn finish(&mut self, told: &str) {
        if let Some((writer, sent)) = self.sending.take() {
            self.outgoing.borrow_mut().ended = true;
            drop(writer);
            let sent = sent.await;
            assert!(sent.is_ok() || self.uncertain(), "{told}: sent {sent:?}");
        }
    }

    /// Reads to the end, if that was sent.
    async fn finish_reading(&mut self, told: &str) {
        if self.uncertain() || !self.incoming.borrow().ended {
            return;
        }
        if let Some((stream, received)) = self.receiving.take() {
            let rest = stream.collect().await;
            self.incoming.borrow_mut().hear(&rest, told);
            assert_eq!(self.incoming.borrow().missing(), 0, "{told}");
            let received = received.await;
            assert!(received.is_ok(), "{told}: received {received:?}");
            // That nobody reads behind the end disturbs nobody.
        }
    }

    /// Nobody reads any more.
    fn stop_reading(&mut self) {
        if self.receiving.take().is_some() {
            self.incoming.borrow_mut().deaf = true;
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.outgoing.borrow_mut().ended = true;
        self.incoming.borrow_mut().deaf = true;
    }
}
