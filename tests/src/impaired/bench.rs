//! One bulk transfer over the impaired wire, and how much of it arrived.

use std::ffi::OsString;
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use test_guests::bulk::{self, Received};

use super::{Counts, Impairment, Path, Subject, use_congestion};
use crate::artifacts;
use crate::deadline::{Deadline, PATIENCE};
use crate::namespace::{self, GUEST, LINUX, Namespace};
use crate::wnet_process::Wnet;

/// The subject's port when it receives.
const PORT: u16 = 5001;

/// How much longer a sender may send than its receiver measures: it begins earlier.
const MARGIN: Duration = Duration::from_secs(30);

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The subject sends to Linux.
    Out,
    /// Linux sends to the subject.
    In,
}

/// A transfer to make.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Which way.
    pub direction: Direction,
    /// The congestion control of both ends, as both name it.
    pub congestion: String,
    /// What the wire does.
    pub impairment: Impairment,
    /// For how long the receiver counts.
    pub time: Duration,
    /// Further arguments of `wnet run`.
    pub wnet_arguments: Vec<OsString>,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// What the receiver counted.
    pub received: Received,
    /// What the wire did to frames that came from who sent the bytes, and to those that went back.
    pub wire: [Counts; 2],
}

impl Transfer {
    /// Makes it, in namespaces of its own: no metrics are left from one to the next.
    ///
    /// # Errors
    /// [`crate::needs::Skip`] without the rights for it; or what went wrong.
    pub fn measure(&self, subject: Subject) -> Result<Measured> {
        let path = Path::new(subject, self.impairment)?;
        let received = match (subject, self.direction) {
            (Subject::Linux, Direction::Out) => {
                self.linux_to_linux(&path.far, path.listen_near(&self.congestion)?)
            }
            (Subject::Linux, Direction::In) => {
                self.linux_to_linux(&path.near, path.listen_far(&self.congestion)?)
            }
            (Subject::Wnet, Direction::Out) => self.wnet_to_linux(&path),
            (Subject::Wnet, Direction::In) => self.linux_to_wnet(&path),
        }?;
        let [to_far, to_near] = path.end()?;
        let wire = match self.direction {
            Direction::Out => [to_near, to_far],
            Direction::In => [to_far, to_near],
        };
        Ok(Measured { received, wire })
    }

    /// Linux in the namespace `from` sends to who listens.
    fn linux_to_linux(&self, from: &Namespace, to: (TcpListener, SocketAddrV4)) -> Result<Received> {
        let (listener, address) = to;
        self.while_linux_sends(from, address, || self.accept_and_receive(&listener))
    }

    /// Runs `receive` while Linux in the namespace `from` sends to `address`.
    fn while_linux_sends(
        &self,
        from: &Namespace,
        address: SocketAddrV4,
        receive: impl FnOnce() -> Result<Received>,
    ) -> Result<Received> {
        let stream =
            namespace::connect(use_congestion(from.socket()?, &self.congestion)?, None, address.into())
                .with_context(|| format!("Linux cannot connect to {address}"))?;
        thread::scope(|scope| {
            let sending = scope.spawn(|| bulk::send(&stream, self.time + MARGIN));
            let received = receive();
            // It may be waiting for room.
            let _ = stream.shutdown(Shutdown::Both);
            sending.join().map_err(|_| anyhow!("the sender panicked"))?.context("Linux cannot send")?;
            received
        })
    }

    fn accept_and_receive(&self, listener: &TcpListener) -> Result<Received> {
        let (stream, _): (TcpStream, _) = listener.accept().context("nobody connects to Linux")?;
        bulk::receive(&stream, self.time).context("Linux cannot receive")
    }

    fn wnet_to_linux(&self, path: &Path) -> Result<Received> {
        let (listener, address) = path.listen_near(&self.congestion)?;
        let seconds = (self.time + MARGIN).as_secs();
        let arguments = ["send".into(), LINUX.to_string(), address.port().to_string(), seconds.to_string()];
        let wnet = self.start_wnet(path, arguments)?;
        let received = self.accept_and_receive(&listener);
        received.with_context(|| format!("wnet said:\n{}", wnet.error_so_far()))
    }

    fn linux_to_wnet(&self, path: &Path) -> Result<Received> {
        let arguments = ["receive".into(), PORT.to_string(), self.time.as_secs().to_string()];
        let wnet = self.start_wnet(path, arguments)?;
        wnet.wait_for_line("listening on ")?;
        self.while_linux_sends(&path.near, SocketAddrV4::new(GUEST, PORT), || {
            let line = wnet.wait_for_line_until(Deadline::after(self.time + PATIENCE), "received ")?;
            line.parse().map_err(|()| anyhow!("the guest said {line:?}"))
        })
    }

    /// Starts wnet with the guest `bulk`.
    fn start_wnet(&self, path: &Path, arguments: impl IntoIterator<Item = String>) -> Result<Wnet> {
        let congestion = format!("net.ipv4.tcp_congestion_control={}", self.congestion);
        let options =
            ["--sysctl".into(), congestion.into()].into_iter().chain(self.wnet_arguments.iter().cloned());
        let guest = artifacts::component("test/bulk")?.into_os_string();
        let arguments = arguments.into_iter().map(OsString::from);
        Wnet::start_on_tap(&path.far, options.chain([guest]).chain(arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Result, Write};

    #[test]
    fn what_is_received_is_printed_and_read() {
        let received = bulk::receive(&[0; 100_001][..], Duration::from_secs(60)).unwrap();
        assert_eq!(received.bytes, 100_000, "the first byte starts the clock");
        assert_eq!(received.to_string().parse(), Ok(received));
        assert_eq!("received".parse::<Received>(), Err(()));
        let megabyte = Received { bytes: 1_000_000, time: Duration::from_millis(500) };
        assert_eq!(megabyte.rate(), 16e6);
    }

    #[test]
    fn a_receiver_with_enough_ends_the_sender() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> Result<()> {
                Ok(())
            }
        }
        bulk::send(Gone, Duration::from_secs(60)).unwrap();
    }
}
