//! The program on its socket.

use crate::hop::{Answer, judge, line, with_zone};
use crate::options::Options;
use crate::probe::{HEADER_LEN, Method, SEGMENT_LEN, UDP_CHECKSUM};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;
use tool_common::address::{ip, wit};
use tool_common::control::raw_sockets::{
    Cutting, OutgoingPacket, RawOption, RawSocket, create_ping_socket, create_raw_socket,
};
use tool_common::error::text;
use tool_common::names::HostNames;
use tool_common::wasi::clocks::monotonic_clock;
use tool_common::wasi::io::poll::poll;
use tool_common::wasi::sockets::network::{ErrorCode, IpAddressFamily};

/// The protocols of datagrams and of segments.
const UDP: u8 = 17;
const TCP: u8 = 6;
/// Bytes of a packet without its IP header that are usual: 60 with IPv4's.
const USUAL_PAYLOAD: usize = 40;
/// Bytes of a packet that an MTU is looked for with.
const LARGEST: usize = 65_000;
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
    /// The MTU that was found since the last probe was sent.
    found_mtu: Option<u32>,
}

/// The probes of a hop.
struct Hop {
    first: u16,
    /// When each was sent.
    sent: Vec<u64>,
    /// The MTU that was found with each.
    mtus: Vec<Option<u32>>,
    answers: Vec<Option<Answer>>,
}

/// Traces to the end. The error is a line.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let (host, zone) = options.destination.split_once('%').unwrap_or((&options.destination, ""));
    let address = resolve(host, options.version)?;
    if address.is_ipv4() && !zone.is_empty() {
        return Err(format!("{}: Name or service not known", options.destination));
    }
    let v6 = address.is_ipv6();
    let header = if v6 { 40 } else { 20 };
    let usual = if options.mtu { LARGEST } else { header + USUAL_PAYLOAD };
    let length = options.length.unwrap_or(usual).max(header + HEADER_LEN);
    let length = if options.tcp { header + SEGMENT_LEN } else { length };
    let device = options.device.as_deref().or(Some(zone).filter(|zone| !zone.is_empty()));
    // A port of the upper half, another one at each start.
    let source = monotonic_clock::now() as u16 | 0x8000;
    let method = match (options.icmp, options.tcp) {
        (true, _) => Method::Icmp { v6 },
        (_, true) => {
            Method::Tcp { source, port: options.port, ends: (ours(options, device, address)?, address) }
        }
        _ => Method::Udp { source, first: options.port },
    };
    let socket = open(options, device, method, v6).map_err(|code| match code {
        ErrorCode::AccessDenied => "socket: Operation not permitted (--grant raw,ping)".to_owned(),
        code => format!("socket: {}", text(code)),
    })?;
    let (name, last) = (&options.destination, options.last);
    let shown = with_zone(address, zone);
    println!("traceroute to {name} ({shown}), {last} hops max, {length} byte packets");
    let size = length.saturating_sub(header + HEADER_LEN);
    let mut names = HostNames::default();
    let mut trace = Trace { options, socket, address, method, size, found_mtu: None };
    for (index, hop) in (options.first..=last).enumerate() {
        let answers = trace.hop(hop, index as u16 * options.queries)?;
        println!("{}", line(hop, &answers, |from| station(&mut names, options, from, zone)));
        if answers.iter().flatten().any(|answer| answer.last) {
            return Ok(());
        }
    }
    Ok(())
}

/// A station as it is shown: by its address, or by its name with that. Linux: `print_addr`.
fn station(names: &mut HostNames, options: &Options, from: IpAddr, zone: &str) -> String {
    let shown = with_zone(from, zone);
    if options.numeric {
        return shown;
    }
    let name = Some(&shown).filter(|shown| !shown.contains('%')).and_then(|_| names.name(from, None));
    format!("{} ({shown})", name.as_ref().unwrap_or(&shown))
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

/// The address that probes come from, which their checksums cover.
fn ours(options: &Options, device: Option<&str>, address: IpAddr) -> Result<IpAddr, String> {
    if let Some(source) = options.source {
        return Ok(source);
    }
    let family = if address.is_ipv6() { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    let found = || {
        let probe = create_raw_socket(family, TCP)?;
        if let Some(device) = device {
            probe.set(&RawOption::BindToDevice(device.to_owned()))?;
        }
        probe.connect(Some(wit(address)))?;
        Ok(probe.local()?.address)
    };
    match found() {
        Ok(Some(source)) => Ok(ip(source)),
        Ok(None) => Err(failed("connect", ErrorCode::AddressNotBindable)),
        Err(code) => Err(failed("connect", code)),
    }
}

fn open(options: &Options, device: Option<&str>, method: Method, v6: bool) -> Result<RawSocket, ErrorCode> {
    let family = if v6 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 };
    let socket = match method {
        Method::Udp { .. } => create_raw_socket(family, UDP)?,
        Method::Tcp { .. } => create_raw_socket(family, TCP)?,
        Method::Icmp { .. } => create_ping_socket(family)?,
    };
    // A segment has its checksum already.
    if let Method::Udp { .. } = method {
        socket.set(&RawOption::ChecksumOffset(Some(UDP_CHECKSUM)))?;
    }
    socket.set(&RawOption::Errors(true))?;
    socket.set(&RawOption::Cutting(if options.whole { Cutting::Never } else { Cutting::Anywhere }))?;
    socket.set(&RawOption::TrafficClass(options.traffic_class))?;
    if let Some(device) = device {
        socket.set(&RawOption::BindToDevice(device.to_owned()))?;
    }
    if let Some(source) = options.source {
        socket.bind(Some(wit(source)), 0)?;
    }
    Ok(socket)
}

impl Trace<'_> {
    /// Sends the probes of a hop, and waits for their answers. An MTU is looked for with one probe at a time, so that
    /// the others have its size.
    fn hop(&mut self, limit: u8, first: u16) -> Result<Vec<Option<Answer>>, String> {
        let answers = vec![None; self.options.queries.into()];
        let mut hop = Hop { first, sent: Vec::new(), mtus: Vec::new(), answers };
        for number in 0..self.options.queries {
            hop.sent.push(monotonic_clock::now());
            hop.mtus.push(None);
            self.send(&mut hop, number, limit)?;
            if self.options.mtu {
                self.wait(&mut hop, limit)?;
            }
        }
        self.wait(&mut hop, limit)?;
        Ok(hop.answers)
    }

    /// Sends the probe with this number of a hop, made smaller as often as it is told to be too large.
    fn send(&mut self, hop: &mut Hop, number: u16, limit: u8) -> Result<(), String> {
        loop {
            let data = self.method.probe(hop.first.wrapping_add(number), self.size);
            let packet =
                OutgoingPacket { data, destination: Some(wit(self.address)), hop_limit: Some(limit) };
            match self.socket.send(&[packet]) {
                Err(ErrorCode::DatagramTooLarge) if self.options.mtu => {
                    let errors = self.socket.receive_errors(BATCH).map_err(|code| failed("receive", code))?;
                    let mtu =
                        errors.iter().filter(|error| error.offender.is_none()).map(|error| error.info).min();
                    if !mtu.is_some_and(|mtu| self.shrink(mtu)) {
                        return Err(failed("send", ErrorCode::DatagramTooLarge));
                    }
                }
                sent => {
                    sent.map_err(|code| failed("send", code))?;
                    break;
                }
            }
        }
        if let (Some(place), Some(mtu)) = (hop.mtus.get_mut(usize::from(number)), self.found_mtu.take()) {
            *place = Some(mtu);
        }
        Ok(())
    }

    /// Makes probes as large as an MTU of so many bytes lets them be; answers whether they are smaller now.
    fn shrink(&mut self, mtu: u32) -> bool {
        let header = if self.address.is_ipv6() { 40 } else { 20 };
        let size = (mtu as usize).saturating_sub(header + HEADER_LEN);
        let smaller = size < self.size;
        if smaller {
            (self.size, self.found_mtu) = (size, Some(mtu));
        }
        smaller
    }

    /// Waits for the answers to what was sent.
    fn wait(&mut self, hop: &mut Hop, limit: u8) -> Result<(), String> {
        let wait = u64::try_from(self.options.wait.as_nanos()).unwrap_or(u64::MAX);
        let end = monotonic_clock::now().saturating_add(wait);
        let sent = hop.sent.len();
        while hop.answers.iter().take(sent).any(Option::is_none) && monotonic_clock::now() < end {
            let (timer, input) = (monotonic_clock::subscribe_instant(end), self.socket.subscribe());
            poll(&[&timer, &input]);
            let again = self.take(hop).map_err(|code| failed("receive", code))?;
            for number in again {
                self.send(hop, number, limit)?;
            }
        }
        Ok(())
    }

    /// Takes what waits; answers the numbers of the hop's probes that were too large and are smaller now.
    fn take(&mut self, hop: &mut Hop) -> Result<Vec<u16>, ErrorCode> {
        let mut again = Vec::new();
        let now = monotonic_clock::now();
        for packet in self.socket.receive(BATCH)? {
            // A raw socket hears all datagrams; a ping socket, echo replies: of the destination alone.
            let from = ip(packet.source);
            let number = match self.method {
                _ if from != self.address => None,
                Method::Icmp { .. } => self.method.number(&packet.data),
                Method::Tcp { .. } => self.method.answered(carried(&packet.data, from.is_ipv6())),
                Method::Udp { .. } => None,
            };
            let at = now.saturating_sub(packet.waited);
            hop.answered(number, from, at, (String::new(), true));
        }
        for error in self.socket.receive_errors(BATCH)? {
            if let Some(from) = error.offender.map(ip) {
                let too_large = matches!(
                    (from.is_ipv6(), error.icmp_type, error.icmp_code),
                    (false, 3, 4) | (true, 2, _)
                );
                if self.options.mtu && too_large && self.shrink(error.info) {
                    again
                        .extend(self.method.number(&error.data).map(|number| number.wrapping_sub(hop.first)));
                    continue;
                }
                let verdict = judge(from.is_ipv6(), error.icmp_type, error.icmp_code, error.info);
                hop.answered(self.method.number(&error.data), from, now, verdict);
            }
        }
        Ok(again)
    }
}

impl Hop {
    /// The probe with this number was answered; what it was not asked is ignored, and what it was is told once.
    fn answered(&mut self, number: Option<u16>, from: IpAddr, at: u64, (remark, last): (String, bool)) {
        let Some(place) = number.map(|number| usize::from(number.wrapping_sub(self.first))) else { return };
        if let (Some(sent), Some(answer @ None)) = (self.sent.get(place), self.answers.get_mut(place)) {
            let time = Duration::from_nanos(at.saturating_sub(*sent));
            let mtu = self.mtus.get(place).copied().flatten();
            *answer = Some(Answer { from, time, remark, last, mtu });
        }
    }
}

/// What a packet of a raw socket carries: those of IPv4 begin with their header.
fn carried(packet: &[u8], v6: bool) -> &[u8] {
    let header = match packet.first() {
        Some(first) if !v6 => usize::from(first & 0xf) * 4,
        _ => 0,
    };
    packet.get(header..).unwrap_or_default()
}

/// What is said when a call failed.
fn failed(call: &str, code: ErrorCode) -> String {
    format!("{call}: {}", text(code))
}
