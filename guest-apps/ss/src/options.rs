//! The options, and which sockets they mean.

use crate::filter::{Expression, Seen, Wrong};
use crate::states::States;
use tool_common::Exit;
use tool_common::address::socket as address;
use tool_common::control::sockets::{Socket, SocketProtocol};
use tool_common::getopt::{self, Known};

pub(crate) const USAGE: &str = "\
Usage: ss [ OPTIONS ] [ FILTER ]
   -h, --help          this message
   -V, --version       output version information
   -n, --numeric       don't resolve service names
   -r, --resolve       resolve host names
   -a, --all           display all sockets
   -l, --listening     display listening sockets
   -o, --options       show timer information
   -e, --extended      show detailed socket information
   -m, --memory        show socket memory usage
   -p, --processes     show process using socket
   -i, --info          show internal TCP information
       --tos           show tos and priority information
   -s, --summary       show socket usage summary
   -4, --ipv4          display only IP version 4 sockets
   -6, --ipv6          display only IP version 6 sockets
   -t, --tcp           display only TCP sockets
   -u, --udp           display only UDP sockets
   -w, --raw           display only RAW sockets
   -0, --packet        display PACKET sockets
   -d, -M, -S, -x, --dccp, --mptcp, --sctp, --unix, --vsock, --tipc, --xdp
                       taken: a stack has none of these sockets
   -f, --family=FAMILY display sockets of type FAMILY
   -A, --query=QUERY   QUERY := {all|inet|tcp|udp|raw|packet}[,QUERY]
   -F, --filter=FILE   read filter information from FILE
   -H, --no-header     Suppress header line
   -O, --oneline       socket's data printed on a single line
       FILTER := [ state STATE-FILTER ] [ EXPRESSION ]
       EXPRESSION := {sport|dport|src|dst|dev|fwmark} [COMPARISON] VALUE, and, or, not, brackets
       STATE-FILTER := {all|connected|synchronized|bucket|big|TCP-STATES}
         TCP-STATES := {established|syn-sent|syn-recv|fin-wait-{1,2}|time-wait|closed|close-wait|last-ack|listening|closing}";

/// What stands for the option `--tos`, which has no letter.
const TOS: char = '\u{1}';

const KNOWN: Known<'_> = Known {
    letters: "hVnalomepis46tuw0rHObTdMSxKEf:A:F:D:N:",
    long: &[
        ("help", 'h'),
        ("version", 'V'),
        ("numeric", 'n'),
        ("all", 'a'),
        ("listening", 'l'),
        ("options", 'o'),
        ("extended", 'e'),
        ("memory", 'm'),
        ("processes", 'p'),
        ("info", 'i'),
        ("summary", 's'),
        ("ipv4", '4'),
        ("ipv6", '6'),
        ("tcp", 't'),
        ("udp", 'u'),
        ("raw", 'w'),
        ("packet", '0'),
        ("resolve", 'r'),
        ("no-header", 'H'),
        ("oneline", 'O'),
        ("dccp", 'd'),
        ("mptcp", 'M'),
        ("sctp", 'S'),
        ("unix", 'x'),
        ("vsock", 'v'),
        ("tipc", 'v'),
        ("xdp", 'v'),
        ("bpf", 'b'),
        ("threads", 'T'),
        ("kill", 'K'),
        ("events", 'E'),
        ("diag", 'D'),
        ("net", 'N'),
        ("filter", 'F'),
        ("tos", TOS),
        ("family", 'f'),
        ("query", 'A'),
        ("socket", 'A'),
    ],
};

/// What a filter's parts begin with.
const FILTER_WORDS: [&str; 11] =
    ["state", "exclude", "sport", "dport", "src", "dst", "dev", "fwmark", "and", "or", "not"];

/// Options of iproute2's that are refused, and why.
const REFUSED: [(char, &str); 4] = [
    ('K', "-K: a stack's sockets are closed by their guests"),
    ('E', "-E: a stack does not tell when sockets are closed"),
    ('D', "-D: there is no raw information to dump"),
    ('N', "-N: the stack is named by --on"),
];

/// What is to be shown, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) help: bool,
    pub(crate) version: bool,
    pub(crate) summary: bool,
    pub(crate) timers: bool,
    pub(crate) extended: bool,
    pub(crate) memory: bool,
    /// Whose the sockets are.
    pub(crate) processes: bool,
    pub(crate) info: bool,
    /// Type of service and class are shown.
    pub(crate) class: bool,
    pub(crate) no_header: bool,
    pub(crate) oneline: bool,
    /// Ports are numbers.
    pub(crate) numeric: bool,
    /// Addresses are names, where there are such.
    pub(crate) resolve: bool,
    /// Which protocols; none: all, if `kinds` is 0, too.
    protocols: Vec<SocketProtocol>,
    /// Kinds of sockets that were asked for, and that no stack has.
    kinds: usize,
    /// A file with the rest of the filter.
    file: Option<String>,
    ipv4: bool,
    ipv6: bool,
    all: bool,
    listening: bool,
    states: States,
    expression: Option<Expression>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Exit> {
        let read = getopt::read(words, KNOWN);
        let read = read.map_err(|error| Exit::usage(format!("ss: {error}\n{USAGE}")))?;
        let mut options = Options::default();
        for (letter, value) in read.options {
            if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == letter) {
                return Err(Exit::usage(format!("ss: {why}")));
            }
            match letter {
                'f' | 'A' => options.with_value(letter, value)?,
                'F' => options.file = Some(value.into()),
                letter => options.letter(letter),
            }
        }
        let text = options.file.as_ref().map_or(Ok(String::new()), std::fs::read_to_string);
        let text = text.map_err(|_| Exit::usage("fopen filter file: No such file or directory"))?;
        let words: Vec<_> = read.others.iter().copied().chain(text.split_whitespace()).collect();
        options.filter(&words)?;
        Ok(options)
    }

    fn letter(&mut self, letter: char) {
        match letter {
            'h' => self.help = true,
            'V' => self.version = true,
            'a' => self.all = true,
            'l' => self.listening = true,
            'o' => self.timers = true,
            'e' => (self.extended, self.timers) = (true, true),
            'm' => self.memory = true,
            'i' => self.info = true,
            TOS => self.class = true,
            's' => self.summary = true,
            '4' => self.ipv4 = true,
            '6' => self.ipv6 = true,
            't' => self.protocols.push(SocketProtocol::Tcp),
            'u' => self.protocols.push(SocketProtocol::Udp),
            'w' => self.protocols.extend([SocketProtocol::Raw, SocketProtocol::Ping]),
            '0' => self.protocols.push(SocketProtocol::Packet),
            'd' | 'S' | 'M' | 'v' => self.kinds += 1,
            // Streams, datagrams and sequences of packets.
            'x' => self.kinds += 3,
            'n' => self.numeric = true,
            'r' => self.resolve = true,
            'H' => self.no_header = true,
            'O' => self.oneline = true,
            'p' => self.processes = true,
            _ => {}
        }
    }

    fn with_value(&mut self, letter: char, value: &str) -> Result<(), Exit> {
        for word in value.split(',') {
            match (letter, word) {
                ('f', "inet") => self.ipv4 = true,
                ('f', "inet6") => self.ipv6 = true,
                ('f', "unix") => self.letter('x'),
                ('f', "vsock" | "tipc" | "xdp") => self.letter('v'),
                ('f', "link") => self.protocols.push(SocketProtocol::Packet),
                ('f', other) => {
                    let wrong = Exit::usage(format!("ss: \"{other}\" is invalid family"));
                    return Err(wrong.hint(other, ["inet", "inet6", "link", "unix"]));
                }
                (_, "all" | "inet") => {
                    self.protocols.extend(Some(SocketProtocol::Packet).filter(|_| word == "all"));
                    self.protocols.extend([
                        SocketProtocol::Tcp,
                        SocketProtocol::Udp,
                        SocketProtocol::Raw,
                        SocketProtocol::Ping,
                    ]);
                }
                (_, "tcp") => self.letter('t'),
                (_, "udp") => self.letter('u'),
                (_, "raw") => self.letter('w'),
                (_, "packet") => self.letter('0'),
                (_, "unix") => self.letter('x'),
                (_, "sctp" | "dccp" | "mptcp" | "vsock" | "tipc" | "xdp") => self.letter('v'),
                (_, other) => {
                    let wrong = Exit::usage(format!("ss: \"{other}\" is illegal socket table id"));
                    return Err(wrong.hint(other, ["all", "inet", "tcp", "udp", "raw", "packet"]));
                }
            }
        }
        Ok(())
    }

    /// The words behind the options: states, then an expression.
    fn filter(&mut self, words: &[&str]) -> Result<(), Exit> {
        self.states = match (self.all, self.listening) {
            (true, _) => States::ALL,
            (false, true) => States::LISTENING,
            (false, false) => States::CONNECTED,
        };
        let mut rest = words;
        let mut chosen = false;
        if let ["state" | "exclude"] = rest {
            return Err(Exit::usage("Command line is not complete. Try option \"help\""));
        }
        while let [word @ ("state" | "exclude"), name, behind @ ..] = rest {
            let wrong = || {
                let expected = States::names().collect::<Vec<_>>().join(", ");
                let wrong = Exit::usage(format!("ss: wrong state name: {name}\nExpected one of: {expected}"));
                wrong.hint(name, States::names())
            };
            let states = States::named(name).ok_or_else(wrong)?;
            self.states = match (*word, chosen) {
                ("state", false) => states,
                ("state", true) => self.states.with(states),
                (_, false) => States::ALL.without(states),
                (_, true) => self.states.without(states),
            };
            chosen = true;
            rest = behind;
        }
        if !rest.is_empty() {
            self.expression = Some(Expression::parse(rest).map_err(refusal)?);
        }
        Ok(())
    }

    /// Devices that the filter speaks of.
    pub(crate) fn devices(&self) -> Vec<&str> {
        self.expression.as_ref().map_or(Vec::new(), Expression::devices)
    }

    /// Whether a socket is to be shown; `device` is the name of that which it is bound to.
    pub(crate) fn wants(&self, socket: &Socket, device: &str) -> bool {
        let (local, remote) = (address(socket.local), socket.remote.map(address));
        let seen = Seen { local, remote, device: (socket.device, device), mark: socket.mark };
        let packet = socket.protocol == SocketProtocol::Packet;
        let family = match (self.ipv4 || self.ipv6, packet) {
            (false, _) => true,
            (true, true) => false,
            (true, false) => {
                if local.is_ipv4() {
                    self.ipv4
                } else {
                    self.ipv6
                }
            }
        };
        family
            && ((self.protocols.is_empty() && self.kinds == 0) || self.protocols.contains(&socket.protocol))
            // Packet sockets are shown without an option, though none is connected ever.
            && (self.states.has(socket.state) || (packet && self.states == States::CONNECTED))
            && self.expression.as_ref().is_none_or(|expression| expression.holds(seen))
    }

    /// Whether there are several protocols to be told apart.
    pub(crate) fn shows_protocol(&self) -> bool {
        let is = |wanted| self.protocols.contains(&wanted);
        let kinds = [
            is(SocketProtocol::Tcp),
            is(SocketProtocol::Udp),
            is(SocketProtocol::Raw),
            is(SocketProtocol::Packet),
        ];
        kinds.into_iter().filter(|chosen| *chosen).count() + self.kinds != 1
    }

    /// Whether there are several states to be told apart.
    pub(crate) fn shows_state(&self) -> bool {
        !self.states.is_one()
    }
}

/// What is said of a filter that is none. iproute2: `yyerror` and what the parts say.
fn refusal(wrong: Wrong) -> Exit {
    match wrong {
        Wrong::Word(word) => {
            let text = format!("ss: bison bellows (while parsing filter): \"{word}\" Sorry.");
            Exit::usage(text).hint(&word, FILTER_WORDS)
        }
        Wrong::Port(word) => Exit::new(
            1,
            format!("Error: \"{word}\" does not look like a port.\nCannot parse dst/src address."),
        ),
        Wrong::Host(word) => Exit::usage(format!(
            "Error: an inet prefix is expected rather than \"{word}\".\nCannot parse dst/src address."
        )),
        Wrong::Mark(word) => Exit::new(1, format!("Cannot parse mark {word}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Exit> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Options::parse(&words)
    }

    #[test]
    fn options_are_read() {
        let options = parse("-tanH --info -f inet6 state established").unwrap();
        assert!(options.info && options.no_header && options.ipv6 && !options.ipv4);
        assert!(!options.shows_protocol() && !options.shows_state());
        assert!(parse("-tu").unwrap().shows_protocol() && parse("").unwrap().shows_protocol());
        assert_eq!(parse("-tan fwmark = x").unwrap_err(), Exit::new(1, "Cannot parse mark x."));
        assert!(parse("-x").unwrap().shows_protocol() && !parse("-S").unwrap().shows_protocol());
        for (line, text) in [
            (
                "stat established",
                "ss: bison bellows (while parsing filter): \"stat\" Sorry.\nDid you mean \"state\"?",
            ),
            ("-A tpc", "ss: \"tpc\" is illegal socket table id\nDid you mean \"tcp\"?"),
            ("-f mars", "ss: \"mars\" is invalid family"),
            ("state", "Command line is not complete. Try option \"help\""),
            ("-K", "ss: -K: a stack's sockets are closed by their guests"),
            ("-F /nowhere", "fopen filter file: No such file or directory"),
            ("-A mars", "ss: \"mars\" is illegal socket table id"),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!((error.code, error.text.as_str()), (255, text), "{line}");
        }
        for (line, first, last) in [
            ("-tan state frob", "ss: wrong state name: frob\nExpected one of: all, ", ", closing"),
            ("state listenign", "ss: wrong state name: listenign\n", "\nDid you mean \"listening\"?"),
            ("--tpc", "ss: unrecognized option '--tpc'\nDid you mean \"--tcp\"?\nUsage", ""),
        ] {
            let text = parse(line).unwrap_err().text;
            assert!(text.starts_with(first) && text.ends_with(last), "{text}");
        }
        assert!(parse("-Q").unwrap_err().text.starts_with("ss: invalid option -- 'Q'\nUsage: ss"));
    }
}
