//! System calls with decoded arguments, and their answers. All numbers are Linux's on x86-64.

use std::net::SocketAddr;

/// A descriptor as the machine counts them. Scripts have numbers of their own, which the interpreter maps.
pub type Fd = i32;

/// A socket address as a call takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// `AF_INET` or `AF_INET6`.
    Inet(SocketAddr),
    /// Any other family with nothing of use behind it; 0 is `AF_UNSPEC`, with which connect() disconnects.
    Family(u16),
}

/// A system call of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names of the arguments are those of the manual pages
pub enum Call {
    /// socket(2); `kind` is the type with `SOCK_NONBLOCK` (0o4000) and `SOCK_CLOEXEC` (0o2000000) in it.
    Socket {
        domain: i32,
        kind: i32,
        protocol: i32,
    },
    Bind {
        fd: Fd,
        address: Address,
    },
    Listen {
        fd: Fd,
        backlog: i32,
    },
    /// accept(2), accept4(2) with its flags. The answer's value is the new descriptor, its address the peer's.
    Accept {
        fd: Fd,
        flags: i32,
    },
    Connect {
        fd: Fd,
        address: Address,
    },
    /// read(2), readv(2): the answer's data is what was read, its value the length.
    Read {
        fd: Fd,
        len: usize,
    },
    /// write(2), writev(2).
    Write {
        fd: Fd,
        data: Vec<u8>,
    },
    /// recv(2), recvfrom(2): data, and the sender's address if the protocol has one. With `MSG_TRUNC` (0x20) the
    /// value is larger than the data.
    Recv {
        fd: Fd,
        len: usize,
        flags: i32,
    },
    /// recvmsg(2): data over all buffers together, address, control messages and `msg_flags`.
    RecvMsg {
        fd: Fd,
        len: usize,
        control_len: usize,
        flags: i32,
    },
    /// send(2), sendto(2).
    Send {
        fd: Fd,
        data: Vec<u8>,
        flags: i32,
        address: Option<Address>,
    },
    /// sendmsg(2), data of all buffers together.
    SendMsg {
        fd: Fd,
        data: Vec<u8>,
        flags: i32,
        address: Option<Address>,
        control: Vec<ControlMessage>,
    },
    /// shutdown(2): 0 `SHUT_RD`, 1 `SHUT_WR`, 2 `SHUT_RDWR`.
    Shutdown {
        fd: Fd,
        how: i32,
    },
    Close {
        fd: Fd,
    },
    /// getsockopt(2): the answer's data is the value, at most `len` bytes of it, in the layout of the kernel.
    GetSockOpt {
        fd: Fd,
        level: i32,
        name: i32,
        len: usize,
    },
    /// setsockopt(2): `value` in the layout of the kernel, an int in 4 bytes little endian.
    SetSockOpt {
        fd: Fd,
        level: i32,
        name: i32,
        value: Vec<u8>,
    },
    /// fcntl(2): `F_GETFL` (3) and `F_SETFL` (4) with `O_RDWR` (2) and `O_NONBLOCK` (0o4000).
    Fcntl {
        fd: Fd,
        command: i32,
        argument: i64,
    },
    /// ioctl(2) that answers an int in 4 bytes of data: `SIOCINQ` 0x541b, `SIOCOUTQ` 0x5411, `SIOCOUTQNSD` 0x894b.
    Ioctl {
        fd: Fd,
        request: u64,
        argument: i64,
    },
    /// poll(2): the answer's `revents` has an entry per descriptor. Negative timeout: for ever.
    Poll {
        fds: Vec<PollFd>,
        timeout_ms: i32,
    },
    EpollCreate {
        flags: i32,
    },
    /// epoll_ctl(2): `operation` is 1 add, 2 delete, 3 modify.
    EpollCtl {
        epoll: Fd,
        operation: i32,
        fd: Fd,
        event: EpollEvent,
    },
    /// epoll_wait(2): the answer's `events`.
    EpollWait {
        epoll: Fd,
        max_events: usize,
        timeout_ms: i32,
    },
    /// pipe(2): the answer's `fds`. A machine without files answers `ENOSYS`, here and below.
    Pipe,
    Open {
        path: String,
        flags: i32,
        mode: u32,
    },
    SendFile {
        output: Fd,
        input: Fd,
        offset: Option<i64>,
        len: usize,
    },
    Splice {
        input: Fd,
        output: Fd,
        len: usize,
        flags: u32,
    },
}

/// A control message (`struct cmsghdr` and what follows it).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlMessage {
    /// `cmsg_level`: `SOL_SOCKET` 1, `SOL_IP` 0, `SOL_TCP` 6.
    pub level: i32,
    /// `cmsg_type`.
    pub kind: i32,
    /// The data without padding, in the layout of the kernel.
    pub data: Vec<u8>,
}

/// `struct pollfd` without its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFd {
    /// The descriptor; negative is skipped.
    pub fd: Fd,
    /// `POLLIN` 1, `POLLPRI` 2, `POLLOUT` 4, `POLLRDHUP` 0x2000.
    pub events: i16,
}

/// `struct epoll_event`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpollEvent {
    /// `EPOLLIN` 1, `EPOLLOUT` 4, `EPOLLERR` 8, `EPOLLHUP` 0x10, `EPOLLRDHUP` 0x2000, `EPOLLET` 1 << 31.
    pub events: u32,
    /// What the caller wants handed back.
    pub data: u64,
}

/// What a call that did not fail gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What the call returned.
    pub value: i64,
    /// Bytes it filled in.
    pub data: Vec<u8>,
    /// An address it filled in.
    pub address: Option<SocketAddr>,
    /// `msg_control` of recvmsg.
    pub control: Vec<ControlMessage>,
    /// `msg_flags` of recvmsg.
    pub flags: i32,
    /// `revents` of poll, an entry per descriptor.
    pub revents: Vec<i16>,
    /// Events of epoll_wait.
    pub events: Vec<EpollEvent>,
    /// The two descriptors of pipe.
    pub fds: Vec<Fd>,
}
