//! What is done when the tool is killed: runners of suites end it with a signal when it takes too long, and the
//! directory of its script shall not stay.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_long};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// Signals that end a process from outside.
const SIGNALS: [c_int; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// The directory that has to go, as a C string; null: none.
static DIRECTORY: AtomicPtr<c_char> = AtomicPtr::new(null_mut());

/// `directory` is taken away if the process is killed by a signal that can be caught, from now on.
pub(crate) fn remove(directory: &Path) {
    let Ok(name) = CString::new(directory.as_os_str().as_bytes()) else { return };
    // A name before it is never freed: a signal may be reading it.
    DIRECTORY.store(name.into_raw(), Ordering::Release);
    for signal in SIGNALS {
        catch(signal);
    }
}

/// There is no such directory any more.
pub(crate) fn forget() {
    DIRECTORY.store(null_mut(), Ordering::Release);
}

/// Catches a signal, unless somebody else does or it is ignored.
fn catch(signal: c_int) {
    // SAFETY: all zeros are a `sigaction`, and both are ours; the handler does only what a handler may.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, null(), &mut before) != 0 || before.sa_sigaction != libc::SIG_DFL {
            return;
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = killed as *const () as usize;
        // The second signal, which is our own, ends the process.
        action.sa_flags = libc::SA_RESETHAND;
        libc::sigaction(signal, &action, null_mut());
    }
}

/// Lets rm(1) take the directory away, and ends as the signal would have. Nothing here takes a lock or memory.
extern "C" fn killed(signal: c_int) {
    let directory = DIRECTORY.swap(null_mut(), Ordering::AcqRel);
    if !directory.is_null() {
        let command = [c"rm".as_ptr(), c"-rf".as_ptr(), directory.cast_const(), null()];
        // SAFETY: a bare clone(2) is a fork without the C library's locks; the child only becomes another program, or
        // ends. The words are C strings that live for ever, and null ends them.
        unsafe {
            let child = libc::syscall(libc::SYS_clone, c_long::from(libc::SIGCHLD), 0, 0, 0, 0);
            if child == 0 {
                libc::execv(c"/bin/rm".as_ptr(), command.as_ptr());
                libc::_exit(127);
            }
            libc::waitpid(child as libc::pid_t, null_mut(), 0);
        }
    }
    // SAFETY: only a number.
    unsafe { libc::raise(signal) };
}
