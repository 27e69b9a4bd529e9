//! The command line.

use crate::record::Record;
use std::time::Duration;
use tool_common::did_you_mean;
use tool_common::getopt::{Known, number, read};

/// What is printed when it is wrong.
pub(crate) const USAGE: &str = "\
Usage: ping [-4|-6] [-aAbBCdDfLnOqrRUvV] [-c count] [-e identifier] [-F flowlabel] [-i interval]
            [-I address|interface] [-l preload] [-m mark] [-M do|want|dont] [-p pattern] [-Q tos] [-s size]
            [-S sndbuf] [-t ttl] [-T tsonly|tsandaddr|tsprespec [hop ...]] [-w deadline] [-W timeout] destination
";

/// Bytes of the header before a request's data.
pub(crate) const HEADER_LEN: usize = 8;
/// Most requests. iputils: `LONG_MAX`.
const MAX_COUNT: u64 = i64::MAX as u64;
/// Most requests before any reply. iputils: `-l`.
const MAX_PRELOAD: u64 = 65_536;
/// Most bytes of data in an IPv4 packet of 65535 bytes with a header of 20.
pub(crate) const MAX_SIZE_V4: usize = 65_507;
/// Most bytes of data behind an IPv6 header, which its length does not count.
const MAX_SIZE: usize = 65_527;
/// Why `-N` is refused.
const NO_QUESTIONS: &str =
    "-N: questions about nodes are none of a ping socket's, and nobody here answers them";
/// Most hosts that `-T tsprespec` names before the destination.
const MAX_NAMED: usize = 4;
/// The largest flow label.
pub(crate) const MAX_FLOW_LABEL: u32 = 0xf_ffff;
/// Most seconds of any time: a year.
const MAX_SECONDS: f64 = 31_536_000.0;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// The version.
    Version,
    /// Pings.
    Ping(Box<Options>),
}

/// Whether packets may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Discover {
    /// Nowhere.
    Do,
    /// Here alone.
    Want,
    /// Anywhere.
    Dont,
}

/// How to ping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) destination: String,
    /// 4 or 6, if it was said.
    pub(crate) version: Option<u8>,
    pub(crate) broadcast: bool,
    /// A reply rings the bell.
    pub(crate) audible: bool,
    /// Requests come from the address that the first one came from.
    pub(crate) sticky: bool,
    /// What goes to a group is not heard here.
    pub(crate) unheard: bool,
    /// Mark of what is sent.
    pub(crate) mark: Option<u32>,
    /// Requests are sent as fast as replies come.
    pub(crate) adaptive: bool,
    /// Requests that are sent before any reply is waited for.
    pub(crate) preload: u64,
    pub(crate) timestamps: bool,
    pub(crate) flood: bool,
    /// A request that was not answered when the next one is sent is told of.
    pub(crate) outstanding: bool,
    /// Hosts are shown without their names.
    pub(crate) numeric: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// 0: one that nobody has.
    pub(crate) identifier: u16,
    /// What fills requests; empty: they count.
    pub(crate) pattern: Vec<u8>,
    pub(crate) count: Option<u64>,
    pub(crate) interval: Duration,
    /// An address or a device.
    pub(crate) from: Option<String>,
    pub(crate) discover: Option<Discover>,
    pub(crate) traffic_class: u8,
    /// Bytes of data.
    pub(crate) size: usize,
    pub(crate) hop_limit: Option<u8>,
    /// When to end, whatever came back.
    pub(crate) deadline: Option<Duration>,
    /// How long to wait for the last reply.
    pub(crate) timeout: Option<Duration>,
    /// The socket is connected to the destination.
    pub(crate) connected: bool,
    /// Requests go by no gateway.
    pub(crate) neighbours: bool,
    /// 0: any.
    pub(crate) flow_label: Option<u32>,
    /// Bytes of memory for what is sent.
    pub(crate) send_buffer: Option<u64>,
    /// What hosts on the way are to leave in IPv4 headers.
    pub(crate) record: Option<Record>,
    /// The hosts that are to leave their times.
    pub(crate) named: Vec<String>,
}

impl Options {
    fn new(destination: String) -> Self {
        Options {
            destination,
            version: None,
            broadcast: false,
            audible: false,
            sticky: false,
            unheard: false,
            mark: None,
            adaptive: false,
            preload: 1,
            timestamps: false,
            flood: false,
            outstanding: false,
            numeric: false,
            quiet: false,
            verbose: false,
            identifier: 0,
            pattern: Vec::new(),
            count: None,
            interval: Duration::from_secs(1),
            from: None,
            discover: None,
            traffic_class: 0,
            size: 56,
            hop_limit: None,
            deadline: None,
            timeout: None,
            connected: false,
            neighbours: false,
            flow_label: None,
            send_buffer: None,
            record: None,
            named: Vec::new(),
        }
    }

    /// Sets what an option says.
    fn set(&mut self, option: char, value: &str) -> Result<(), String> {
        let seconds = || number(value, 0.0, MAX_SECONDS).map(Duration::from_secs_f64);
        match option {
            '4' => self.version = Some(4),
            '6' => self.version = Some(6),
            'a' => self.audible = true,
            'b' => self.broadcast = true,
            'B' => self.sticky = true,
            'L' => self.unheard = true,
            'm' => self.mark = Some(number(value, 0, u32::MAX)?),
            'S' => self.send_buffer = Some(number(value, 1, i32::MAX as u64)?),
            'C' => self.connected = true,
            'r' => self.neighbours = true,
            'F' => self.flow_label = Some(flow_label(value)?),
            'N' => return Err(NO_QUESTIONS.into()),
            'R' | 'T' if self.record.is_some_and(|known| (known == Record::Route) != (option == 'R')) => {
                return Err("only one of -T or -R may be used".into());
            }
            'R' => self.record = Some(Record::Route),
            'T' => self.record = Some(times(value)?),
            'A' => self.adaptive = true,
            'l' => self.preload = number(value, 1, MAX_PRELOAD)?,
            'D' => self.timestamps = true,
            'f' => (self.flood, self.numeric) = (true, true),
            'n' => self.numeric = true,
            'e' => self.identifier = number(value, 0, u16::MAX)?,
            'O' => self.outstanding = true,
            'p' => self.pattern = pattern(value)?,
            'q' => self.quiet = true,
            'v' => self.verbose = true,
            'c' => self.count = Some(number(value, 1, MAX_COUNT)?),
            'i' => self.interval = seconds()?,
            'I' => self.from = Some(value.to_owned()),
            'M' => self.discover = Some(discover(value)?),
            'Q' => self.traffic_class = traffic_class(value)?,
            's' => self.size = number(value, 0, MAX_SIZE)?,
            't' => {
                let limit = Some(number(value, 0, u8::MAX)?).filter(|limit| *limit > 0);
                self.hop_limit = Some(limit.ok_or("cannot set unicast time-to-live: Invalid argument")?);
            }
            'w' => self.deadline = Some(seconds()?).filter(|time| !time.is_zero()),
            'W' => {
                self.timeout = Some(seconds().map_err(|_| format!("bad linger time: {value}"))?)
                    .filter(|time| !time.is_zero())
            }
            // -d and -U.
            _ => {}
        }
        Ok(())
    }
}

fn discover(value: &str) -> Result<Discover, String> {
    match value {
        "do" => Ok(Discover::Do),
        "want" => Ok(Discover::Want),
        "dont" => Ok(Discover::Dont),
        _ => Err(format!(
            "invalid -M argument: {value}: expected do, want or dont{}",
            did_you_mean(value, ["do", "want", "dont"])
        )),
    }
}

fn times(value: &str) -> Result<Record, String> {
    let near = || did_you_mean(value, ["tsonly", "tsandaddr", "tsprespec"]);
    Record::named(value).ok_or_else(|| format!("invalid timestamp type: {value}{}", near()))
}

/// Decimal, or hexadecimal behind `0x`. iputils: `parseflow`.
fn flow_label(value: &str) -> Result<u32, String> {
    let hexadecimal = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let number = match hexadecimal {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => value.parse(),
    };
    let label = number.map_err(|_| format!("bad value for flowinfo: {value}"))?;
    let label = u32::try_from(label).ok().filter(|label| *label <= MAX_FLOW_LABEL);
    label.ok_or_else(|| format!("flow value is greater than 20 bits: {value}"))
}

/// At most 16 bytes in hexadecimal digits, the last one of one digit perhaps. iputils: `fill`.
fn pattern(value: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("patterns must be specified as hex digits: {value}");
    if value.is_empty() || value.len() > 32 || !value.is_ascii() {
        return Err(wrong());
    }
    let pairs = value.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    });
    pairs.collect::<Option<_>>().ok_or_else(wrong)
}

/// Decimal, or hexadecimal behind `0x`.
fn traffic_class(value: &str) -> Result<u8, String> {
    match value.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).map_err(|_| format!("invalid argument: '{value}'")),
        None => {
            let range = "the decimal value of TOS bits must be in range 0-255";
            let number: i64 = value.parse().map_err(|_| format!("invalid argument: '{value}'"))?;
            u8::try_from(number).map_err(|_| format!("{range}: {number}"))
        }
    }
}

/// A line that asks whether an option was meant by a long name, which other tools have and ping has not.
fn letter_of_long(arguments: &[String]) -> String {
    const NAMES: [(&str, &str); 8] = [
        ("count", "-c"),
        ("interval", "-i"),
        ("size", "-s"),
        ("ttl", "-t"),
        ("timeout", "-W"),
        ("deadline", "-w"),
        ("quiet", "-q"),
        ("version", "-V"),
    ];
    let long =
        arguments.iter().find_map(|argument| argument.strip_prefix("--").filter(|name| !name.is_empty()));
    let Some(name) = long.map(|long| long.split('=').next().unwrap_or(long)) else { return String::new() };
    match NAMES.iter().find(|(known, _)| *known == name || !did_you_mean(name, [*known]).is_empty()) {
        Some((_, letter)) => format!("\nDid you mean \"{letter}\"?"),
        None => String::new(),
    }
}

/// Reads the command line without the program's name. The error is a line.
pub(crate) fn parse(arguments: &[String]) -> Result<Order, String> {
    let known = Known { letters: "46aAbBCdDfLnOqrRUvVc:e:F:i:I:l:m:M:N:p:Q:s:S:t:T:w:W:", long: &[] };
    let words = read(arguments, known).map_err(|error| error + &letter_of_long(arguments))?;
    if words.options.iter().any(|(option, _)| *option == 'V') {
        return Ok(Order::Version);
    }
    let Some((destination, named)) = words.others.split_last() else {
        return Err("usage error: Destination address required".into());
    };
    let mut options = Options::new((*destination).to_owned());
    words.options.iter().try_for_each(|(option, value)| options.set(*option, value))?;
    let most = if options.record == Some(Record::TimesOfNamed) { MAX_NAMED } else { 0 };
    if named.len() > most {
        return Err("usage error: one destination is expected".into());
    }
    options.named = named.iter().map(|host| (*host).to_owned()).collect();
    Ok(Order::Ping(Box::new(options)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> Result<Order, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn all_options() {
        let Ok(Order::Ping(options)) = line(
            "-6nqaABLDfvbOCr -m 7 -S 9 -F 0x12 -T tsandaddr -l 3 -c3 -i 0.2 -s 100 -t 5 -W 1.5 -w 10 -I eth0 -M do -Q 0x10 -e 7 -p ff0 host",
        ) else {
            panic!();
        };
        let expected = Options {
            version: Some(6),
            adaptive: true,
            audible: true,
            sticky: true,
            unheard: true,
            mark: Some(7),
            preload: 3,
            broadcast: true,
            timestamps: true,
            flood: true,
            outstanding: true,
            numeric: true,
            identifier: 7,
            pattern: vec![0xff, 0],
            quiet: true,
            verbose: true,
            count: Some(3),
            interval: Duration::from_millis(200),
            from: Some("eth0".into()),
            discover: Some(Discover::Do),
            traffic_class: 16,
            size: 100,
            hop_limit: Some(5),
            deadline: Some(Duration::from_secs(10)),
            timeout: Some(Duration::from_millis(1500)),
            connected: true,
            neighbours: true,
            flow_label: Some(0x12),
            send_buffer: Some(9),
            record: Some(Record::TimesAndAddresses),
            ..Options::new("host".into())
        };
        assert_eq!(*options, expected);
        assert_eq!(line("host"), Ok(Order::Ping(Box::new(Options::new("host".into())))));
        assert_eq!(line("-V"), Ok(Order::Version));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, part) in [
            ("", "Destination address required"),
            ("a b", "one destination"),
            ("-c 0 host", "out of range: 1 <="),
            ("-s 65528 host", "out of range: 0 <= value <= 65527"),
            ("-Q 300 host", "the decimal value of TOS bits must be in range 0-255: 300"),
            ("-W -1 host", "bad linger time: -1"),
            ("-t 256 host", "'256'"),
            ("-M never host", "expected do, want or dont"),
            ("-i -1 host", "out of range"),
            ("-N name host", "-N: questions about nodes"),
            ("-R -T tsonly host", "only one of -T or -R may be used"),
            ("-T tsonl host", "invalid timestamp type: tsonl"),
            ("-T tsonly host host", "one destination"),
            ("-F 99x host", "bad value for flowinfo: 99x"),
            ("-F 0x100000 host", "greater than 20 bits: 0x100000"),
            ("-S 0 host", "out of range"),
            ("-m x host", "invalid argument: 'x'"),
            ("-Q 0xfff host", "0xfff"),
            ("-p fg host", "hex digits: fg"),
            ("-p +f host", "hex digits"),
            ("-e 65536 host", "'65536'"),
            ("-Z host", "invalid option -- 'Z'"),
            ("host -c", "requires an argument"),
            ("--cont 3 host", "invalid option -- '-'\nDid you mean \"-c\"?"),
            ("--size=9 host", "invalid option -- '-'\nDid you mean \"-s\"?"),
        ] {
            let error = line(words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
