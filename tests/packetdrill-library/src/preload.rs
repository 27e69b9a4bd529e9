//! Functions of the C library's whose place these take with LD_PRELOAD: `getsockopt`, which the tool's code blocks
//! call, and `system`.
#![allow(unsafe_code)]

use crate::functions::int;
use crate::init;
use crate::options;
use crate::proc_sys::next;
use crate::world::world;
use libc::{c_char, c_int, c_void, socklen_t};
use packetdrill::Errno;
use std::sync::OnceLock;

type Getsockopt = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int;

type System = unsafe extern "C" fn(*const c_char) -> c_int;

/// The C library's.
fn next_getsockopt() -> Option<Getsockopt> {
    static NEXT: OnceLock<Option<Getsockopt>> = OnceLock::new();
    *NEXT.get_or_init(|| {
        let found = next(c"getsockopt");
        // SAFETY: what goes by that name is a function of that type.
        (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, Getsockopt>(found) })
    })
}

/// system(3): the C library's, after the stand-ins for commands were put up.
///
/// # Safety
/// As system(3).
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn system(command: *const c_char) -> c_int {
    init::before_command();
    let found = next(c"system");
    if found.is_null() {
        return int(Err(Errno::ENOSYS));
    }
    // SAFETY: what goes by that name is a function of that type; the caller's promise.
    unsafe { std::mem::transmute::<*mut c_void, System>(found)(command) }
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
    match next_getsockopt() {
        // SAFETY: the caller's promise.
        Some(getsockopt) => unsafe { getsockopt(fd, level, name, value, len) },
        None => int(Err(Errno::ENOSYS)),
    }
}
