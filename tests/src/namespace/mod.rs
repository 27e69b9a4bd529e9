//! Linux as the peer: a network namespace with a TAP device, and sockets in it.
//!
//! The namespace has no name. It lives as long as a process of ours is in it, the [socket giver](giver), so
//! nothing is left on the machine even if the tests are killed, and cases cannot get in each other's way.
//! Commands enter it with `nsenter`; sockets that the giver made in it are used in this process like any
//! others, because a socket stays in the network that it was made in.

mod giver;
mod sockets;
mod tap_wire;

pub use giver::serve_if_asked;
pub use sockets::{bind_udp, connect, listen, reset};
pub use tap_wire::TapWire;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use giver::Wanted;
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketType};

use crate::deadline::PATIENCE;
use crate::needs::{self, Skip};

/// The TAP device's name. Each namespace has its own.
pub const TAP: &str = "tap0";

/// Linux's address on the TAP (TEST-NET-2, RFC 5737).
pub const LINUX: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// The guest's address.
pub const GUEST: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);

/// Linux's address on the TAP over IPv6, in a network of 64 bits.
pub const LINUX_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);

/// The guest's address over IPv6.
pub const GUEST_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2);

/// A network of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Namespace {
    giver: Child,
    control: UnixStream,
    /// Whether this process has its rights in the namespace by a user namespace.
    in_user_namespace: bool,
}

impl Namespace {
    /// A namespace with the loopback device up and nothing else.
    ///
    /// # Errors
    /// [`Skip`] if this machine does not let us make one.
    pub fn new() -> Result<Self> {
        needs::program("ip", "iproute2")?;
        needs::program("nsenter", "util-linux")?;
        let namespace = match Self::unshare(false) {
            Ok(namespace) => namespace,
            // Without privileges: where users may make user namespaces, they have all rights in those.
            Err(why) => Self::unshare(true).map_err(|_| {
                Skip::because(format!("needs CAP_NET_ADMIN to make network namespaces: {why}"))
            })?,
        };
        namespace.run("ip", &["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// A namespace with a TAP device that is up and has the address [`LINUX`], in a network of 24 bits.
    ///
    /// # Errors
    /// [`Skip`] if this machine does not let us make one.
    pub fn with_tap() -> Result<Self> {
        let namespace = Self::new()?;
        if let Err(error) = fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
            return Err(Skip::because(format!("needs /dev/net/tun: {error}")));
        }
        namespace.run("ip", &["tuntap", "add", "dev", TAP, "mode", "tap"])?;
        namespace.run("ip", &["addr", "add", &format!("{LINUX}/24"), "dev", TAP])?;
        namespace.run("ip", &["link", "set", TAP, "up"])?;
        Ok(namespace)
    }

    /// The same, with the address [`LINUX_V6`] beside it.
    ///
    /// # Errors
    /// [`Skip`] if this machine does not let us make one.
    pub fn with_both() -> Result<Self> {
        let namespace = Self::with_tap()?;
        namespace.run("ip", &["-6", "addr", "add", &format!("{LINUX_V6}/64"), "dev", TAP, "nodad"])?;
        Ok(namespace)
    }

    /// Starts a socket giver in a new network namespace, and in a new user namespace if told so.
    fn unshare(in_user_namespace: bool) -> Result<Self> {
        let (mut control, theirs) = UnixStream::pair()?;
        control.set_read_timeout(Some(PATIENCE))?;
        let mut unshare = Command::new(needs::program("unshare", "util-linux")?);
        unshare.arg("--net").args(in_user_namespace.then_some("--map-root-user"));
        unshare.arg(env::current_exe()?).arg(giver::ARGUMENT);
        unshare.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = unshare.spawn().context("cannot run unshare")?;
        // The command holds our copy of their end; without it the end of the giver would go unnoticed.
        drop(unshare);
        if control.read_exact(&mut [0]).is_err() {
            let mut why = String::new();
            child.stderr.take().context("unshare has a standard error")?.read_to_string(&mut why)?;
            child.wait()?;
            bail!("{}", why.trim());
        }
        Ok(Namespace { giver: child, control, in_user_namespace })
    }

    /// A command that will run in the namespace.
    ///
    /// # Errors
    /// [`Skip`] if `nsenter` is not installed.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Result<Command> {
        let mut command = Command::new(needs::program("nsenter", "util-linux")?);
        command.arg(format!("--target={}", self.giver.id())).arg("--net");
        command.args(
            self.in_user_namespace.then_some(["--user", "--preserve-credentials"]).into_iter().flatten(),
        );
        command.arg("--").arg(program);
        Ok(command)
    }

    /// A process of the namespace, by whose number other commands name it.
    pub fn id(&self) -> u32 {
        self.giver.id()
    }

    /// Runs a command in the namespace and answers what it printed.
    ///
    /// # Errors
    /// If it fails; the error is what it said about that. [`Skip`] if it is not installed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        needs::in_package(program)?;
        let mut command = self.command(program)?;
        let output = command.args(arguments).stdin(Stdio::null()).output()?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if !output.status.success() {
            let (printed, said) = (text(&output.stdout), text(&output.stderr));
            bail!("`{program} {}` failed ({}): {said}\n{printed}", arguments.join(" "), output.status);
        }
        Ok(text(&output.stdout))
    }

    /// Gives Linux in the namespace a setting: `NAME=VALUE`, the name with dots (sysctl(8)).
    ///
    /// # Errors
    /// If there is no such setting, or it does not take the value.
    pub fn set(&self, setting: &str) -> Result<()> {
        let (name, value) = setting.split_once('=').context("a setting is NAME=VALUE")?;
        let file = format!("/proc/sys/{}", name.replace('.', "/"));
        // The settings of the namespace of whoever opens the file: so somebody within it writes.
        self.run("sh", &["-c", r#"echo "$1" >"$0""#, &file, value]).map(drop)
    }

    /// A connection to `address`, made in the namespace.
    ///
    /// # Errors
    /// What connect(2) answers.
    pub fn connect(&self, address: impl Into<SocketAddr>) -> Result<TcpStream> {
        let address = address.into();
        connect(self.give(SocketType::STREAM, address)?, None, address)
    }

    /// A connection from Linux's own address `source`.
    ///
    /// # Errors
    /// What bind(2) and connect(2) answer.
    pub fn connect_from(
        &self,
        source: impl Into<IpAddr>,
        address: impl Into<SocketAddr>,
    ) -> Result<TcpStream> {
        let address = address.into();
        let source = SocketAddr::new(source.into(), 0);
        connect(self.give(SocketType::STREAM, address)?, Some(source), address)
    }

    /// A socket that listens on a free port of the namespace, and the port.
    ///
    /// # Errors
    /// What bind(2) and listen(2) answer.
    pub fn listen(&self) -> Result<(TcpListener, u16)> {
        listen(self.socket()?, SocketAddrV4::new(LINUX, 0).into())
    }

    /// The same over IPv6, on [`LINUX_V6`].
    ///
    /// # Errors
    /// What bind(2) and listen(2) answer.
    pub fn listen_v6(&self) -> Result<(TcpListener, u16)> {
        let address = (LINUX_V6, 0).into();
        listen(self.give(SocketType::STREAM, address)?, address)
    }

    /// A UDP socket of the namespace, bound to `address`, with port 0 to a free one.
    ///
    /// # Errors
    /// What bind(2) answers.
    pub fn udp(&self, address: impl Into<SocketAddr>) -> Result<UdpSocket> {
        let address = address.into();
        bind_udp(self.give(SocketType::DGRAM, address)?, address)
    }

    /// A socket of the version of `address`.
    fn give(&self, kind: SocketType, address: SocketAddr) -> Result<OwnedFd> {
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let given = giver::ask(&self.control, Wanted::Socket(kind, family));
        given.context("the namespace's socket giver is gone")
    }

    /// A TCP socket of the namespace for IPv4, unbound.
    ///
    /// # Errors
    /// If the namespace has come to an end.
    pub fn socket(&self) -> Result<OwnedFd> {
        self.give(SocketType::STREAM, SocketAddrV4::new(LINUX, 0).into())
    }

    /// The wire's end of the namespace's TAP device `name`: each read or write is a frame, and none waits.
    ///
    /// # Errors
    /// If it cannot be opened; the namespace is of no use then.
    pub fn tap(&self, name: &str) -> Result<OwnedFd> {
        giver::ask(&self.control, Wanted::Tap(name))
            .with_context(|| format!("the TAP device {name} does not open"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It ends by itself at the end of its input; so nobody waits long for it.
        let _ = self.control.shutdown(std::net::Shutdown::Both);
        let _ = self.giver.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The socket giver is the test program itself, which unit tests are not: only its protocol is tested.
    #[test]
    fn sockets_pass_through_a_unix_socket() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let wanted = Wanted::Socket(SocketType::STREAM, AddressFamily::INET);
        let giver = std::thread::spawn(move || giver::serve(&theirs));
        let (listener, port) =
            listen(giver::ask(&ours, wanted).unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
        let stream = connect(giver::ask(&ours, wanted).unwrap(), None, address).unwrap();
        let (_, from) = listener.accept().unwrap();
        assert_eq!(from, stream.local_addr().unwrap());
        drop(ours);
        giver.join().unwrap().unwrap();
    }
}
