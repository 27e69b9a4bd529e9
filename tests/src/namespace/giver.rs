//! The process that keeps a namespace alive and makes sockets in it: this program again, with one argument.
//!
//! It speaks over its standard input, a Unix socket: one byte says that it is there. Each question is a byte with
//! the length of a name and the name, [`Wanted`] in writing; the answer is one byte with a descriptor.

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

/// What a giver gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// A socket of this kind and version.
    Socket(SocketType, AddressFamily),
    /// The TAP device of this name.
    Tap(&'a str),
}

/// The sockets by their names: no device can have a name with a slash.
const SOCKETS: [(&str, SocketType, AddressFamily); 4] = [
    ("tcp/4", SocketType::STREAM, AddressFamily::INET),
    ("tcp/6", SocketType::STREAM, AddressFamily::INET6),
    ("udp/4", SocketType::DGRAM, AddressFamily::INET),
    ("udp/6", SocketType::DGRAM, AddressFamily::INET6),
];

impl<'a> Wanted<'a> {
    /// As it is written.
    fn name(self) -> &'a str {
        match self {
            Wanted::Tap(name) => name,
            Wanted::Socket(kind, family) => {
                let known = SOCKETS.iter().find(|(_, k, f)| (*k, *f) == (kind, family));
                known.map_or("", |(name, ..)| name)
            }
        }
    }

    /// Makes it, here.
    fn make(name: &str) -> io::Result<OwnedFd> {
        match SOCKETS.iter().find(|(known, ..)| *known == name) {
            Some(&(_, kind, family)) => {
                Ok(rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?)
            }
            None => Ok(Tap::open(name).map_err(io::Error::other)?.into()),
        }
    }
}

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
        let socket = Wanted::make(&String::from_utf8_lossy(&name))?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        let sockets = [socket.as_fd()];
        message.push(SendAncillaryMessage::ScmRights(&sockets));
        rustix::net::sendmsg(control, &[IoSlice::new(&[0])], &mut message, SendFlags::empty())?;
    }
    Ok(())
}

/// Asks the giver at the other end.
pub(super) fn ask(mut control: &UnixStream, wanted: Wanted<'_>) -> io::Result<OwnedFd> {
    let name = wanted.name();
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
