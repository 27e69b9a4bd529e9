//! Packets.

use super::ast::{Body, Direction, Flags, Icmp, IpInfo, Outer, Packet, Quote, Segment, Tos};
use super::parser::{Parsed, Parser};
use super::token::Kind;

impl Parser {
    pub(super) fn packet(&mut self) -> Parsed<Packet> {
        let direction = if self.take_mark('<') { Direction::In } else { Direction::Out };
        self.take_mark('>');
        let mut outer = Vec::new();
        while let Some(header) = self.outer()? {
            outer.push(header);
        }
        let ip = self.ip_info()?;
        if direction == Direction::In && ip.tos == Tos::Ect01 {
            return Err(self.fault("[ect01] is for outbound packets only"));
        }
        let mut ports = None;
        let mut psp = false;
        let body = if self.take_word("udp") {
            ports = self.ports()?;
            self.mark('(')?;
            let len = self.number("the length of a UDP payload")?;
            self.mark(')')?;
            Body::Udp(len)
        } else if self.take_word("icmp") {
            Body::Icmp(self.icmp()?)
        } else {
            psp = self.psp()?;
            ports = self.ports()?;
            Body::Tcp(self.segment(direction)?)
        };
        Ok(Packet { direction, outer, ip, ports, psp, body })
    }

    fn outer(&mut self) -> Parsed<Option<Outer>> {
        if self.take_word("ipv4") || self.take_word("ipv6") {
            self.ip_info()?;
            let from = self.advance().kind;
            self.mark('>')?;
            let to = self.advance().kind;
            self.mark(':')?;
            return match (from, to) {
                (Kind::Ipv4(from), Kind::Ipv4(to)) => Ok(Some(Outer::Ipv4(from, to))),
                (Kind::Ipv6(from), Kind::Ipv6(to)) => Ok(Some(Outer::Ipv6(from, to))),
                _ => Err(self.fault("expected two IP addresses of one version")),
            };
        }
        let header = match () {
            () if self.is_word("gre") || self.is_word("GREv0") => Outer::Gre,
            () if self.is_word("mpls") => Outer::Mpls,
            () => return Ok(None),
        };
        while !self.take_mark(':') {
            if self.advance().kind == Kind::End {
                return Err(self.expected("':'"));
            }
        }
        Ok(Some(header))
    }

    fn ip_info(&mut self) -> Parsed<IpInfo> {
        let mut info = IpInfo::default();
        let close = match self.peek().kind {
            Kind::Mark('[') => ']',
            Kind::Mark('(') => ')',
            _ => return Ok(info),
        };
        self.advance();
        loop {
            let word = self.word("noecn, ect0, ect1, ect01, ce, tos, ttl or flowlabel")?;
            match word.as_str() {
                "noecn" => info.tos = Tos::Ecn(0),
                "ect1" => info.tos = Tos::Ecn(1),
                "ect0" => info.tos = Tos::Ecn(2),
                "ce" => info.tos = Tos::Ecn(3),
                "ect01" => info.tos = Tos::Ect01,
                "tos" => info.tos = Tos::Byte(self.number("the type of service")?),
                "ttl" => info.ttl = Some(self.number("the time to live")?),
                "flowlabel" => info.flow_label = Some(self.number("the flow label")?),
                other => return Err(self.fault(format!("'{other}' is not known of an IP header"))),
            }
            if self.take_mark(close) {
                return Ok(info);
            }
            self.mark(',')?;
        }
    }

    fn psp(&mut self) -> Parsed<bool> {
        if !self.take_word("encap") {
            return Ok(false);
        }
        for word in ["psp", "spi"] {
            if !self.take_word(word) {
                return Err(self.expected(word));
            }
        }
        self.number::<i64>("an SPI").map(|_| true)
    }

    fn ports(&mut self) -> Parsed<Option<(u16, u16)>> {
        if !matches!((&self.peek().kind, self.peek_at(1)), (Kind::Integer(_), Kind::Mark('>'))) {
            return Ok(None);
        }
        let from = self.number("a port")?;
        self.mark('>')?;
        Ok(Some((from, self.number("a port")?)))
    }

    fn segment(&mut self, direction: Direction) -> Parsed<Segment> {
        let flags = self.flags()?;
        let (seq, len) = self.sequence()?;
        let mut segment = Segment { flags, seq, len, options: Some(Vec::new()), ..Segment::default() };
        if self.take_word("ack") {
            segment.ack = self.number("an acknowledgment number")?;
        }
        if self.take_word("win") {
            segment.window = Some(self.number("a window")?);
        } else if direction == Direction::In {
            return Err(self.expected("'win N', which an inbound segment needs"));
        }
        if self.take_word("urg") {
            segment.urgent = self.number("an urgent pointer")?;
        }
        if self.is_mark('<') {
            segment.options = self.tcp_options()?;
            if direction == Direction::In && segment.options.is_none() {
                return Err(self.fault("<...> is for outbound segments only"));
            }
        }
        Ok(segment)
    }

    /// `S`, `P.`, `SEWA`, `.5`, `-`: everything before the sequence numbers.
    fn flags(&mut self) -> Parsed<Flags> {
        let mut text = String::new();
        let span = self.peek().span;
        loop {
            match &self.peek().kind {
                Kind::Word(word) => text.push_str(word),
                Kind::Float(_) if self.peek().raw.starts_with('.') => text.push_str(&self.peek().raw),
                Kind::Mark(mark @ ('.' | '-')) => text.push(*mark),
                _ => break,
            }
            self.advance();
        }
        if text.is_empty() {
            return Err(self.expected("TCP flags, 'udp' or 'icmp'"));
        }
        flags_of(&text).map_err(|message| super::error::Fault::new(span, message))
    }

    /// `1:1001(1000)`.
    fn sequence(&mut self) -> Parsed<(u32, u16)> {
        let start: u32 = self.number("a sequence number")?;
        self.mark(':')?;
        let end: u32 = self.number("a sequence number")?;
        self.mark('(')?;
        let len: u16 = self.number("a length")?;
        self.mark(')')?;
        match start.wrapping_add(len.into()) == end {
            true => Ok((start, len)),
            false => Err(self.fault(format!("{start} and {len} bytes do not make {end}"))),
        }
    }

    fn icmp(&mut self) -> Parsed<Icmp> {
        let mut icmp = Icmp { kind: self.word("the type of an ICMP message")?, ..Icmp::default() };
        if !self.is_word("mtu") && !self.is_word("id") && matches!(self.peek().kind, Kind::Word(_)) {
            icmp.code = Some(self.word("a code")?);
        }
        if self.take_word("mtu") {
            icmp.mtu = Some(self.number("an MTU")?);
        }
        if self.take_word("id") {
            icmp.id = self.number("an identifier")?;
        }
        if self.take_mark('[') {
            icmp.quote = Some(self.quote()?);
            self.mark(']')?;
        }
        Ok(icmp)
    }

    fn quote(&mut self) -> Parsed<Quote> {
        let udp = self.is_word("udp");
        if !udp && !self.is_word("raw") {
            let (seq, len) = self.sequence()?;
            return Ok(Quote::Tcp { seq, len });
        }
        self.advance();
        self.mark('(')?;
        let len = self.number("a length")?;
        self.mark(')')?;
        Ok(if udp { Quote::Udp(len) } else { Quote::Raw(len) })
    }
}

/// Upstream: is_tcp_flags_spec_valid, tcp_flag_ace_count.
fn flags_of(text: &str) -> Result<Flags, String> {
    let mut flags = Flags::default();
    let mut ace = None;
    for letter in text.chars() {
        match letter {
            'F' => flags.fin = true,
            'S' => flags.syn = true,
            'R' => flags.rst = true,
            'P' => flags.psh = true,
            '.' => flags.ack = true,
            'U' => flags.urg = true,
            'E' => flags.ece = true,
            'W' => flags.cwr = true,
            'A' => flags.ae = true,
            '0'..='7' if ace.is_none() => ace = letter.to_digit(8),
            '-' if text.len() == 1 => {}
            _ => {
                return Err(format!(
                    "'{letter}' in '{text}' is not a TCP flag (FSRP.UEWA and one ACE digit are)"
                ));
            }
        }
    }
    let Some(ace) = ace else { return Ok(flags) };
    if flags.ece || flags.cwr || flags.ae {
        return Err(format!("'{text}' has both an ACE count and E, W or A"));
    }
    // A count of 0 is no count upstream: it compares the three bits as flags.
    Ok(Flags { ece: ace & 1 != 0, cwr: ace & 2 != 0, ae: ace & 4 != 0, is_ace: ace != 0, ..flags })
}
