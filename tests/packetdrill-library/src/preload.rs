//! `getsockopt` for the tool's code blocks: they call the C library's, whose place this takes with LD_PRELOAD.
#![allow(unsafe_code)]

use crate::functions::int;
use crate::options;
use crate::world::world;
use libc::{c_int, c_void, socklen_t};
use packetdrill::Errno;
use std::sync::OnceLock;

type Getsockopt = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int;

/// The C library's.
fn next() -> Option<Getsockopt> {
    static NEXT: OnceLock<Option<Getsockopt>> = OnceLock::new();
    *NEXT.get_or_init(|| {
        // SAFETY: the name is a C string.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"getsockopt".as_ptr()) };
        // SAFETY: what goes by that name is a function of that type.
        (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, Getsockopt>(found) })
    })
}

/// getsockopt(2): of the machine's descriptors by the machine, of all others by the C library.
///
/// # Safety
/// As getsockopt(2).
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    let is_ours = world().is_some_and(|world| world.lock().descriptors.live(fd).is_some());
    if is_ours {
        // SAFETY: the caller's promise.
        return unsafe { options::getsockopt(std::ptr::null_mut(), fd, level, name, value, len) };
    }
    match next() {
        // SAFETY: the caller's promise.
        Some(getsockopt) => unsafe { getsockopt(fd, level, name, value, len) },
        None => int(Err(Errno::ENOSYS)),
    }
}
