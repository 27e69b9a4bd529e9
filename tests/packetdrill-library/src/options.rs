//! Socket options.
#![allow(unsafe_code)]

use crate::abi::User;
use crate::buffers::{give, take};
use crate::functions::{int, on};
use libc::{c_int, c_void, socklen_t};
use packetdrill::Errno;
use packetdrill::machine::Call;

pub(crate) unsafe extern "C" fn getsockopt(
    _: User,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    if len.is_null() {
        return int(Err(Errno::EFAULT));
    }
    // SAFETY: not null, and the caller's.
    let room = unsafe { *len } as usize;
    int(on(fd, |fd| Call::GetSockOpt { fd, level, name, len: room }).map(|answer| {
        // SAFETY: the caller promises that the value has room for `*len` bytes.
        let given = unsafe { give(&answer.data, value, room) };
        // SAFETY: as above.
        unsafe { *len = given as socklen_t };
        answer.value
    }))
}

pub(crate) unsafe extern "C" fn setsockopt(
    _: User,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    // SAFETY: the caller promises that the value has `len` bytes.
    let mut bytes = unsafe { take(value, len as usize) };
    if (level, name) == (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER) {
        // SAFETY: the caller promises a filter behind the option's value.
        bytes = bytes.and_then(|program| unsafe { filter(&program) });
    }
    int(bytes.and_then(|value| Ok(on(fd, |fd| Call::SetSockOpt { fd, level, name, value })?.value)))
}

/// The instructions behind a `struct sock_fprog`.
///
/// # Safety
/// The bytes are such a struct, whose pointer leads to as many instructions as it says.
unsafe fn filter(program: &[u8]) -> Result<Vec<u8>, Errno> {
    /// Bytes of `struct sock_filter`.
    const INSTRUCTION: usize = 8;
    let count = program.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes)).ok_or(Errno::EINVAL)?;
    let at = size_of::<usize>();
    let pointer = program.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Errno::EINVAL)?;
    let instructions = usize::from_ne_bytes(*pointer) as *const c_void;
    // SAFETY: as the caller promises.
    unsafe { take(instructions, usize::from(count) * INSTRUCTION) }
}
