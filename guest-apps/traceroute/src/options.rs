//! The command line.

use std::net::IpAddr;
use std::time::Duration;
use tool_common::getopt::{Known, number, read};

/// What is printed when it is wrong.
pub(crate) const USAGE: &str = "\
Usage: traceroute [-46FInTU] [-f first_ttl] [-i device] [-m max_ttl] [-p port] [-q nqueries] [-s src_addr]
                  [-t tos] [-w waittime] [--mtu] host [packetlen]
";

/// Most probes of a hop.
const MAX_QUERIES: u16 = 10;
/// Most seconds to wait for an answer.
const MAX_WAIT: f64 = 86_400.0;
/// Most bytes of a packet.
const MAX_PACKET: usize = 65_000;

/// Options of traceroute's that are refused, and why.
const REFUSED: [(char, &str); 8] = [
    ('A', "-A: nobody is asked for numbers of autonomous systems"),
    ('e', "-e: extensions of ICMP errors are not shown"),
    ('g', "-g: packets with source routes are dropped on the way (RFC 7126), and not sent"),
    ('M', "-M: there are -I, -T and -U"),
    ('O', "-O: methods have no options"),
    ('r', "-r: routes are asked always"),
    ('z', "-z: probes of a hop go out together"),
    ('P', "-P: there are -I, -T and -U"),
];

/// Which port is knocked at, if that is not said.
const PORT_TCP: u16 = 80;
const PORT_UDP: u16 = 33_434;

/// The letter of `--mtu`, which has none: nobody types it.
const MTU: char = '\u{1}';

const KNOWN: Known<'_> = Known {
    letters: "46AeFInrTU\u{1}f:g:i:m:M:N:O:p:P:q:s:t:w:z:",
    long: &[
        ("dont-fragment", 'F'),
        ("first", 'f'),
        ("icmp", 'I'),
        ("interface", 'i'),
        ("max-hops", 'm'),
        ("mtu", MTU),
        ("port", 'p'),
        ("queries", 'q'),
        ("source", 's'),
        ("as-path-lookups", 'A'),
        ("extensions", 'e'),
        ("gateway", 'g'),
        ("module", 'M'),
        ("options", 'O'),
        ("protocol", 'P'),
        ("sendwait", 'z'),
        ("sim-queries", 'N'),
        ("tcp", 'T'),
        ("tos", 't'),
        ("udp", 'U'),
        ("wait", 'w'),
    ],
};

/// How to trace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) destination: String,
    /// 4 or 6, if it was said.
    pub(crate) version: Option<u8>,
    /// Echo requests in place of datagrams.
    pub(crate) icmp: bool,
    /// Segments that open connections in place of datagrams.
    pub(crate) tcp: bool,
    /// Addresses alone.
    pub(crate) numeric: bool,
    /// Probes must not be cut.
    pub(crate) whole: bool,
    /// The MTU of the way is looked for: probes are as large as it carries.
    pub(crate) mtu: bool,
    pub(crate) device: Option<String>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) traffic_class: u8,
    pub(crate) first: u8,
    pub(crate) last: u8,
    /// The port of the first datagram; each further one has the next. That of all segments.
    pub(crate) port: u16,
    pub(crate) queries: u16,
    pub(crate) wait: Duration,
    /// Bytes of a packet with its IP header; none: the usual size.
    pub(crate) length: Option<usize>,
}

/// Reads the command line without the program's name. The error is a line.
pub(crate) fn parse(arguments: &[String]) -> Result<Options, String> {
    let words = read(arguments, KNOWN)?;
    let (destination, length) = match words.others[..] {
        [destination] => (destination, None),
        [destination, length] => (destination, Some(number(length, 0, MAX_PACKET)?)),
        [] => return Err("Specify \"host\" missing argument.".into()),
        [_, _, extra, ..] => return Err(format!("Extra arg `{extra}'")),
    };
    let mut options = Options {
        destination: destination.to_owned(),
        version: None,
        icmp: false,
        tcp: false,
        numeric: false,
        whole: false,
        mtu: false,
        device: None,
        source: None,
        traffic_class: 0,
        first: 1,
        last: 30,
        port: PORT_UDP,
        queries: 3,
        wait: Duration::from_secs(5),
        length,
    };
    if words.options.iter().any(|(option, _)| *option == 'T') {
        (options.tcp, options.port) = (true, PORT_TCP);
    }
    for (option, value) in words.options {
        if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == option) {
            return Err((*why).to_owned());
        }
        match option {
            '4' => options.version = Some(4),
            '6' => options.version = Some(6),
            'I' => options.icmp = true,
            // Probes go out hop by hop.
            'N' => drop(number(value, 1, u16::MAX)?),
            'F' => options.whole = true,
            MTU => (options.whole, options.mtu) = (true, true),
            'i' => options.device = Some(value.to_owned()),
            's' => {
                let wrong = |_| format!("Cannot handle `-s' option with arg `{value}'");
                options.source = Some(value.parse().map_err(wrong)?);
            }
            't' => options.traffic_class = number(value, 0, u8::MAX)?,
            'f' => options.first = number(value, 1, u8::MAX)?,
            'm' => options.last = number(value, 1, u8::MAX)?,
            'p' => options.port = number(value, 1, u16::MAX)?,
            'q' => options.queries = number(value, 1, MAX_QUERIES)?,
            'w' => options.wait = Duration::from_secs_f64(number(value, 0.0, MAX_WAIT)?),
            'n' => options.numeric = true,
            // UDP is what is sent anyway.
            _ => {}
        }
    }
    match options.first > options.last {
        true => Err("first hop out of range".into()),
        false => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> Result<Options, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn all_options() {
        let options = line("-In6 -f 2 -m 9 -p 5000 -q 1 -w 0.5 host 100").unwrap();
        assert!(options.icmp && options.numeric && options.version == Some(6));
        assert_eq!((options.first, options.last, options.port, options.queries), (2, 9, 5000, 1));
        let more = line("-F -i eth0 -s 192.0.2.1 -t 16 host").unwrap();
        assert_eq!((more.whole, more.mtu, more.traffic_class), (true, false, 16));
        assert_eq!((more.device.as_deref(), more.source), (Some("eth0"), "192.0.2.1".parse().ok()));
        let long = line("--icmp --first 2 --max-hops=9 host").unwrap();
        assert_eq!((long.icmp, long.first, long.last), (true, 2, 9));
        let tcp = line("-T host").unwrap();
        assert_eq!((tcp.tcp, tcp.port, line("-p 7 -N 1 --tcp host").unwrap().port), (true, 80, 7));
        assert!(!line("-U host").unwrap().icmp);
        let mtu = line("--mtu host").unwrap();
        assert!(mtu.whole && mtu.mtu);
        assert_eq!((options.wait, options.length), (Duration::from_millis(500), Some(100)));
        let usual = line("host").unwrap();
        assert_eq!((usual.first, usual.last, usual.queries, usual.icmp), (1, 30, 3, false));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, part) in [
            ("", "missing argument"),
            ("a 1 b", "Extra arg `b'"),
            ("-f 5 -m 4 host", "first hop out of range"),
            ("-m 256 host", "'256'"),
            ("-s here host", "`here'"),
            ("-g 192.0.2.1 host", "-g: packets with source routes"),
            ("--as-path-lookups host", "-A: nobody"),
            ("-q 11 host", "1 <= value <= 10"),
            ("-Z host", "'Z'"),
            ("--icpm host", "unrecognized option '--icpm'\nDid you mean \"--icmp\"?"),
        ] {
            let error = line(words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
