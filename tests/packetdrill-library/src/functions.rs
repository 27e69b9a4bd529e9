//! The functions of the table: from pointers to values, a call of the machine, and back.
#![allow(unsafe_code)]

use crate::abi::{Interface, User};
use crate::buffers::{capacity, gather, give, has_room, scatter, take, take_address};
use crate::world::{World, world};
use crate::{options, sockets};
use libc::{
    c_int, c_long, c_longlong, c_uint, c_ulong, c_void, epoll_event, iovec, loff_t, nfds_t, pollfd, size_t,
    sockaddr, socklen_t, ssize_t, timeval, timezone, useconds_t,
};
use packetdrill::Errno;
use packetdrill::machine::{Answer, Call, EpollEvent, Fd, PollFd};

const MICROS_PER_SECOND: u64 = 1_000_000;

/// The table with all functions in it.
pub(crate) fn table() -> Interface {
    Interface {
        userdata: std::ptr::null_mut(),
        free,
        socket,
        bind,
        listen,
        accept: sockets::accept,
        connect,
        read,
        readv,
        recv,
        recvfrom: sockets::recvfrom,
        recvmsg: sockets::recvmsg,
        write,
        writev,
        send,
        sendto: sockets::sendto,
        sendmsg: sockets::sendmsg,
        fcntl,
        ioctl,
        close,
        shutdown,
        getsockopt: options::getsockopt,
        setsockopt: options::setsockopt,
        poll,
        netdev_send,
        netdev_receive,
        usleep,
        gettimeofday,
        epoll_create,
        epoll_ctl,
        epoll_wait,
        pipe,
        splice,
    }
}

/// The world. The tool has no table before there is one.
pub(crate) fn here() -> Result<&'static World, Errno> {
    world().ok_or(Errno::ENOSYS)
}

/// The machine's descriptor behind one of the tool's.
pub(crate) fn live(fd: c_int) -> Result<Fd, Errno> {
    here()?.lock().descriptors.live(fd).ok_or(Errno::EBADF)
}

/// Makes a call on a descriptor.
pub(crate) fn on(fd: c_int, call: impl FnOnce(Fd) -> Call) -> Result<Answer, Errno> {
    here()?.call(&call(live(fd)?))
}

/// A descriptor for the tool.
pub(crate) fn stand_in(answer: &Answer) -> Result<i64, Errno> {
    let live = Fd::try_from(answer.value).map_err(|_| Errno::EMFILE)?;
    here()?.lock().descriptors.stand_in(live).map(i64::from)
}

/// What the C library answers: the number, or -1 and `errno`.
pub(crate) fn long(result: Result<i64, Errno>) -> ssize_t {
    match result {
        Ok(value) => value as ssize_t,
        Err(Errno(number)) => {
            // SAFETY: the location is this thread's own, and valid as long as the thread is.
            unsafe { *libc::__errno_location() = number };
            -1
        }
    }
}

/// The same for functions that answer an int.
pub(crate) fn int(result: Result<i64, Errno>) -> c_int {
    long(result) as c_int
}

fn value(result: Result<Answer, Errno>) -> Result<i64, Errno> {
    result.map(|answer| answer.value)
}

unsafe extern "C" fn free(_: User) {
    crate::shims::end();
}

unsafe extern "C" fn socket(_: User, domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    let made = here().and_then(|world| world.call(&Call::Socket { domain, kind, protocol }));
    int(made.and_then(|answer| stand_in(&answer)))
}

unsafe extern "C" fn bind(_: User, fd: c_int, address: *const sockaddr, len: socklen_t) -> c_int {
    // SAFETY: the caller's promise.
    let address = unsafe { take_address(address, len) };
    int(address.and_then(|address| {
        here()?.local_is(address);
        value(on(fd, |fd| Call::Bind { fd, address }))
    }))
}

unsafe extern "C" fn listen(_: User, fd: c_int, backlog: c_int) -> c_int {
    int(value(on(fd, |fd| Call::Listen { fd, backlog })))
}

unsafe extern "C" fn connect(_: User, fd: c_int, address: *const sockaddr, len: socklen_t) -> c_int {
    // SAFETY: the caller's promise.
    let address = unsafe { take_address(address, len) };
    int(address.and_then(|address| value(on(fd, |fd| Call::Connect { fd, address }))))
}

/// Receives into one buffer.
unsafe fn receive(fd: c_int, buffer: *mut c_void, len: size_t, call: impl FnOnce(Fd) -> Call) -> ssize_t {
    long(has_room(buffer, len).and_then(|()| on(fd, call)).map(|answer| {
        // SAFETY: the caller's promise.
        unsafe { give(&answer.data, buffer, len) };
        answer.value
    }))
}

unsafe extern "C" fn read(_: User, fd: c_int, buffer: *mut c_void, len: size_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { receive(fd, buffer, len, |fd| Call::Read { fd, len }) }
}

unsafe extern "C" fn recv(_: User, fd: c_int, buffer: *mut c_void, len: size_t, flags: c_int) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { receive(fd, buffer, len, |fd| Call::Recv { fd, len, flags }) }
}

unsafe extern "C" fn readv(_: User, fd: c_int, vector: *const iovec, count: c_int) -> ssize_t {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's promise.
    let len = unsafe { capacity(vector, count) };
    long(len.and_then(|len| {
        let answer = on(fd, |fd| Call::Read { fd, len })?;
        // SAFETY: the caller's promise.
        unsafe { scatter(&answer.data, vector, count) }?;
        Ok(answer.value)
    }))
}

unsafe extern "C" fn write(_: User, fd: c_int, buffer: *const c_void, len: size_t) -> ssize_t {
    // SAFETY: the caller's promise.
    let data = unsafe { take(buffer, len) };
    long(data.and_then(|data| value(on(fd, |fd| Call::Write { fd, data }))))
}

unsafe extern "C" fn writev(_: User, fd: c_int, vector: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's promise.
    let data = unsafe { gather(vector, usize::try_from(count).unwrap_or(0)) };
    long(data.and_then(|data| value(on(fd, |fd| Call::Write { fd, data }))))
}

unsafe extern "C" fn send(_: User, fd: c_int, buffer: *const c_void, len: size_t, flags: c_int) -> ssize_t {
    // SAFETY: the caller's promise.
    let data = unsafe { take(buffer, len) };
    long(data.and_then(|data| value(on(fd, |fd| Call::Send { fd, data, flags, address: None }))))
}

unsafe extern "C" fn fcntl(_: User, fd: c_int, command: c_int, argument: c_long) -> c_int {
    int(value(on(fd, |fd| Call::Fcntl { fd, command, argument })))
}

unsafe extern "C" fn ioctl(_: User, fd: c_int, request: c_ulong, number: *mut c_int) -> c_int {
    // SAFETY: the requests that there are have a pointer to an int, which the caller promises to be valid.
    let argument = if number.is_null() { 0 } else { unsafe { *number } };
    int(on(fd, |fd| Call::Ioctl { fd, request, argument: argument.into() }).map(|answer| {
        // SAFETY: as above.
        unsafe { give(&answer.data, number.cast(), size_of::<c_int>()) };
        answer.value
    }))
}

unsafe extern "C" fn close(_: User, fd: c_int) -> c_int {
    let closed = on(fd, |fd| Call::Close { fd });
    if let Ok(world) = here() {
        world.lock().descriptors.close(fd);
    }
    int(value(closed))
}

unsafe extern "C" fn shutdown(_: User, fd: c_int, how: c_int) -> c_int {
    int(value(on(fd, |fd| Call::Shutdown { fd, how })))
}

unsafe extern "C" fn poll(_: User, fds: *mut pollfd, count: nfds_t, timeout_ms: c_int) -> c_int {
    if fds.is_null() {
        return int(Err(Errno::EFAULT));
    }
    // SAFETY: not null, and the caller promises `count` entries that nobody else uses now.
    let entries = unsafe { std::slice::from_raw_parts_mut(fds, count as usize) };
    // A descriptor that nobody has is told as such by the machine.
    let known = |fd| if fd < 0 { -1 } else { live(fd).unwrap_or(0) };
    let fds = entries.iter().map(|entry| PollFd { fd: known(entry.fd), events: entry.events }).collect();
    let answer = here().and_then(|world| world.call(&Call::Poll { fds, timeout_ms }));
    int(answer.map(|answer| {
        entries.iter_mut().zip(&answer.revents).for_each(|(entry, revents)| entry.revents = *revents);
        answer.value
    }))
}

unsafe extern "C" fn netdev_send(_: User, packet: *const c_void, len: size_t) -> c_int {
    // SAFETY: the caller's promise.
    let packet = unsafe { take(packet, len) };
    int(packet.and_then(|packet| {
        here()?.inject(&packet);
        Ok(0)
    }))
}

unsafe extern "C" fn netdev_receive(
    _: User,
    buffer: *mut c_void,
    len: *mut size_t,
    micros: *mut c_longlong,
) -> c_int {
    let Ok(world) = here() else { return -1 };
    if len.is_null() || micros.is_null() {
        return -1;
    }
    let packet = world.receive();
    if packet.is_none() {
        eprintln!("wnet: the stack has nothing more to send, however long one waits");
    }
    // SAFETY: neither is null; the caller says in `*len` how long the buffer is.
    unsafe {
        let given = packet.as_ref().map_or(0, |packet| give(&packet.bytes, buffer, *len));
        *len = given;
        *micros = packet.map_or(0, |packet| (packet.at / 1000) as c_longlong);
    }
    0
}

unsafe extern "C" fn usleep(_: User, micros: useconds_t) -> c_int {
    int(here().map(|world| {
        world.sleep(micros.into());
        0
    }))
}

unsafe extern "C" fn gettimeofday(_: User, time: *mut timeval, _: *mut timezone) -> c_int {
    int(here().map(|world| {
        let micros = world.time();
        if !time.is_null() {
            let (seconds, rest) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
            // SAFETY: not null, and the caller's to write.
            unsafe { *time = timeval { tv_sec: seconds as i64, tv_usec: rest as i64 } };
        }
        0
    }))
}

unsafe extern "C" fn epoll_create(_: User, size: c_int) -> c_int {
    if size <= 0 {
        return int(Err(Errno::EINVAL));
    }
    let made = here().and_then(|world| world.call(&Call::EpollCreate { flags: 0 }));
    int(made.and_then(|answer| stand_in(&answer)))
}

unsafe extern "C" fn epoll_ctl(
    _: User,
    epoll: c_int,
    operation: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    let event = if event.is_null() {
        EpollEvent::default()
    } else {
        // SAFETY: not null, and the caller promises an event; it may be packed, so it is copied.
        let epoll_event { events, u64: data } = unsafe { std::ptr::read_unaligned(event) };
        EpollEvent { events, data }
    };
    int(live(fd).and_then(|fd| value(on(epoll, |epoll| Call::EpollCtl { epoll, operation, fd, event }))))
}

unsafe extern "C" fn epoll_wait(
    _: User,
    epoll: c_int,
    events: *mut epoll_event,
    max: c_int,
    timeout_ms: c_int,
) -> c_int {
    let Ok(max_events) = usize::try_from(max) else { return int(Err(Errno::EINVAL)) };
    if events.is_null() {
        return int(Err(Errno::EFAULT));
    }
    let answer = on(epoll, |epoll| Call::EpollWait { epoll, max_events, timeout_ms });
    int(answer.map(|answer| {
        for (index, event) in answer.events.iter().take(max_events).enumerate() {
            let event = epoll_event { events: event.events, u64: event.data };
            // SAFETY: `index` is less than `max`, as many as the caller promises.
            unsafe { std::ptr::write_unaligned(events.add(index), event) };
        }
        answer.value
    }))
}

unsafe extern "C" fn pipe(_: User, fds: *mut c_int) -> c_int {
    if fds.is_null() {
        return int(Err(Errno::EFAULT));
    }
    int(here().and_then(|world| {
        let answer = world.call(&Call::Pipe)?;
        for (index, live) in answer.fds.iter().take(2).enumerate() {
            let real = world.lock().descriptors.stand_in(*live)?;
            // SAFETY: the caller promises two ints.
            unsafe { *fds.add(index) = real };
        }
        Ok(answer.value)
    }))
}

unsafe extern "C" fn splice(
    _: User,
    input: c_int,
    _: *mut loff_t,
    output: c_int,
    _: *mut loff_t,
    len: size_t,
    flags: c_uint,
) -> ssize_t {
    long(live(output).and_then(|output| value(on(input, |input| Call::Splice { input, output, len, flags }))))
}
