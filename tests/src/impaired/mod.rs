//! Two Linux machines, or Linux and wnet, and between them a wire that delays and loses.
//!
//! Netem is not in every kernel; so the wire is a thread of ours ([`pump`]) between two TAP devices, each in a
//! network namespace of its own. In the near one Linux has the address [`LINUX`]. In the far one a bridge
//! joins the wire's TAP device and the one that `wnet` opens; either wnet or Linux itself, on the bridge, has the
//! address [`GUEST`]. So the frames go the same way in both cases. No TAP device offloads anything as long as
//! nobody asks for it (TUNSETOFFLOAD): what is on the wire are plain frames of up to 1514 bytes.

pub mod bench;
mod channel;
mod pump;

pub use channel::{Counts, Impairment};
pub use pump::Pump;

use std::net::{SocketAddrV4, TcpListener};

use anyhow::{Context, Result, ensure};
use rustix::fd::OwnedFd;
use rustix::net::sockopt::set_tcp_congestion;

use crate::namespace::{self, GUEST, LINUX, Namespace, TAP};

/// The far namespace's TAP device that the wire ends in. [`TAP`] is the one for wnet.
const WIRE: &str = "wire0";

/// The far namespace's bridge.
const BRIDGE: &str = "bridge0";

/// The longest plain Ethernet frame.
const LONGEST_FRAME: usize = 1514;

/// Who is at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Linux, which the other is compared with.
    Linux,
    /// Wnet.
    Wnet,
}

/// The two ends and the wire.
#[derive(Debug)]
pub struct Path {
    // Ends before the devices do.
    wire: Pump,
    /// Where Linux is, with the address [`LINUX`].
    pub near: Namespace,
    /// Where the subject is, or is to be, with the address [`GUEST`].
    pub far: Namespace,
}

impl Path {
    /// Makes the namespaces, the devices and the wire.
    ///
    /// # Errors
    /// [`crate::needs::Skip`] if this machine does not let us make them.
    pub fn new(subject: Subject, impairment: Impairment) -> Result<Self> {
        let near = Namespace::with_tap()?;
        let far = Namespace::new()?;
        let ip = |line: &str| far.run("ip", &line.split(' ').collect::<Vec<_>>());
        ip(&format!("link add {BRIDGE} type bridge stp_state 0 mcast_snooping 0"))?;
        for device in [WIRE, TAP] {
            ip(&format!("tuntap add dev {device} mode tap"))?;
            ip(&format!("link set {device} master {BRIDGE} up"))?;
        }
        if subject == Subject::Linux {
            ip(&format!("addr add {GUEST}/24 dev {BRIDGE}"))?;
        }
        ip(&format!("link set {BRIDGE} up"))?;
        let wire = Pump::start([near.tap(TAP)?, far.tap(WIRE)?], impairment)?;
        Ok(Path { wire, near, far })
    }

    /// A socket of the near end that listens on a free port, whose connections use this congestion control;
    /// and its address.
    ///
    /// # Errors
    /// What the system answers.
    pub fn listen_near(&self, congestion: &str) -> Result<(TcpListener, SocketAddrV4)> {
        listen(self.near.socket()?, SocketAddrV4::new(LINUX, 0), congestion)
    }

    /// The same at the far end, if Linux is there.
    ///
    /// # Errors
    /// What the system answers.
    pub fn listen_far(&self, congestion: &str) -> Result<(TcpListener, SocketAddrV4)> {
        listen(self.far.socket()?, SocketAddrV4::new(GUEST, 0), congestion)
    }

    /// Takes all down; answers what became of the frames to the far end, and of those back.
    ///
    /// # Errors
    /// If frames were not plain.
    pub fn end(self) -> Result<[Counts; 2]> {
        let counts = self.wire.stop()?;
        let longest = counts.iter().map(|counts| counts.longest).max();
        ensure!(longest <= Some(LONGEST_FRAME), "a frame of {longest:?} bytes: somebody offloads");
        Ok(counts)
    }
}

/// Makes `socket` use this congestion control.
///
/// # Errors
/// If the system does not have it, or does not let us.
pub fn use_congestion(socket: OwnedFd, congestion: &str) -> Result<OwnedFd> {
    set_tcp_congestion(&socket, congestion)
        .with_context(|| format!("Linux does not give us the congestion control {congestion}"))?;
    Ok(socket)
}

fn listen(socket: OwnedFd, address: SocketAddrV4, congestion: &str) -> Result<(TcpListener, SocketAddrV4)> {
    let (listener, port) = namespace::listen(use_congestion(socket, congestion)?, address.into())?;
    Ok((listener, SocketAddrV4::new(*address.ip(), port)))
}
