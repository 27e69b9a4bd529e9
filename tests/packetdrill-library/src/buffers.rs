//! Between C's pointers and values. Everything here believes what the caller of the table says, as the kernel does.
#![allow(unsafe_code)]

use libc::{c_void, iovec, sockaddr, sockaddr_in, sockaddr_in6, socklen_t};
use packetdrill::Errno;
use packetdrill::machine::Address;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Bytes that the caller hands in. Linux: copy_from_user, which refuses null.
///
/// # Safety
/// `bytes` is null or has `len` readable bytes.
pub(crate) unsafe fn take(bytes: *const c_void, len: usize) -> Result<Vec<u8>, Errno> {
    if len == 0 {
        return Ok(Vec::new());
    }
    if bytes.is_null() {
        return Err(Errno::EFAULT);
    }
    // SAFETY: not null, and the caller promises `len` bytes.
    Ok(unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len) }.to_vec())
}

/// Whether there is memory to read into; nothing is taken from the socket if not. Linux: copy_to_user.
pub(crate) fn has_room(buffer: *const c_void, len: usize) -> Result<(), Errno> {
    if buffer.is_null() && len > 0 { Err(Errno::EFAULT) } else { Ok(()) }
}

/// Copies at most `len` of `bytes` to the caller, and says how many.
///
/// # Safety
/// `to` is null or has `len` writable bytes.
pub(crate) unsafe fn give(bytes: &[u8], to: *mut c_void, len: usize) -> usize {
    let count = if to.is_null() { 0 } else { bytes.len().min(len) };
    if count > 0 {
        // SAFETY: `to` has at least `count` bytes, and nobody else has a reference to them.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.cast::<u8>(), count) };
    }
    count
}

/// The buffers of a vector.
///
/// # Safety
/// `vector` is null or has `count` valid entries.
unsafe fn entries<'a>(vector: *const iovec, count: usize) -> Result<&'a [iovec], Errno> {
    match (vector.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Errno::EFAULT),
        // SAFETY: not null, and the caller promises `count` entries.
        _ => Ok(unsafe { std::slice::from_raw_parts(vector, count) }),
    }
}

/// All bytes of a vector.
///
/// # Safety
/// `vector` has `count` entries whose buffers are as long as they say.
pub(crate) unsafe fn gather(vector: *const iovec, count: usize) -> Result<Vec<u8>, Errno> {
    let mut all = Vec::new();
    // SAFETY: as the caller promises.
    for entry in unsafe { entries(vector, count) }? {
        // SAFETY: as the caller promises.
        all.extend(unsafe { take(entry.iov_base, entry.iov_len) }?);
    }
    Ok(all)
}

/// How many bytes a vector holds.
///
/// # Safety
/// `vector` has `count` entries.
pub(crate) unsafe fn capacity(vector: *const iovec, count: usize) -> Result<usize, Errno> {
    // SAFETY: as the caller promises.
    Ok(unsafe { entries(vector, count) }?.iter().map(|entry| entry.iov_len).sum())
}

/// Spreads `bytes` over a vector.
///
/// # Safety
/// `vector` has `count` entries whose buffers are as long as they say and writable.
pub(crate) unsafe fn scatter(mut bytes: &[u8], vector: *const iovec, count: usize) -> Result<(), Errno> {
    // SAFETY: as the caller promises.
    for entry in unsafe { entries(vector, count) }? {
        // SAFETY: as the caller promises.
        let given = unsafe { give(bytes, entry.iov_base, entry.iov_len) };
        bytes = &bytes[given..];
    }
    Ok(())
}

/// A socket address that the caller hands in.
///
/// # Safety
/// `address` is null or has `len` readable bytes.
pub(crate) unsafe fn take_address(address: *const sockaddr, len: socklen_t) -> Result<Address, Errno> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { take(address.cast(), len as usize) }?;
    let family = bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes)).ok_or(Errno::EINVAL)?;
    let port = || bytes.get(2..4).map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    match i32::from(family) {
        libc::AF_INET => {
            let address: [u8; 4] =
                *bytes.get(4..).and_then(|rest| rest.first_chunk()).ok_or(Errno::EINVAL)?;
            Ok(Address::Inet((Ipv4Addr::from(address), port()).into()))
        }
        libc::AF_INET6 => {
            let address: [u8; 16] =
                *bytes.get(8..).and_then(|rest| rest.first_chunk()).ok_or(Errno::EINVAL)?;
            Ok(Address::Inet((Ipv6Addr::from(address), port()).into()))
        }
        _ => Ok(Address::Family(family)),
    }
}

/// Hands a socket address out, and its length.
///
/// # Safety
/// `to` and `len` are null, or `len` says how many bytes `to` has.
pub(crate) unsafe fn give_address(address: SocketAddr, to: *mut sockaddr, len: *mut socklen_t) {
    if to.is_null() || len.is_null() {
        return;
    }
    let bytes = layout(address);
    // SAFETY: neither is null, and `*len` is the room in `to`.
    unsafe {
        give(&bytes, to.cast(), *len as usize);
        *len = bytes.len() as socklen_t;
    }
}

/// `struct sockaddr_in` or `struct sockaddr_in6`.
pub(crate) fn layout(address: SocketAddr) -> Vec<u8> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut bytes = (family as u16).to_ne_bytes().to_vec();
    bytes.extend(address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            bytes.extend(v4.ip().octets());
            bytes.resize(size_of::<sockaddr_in>(), 0);
        }
        SocketAddr::V6(v6) => {
            bytes.extend(SocketAddrV6::flowinfo(&v6).to_be_bytes());
            bytes.extend(v6.ip().octets());
            bytes.resize(size_of::<sockaddr_in6>(), 0);
        }
    }
    bytes
}
