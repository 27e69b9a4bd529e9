//! `struct packetdrill_interface` of the tool's packetdrill.h: functions in its order.

use libc::{
    c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_void, epoll_event, iovec, loff_t, msghdr, nfds_t,
    pollfd, size_t, sockaddr, socklen_t, ssize_t, timeval, timezone, useconds_t,
};

/// What the tool hands to each function; nothing is needed of it here.
pub(crate) type User = *mut c_void;

type Address = *const sockaddr;
type AddressOut = *mut sockaddr;
type LenOut = *mut socklen_t;

/// The table. The tool zeroes it, and calls any function of it.
///
/// `fcntl` and `ioctl` have variable arguments in C. Where this runs, they are passed like fixed ones; one that the
/// caller left out has any value, and is looked at only for commands that have it.
#[repr(C)]
pub(crate) struct Interface {
    pub(crate) userdata: User,
    pub(crate) free: unsafe extern "C" fn(User),
    pub(crate) socket: unsafe extern "C" fn(User, c_int, c_int, c_int) -> c_int,
    pub(crate) bind: unsafe extern "C" fn(User, c_int, Address, socklen_t) -> c_int,
    pub(crate) listen: unsafe extern "C" fn(User, c_int, c_int) -> c_int,
    pub(crate) accept: unsafe extern "C" fn(User, c_int, AddressOut, LenOut) -> c_int,
    pub(crate) connect: unsafe extern "C" fn(User, c_int, Address, socklen_t) -> c_int,
    pub(crate) read: unsafe extern "C" fn(User, c_int, *mut c_void, size_t) -> ssize_t,
    pub(crate) readv: unsafe extern "C" fn(User, c_int, *const iovec, c_int) -> ssize_t,
    pub(crate) recv: unsafe extern "C" fn(User, c_int, *mut c_void, size_t, c_int) -> ssize_t,
    pub(crate) recvfrom:
        unsafe extern "C" fn(User, c_int, *mut c_void, size_t, c_int, AddressOut, LenOut) -> ssize_t,
    pub(crate) recvmsg: unsafe extern "C" fn(User, c_int, *mut msghdr, c_int) -> ssize_t,
    pub(crate) write: unsafe extern "C" fn(User, c_int, *const c_void, size_t) -> ssize_t,
    pub(crate) writev: unsafe extern "C" fn(User, c_int, *const iovec, c_int) -> ssize_t,
    pub(crate) send: unsafe extern "C" fn(User, c_int, *const c_void, size_t, c_int) -> ssize_t,
    pub(crate) sendto:
        unsafe extern "C" fn(User, c_int, *const c_void, size_t, c_int, Address, socklen_t) -> ssize_t,
    pub(crate) sendmsg: unsafe extern "C" fn(User, c_int, *const msghdr, c_int) -> ssize_t,
    pub(crate) fcntl: unsafe extern "C" fn(User, c_int, c_int, c_long) -> c_int,
    pub(crate) ioctl: unsafe extern "C" fn(User, c_int, c_ulong, *mut c_int) -> c_int,
    pub(crate) close: unsafe extern "C" fn(User, c_int) -> c_int,
    pub(crate) shutdown: unsafe extern "C" fn(User, c_int, c_int) -> c_int,
    pub(crate) getsockopt: unsafe extern "C" fn(User, c_int, c_int, c_int, *mut c_void, LenOut) -> c_int,
    pub(crate) setsockopt: unsafe extern "C" fn(User, c_int, c_int, c_int, *const c_void, socklen_t) -> c_int,
    pub(crate) poll: unsafe extern "C" fn(User, *mut pollfd, nfds_t, c_int) -> c_int,
    pub(crate) netdev_send: unsafe extern "C" fn(User, *const c_void, size_t) -> c_int,
    pub(crate) netdev_receive: unsafe extern "C" fn(User, *mut c_void, *mut size_t, *mut c_longlong) -> c_int,
    pub(crate) usleep: unsafe extern "C" fn(User, useconds_t) -> c_int,
    pub(crate) gettimeofday: unsafe extern "C" fn(User, *mut timeval, *mut timezone) -> c_int,
    pub(crate) epoll_create: unsafe extern "C" fn(User, c_int) -> c_int,
    pub(crate) epoll_ctl: unsafe extern "C" fn(User, c_int, c_int, c_int, *mut epoll_event) -> c_int,
    pub(crate) epoll_wait: unsafe extern "C" fn(User, c_int, *mut epoll_event, c_int, c_int) -> c_int,
    pub(crate) pipe: unsafe extern "C" fn(User, *mut c_int) -> c_int,
    pub(crate) splice:
        unsafe extern "C" fn(User, c_int, *mut loff_t, c_int, *mut loff_t, size_t, c_uint) -> ssize_t,
}

/// What the tool looks up by the name `packetdrill_interface_init`: options in, table out.
pub(crate) type Init = unsafe extern "C" fn(*const c_char, *mut Interface);
