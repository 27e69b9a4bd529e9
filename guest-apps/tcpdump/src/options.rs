//! The command line.

use crate::clock::Times;
use crate::filter::{Instruction, compile};
use tool_common::getopt::{Known, number, read};

/// What is printed for `-h`.
pub(crate) const USAGE: &str = "\
Usage: tcpdump [-AdDehlnpqStUvVxX#] [-c count] [-i interface] [-Q in|out|inout] [-r file] [-s snaplen] [-w file]
               [expression]
";

/// Bytes of a frame that are kept unless less is asked for. tcpdump: `MAXIMUM_SNAPLEN`.
const SNAP_LENGTH: u32 = 262_144;

const KNOWN: Known<'_> = Known {
    letters: "AdDehlnpqStUvVxX#c:i:Q:r:s:w:C:G:",
    long: &[
        ("direction", 'Q'),
        ("help", 'h'),
        ("interface", 'i'),
        ("list-interfaces", 'D'),
        ("no-promiscuous-mode", 'p'),
        ("absolute-tcp-sequence-numbers", 'S'),
        ("number", '#'),
        ("packet-buffered", 'U'),
        ("snapshot-length", 's'),
        ("version", 'V'),
    ],
};

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// The version.
    Version,
    /// How it is used.
    Help,
    /// Frames.
    Dump(Box<Options>),
}

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As numbers. `-x`
    Numbers,
    /// With the characters that they are. `-X`
    Both,
    /// As text. `-A`
    Text,
}

/// Which bytes of a frame are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) form: Form,
    /// With those of the link header.
    pub(crate) link_header: bool,
}

/// Which way the frames go that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Either.
    Both,
    /// To us.
    In,
    /// From us.
    Out,
}

/// What to show, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// The device's name; none: the first one.
    pub(crate) device: Option<String>,
    pub(crate) count: Option<u64>,
    pub(crate) link_header: bool,
    pub(crate) list_devices: bool,
    /// The filter's program is shown, and nothing else.
    pub(crate) show_program: bool,
    pub(crate) promiscuous: bool,
    pub(crate) times: Times,
    /// Lines have numbers.
    pub(crate) numbered: bool,
    /// How often `-v` was said.
    pub(crate) verbose: usize,
    /// Sequence numbers of TCP are those in the segments.
    pub(crate) absolute: bool,
    pub(crate) bytes: Option<Bytes>,
    pub(crate) direction: Direction,
    pub(crate) snap_length: u32,
    /// The file that frames are written to; `-`: standard output.
    pub(crate) file: Option<String>,
    /// The file that frames are read from; `-`: standard input.
    pub(crate) input: Option<String>,
    /// Empty: all frames are wanted.
    pub(crate) program: Vec<Instruction>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            device: None,
            count: None,
            link_header: false,
            list_devices: false,
            show_program: false,
            promiscuous: true,
            times: Times::OfDay,
            numbered: false,
            verbose: 0,
            absolute: false,
            bytes: None,
            direction: Direction::Both,
            snap_length: SNAP_LENGTH,
            file: None,
            input: None,
            program: Vec::new(),
        }
    }
}

impl Options {
    fn set(&mut self, option: char, value: &str) -> Result<(), String> {
        match option {
            'c' => self.count = Some(number(value, 1, u64::MAX)?),
            'd' => self.show_program = true,
            'D' => self.list_devices = true,
            'e' => self.link_header = true,
            'i' => self.device = Some(value.to_owned()),
            'p' => self.promiscuous = false,
            'Q' => self.direction = direction(value)?,
            // 0 is the usual length, as in tcpdump.
            's' => {
                self.snap_length =
                    Some(number(value, 0, SNAP_LENGTH)?).filter(|len| *len > 0).unwrap_or(SNAP_LENGTH)
            }
            '#' => self.numbered = true,
            'v' => self.verbose += 1,
            'S' => self.absolute = true,
            'r' => self.input = Some(value.to_owned()),
            'C' | 'G' => return Err(format!("-{option}: frames are written to one file")),
            'w' => self.file = Some(value.to_owned()),
            // Said twice the link header is shown, too.
            'x' | 'X' | 'A' => {
                let form = match option {
                    'x' => Form::Numbers,
                    'X' => Form::Both,
                    _ => Form::Text,
                };
                let again = self.bytes.is_some_and(|bytes| bytes.form == form);
                self.bytes = Some(Bytes { form, link_header: again });
            }
            // Addresses are numbers anyway, and lines come at once.
            _ => {}
        }
        Ok(())
    }
}

fn direction(value: &str) -> Result<Direction, String> {
    match value {
        "in" => Ok(Direction::In),
        "out" => Ok(Direction::Out),
        "inout" => Ok(Direction::Both),
        _ => Err(format!("unknown capture direction '{value}': expected in, out or inout")),
    }
}

/// Reads the command line without the program's name. The error is a line.
pub(crate) fn parse(arguments: &[String]) -> Result<Order, String> {
    // As with the C library's getopt_long, options may stand behind the expression's first words.
    let words = read(arguments, KNOWN).map_err(|error| format!("{error}\n{}", USAGE.trim_end()))?;
    let has = |wanted| words.options.iter().any(|(option, _)| *option == wanted);
    if has('h') {
        return Ok(Order::Help);
    }
    if has('V') {
        return Ok(Order::Version);
    }
    let mut options = Options::default();
    words.options.iter().try_for_each(|(option, value)| options.set(*option, value))?;
    options.times = Times::asked(words.options.iter().filter(|(option, _)| *option == 't').count());
    options.program = compile(&words.others.join(" "), options.snap_length)?;
    Ok(Order::Dump(Box::new(options)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: &str) -> Result<Order, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn all_options() {
        let Ok(Order::Dump(options)) = line("-neplU -c3 -i any -s 96 -w - -XX -Q out -t -v -q tcp port 80")
        else {
            panic!();
        };
        let expected = Options {
            device: Some("any".into()),
            count: Some(3),
            link_header: true,
            promiscuous: false,
            times: Times::None,
            verbose: 1,
            bytes: Some(Bytes { form: Form::Both, link_header: true }),
            direction: Direction::Out,
            snap_length: 96,
            file: Some("-".into()),
            program: options.program.clone(),
            ..Options::default()
        };
        assert_eq!(*options, expected);
        assert!(!options.program.is_empty());
        assert_eq!(line(""), Ok(Order::Dump(Box::default())));
        let Ok(Order::Dump(options)) = line("icmp -p --snapshot-length=96") else { panic!() };
        assert_eq!((options.promiscuous, options.snap_length), (false, 96));
        let Ok(Order::Dump(options)) = line("-r x.pcap -AA -ttt -# -Svv") else { panic!() };
        assert_eq!((options.input.as_deref(), options.times), (Some("x.pcap"), Times::SinceLast));
        assert_eq!((options.numbered, options.absolute, options.verbose), (true, true, 2));
        assert_eq!(options.bytes, Some(Bytes { form: Form::Text, link_header: true }));
        assert_eq!((line("-V"), line("--help")), (Ok(Order::Version), Ok(Order::Help)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, part) in [
            ("-c 0", "out of range: 1 <="),
            ("-Z", "invalid option -- 'Z'"),
            ("-i", "requires an argument"),
            ("--zz", "unrecognized option '--zz'\nUsage: tcpdump"),
            ("--interfcae eth0", "\nDid you mean \"--interface\"?\nUsage: tcpdump"),
            ("-d icmpp", "at \"icmpp\"\nDid you mean \"icmp\"?"),
            ("-C 5", "frames are written to one file"),
            ("-Q up", "expected in, out or inout"),
            ("frob", "syntax error"),
        ] {
            let error = line(words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
