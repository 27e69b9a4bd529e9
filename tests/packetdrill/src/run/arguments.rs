//! Arguments of a script's system call to values, and to the machine's [`Call`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::descriptors::Descriptors;
use super::failure::Failure;
use crate::language::ast::{Expression, Field, SystemCall};
use crate::linux::symbol;
use crate::machine::{Address, Call, ControlMessage, EpollEvent, Fd, PollFd};

type Result<T> = std::result::Result<T, Failure>;

/// What arguments left as `...` stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub(super) bind: SocketAddr,
    pub(super) connect: SocketAddr,
    pub(super) domain: i32,
}

/// The arguments of a call.
pub(super) struct Arguments<'a> {
    pub(super) spec: &'a SystemCall,
    pub(super) descriptors: &'a Descriptors,
    pub(super) defaults: Defaults,
}

/// The number that an expression stands for.
pub(super) fn integer(expression: &Expression) -> Result<i64> {
    match expression {
        Expression::Integer(value) => Ok(*value),
        Expression::Word(word) => {
            symbol(word).ok_or_else(|| Failure::new(format!("the symbol '{word}' is not known")))
        }
        Expression::Or(parts) => parts.iter().try_fold(0, |value, part| Ok(value | integer(part)?)),
        Expression::List(items) if items.len() == 1 => integer(&items[0]),
        Expression::Function(name, arguments) => match (name.as_str(), &arguments[..]) {
            ("htons", [port]) => Ok(i64::from((integer(port)? as u16).to_be())),
            ("htonl", [value]) => Ok(i64::from((integer(value)? as u32).to_be())),
            ("inet_addr", [Expression::Text(text)]) => match address_of(text)? {
                IpAddr::V4(address) => Ok(i64::from(u32::from_ne_bytes(address.octets()))),
                IpAddr::V6(_) => Err(Failure::new("inet_addr takes an IPv4 address")),
            },
            _ => Err(Failure::new(format!("{name}(...) is not a number here"))),
        },
        other => Err(Failure::new(format!("expected a number, found {}", kind(other)))),
    }
}

fn kind(expression: &Expression) -> &'static str {
    match expression {
        Expression::Ellipsis => "...",
        Expression::Text(_) => "a string",
        Expression::List(_) => "a list",
        Expression::Tuple(_) | Expression::Struct(_) | Expression::Opaque => "a structure",
        _ => "something else",
    }
}

/// A field of a struct literal by its name.
pub(super) fn field<'e>(fields: &'e [Field], name: &str) -> Option<&'e Expression> {
    fields.iter().find(|field| field.name == name).map(|field| &field.value)
}

fn address_of(text: &[u8]) -> Result<IpAddr> {
    let text = String::from_utf8_lossy(text);
    text.parse().map_err(|_| Failure::new(format!("'{text}' is not an IP address")))
}

impl<'a> Arguments<'a> {
    pub(super) fn get(&self, at: usize) -> Result<&'a Expression> {
        self.spec.arguments.get(at).ok_or_else(|| {
            Failure::new(format!(
                "{} has {} arguments, more are needed",
                self.spec.name,
                self.spec.arguments.len()
            ))
        })
    }

    pub(super) fn int(&self, at: usize) -> Result<i64> {
        integer(self.get(at)?)
    }

    fn int_or(&self, at: usize, missing: i64) -> Result<i64> {
        match self.spec.arguments.get(at) {
            None | Some(Expression::Ellipsis) => Ok(missing),
            Some(expression) => integer(expression),
        }
    }

    fn size(&self, at: usize) -> Result<usize> {
        let value = self.int(at)?;
        usize::try_from(value).map_err(|_| Failure::new(format!("{value} is not a length")))
    }

    fn fd(&self, at: usize) -> Result<Fd> {
        self.descriptors.live(self.int(at)?)
    }

    /// An address: `...`, a family, or a struct literal.
    fn address(&self, at: usize, default: SocketAddr) -> Result<Address> {
        match self.get(at)? {
            Expression::Ellipsis => Ok(Address::Inet(default)),
            Expression::Struct(fields) => {
                let port = match field(fields, "sin_port").or(field(fields, "sin6_port")) {
                    Some(port) => (integer(port)? as u16).to_be(),
                    None => default.port(),
                };
                let ip = match field(fields, "sin_addr").or(field(fields, "sin6_addr")) {
                    Some(Expression::Function(_, arguments)) => match &arguments[..] {
                        [Expression::Text(text)] => address_of(text)?,
                        _ => return Err(Failure::new("expected inet_addr(\"...\")")),
                    },
                    Some(Expression::Word(word)) if word == "INADDR_ANY" => Ipv4Addr::UNSPECIFIED.into(),
                    Some(Expression::Word(word)) if word == "in6addr_any" => Ipv6Addr::UNSPECIFIED.into(),
                    Some(other) => Ipv4Addr::from((integer(other)? as u32).to_ne_bytes()).into(),
                    None => default.ip(),
                };
                Ok(Address::Inet(SocketAddr::new(ip, port)))
            }
            other => Ok(Address::Family(integer(other)? as u16)),
        }
    }

    /// Whether the call is to move bytes from or to where there is no memory. Linux: `copy_from_iter`, `copy_to_iter`
    /// fail.
    pub(super) fn has_no_memory(&self) -> bool {
        let moves =
            matches!(self.spec.name.as_str(), "read" | "recv" | "recvfrom" | "write" | "send" | "sendto");
        let nowhere = matches!(self.get(1), Ok(Expression::Word(name)) if name == "NULL");
        moves && nowhere && self.size(2).is_ok_and(|len| len > 0)
    }

    /// Bytes to write: what is not said is zeros.
    fn data(&self, buffer: usize, len: usize) -> Result<Vec<u8>> {
        let len = self.size(len)?;
        let mut data = match self.get(buffer)? {
            Expression::Text(text) => text.clone(),
            _ => Vec::new(),
        };
        data.resize(len, 0);
        Ok(data)
    }

    fn iovec_len(expression: &Expression) -> Result<usize> {
        let Expression::List(items) = expression else {
            return Err(Failure::new("expected a list of {..., length}"));
        };
        items.iter().try_fold(0, |sum, item| match item {
            Expression::Tuple(pair) if pair.len() == 2 => Ok(sum + integer(&pair[1])? as usize),
            _ => Err(Failure::new("expected {..., length}")),
        })
    }

    /// The fields of a `struct msghdr`.
    pub(super) fn message(&self, at: usize) -> Result<&'a [Field]> {
        match self.get(at)? {
            Expression::Struct(fields) => Ok(fields),
            _ => Err(Failure::new("expected {msg_name(...)=..., msg_iov(n)=[...], ...}")),
        }
    }

    fn message_len(&self, at: usize) -> Result<usize> {
        field(self.message(at)?, "msg_iov").map_or(Ok(0), Self::iovec_len)
    }

    fn control(&self, at: usize) -> Result<Vec<ControlMessage>> {
        let Some(Expression::List(items)) = field(self.message(at)?, "msg_control") else {
            return Ok(Vec::new());
        };
        items.iter().map(control_message).collect()
    }

    /// The value of setsockopt, in the kernel's layout.
    fn option_value(&self) -> Result<Vec<u8>> {
        let len = self.size(4)?;
        let mut value = match self.get(3)? {
            Expression::Text(text) => text.clone(),
            Expression::Ellipsis => Vec::new(),
            other => layout(other, len)?,
        };
        value.resize(len, 0);
        Ok(value)
    }

    fn poll_fds(&self) -> Result<Vec<PollFd>> {
        let Expression::List(items) = self.get(0)? else {
            return Err(Failure::new("expected a list of {fd=..., events=...}"));
        };
        let one = |item: &Expression| match item {
            Expression::Struct(fields) => {
                let fd = field(fields, "fd").map_or(Ok(-1), integer)?;
                let events = field(fields, "events").map_or(Ok(0), integer)? as i16;
                Ok(PollFd { fd: self.descriptors.live(fd)?, events })
            }
            _ => Err(Failure::new("expected {fd=..., events=...}")),
        };
        items.iter().map(one).collect()
    }

    /// The call for the machine.
    pub(super) fn call(&self) -> Result<Call> {
        if let Some(call) = self.data_call()? {
            return Ok(call);
        }
        let int32 = |at| self.int(at).map(|value| value as i32);
        Ok(match self.spec.name.as_str() {
            "socket" => Call::Socket {
                domain: self.int_or(0, self.defaults.domain.into())? as i32,
                kind: int32(1)?,
                protocol: int32(2)?,
            },
            "bind" => Call::Bind { fd: self.fd(0)?, address: self.address(1, self.defaults.bind)? },
            "listen" => Call::Listen { fd: self.fd(0)?, backlog: int32(1)? },
            "accept" => Call::Accept { fd: self.fd(0)?, flags: 0 },
            "accept4" => Call::Accept { fd: self.fd(0)?, flags: int32(3)? },
            "connect" => Call::Connect { fd: self.fd(0)?, address: self.address(1, self.defaults.connect)? },
            "shutdown" => Call::Shutdown { fd: self.fd(0)?, how: int32(1)? },
            "close" => Call::Close { fd: self.fd(0)? },
            "getsockopt" => Call::GetSockOpt {
                fd: self.fd(0)?,
                level: int32(1)?,
                name: int32(2)?,
                len: self.option_len()?.unwrap_or(256),
            },
            "setsockopt" => Call::SetSockOpt {
                fd: self.fd(0)?,
                level: int32(1)?,
                name: int32(2)?,
                value: self.option_value()?,
            },
            "fcntl" => Call::Fcntl { fd: self.fd(0)?, command: int32(1)?, argument: self.int_or(2, 0)? },
            "ioctl" => {
                let argument = match self.spec.arguments.get(2) {
                    Some(Expression::List(_)) | None => 0,
                    Some(other) => integer(other)?,
                };
                Call::Ioctl { fd: self.fd(0)?, request: self.int(1)? as u64, argument }
            }
            "poll" => Call::Poll { fds: self.poll_fds()?, timeout_ms: int32(2)? },
            "epoll_create" | "epoll_create1" => {
                Call::EpollCreate { flags: if self.spec.name.ends_with('1') { int32(0)? } else { 0 } }
            }
            "epoll_ctl" => Call::EpollCtl {
                epoll: self.fd(0)?,
                operation: int32(1)?,
                fd: self.fd(2)?,
                event: self.spec.arguments.get(3).map_or(Ok(EpollEvent::default()), epoll_event)?,
            },
            "epoll_wait" => {
                Call::EpollWait { epoll: self.fd(0)?, max_events: self.size(2)?, timeout_ms: int32(3)? }
            }
            "pipe" => Call::Pipe,
            "open" => match self.get(0)? {
                Expression::Text(path) => Call::Open {
                    path: String::from_utf8_lossy(path).into_owned(),
                    flags: int32(1)?,
                    mode: self.int_or(2, 0)? as u32,
                },
                _ => return Err(Failure::new("open needs a path")),
            },
            "sendfile" => Call::SendFile {
                output: self.fd(0)?,
                input: self.fd(1)?,
                offset: self.int(2).ok(),
                len: self.size(3)?,
            },
            "splice" => Call::Splice {
                input: self.fd(0)?,
                output: self.fd(2)?,
                len: self.size(4)?,
                flags: self.int(5)? as u32,
            },
            other => return Err(Failure::new(format!("the system call '{other}' is not known"))),
        })
    }

    /// Calls that move data.
    fn data_call(&self) -> Result<Option<Call>> {
        let int32 = |at| self.int(at).map(|value| value as i32);
        Ok(Some(match self.spec.name.as_str() {
            "read" => Call::Read { fd: self.fd(0)?, len: self.size(2)? },
            "readv" => Call::Read { fd: self.fd(0)?, len: Self::iovec_len(self.get(1)?)? },
            "write" => Call::Write { fd: self.fd(0)?, data: self.data(1, 2)? },
            "writev" => Call::Write { fd: self.fd(0)?, data: vec![0; Self::iovec_len(self.get(1)?)?] },
            "recv" | "recvfrom" => Call::Recv { fd: self.fd(0)?, len: self.size(2)?, flags: int32(3)? },
            "recvmsg" => Call::RecvMsg {
                fd: self.fd(0)?,
                len: self.message_len(1)?,
                control_len: 1024,
                flags: int32(2)?,
            },
            "send" => Call::Send { fd: self.fd(0)?, data: self.data(1, 2)?, flags: int32(3)?, address: None },
            "sendto" => Call::Send {
                fd: self.fd(0)?,
                data: self.data(1, 2)?,
                flags: int32(3)?,
                address: Some(self.address(4, self.defaults.connect)?),
            },
            "sendmsg" => Call::SendMsg {
                fd: self.fd(0)?,
                data: vec![0; self.message_len(1)?],
                flags: int32(2)?,
                address: Some(Address::Inet(self.defaults.connect)),
                control: self.control(1)?,
            },
            _ => return Ok(None),
        }))
    }

    /// The length that a script gives getsockopt; none for `...`.
    pub(super) fn option_len(&self) -> Result<Option<usize>> {
        match self.get(4)? {
            Expression::Ellipsis => Ok(None),
            Expression::List(items) if items == &[Expression::Ellipsis] => Ok(None),
            other => Ok(Some(integer(other)? as usize)),
        }
    }
}

/// A value in the kernel's layout: numbers have 4 bytes unless they are all there is, fields `tv_...` have 8.
pub(super) fn layout(expression: &Expression, len: usize) -> Result<Vec<u8>> {
    match expression {
        Expression::Struct(fields) => {
            let one = |field: &Field| {
                let value = integer(&field.value)?;
                let wide = field.name.starts_with("tv_");
                Ok(if wide { value.to_le_bytes().to_vec() } else { (value as i32).to_le_bytes().to_vec() })
            };
            fields.iter().map(one).collect::<Result<Vec<_>>>().map(|parts| parts.concat())
        }
        Expression::Function(name, arguments) if name == "inet6_addr" => match &arguments[..] {
            [Expression::Text(text)] => match address_of(text)? {
                IpAddr::V6(address) => Ok(address.octets().to_vec()),
                IpAddr::V4(address) => Ok(address.to_ipv6_mapped().octets().to_vec()),
            },
            _ => Err(Failure::new("expected inet6_addr(\"...\")")),
        },
        Expression::Opaque => Err(Failure::skip("needs another protocol's structures")),
        other => Ok(integer(other)?.to_le_bytes()[..len.clamp(4, 8)].to_vec()),
    }
}

/// `{events=..., fd=...}`: what is handed back is the script's own number.
pub(super) fn epoll_event(expression: &Expression) -> Result<EpollEvent> {
    let Expression::Struct(fields) = expression else { return Ok(EpollEvent::default()) };
    let events = field(fields, "events").map_or(Ok(0), integer)? as u32;
    let data =
        fields.iter().find(|field| field.name != "events").map_or(Ok(0), |field| integer(&field.value))?;
    Ok(EpollEvent { events, data: data as u64 })
}

fn control_message(expression: &Expression) -> Result<ControlMessage> {
    let Expression::Struct(fields) = expression else {
        return Err(Failure::new("expected {cmsg_level=..., cmsg_type=..., cmsg_data=...}"));
    };
    let number = |name| field(fields, name).map_or(Ok(0), integer);
    let data = field(fields, "cmsg_data").map_or(Ok(Vec::new()), |value| layout(value, 4))?;
    Ok(ControlMessage { level: number("cmsg_level")? as i32, kind: number("cmsg_type")? as i32, data })
}
