//! The tree of a script.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::error::Span;
use crate::packet::option::TcpOption;

/// A whole script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// `--name=value` at the top, in order.
    pub options: Vec<(String, Option<String>)>,
    /// The command before the first event.
    pub init: Option<Command>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// The command after the last event.
    pub cleanup: Option<Command>,
}

/// A command in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The command's text.
    pub text: String,
    /// Where it is.
    pub span: Span,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub time: Time,
    /// What.
    pub action: Action,
    /// From the time to the end of the action.
    pub span: Span,
}

/// When an event happens; nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// `0.5`: after the start of the script.
    Absolute(u64),
    /// `+0.5`: after the event before.
    Relative(u64),
    /// `*`: whenever.
    Any,
    /// `0.1~0.2`.
    AbsoluteRange(u64, u64),
    /// `+0.1~+0.2`.
    RelativeRange(u64, u64),
}

/// What an event is.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `<` or `>`.
    Packet(Box<Packet>),
    /// `name(...) = ...`.
    Call(Box<SystemCall>),
    /// A command in backticks.
    Command(Command),
    /// The text between `%{` and `}%`, and the line that it starts in.
    Code(String),
}

/// Which way a packet goes, seen from the machine under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `<`: injected.
    In,
    /// `>`: expected.
    Out,
}

/// A packet as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// In or out.
    pub direction: Direction,
    /// Outer headers, outermost first.
    pub outer: Vec<Outer>,
    /// What stands between brackets behind the direction.
    pub ip: IpInfo,
    /// Source and destination ports if they are written.
    pub ports: Option<(u16, u16)>,
    /// `encap psp spi N`.
    pub psp: bool,
    /// The rest.
    pub body: Body,
}

/// A header around the packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outer {
    /// `ipv4 A > B:`
    Ipv4(Ipv4Addr, Ipv4Addr),
    /// `ipv6 A > B:`
    Ipv6(Ipv6Addr, Ipv6Addr),
    /// `gre ...:`
    Gre,
    /// `mpls ...:`
    Mpls,
}

/// What a script says about the IP header; what is not said is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpInfo {
    /// The type of service.
    pub tos: Tos,
    /// `ttl N`.
    pub ttl: Option<u8>,
    /// `flowlabel 0xN`.
    pub flow_label: Option<u32>,
}

/// What a script says about the type-of-service byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tos {
    /// Nothing.
    #[default]
    Unchecked,
    /// `noecn`, `ect0`, `ect1`, `ce`: the two bits of RFC 3168 section 5.
    Ecn(u8),
    /// `ect01`: either of ECT(0) and ECT(1).
    Ect01,
    /// `tos 0xN`: the whole byte.
    Byte(u8),
}

/// What is in a packet.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A TCP segment.
    Tcp(Segment),
    /// `udp (N)`: a datagram with N bytes of payload.
    Udp(u16),
    /// An ICMP or ICMPv6 message.
    Icmp(Icmp),
}

/// A TCP segment as a script writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// The flags.
    pub flags: Flags,
    /// First sequence number, counted from the script's ISN.
    pub seq: u32,
    /// Bytes of payload.
    pub len: u16,
    /// `ack N`.
    pub ack: u32,
    /// `win N`, unscaled as in the header.
    pub window: Option<u16>,
    /// `urg N`.
    pub urgent: u16,
    /// The options in order; `None` is `<...>`, anything.
    pub options: Option<Vec<TcpOption>>,
}

/// Flags of a TCP segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Flags {
    pub fin: bool,
    pub syn: bool,
    pub rst: bool,
    pub psh: bool,
    pub ack: bool,
    pub urg: bool,
    pub ece: bool,
    pub cwr: bool,
    pub ae: bool,
    /// The last three are written as a number, the ACE count, and compared as one.
    pub is_ace: bool,
}

/// An ICMP message as a script writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Icmp {
    /// `unreachable`, `echo_request`, ...
    pub kind: String,
    /// `frag_needed`, `host_unreachable`, ...
    pub code: Option<String>,
    /// `mtu N`.
    pub mtu: Option<u32>,
    /// `id N` of echo messages.
    pub id: u16,
    /// The packet that the message is about.
    pub quote: Option<Quote>,
}

/// The packet inside an ICMP error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `[1:1461(1460)]`
    Tcp {
        /// First sequence number.
        seq: u32,
        /// Bytes of payload of the packet that is quoted.
        len: u16,
    },
    /// `[udp (N)]`
    Udp(u16),
    /// `[raw (N)]`
    Raw(u16),
}

/// A system call as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemCall {
    /// `t...t2`: when a blocking call returns, counted as its start is; nanoseconds.
    pub end: Option<u64>,
    /// The call's name.
    pub name: String,
    /// What is between the parentheses.
    pub arguments: Vec<Expression>,
    /// What it should return.
    pub result: Expression,
    /// The error's name.
    pub errno: Option<String>,
    /// The remark in parentheses at the end.
    pub note: Option<String>,
}

/// An argument or a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `...`
    Ellipsis,
    /// A number.
    Integer(i64),
    /// A symbol.
    Word(String),
    /// Text between quotes, unescaped; pieces after one another are one.
    Text(Vec<u8>),
    /// `a|b|c`
    Or(Vec<Expression>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{a, b}`
    Tuple(Vec<Expression>),
    /// `{name=value, name(n)=value}`
    Struct(Vec<Field>),
    /// `name(arguments)` such as `htons(80)`.
    Function(String, Vec<Expression>),
    /// Braces around an MPLS stack or a GRE header.
    Opaque,
}

/// A field of a struct literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands in parentheses behind the name: `msg_iov(2)`.
    pub count: Option<Expression>,
    /// Its value.
    pub value: Expression,
}
