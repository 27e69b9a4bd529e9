//! Linux's numbers on x86-64, under the names that its headers give them.

/// Types and flags of socket(2), accept4(2), fcntl(2).
pub(crate) mod socket {
    pub(crate) const AF_INET: i32 = 2;
    pub(crate) const AF_INET6: i32 = 10;
    pub(crate) const AF_UNSPEC: u16 = 0;
    pub(crate) const SOCK_STREAM: i32 = 1;
    pub(crate) const SOCK_DGRAM: i32 = 2;
    pub(crate) const SOCK_TYPE_MASK: i32 = 0xf;
    pub(crate) const SOCK_NONBLOCK: i32 = 0o4000;
    pub(crate) const SOCK_CLOEXEC: i32 = 0o2000000;
    pub(crate) const IPPROTO_TCP: i32 = 6;
    pub(crate) const O_RDWR: i32 = 2;
    pub(crate) const O_NONBLOCK: i32 = 0o4000;
    pub(crate) const F_GETFD: i32 = 1;
    pub(crate) const F_SETFD: i32 = 2;
    pub(crate) const F_GETFL: i32 = 3;
    pub(crate) const F_SETFL: i32 = 4;
    pub(crate) const SHUT_RD: i32 = 0;
    pub(crate) const SHUT_WR: i32 = 1;
    pub(crate) const SHUT_RDWR: i32 = 2;
    pub(crate) const SIOCINQ: u64 = 0x541b;
    pub(crate) const SIOCOUTQ: u64 = 0x5411;
    pub(crate) const SIOCOUTQNSD: u64 = 0x894b;
    pub(crate) const FIONBIO: u64 = 0x5421;
}

/// Flags of send(2) and recv(2).
pub(crate) mod msg {
    pub(crate) const OOB: i32 = 0x1;
    pub(crate) const PEEK: i32 = 0x2;
    pub(crate) const TRUNC: i32 = 0x20;
    pub(crate) const DONTWAIT: i32 = 0x40;
    pub(crate) const EOR: i32 = 0x80;
    pub(crate) const WAITALL: i32 = 0x100;
    pub(crate) const ERRQUEUE: i32 = 0x2000;
    pub(crate) const MORE: i32 = 0x8000;
    pub(crate) const ZEROCOPY: i32 = 0x400_0000;
    pub(crate) const FASTOPEN: i32 = 0x2000_0000;
}

/// Events of poll(2) and epoll(7), which agree.
pub(crate) mod event {
    pub(crate) const IN: u32 = 0x1;
    pub(crate) const OUT: u32 = 0x4;
    pub(crate) const ERR: u32 = 0x8;
    pub(crate) const HUP: u32 = 0x10;
    pub(crate) const NVAL: u32 = 0x20;
    pub(crate) const RDNORM: u32 = 0x40;
    pub(crate) const WRNORM: u32 = 0x100;
    pub(crate) const RDHUP: u32 = 0x2000;
    pub(crate) const EPOLLONESHOT: u32 = 1 << 30;
    pub(crate) const EPOLLET: u32 = 1 << 31;
}

/// Levels of socket options.
pub(crate) mod level {
    pub(crate) const SOCKET: i32 = 1;
    pub(crate) const IP: i32 = 0;
    pub(crate) const TCP: i32 = 6;
    pub(crate) const IPV6: i32 = 41;
}

/// Options of SOL_SOCKET.
pub(crate) mod so {
    pub(crate) const REUSEADDR: i32 = 2;
    pub(crate) const TYPE: i32 = 3;
    pub(crate) const ERROR: i32 = 4;
    pub(crate) const SNDBUF: i32 = 7;
    pub(crate) const RCVBUF: i32 = 8;
    pub(crate) const KEEPALIVE: i32 = 9;
    pub(crate) const PRIORITY: i32 = 12;
    pub(crate) const LINGER: i32 = 13;
    pub(crate) const REUSEPORT: i32 = 15;
    pub(crate) const RCVLOWAT: i32 = 18;
    pub(crate) const SNDLOWAT: i32 = 19;
    pub(crate) const RCVTIMEO: i32 = 20;
    pub(crate) const SNDTIMEO: i32 = 21;
    pub(crate) const BINDTODEVICE: i32 = 25;
    pub(crate) const ATTACH_FILTER: i32 = 26;
    pub(crate) const DETACH_FILTER: i32 = 27;
    pub(crate) const ACCEPTCONN: i32 = 30;
    pub(crate) const SNDBUFFORCE: i32 = 32;
    pub(crate) const RCVBUFFORCE: i32 = 33;
    pub(crate) const MARK: i32 = 36;
    pub(crate) const TIMESTAMPING: i32 = 37;
    pub(crate) const PROTOCOL: i32 = 38;
    pub(crate) const DOMAIN: i32 = 39;
    pub(crate) const LOCK_FILTER: i32 = 44;
    pub(crate) const MAX_PACING_RATE: i32 = 47;
    pub(crate) const MEMINFO: i32 = 55;
    pub(crate) const ZEROCOPY: i32 = 60;
}

/// Options of IPPROTO_TCP.
pub(crate) mod tcp {
    pub(crate) const NODELAY: i32 = 1;
    pub(crate) const MAXSEG: i32 = 2;
    pub(crate) const CORK: i32 = 3;
    pub(crate) const KEEPIDLE: i32 = 4;
    pub(crate) const KEEPINTVL: i32 = 5;
    pub(crate) const KEEPCNT: i32 = 6;
    pub(crate) const SYNCNT: i32 = 7;
    pub(crate) const LINGER2: i32 = 8;
    pub(crate) const DEFER_ACCEPT: i32 = 9;
    pub(crate) const WINDOW_CLAMP: i32 = 10;
    pub(crate) const INFO: i32 = 11;
    pub(crate) const QUICKACK: i32 = 12;
    pub(crate) const CONGESTION: i32 = 13;
    pub(crate) const MD5SIG: i32 = 14;
    pub(crate) const THIN_LINEAR_TIMEOUTS: i32 = 16;
    pub(crate) const THIN_DUPACK: i32 = 17;
    pub(crate) const USER_TIMEOUT: i32 = 18;
    pub(crate) const FASTOPEN: i32 = 23;
    pub(crate) const NOTSENT_LOWAT: i32 = 25;
    pub(crate) const CC_INFO: i32 = 26;
    pub(crate) const SAVE_SYN: i32 = 27;
    pub(crate) const SAVED_SYN: i32 = 28;
    pub(crate) const FASTOPEN_CONNECT: i32 = 30;
    pub(crate) const MD5SIG_EXT: i32 = 32;
    pub(crate) const FASTOPEN_KEY: i32 = 33;
    pub(crate) const FASTOPEN_NO_COOKIE: i32 = 34;
    pub(crate) const INQ: i32 = 36;
    pub(crate) const RTO_MAX_MS: i32 = 44;
    pub(crate) const RTO_MIN_US: i32 = 45;
    /// Type of the control message that TCP_INQ asks for.
    pub(crate) const CM_INQ: i32 = INQ;
}

/// Options of IPPROTO_IP.
pub(crate) mod ip {
    pub(crate) const TOS: i32 = 1;
    pub(crate) const TTL: i32 = 2;
    pub(crate) const MTU_DISCOVER: i32 = 10;
    pub(crate) const RECVERR: i32 = 11;
    pub(crate) const RECVTTL: i32 = 12;
    pub(crate) const RECVTOS: i32 = 13;
    pub(crate) const MTU: i32 = 14;
    pub(crate) const FREEBIND: i32 = 15;
    pub(crate) const MINTTL: i32 = 21;
    pub(crate) const BIND_ADDRESS_NO_PORT: i32 = 24;

    /// The option of IPv4 that one of IPv6 means the same as; those without stay what they are.
    pub(crate) fn of_ipv6(name: i32) -> i32 {
        match name {
            // IPV6_UNICAST_HOPS, IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_RECVERR
            16 => TTL,
            23 => MTU_DISCOVER,
            24 => MTU,
            25 => RECVERR,
            // IPV6_TCLASS, IPV6_MINHOPCOUNT, IPV6_FREEBIND
            67 => TOS,
            73 => MINTTL,
            78 => FREEBIND,
            other => other,
        }
    }
}
