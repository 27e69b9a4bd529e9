//! Bytes there and back.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use stack_core::random::{Random, SeededRandom};

use crate::deadline::PATIENCE;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// `length` bytes that follow from `seed` and from nothing else.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SeededRandom::new(seed).fill(&mut bytes);
    bytes
}

/// What can be compared in place of the bytes themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many bytes there were.
    pub length: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

impl Fingerprint {
    /// The fingerprint of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Fingerprint { length: bytes.len() as u64, sha256: Sha256::digest(bytes).into() }
    }

    /// The fingerprint of all that can be read from `source`.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read(mut source: impl Read) -> io::Result<Self> {
        let (mut hash, mut length, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
        loop {
            match read(&mut source, &mut chunk)? {
                0 => return Ok(Fingerprint { length, sha256: hash.finalize().into() }),
                count => {
                    hash.update(&chunk[..count]);
                    length += count as u64;
                }
            }
        }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, SHA-256 ", self.length)?;
        self.sha256.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads once. A socket whose receiving has a time limit is interrupted by whatever happens to the process, a stop for
/// example, which nobody means it to hear of (signal(7)).
///
/// # Errors
/// What read(2) answers, but for `EINTR`.
pub fn read(source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

/// A connection made by `std::net`, on which nothing waits for longer than [`PATIENCE`].
///
/// # Errors
/// What connect(2) answers.
pub fn connect(address: impl std::net::ToSocketAddrs) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends `data`, ends sending, and expects exactly that to come back before the end. Sending and receiving go
/// on at the same time.
///
/// # Errors
/// If the connection fails, or anything else comes back.
pub fn echo(stream: &TcpStream, data: &[u8]) -> Result<()> {
    let (mut sender, receiver) = (stream, stream);
    let came_back = thread::scope(|scope| {
        let sending =
            scope.spawn(move || sender.write_all(data).and_then(|()| sender.shutdown(Shutdown::Write)));
        let came_back = Fingerprint::read(receiver).context("cannot receive");
        let sent = sending.join().map_err(|_| anyhow::anyhow!("sending panicked"))?;
        sent.context("cannot send")?;
        came_back
    })?;
    let sent = Fingerprint::of(data);
    ensure!(came_back == sent, "sent {sent:?}, got back {came_back:?}");
    Ok(())
}

/// Sends `data` and expects that to come back; the connection stays open. For data that fits the buffers.
///
/// # Errors
/// If the connection fails, or anything else comes back.
pub fn exchange(mut stream: &TcpStream, data: &[u8]) -> Result<()> {
    stream.write_all(data).context("cannot send")?;
    let mut back = vec![0; data.len()];
    stream.read_exact(&mut back).context("cannot receive")?;
    ensure!(back == data, "other bytes came back");
    Ok(())
}

/// Accepts one connection and serves it.
pub fn serve_one<T: Send + 'static>(
    listener: TcpListener,
    serve: impl FnOnce(TcpStream) -> Result<T> + Send + 'static,
) -> JoinHandle<Result<T>> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().context("nobody connects")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        serve(stream)
    })
}

/// What the thread answered.
///
/// # Errors
/// That too, or that it panicked.
pub fn join<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?
}

/// Sends everything back until the client has ended.
///
/// # Errors
/// If the connection fails.
pub fn echo_back(mut stream: TcpStream) -> Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match read(&mut stream, &mut chunk)? {
            0 => return Ok(()),
            count => stream.write_all(&chunk[..count])?,
        }
    }
}

/// The error of the operating system inside of `error`, if there is one.
pub fn io_kind(error: &anyhow::Error) -> Option<io::ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_of_the_bytes() {
        let data = bytes(7, 200_000);
        assert_eq!(Fingerprint::of(&data), Fingerprint::read(&data[..]).unwrap());
        assert_ne!(Fingerprint::of(&data), Fingerprint::of(&data[1..]));
        let empty = "0 bytes, SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(format!("{:?}", Fingerprint::of(&[])), empty);
    }

    /// Interrupted every other time.
    struct Interrupted<'a>(&'a [u8], bool);

    impl Read for Interrupted<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(into) }
        }
    }

    #[test]
    fn who_is_interrupted_goes_on() {
        let data = bytes(9, 200_000);
        assert_eq!(Fingerprint::read(Interrupted(&data, false)).unwrap(), Fingerprint::of(&data));
    }

    #[test]
    fn an_echo_server_is_told_from_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = serve_one(listener, echo_back);
        echo(&connect(address).unwrap(), &bytes(1, 3_000_000)).unwrap();
        join(served).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = serve_one(listener, |mut stream| {
            let length = stream.read(&mut [0; 100])?;
            stream.write_all(&vec![0; length]).map_err(Into::into)
        });
        assert!(echo(&connect(address).unwrap(), b"hello").is_err());
        join(served).unwrap();
    }
}
