//! The process that keeps a namespace alive and makes sockets in it: this program again, with one argument.
//!
//! It speaks over its standard input, a Unix socket: one byte says that it is there. Each question is a byte with
//! the length of a name and the name; the answer is one byte with a descriptor: for no name a new TCP socket of IPv4,
//! for a colon, which no device is called, one of IPv6, else the TAP device of that name.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;

use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use wnet::wire::tap::Tap;

/// The argument that makes this program a socket giver.
pub(super) const ARGUMENT: &str = "--give-sockets";

/// Becomes a socket giver, and ends as one, if this program was started as such. The test program's `main`
/// calls it first of all.
pub fn serve_if_asked() {
    if std::env::args().nth(1).as_deref() == Some(ARGUMENT) {
        let served = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from).and_then(|control| {
            (&control).write_all(&[0])?;
            serve(&control)
        });
        std::process::exit(i32::from(served.is_err()));
    }
}

/// Gives sockets until nobody can ask any more.
pub(super) fn serve(control: &UnixStream) -> io::Result<()> {
    let (mut reader, mut length) = (control, [0]);
    while reader.read(&mut length)? > 0 {
        let mut name = vec![0; length[0].into()];
        reader.read_exact(&mut name)?;
        let socket = match name[..] {
            [] => tcp_socket(AddressFamily::INET)?,
            [b':'] => tcp_socket(AddressFamily::INET6)?,
            _ => Tap::open(&String::from_utf8_lossy(&name)).map_err(io::Error::other)?.into(),
        };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        let sockets = [socket.as_fd()];
        message.push(SendAncillaryMessage::ScmRights(&sockets));
        rustix::net::sendmsg(control, &[IoSlice::new(&[0])], &mut message, SendFlags::empty())?;
    }
    Ok(())
}

fn tcp_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

/// What the giver at the other end is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gift<'a> {
    /// A TCP socket of this version.
    Socket { ipv6: bool },
    /// The TAP device of this name.
    Tap(&'a str),
}

/// Asks the giver at the other end.
pub(super) fn ask(mut control: &UnixStream, what: Gift<'_>) -> io::Result<OwnedFd> {
    let name = match what {
        Gift::Socket { ipv6: false } => "",
        Gift::Socket { ipv6: true } => ":",
        Gift::Tap(name) => name,
    };
    let length = u8::try_from(name.len()).map_err(io::Error::other)?;
    control.write_all(&[&[length], name.as_bytes()].concat())?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(control, &mut [IoSliceMut::new(&mut [0])], &mut message, RecvFlags::CMSG_CLOEXEC)?;
    let socket = message.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    socket.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
