//! A Linux TAP device as the wire: whatever the kernel sends out of the interface reaches the guest's card,
//! and the other way round.
//!
//! The device has to exist. Opening one that does not would create it when the process is privileged, with
//! a name that was perhaps only mistyped and with no link to anything, so existence is checked first.

// The descriptor that tun-tap opens is handed over as a number; taking ownership of it is `unsafe`, and so is a request to the
// driver that tun-tap does not know.
#![allow(unsafe_code)]

use super::link_mtu::link_mtu;
use super::{MAX_FRAME, Wire};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::ioctl::{self, IntegerSetter, Opcode, opcode};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use tun_tap::{Iface, Mode};

/// The longest name of a network interface, in bytes. Linux: `IFNAMSIZ - 1`.
const MAX_NAME: usize = 15;

/// Why a TAP device could not be opened. Each is told in one line that says what to do.
#[derive(Debug)]
pub enum TapError {
    /// The text cannot be the name of an interface.
    BadName(String),
    /// No interface has this name in this network namespace.
    Missing(String),
    /// There is an interface of this name, but it is no TAP device, or a multi-queue one.
    NotATap(String),
    /// The device belongs to another user, and the process is not privileged.
    Forbidden(String),
    /// Another process has it open.
    Busy(String),
    /// The system has no `/dev/net/tun`.
    NoDriver,
    /// The file `/dev/net/tun` may not be opened.
    DriverForbidden,
    /// Any other answer of the operating system.
    Os {
        /// The device's name.
        name: String,
        /// What the operating system said.
        error: io::Error,
    },
}

impl fmt::Display for TapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TapError::BadName(name) => write!(
                f,
                "{name:?} is no name of a network interface: expected 1 to {MAX_NAME} bytes without '/', ':', \
                 '%' or white space"
            ),
            TapError::Missing(name) => {
                write!(f, "there is no TAP device {name}; create it: {}", Create(name))
            }
            TapError::NotATap(name) => write!(
                f,
                "{name} is an interface but no single-queue TAP device; name one that is: ip tuntap list"
            ),
            TapError::Forbidden(name) => write!(
                f,
                "not allowed to open the TAP device {name}; make it yours: \
                 sudo ip tuntap del dev {name} mode tap && {}",
                Create(name)
            ),
            TapError::Busy(name) => write!(
                f,
                "the TAP device {name} is open in another process; end that process or choose another device"
            ),
            TapError::NoDriver => {
                f.write_str("there is no /dev/net/tun on this system; load its driver: sudo modprobe tun")
            }
            TapError::DriverForbidden => {
                f.write_str("not allowed to open /dev/net/tun; allow it: sudo chmod 0666 /dev/net/tun")
            }
            TapError::Os { name, error } => write!(f, "cannot open the TAP device {name}: {error}"),
        }
    }
}

impl std::error::Error for TapError {}

/// The command that creates the TAP device of this name for the user who calls it.
struct Create<'a>(&'a str);

impl fmt::Display for Create<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        write!(f, "sudo ip tuntap add dev {name} mode tap user $USER && sudo ip link set {name} up")
    }
}

impl TapError {
    /// What `errno` means when it came from opening `/dev/net/tun` or attaching it to the device `name`,
    /// which exists. Linux: `tun_chr_open`, `tun_set_iff`, `tun_attach`.
    fn from_errno(name: &str, errno: Errno) -> Self {
        let name = name.to_string();
        match errno {
            Errno::NOENT | Errno::NODEV | Errno::NXIO => TapError::NoDriver,
            Errno::ACCESS => TapError::DriverForbidden,
            Errno::PERM => TapError::Forbidden(name),
            Errno::BUSY => TapError::Busy(name),
            Errno::INVAL => TapError::NotATap(name),
            errno => TapError::Os { name, error: errno.into() },
        }
    }
}

/// An open TAP device: frames without packet information (`IFF_TAP | IFF_NO_PI`), non-blocking.
#[derive(Debug)]
pub struct Tap {
    descriptor: OwnedFd,
    name: String,
    /// Whether the user was told that the interface is down.
    told_down: AtomicBool,
}

impl Tap {
    /// Opens the TAP device `name` of the current network namespace.
    ///
    /// # Errors
    /// See [`TapError`].
    pub fn open(name: &str) -> Result<Tap, TapError> {
        check_name(name)?;
        let os = |errno: Errno| TapError::Os { name: name.to_string(), error: errno.into() };
        if interface_index(name).map_err(os)?.is_none() {
            return Err(TapError::Missing(name.to_string()));
        }
        let interface = Iface::without_packet_info(name, Mode::Tap).map_err(|error| {
            match Errno::from_io_error(&error) {
                Some(errno) => TapError::from_errno(name, errno),
                None => TapError::Os { name: name.to_string(), error },
            }
        })?;
        // SAFETY: `into_raw_fd` gives up the interface's open descriptor, which nobody else has.
        let descriptor = unsafe { OwnedFd::from_raw_fd(interface.into_raw_fd()) };
        rustix::io::ioctl_fionbio(&descriptor, true).map_err(os)?;
        // What the last reader said outlives it: frames would come with sums that are still to be filled in.
        set_offload(&descriptor, 0).map_err(os)?;
        Ok(Tap { descriptor, name: name.to_string(), told_down: AtomicBool::new(false) })
    }

    /// The interface's largest packet, in bytes; none if the system does not tell.
    pub fn mtu(&self) -> Option<u32> {
        link_mtu(interface_index(&self.name).ok()??).ok()?
    }

    /// Says once that frames are lost because the interface is down.
    fn report_down(&self) {
        if !self.told_down.swap(true, Ordering::Relaxed) {
            let name = &self.name;
            tracing::warn!("the TAP device {name} is down, frames are lost: sudo ip link set {name} up");
        }
    }
}

impl From<Tap> for OwnedFd {
    fn from(tap: Tap) -> OwnedFd {
        tap.descriptor
    }
}

impl Wire for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn receive(&self, frame: &mut Vec<u8>) -> io::Result<bool> {
        frame.clear();
        frame.reserve(MAX_FRAME);
        match rustix::io::read(&self.descriptor, spare_capacity(frame)) {
            Ok(length) => Ok(length > 0),
            Err(Errno::AGAIN | Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn transmit(&self, frame: &[u8]) -> io::Result<()> {
        match rustix::io::write(&self.descriptor, frame) {
            Ok(_) => Ok(()),
            Err(errno) => {
                // Linux: tun_get_user answers EIO while the interface is not up.
                if errno == Errno::IO {
                    self.report_down();
                }
                Err(errno.into())
            }
        }
    }
}

/// Tells the driver what frames may be like that it hands out. Linux: `TUNSETOFFLOAD`, with bits of `TUN_F_CSUM` and so on.
fn set_offload(tap: &OwnedFd, offload: usize) -> Result<(), Errno> {
    const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
    // SAFETY: this request takes a number, no pointer, whatever its code says of a size.
    unsafe { ioctl::ioctl(tap, IntegerSetter::<TUNSETOFFLOAD>::new_usize(offload)) }
}

/// Linux: `dev_valid_name`; '%' is refused because TUNSETIFF takes it for a pattern.
fn check_name(name: &str) -> Result<(), TapError> {
    let forbidden = |c: char| matches!(c, '/' | ':' | '%' | '\0') || c.is_whitespace();
    if name.is_empty() || name.len() > MAX_NAME || matches!(name, "." | "..") || name.contains(forbidden) {
        return Err(TapError::BadName(name.to_string()));
    }
    Ok(())
}

/// The number of the interface of this name in the current network namespace, if there is one. (`/sys/class/net` may show another
/// namespace: it is bound to the one that mounted it.)
fn interface_index(name: &str) -> Result<Option<u32>, Errno> {
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    match rustix::net::netdevice::name_to_index(&socket, name) {
        Ok(index) => Ok(Some(index)),
        Err(Errno::NODEV) => Ok(None),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_says_what_to_do() {
        let table = [
            (Errno::NOENT, "sudo modprobe tun"),
            (Errno::NODEV, "sudo modprobe tun"),
            (Errno::ACCESS, "sudo chmod 0666 /dev/net/tun"),
            (
                Errno::PERM,
                "sudo ip tuntap del dev tap7 mode tap && sudo ip tuntap add dev tap7 mode tap user $USER",
            ),
            (Errno::BUSY, "open in another process"),
            (Errno::INVAL, "no single-queue TAP device; name one that is: ip tuntap list"),
            (Errno::NOMEM, "cannot open the TAP device tap7: "),
        ];
        for (errno, expected) in table {
            let line = TapError::from_errno("tap7", errno).to_string();
            assert!(line.contains(expected), "{errno:?}: {line}");
            assert!(!line.contains('\n'));
        }
    }

    #[test]
    fn a_device_that_does_not_exist_is_not_created() {
        let error = Tap::open("wnet-absent").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no TAP device wnet-absent; create it: sudo ip tuntap add dev wnet-absent mode tap \
             user $USER && sudo ip link set wnet-absent up"
        );
        assert_eq!(interface_index("wnet-absent"), Ok(None));
    }

    #[test]
    fn names_that_are_none() {
        for name in ["", "sixteen-bytes-xx", "a/b", "a b", "tap%d", "a:1", ".", ".."] {
            assert!(matches!(Tap::open(name), Err(TapError::BadName(_))), "{name:?}");
        }
    }

    #[test]
    fn an_interface_of_another_kind_is_refused() {
        // The loopback device exists in every namespace. Who may not open /dev/net/tun learns that instead.
        let error = Tap::open("lo").unwrap_err();
        assert!(matches!(
            error,
            TapError::NotATap(_) | TapError::NoDriver | TapError::DriverForbidden | TapError::Forbidden(_)
        ));
    }
}
