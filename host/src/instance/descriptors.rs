//! Bytes that bring descriptors along. Linux: SCM_RIGHTS.

use super::request::{HEADER_LEN, MAX_DIRECTORIES};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// Most descriptors of a request: the tool's file, three streams, and its directories. What is sent beyond that
/// the kernel closes.
pub(super) const MAX_DESCRIPTORS: usize = 4 + MAX_DIRECTORIES;

/// Room for the descriptors in the system call's control message.
type Space = [MaybeUninit<u8>; rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];

/// Sends `bytes` with `descriptors` at their beginning; answers how many bytes went.
pub(super) fn send(connection: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space: Space = [MaybeUninit::uninit(); _];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many descriptors"));
    }
    Ok(sendmsg(connection, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
}

/// Receives a request's header with the descriptors that come with it; none if the client went before it sent one.
pub(super) async fn receive_header(
    connection: &UnixStream,
) -> io::Result<Option<([u8; HEADER_LEN], Vec<OwnedFd>)>> {
    let mut header = [0; HEADER_LEN];
    let (mut filled, mut descriptors) = (0, Vec::new());
    while filled < HEADER_LEN {
        let room = &mut header[filled..];
        let count = connection
            .async_io(Interest::READABLE, || receive(connection, &mut *room, &mut descriptors))
            .await?;
        if count == 0 {
            return if filled == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        filled += count;
    }
    Ok(Some((header, descriptors)))
}

fn receive(connection: &UnixStream, room: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space: Space = [MaybeUninit::uninit(); _];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(connection, &mut [IoSliceMut::new(room)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = part {
            descriptors.extend(received.take(MAX_DESCRIPTORS.saturating_sub(descriptors.len())));
        }
    }
    Ok(message.bytes)
}
