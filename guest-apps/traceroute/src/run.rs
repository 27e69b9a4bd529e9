//! The program on its socket.

use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::io::poll::poll;
use crate::bindings::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily};
use crate::bindings::wnet::stack::raw_sockets::{
    Cutting, OutgoingPacket, RawOption, RawSocket, create_ping_socket, create_raw_socket,
};
use crate::hop::{Answer, judge, line};
use crate::options::Options;
use crate::probe::{HEADER_LEN, Method, UDP_CHECKSUM};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

/// The protocol of datagrams.
const UDP: u8 = 17;
/// Bytes of a packet without its IP header that are usual: 60 with IPv4's.
const USUAL_PAYLOAD: usize = 40;
/// Packets and errors that are taken at a time.
const BATCH: u64 = 64;

/// A trace that is under way.
struct Trace<'a> {
    options: &'a Options,
    socket: RawSocket,
    address: IpAddr,
    method: Method,
    /// Bytes behind a probe's header.
    size: usize,
}

/// The probes of a hop.
struct Hop {
    first: u16,
    /// When each was sent.
    sent: Vec<u64>,
    answers: Vec<Option<Answer>>,
}

/// Traces to the end. The error is a line.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let address = resolve(&options.destination, options.version)?;
    let v6 = address.is_ipv6();
    let header = if v6 { 40 } else { 20 };
    let length = options.length.unwrap_or(header + USUAL_PAYLOAD).max(header + HEADER_LEN);
    let method = match options.icmp {
        true => Method::Icmp { v6 },
        // A port of the upper half, another one at each start.
        false => Method::Udp { source: monotonic_clock::now() as u16 | 0x8000, first: options.port },
    };
    let socket = open(method, v6).map_err(|code| match code {
        ErrorCode::AccessDenied => "socket: Operation not permitted (--grant raw,ping)".to_owned(),
        code => format!("socket: {}", text(code)),
    })?;
    let (name, last) = (&options.destination, options.last);
    println!("traceroute to {name} ({address}), {last} hops max, {length} byte packets");
    let trace = Trace { options, socket, address, method, size: length - header - HEADER_LEN };
    for (index, hop) in (options.first..=last).enumerate() {
        let answers = trace.hop(hop, index as u16 * options.queries)?;
        println!("{}", line(hop, &answers, options.numeric));
        if answers.iter().flatten().any(|answer| answer.last) {
            return Ok(());
        }
    }
    Ok(())
}

/// The address of a name, of the version that was asked for.
fn resolve(name: &str, version: Option<u8>) -> Result<IpAddr, String> {
    let fits = |address: &IpAddr| version.is_none_or(|version| address.is_ipv6() == (version == 6));
    let found = match name.parse() {
        Ok(address) => vec![address],
        Err(_) => (name, 0).to_socket_addrs().into_iter().flatten().map(|found| found.ip()).collect(),
    };
    found.into_iter().find(fits).ok_or_else(|| format!("{name}: Name or service not known"))
}

fn open(method: Method, v6: bool) -> Result<RawSocket, ErrorCode> {
    let family = if v6 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    let socket = match method {
        Method::Udp { .. } => create_raw_socket(family, UDP)?,
        Method::Icmp { .. } => create_ping_socket(family)?,
    };
    if let Method::Udp { .. } = method {
        socket.set(&RawOption::ChecksumOffset(Some(UDP_CHECKSUM)))?;
    }
    socket.set(&RawOption::Errors(true))?;
    socket.set(&RawOption::Cutting(Cutting::Anywhere))?;
    Ok(socket)
}

impl Trace<'_> {
    /// Sends the probes of a hop, and waits for their answers.
    fn hop(&self, limit: u8, first: u16) -> Result<Vec<Option<Answer>>, String> {
        let mut hop = Hop { first, sent: Vec::new(), answers: vec![None; self.options.queries.into()] };
        for number in 0..self.options.queries {
            let data = self.method.probe(first.wrapping_add(number), self.size);
            let destination = Some(wit(self.address));
            hop.sent.push(monotonic_clock::now());
            let packet = OutgoingPacket { data, destination, hop_limit: Some(limit) };
            self.socket.send(&[packet]).map_err(|code| format!("send: {}", text(code)))?;
        }
        let wait = u64::try_from(self.options.wait.as_nanos()).unwrap_or(u64::MAX);
        let end = monotonic_clock::now().saturating_add(wait);
        while hop.answers.iter().any(Option::is_none) && monotonic_clock::now() < end {
            let (timer, input) = (monotonic_clock::subscribe_instant(end), self.socket.subscribe());
            poll(&[&timer, &input]);
            self.take(&mut hop).map_err(|code| format!("receive: {}", text(code)))?;
        }
        Ok(hop.answers)
    }

    /// Takes what waits.
    fn take(&self, hop: &mut Hop) -> Result<(), ErrorCode> {
        let now = monotonic_clock::now();
        for packet in self.socket.receive(BATCH)? {
            // A raw socket hears all datagrams; a ping socket, echo replies: of the destination alone.
            let from = native(packet.source);
            if matches!(self.method, Method::Icmp { .. }) && from == self.address {
                let at = now.saturating_sub(packet.waited);
                hop.answered(self.method.number(&packet.data), from, at, (String::new(), true));
            }
        }
        for error in self.socket.receive_errors(BATCH)? {
            if let Some(from) = error.offender.map(native) {
                let verdict = judge(from.is_ipv6(), error.icmp_type, error.icmp_code, error.info);
                hop.answered(self.method.number(&error.data), from, now, verdict);
            }
        }
        Ok(())
    }
}

impl Hop {
    /// The probe with this number was answered; what it was not asked is ignored, and what it was is told once.
    fn answered(&mut self, number: Option<u16>, from: IpAddr, at: u64, (remark, last): (String, bool)) {
        let Some(place) = number.map(|number| usize::from(number.wrapping_sub(self.first))) else { return };
        if let (Some(sent), Some(answer @ None)) = (self.sent.get(place), self.answers.get_mut(place)) {
            let time = Duration::from_nanos(at.saturating_sub(*sent));
            *answer = Some(Answer { from, time, remark, last });
        }
    }
}

fn wit(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

fn native(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4(octets) => IpAddr::from(<[u8; 4]>::from(octets)),
        IpAddress::Ipv6(segments) => IpAddr::from(<[u16; 8]>::from(segments)),
    }
}

/// An error code in the words that users know.
fn text(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::AccessDenied => "Operation not permitted",
        ErrorCode::NotSupported => "Address family not supported by protocol",
        ErrorCode::RemoteUnreachable => "Network is unreachable",
        ErrorCode::DatagramTooLarge => "Message too long",
        code => code.name(),
    }
}
