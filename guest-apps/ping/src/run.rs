//! The program on its socket.

use crate::echo;
use crate::options::{HEADER_LEN, MAX_FLOW_LABEL, MAX_SIZE_V4, Options};
use crate::record::{self, Record};
use crate::socket::{is_of_link, open, resolve, source_over};
use crate::statistics::{Answer, Statistics, Times, milliseconds};
use crate::{FAILED, errors};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tool_common::address::{ip, wit};
use tool_common::control::interrupt;
use tool_common::control::raw_fields::{self, PacketWithOptions};
use tool_common::control::raw_sockets::{IncomingPacket, OutgoingPacket, PacketError, RawOption, RawSocket};
use tool_common::error::text;
use tool_common::names::HostNames;
use tool_common::wasi::clocks::monotonic_clock;
use tool_common::wasi::io::poll::poll;
use tool_common::wasi::sockets::network::ErrorCode;

/// Packets and errors that are taken at a time.
const BATCH: u64 = 64;
/// How long to wait for replies after the last request if none came so far.
const LINGER: Duration = Duration::from_secs(10);
/// Time between requests in a flood whose replies do not come.
const FLOOD_INTERVAL: Duration = Duration::from_millis(10);
/// Bytes of data from which on times are shown, as iputils has it, where they stand in the data.
const TIMED_FROM: usize = 16;
/// What is said of a destination that stands for everybody.
const BROADCAST: &str = "Do you want to ping broadcast? Then -b. If not, check your local firewall rules";
/// Bytes of an IPv4 header.
const IPV4_HEADER_LEN: usize = 20;

/// A ping that is under way.
struct Ping<'a> {
    options: &'a Options,
    socket: RawSocket,
    /// As the user gave it.
    name: String,
    address: IpAddr,
    /// The link that link-local addresses are of, if it was said.
    zone: &'a str,
    began: u64,
    statistics: Statistics,
    /// When the last request was sent.
    last_sent: Duration,
    /// How what hosts on the way left is shown.
    recorded: record::Shown,
    flow_label: Option<u32>,
    names: HostNames,
    /// Hosts are shown without their names: it was asked for, or the user knows none either.
    numeric: bool,
}

/// Pings to the end; answers the exit code. The error is a line.
pub(crate) fn run(options: &Options) -> Result<u8, String> {
    let (name, zone) = options.destination.split_once('%').unwrap_or((&options.destination, ""));
    let address = resolve(name, options.version)?;
    if address.is_ipv4() && !zone.is_empty() {
        return Err(format!("{}: Name or service not known", options.destination));
    }
    if address.is_ipv4() && options.size > MAX_SIZE_V4 {
        let size = options.size;
        return Err(format!("invalid argument: '{size}': out of range: 0 <= value <= {MAX_SIZE_V4}"));
    }
    let flow_label = options.flow_label.filter(|_| address.is_ipv6()).map(label);
    let socket = open(options, address, zone, flow_label)?;
    let began = monotonic_clock::now();
    let (name, last_sent, statistics) = (options.destination.clone(), Duration::ZERO, Statistics::default());
    let recorded = record::Shown::default();
    let numeric = options.numeric || is_number(&name);
    let mut ping = Ping {
        options,
        socket,
        name,
        address,
        zone,
        began,
        statistics,
        last_sent,
        recorded,
        flow_label,
        names: HostNames::default(),
        numeric,
    };
    let ended = ping.exchange();
    // When nothing could be sent at all, nothing is shown: iputils finds that out before, with connect(2).
    if ping.statistics.sent == 0 && ended.is_err() {
        return ended.map(|()| FAILED);
    }
    print(&ping.statistics.summary(&ping.name, ping.last_sent, ping.wanted_times()));
    ended?;
    let statistics = &ping.statistics;
    let too_few =
        options.deadline.is_some() && options.count.is_some_and(|count| statistics.received < count);
    Ok(if statistics.received == 0 || too_few { 1 } else { 0 })
}

impl Ping<'_> {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now().saturating_sub(self.began))
    }

    /// An address as it is shown: with its link, if it means nothing without.
    fn shown(&self, address: IpAddr) -> String {
        match address {
            IpAddr::V6(of_link) if is_of_link(of_link) && !self.zone.is_empty() => {
                format!("{address}%{}", self.zone)
            }
            _ => address.to_string(),
        }
    }

    /// The same behind the host's name, if that is wanted and known. iputils: `pr_addr`.
    fn named(&mut self, address: IpAddr) -> String {
        let shown = self.shown(address);
        let of_link = matches!(address, IpAddr::V6(of_link) if is_of_link(of_link));
        if self.numeric || of_link {
            return shown;
        }
        match self.names.name(address, Some(&interrupt::subscribe())) {
            Some(name) => format!("{name} ({shown})"),
            None => shown,
        }
    }

    fn introduce(&mut self) {
        let sticky = || match self.options.sticky {
            true => source_over(None, self.address).map_or(String::new(), |from| format!(" from {from} :")),
            false => String::new(),
        };
        let from = self.options.from.as_ref().map_or_else(sticky, |from| match from.parse::<IpAddr>() {
            Ok(_) => format!(" from {from} :"),
            Err(_) => {
                let source =
                    source_over(Some(from), self.address).map_or(String::new(), |source| self.shown(source));
                format!(" from {source} {from}:")
            }
        });
        let pattern: String = self.options.pattern.iter().map(|byte| format!("{byte:02x}")).collect();
        if !pattern.is_empty() && !self.options.quiet {
            print(&format!("PATTERN: 0x{pattern}\n"));
        }
        let host = self.named(self.address);
        let (name, address, size) = (&self.name, self.address, self.options.size);
        let line = match address {
            IpAddr::V4(_) => {
                let options = self.record().map_or(0, |_| record::LEN);
                let whole = size + HEADER_LEN + options + IPV4_HEADER_LEN;
                format!("PING {name} ({address}){from} {size}({whole}) bytes of data.\n")
            }
            IpAddr::V6(_) => {
                let flow = self.flow_label.map_or(String::new(), |label| format!(" , flow 0x{label:05x},"));
                format!("PING {name}({host}){flow}{from} {size} data bytes\n")
            }
        };
        print(&line);
    }

    /// Sends and receives until it is enough. The error is one that the first request met.
    fn exchange(&mut self) -> Result<(), String> {
        let interrupted = interrupt::subscribe();
        let mut next = Duration::ZERO;
        loop {
            let now = self.elapsed();
            if now >= next && self.may_send() {
                self.send(now)?;
                while self.statistics.sent < self.options.preload && self.may_send() {
                    self.send(self.elapsed())?;
                }
                next = now + self.interval();
            }
            let Some(until) = self.until(next) else { return Ok(()) };
            let timer = monotonic_clock::subscribe_instant(self.began + nanos(until));
            let input = self.socket.subscribe();
            let ready = poll(&[&interrupted, &timer, &input]);
            if ready.contains(&0) {
                // What the terminal shows of Ctrl-C stands on a line of its own.
                return Ok(());
            }
            if self.receive()? && (self.options.flood || self.options.adaptive) {
                next = Duration::ZERO;
            }
        }
    }

    /// Until the next request if no reply comes before. iputils: `update_interval`.
    fn interval(&self) -> Duration {
        match (self.options.flood, self.options.adaptive) {
            (true, _) => FLOOD_INTERVAL,
            (_, true) => self.statistics.smoothed().max(FLOOD_INTERVAL),
            _ => self.options.interval,
        }
    }

    /// Whether requests go out one behind the other, whatever comes back.
    fn is_quick(&self) -> bool {
        self.options.flood || self.options.adaptive || self.options.interval.is_zero()
    }

    /// Which times the summary has.
    fn wanted_times(&self) -> Times {
        match self.options.size >= TIMED_FROM {
            true if self.is_quick() => Times::WithGaps,
            true => Times::Trips,
            false => Times::None,
        }
    }

    fn may_send(&self) -> bool {
        self.options.count.is_none_or(|count| self.statistics.sent < count)
            || (self.options.deadline.is_some()
                && self.options.count.is_none_or(|count| self.statistics.received < count))
    }

    /// Until when to wait for something; none: it is enough.
    fn until(&self, next: Duration) -> Option<Duration> {
        let now = self.elapsed();
        let answered = self.options.count.is_some_and(|count| {
            let errors = if self.options.deadline.is_some() { 0 } else { self.statistics.errors };
            self.statistics.received + errors >= count
        });
        if answered {
            return None;
        }
        let end = if self.may_send() { next } else { self.last_sent + self.patience() };
        let end = end.min(self.options.deadline.unwrap_or(end));
        let over = !self.may_send() || self.options.deadline.is_some_and(|deadline| now >= deadline);
        (now < end || !over).then_some(end)
    }

    /// How long to wait after the last request: twice the longest time so far, at least as long as between two
    /// requests.
    fn patience(&self) -> Duration {
        let usual = match self.statistics.received {
            0 => LINGER,
            _ => (2 * self.statistics.longest()).max(self.options.interval),
        };
        self.options.timeout.unwrap_or(usual)
    }

    fn send(&mut self, now: Duration) -> Result<(), String> {
        let sequence = self.statistics.next_sequence();
        let data = echo::request(self.address.is_ipv6(), sequence, self.options.size, &self.options.pattern);
        let packet = OutgoingPacket { data, destination: Some(wit(self.address)), hop_limit: None };
        self.last_sent = now;
        if self.options.outstanding && self.statistics.last_is_unanswered() {
            print(&format!("{}no answer yet for icmp_seq={}\n", self.stamp(), sequence.wrapping_sub(1)));
        }
        let mut sent = self.socket.send(std::slice::from_ref(&packet));
        let first = self.statistics.sent == 0;
        if first {
            if self.options.broadcast && matches!(sent, Err(ErrorCode::AccessDenied)) {
                eprintln!("WARNING: pinging broadcast address");
                let allow = self.socket.set(&RawOption::Broadcast(true));
                allow.map_err(|code| format!("can't set broadcast: {}", text(code)))?;
                sent = self.socket.send(&[packet]);
            }
            match sent {
                Ok(_) | Err(ErrorCode::DatagramTooLarge | ErrorCode::OutOfMemory) => self.introduce(),
                // There is a way, but by a gateway.
                Err(_) if self.options.neighbours && source_over(None, self.address).is_some() => {
                    self.introduce();
                }
                Err(ErrorCode::AccessDenied) => return Err(BROADCAST.into()),
                Err(code) => return Err(format!("connect: {}", text(code))),
            }
        }
        self.statistics.sent(now);
        match sent {
            Ok(_) if self.options.flood && !self.options.quiet => print("."),
            Ok(_) => {}
            // The error queue tells of it.
            Err(ErrorCode::DatagramTooLarge) => self.receive_errors()?,
            // iputils says nothing.
            Err(ErrorCode::RemoteUnreachable) => {}
            Err(code) if !self.options.quiet => eprintln!("ping: sendmsg: {}", text(code)),
            Err(_) => {}
        }
        Ok(())
    }

    /// Takes what waits; answers whether there was a reply.
    fn receive(&mut self) -> Result<bool, String> {
        let mut replied = false;
        loop {
            let packets = self.take().map_err(|code| format!("recvmsg: {}", text(code)))?;
            if packets.is_empty() {
                break;
            }
            let now = self.elapsed();
            for PacketWithOptions { packet, options } in &packets {
                let at = now.saturating_sub(Duration::from_nanos(packet.waited));
                replied |= self.show(packet, options, at);
            }
        }
        self.receive_errors()?;
        Ok(replied)
    }

    /// Packets that wait, with the options of their headers if such were sent.
    fn take(&self) -> Result<Vec<PacketWithOptions>, ErrorCode> {
        if self.record().is_some() {
            return raw_fields::receive(&self.socket, BATCH);
        }
        let packets = self.socket.receive(BATCH)?.into_iter();
        Ok(packets.map(|packet| PacketWithOptions { packet, options: Vec::new() }).collect())
    }

    /// What hosts on the way are to leave.
    fn record(&self) -> Option<Record> {
        self.options.record.filter(|_| self.address.is_ipv4())
    }

    /// Shows a reply; answers whether it was one.
    fn show(&mut self, packet: &IncomingPacket, options: &[u8], at: Duration) -> bool {
        let Some(sequence) = echo::sequence(&packet.data) else { return false };
        let answer = self.statistics.replied(sequence, at);
        let time = match answer {
            Answer::First(time) | Answer::Duplicate(time) => time,
            Answer::Stray => return false,
        };
        if self.options.quiet {
            return true;
        }
        if self.options.flood {
            print("\x08 \x08");
            return true;
        }
        let (size, from, limit) = (packet.data.len(), self.named(ip(packet.source)), packet.hop_limit);
        let mut line = format!("{}{size} bytes from {from}: icmp_seq={sequence} ttl={limit}", self.stamp());
        if self.options.size >= TIMED_FROM {
            line += &format!(" time={}", milliseconds(time));
        }
        if matches!(answer, Answer::Duplicate(_)) {
            line += " (DUP!)";
        }
        if let Some((place, sent, found)) = echo::difference(&packet.data, &self.options.pattern) {
            line += &format!("\nwrong data byte #{place} should be {sent:#x} but was {found:#x}");
        }
        line += if self.options.audible { "\x07" } else { "" };
        let mut recorded = std::mem::take(&mut self.recorded);
        line += &recorded.text(options, |address| self.named(address.into()));
        self.recorded = recorded;
        print(&(line + "\n"));
        true
    }

    fn receive_errors(&mut self) -> Result<(), String> {
        loop {
            let all = self.socket.receive_errors(BATCH).map_err(|code| format!("recvmsg: {}", text(code)))?;
            if all.is_empty() {
                return Ok(());
            }
            all.iter().for_each(|error| self.show_error(error));
        }
    }

    fn show_error(&mut self, error: &PacketError) {
        self.statistics.errors += 1;
        if self.options.quiet {
            return;
        }
        if self.options.flood {
            return print("\x08E");
        }
        let Some(offender) = error.offender.map(ip) else {
            // iputils writes it in two ways.
            let sign = if self.address.is_ipv6() { ": " } else { "=" };
            return eprintln!("ping: local error: message too long, mtu{sign}{}", error.info);
        };
        let from = self.named(offender);
        let sequence = echo::sequence(&error.data).unwrap_or_default();
        let (kind, code, info) = (error.icmp_type, error.icmp_code, error.info);
        let what = if offender.is_ipv6() { errors::v6 } else { errors::v4 }(kind, code, info);
        print(&format!("{}From {from} icmp_seq={sequence} {what}\n", self.stamp()));
    }

    /// The time in front of a line, if it is wanted.
    fn stamp(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        match self.options.timestamps {
            true => format!("[{}.{:06}] ", now.as_secs(), now.subsec_micros()),
            false => String::new(),
        }
    }
}

/// Whether a destination is written as an address.
fn is_number(destination: &str) -> bool {
    destination.contains(':') || destination.parse::<Ipv4Addr>().is_ok()
}

/// The flow label that was asked for, or any. Linux: `fl6_renew`.
fn label(wanted: u32) -> u32 {
    let any = || RandomState::new().build_hasher().finish() as u32 & MAX_FLOW_LABEL;
    if wanted == 0 { any().max(1) } else { wanted }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Prints at once. Who does not listen any more ends the program.
fn print(text: &str) {
    let mut output = std::io::stdout();
    if output.write_all(text.as_bytes()).and_then(|()| output.flush()).is_err() {
        std::process::exit(FAILED.into());
    }
}
