//! Functions of the table with socket addresses and messages.
#![allow(unsafe_code)]

use crate::abi::User;
use crate::buffers::{capacity, gather, give, give_address, has_room, layout, scatter, take, take_address};
use crate::functions::{int, long, on, stand_in};
use crate::proc_sys::next;
use crate::world::world;
use libc::{c_int, c_void, cmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t};
use packetdrill::Errno;
use packetdrill::machine::{Call, ControlMessage};

pub(crate) unsafe extern "C" fn accept(
    _: User,
    fd: c_int,
    address: *mut sockaddr,
    len: *mut socklen_t,
) -> c_int {
    int(on(fd, |fd| Call::Accept { fd, flags: 0 }).and_then(|answer| {
        if let Some(peer) = answer.address {
            // SAFETY: the caller's promise.
            unsafe { give_address(peer, address, len) };
        }
        stand_in(&answer)
    }))
}

pub(crate) unsafe extern "C" fn recvfrom(
    _: User,
    fd: c_int,
    buffer: *mut c_void,
    len: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_len: *mut socklen_t,
) -> ssize_t {
    long(has_room(buffer, len).and_then(|()| on(fd, |fd| Call::Recv { fd, len, flags })).map(|answer| {
        // SAFETY: the caller's promise.
        unsafe { give(&answer.data, buffer, len) };
        if let Some(peer) = answer.address {
            // SAFETY: the caller's promise.
            unsafe { give_address(peer, address, address_len) };
        }
        answer.value
    }))
}

pub(crate) unsafe extern "C" fn sendto(
    _: User,
    fd: c_int,
    buffer: *const c_void,
    len: size_t,
    flags: c_int,
    address: *const sockaddr,
    address_len: socklen_t,
) -> ssize_t {
    // SAFETY: the caller's promise.
    let data = unsafe { take(buffer, len) };
    long(data.and_then(|data| {
        // SAFETY: the caller's promise.
        let address =
            (!address.is_null()).then(|| unsafe { take_address(address, address_len) }).transpose()?;
        Ok(on(fd, |fd| Call::Send { fd, data, flags, address })?.value)
    }))
}

pub(crate) unsafe extern "C" fn sendmsg(_: User, fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller promises a message or null.
    let Some(message) = (unsafe { message.as_ref() }) else { return long(Err(Errno::EFAULT)) };
    // SAFETY: the caller promises a valid vector.
    let data = unsafe { gather(message.msg_iov, message.msg_iovlen) };
    long(data.and_then(|data| {
        let name: *const sockaddr = message.msg_name.cast();
        // SAFETY: the caller promises that the name has its length.
        let address =
            (!name.is_null()).then(|| unsafe { take_address(name, message.msg_namelen) }).transpose()?;
        Ok(on(fd, |fd| Call::SendMsg { fd, data, flags, address, control: Vec::new() })?.value)
    }))
}

pub(crate) unsafe extern "C" fn recvmsg(_: User, fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller promises a message that nobody else uses now, or null.
    let Some(message) = (unsafe { message.as_mut() }) else { return long(Err(Errno::EFAULT)) };
    let count = message.msg_iovlen;
    // SAFETY: the caller promises a valid vector.
    let len = unsafe { capacity(message.msg_iov, count) };
    let control_len = if message.msg_control.is_null() { 0 } else { message.msg_controllen };
    long(len.and_then(|len| {
        let answer = on(fd, |fd| Call::RecvMsg { fd, len, control_len, flags })?;
        // SAFETY: the caller promises a vector of valid buffers.
        unsafe { scatter(&answer.data, message.msg_iov, count) }?;
        let name = answer.address.map(layout).unwrap_or_default();
        // SAFETY: the caller promises that the name, if there is one, has its length.
        unsafe { give(&name, message.msg_name, message.msg_namelen as usize) };
        message.msg_namelen = name.len() as socklen_t;
        let control: Vec<u8> = answer.control.iter().flat_map(control_bytes).collect();
        // SAFETY: the caller promises that the control buffer has its length.
        let given = unsafe { give(&control, message.msg_control, control_len) };
        message.msg_controllen = given;
        message.msg_flags = answer.flags | if given < control.len() { libc::MSG_CTRUNC } else { 0 };
        Ok(answer.value)
    }))
}

/// `struct cmsghdr`, the data, and padding.
fn control_bytes(message: &ControlMessage) -> Vec<u8> {
    let len = size_of::<cmsghdr>() + message.data.len();
    let mut bytes = (len as size_t).to_ne_bytes().to_vec();
    bytes.extend(message.level.to_ne_bytes());
    bytes.extend(message.kind.to_ne_bytes());
    bytes.extend(&message.data);
    bytes.resize(len.next_multiple_of(size_of::<size_t>()), 0);
    bytes
}

/// sendfile(2), which is not in the table: the tool calls the C library's, whose place this takes with LD_PRELOAD.
///
/// # Safety
/// As sendfile(2).
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn sendfile(
    output: c_int,
    input: c_int,
    offset: *mut libc::off_t,
    len: size_t,
) -> ssize_t {
    let is_ours = world().is_some_and(|world| world.lock().descriptors.live(output).is_some());
    if !is_ours {
        type Sendfile = unsafe extern "C" fn(c_int, c_int, *mut libc::off_t, size_t) -> ssize_t;
        let found = next(c"sendfile");
        if found.is_null() {
            return long(Err(Errno::ENOSYS));
        }
        // SAFETY: what goes by that name is a function of that type; the caller's promise.
        return unsafe { std::mem::transmute::<*mut c_void, Sendfile>(found)(output, input, offset, len) };
    }
    let mut data = vec![0u8; len];
    // SAFETY: the buffer is as long as said; the offset is null or the caller's.
    let read = unsafe {
        match offset.as_ref() {
            Some(offset) => libc::pread(input, data.as_mut_ptr().cast(), len, *offset),
            None => libc::read(input, data.as_mut_ptr().cast(), len),
        }
    };
    let Ok(read) = usize::try_from(read) else { return -1 };
    data.truncate(read);
    let sent = long(on(output, |fd| Call::Write { fd, data }).map(|answer| answer.value));
    if sent > 0 && !offset.is_null() {
        // SAFETY: not null, and the caller's to write.
        unsafe { *offset += sent as libc::off_t };
    }
    sent
}
