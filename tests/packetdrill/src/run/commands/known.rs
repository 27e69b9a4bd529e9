//! The commands that act on the machine.

use super::words::Simple;
use super::{Reply, route};
use crate::machine::DeviceChange;
use crate::run::runner::Runner;

/// Programs that shims stand for; they are all known.
pub(super) const PROGRAMS: &[&str] = &["sysctl", "ip", "tc", "ethtool", "nstat", "set_sysctls.py", "sleep"];
const BUILT_IN: &[&str] = &["echo", "true", ":", "set", "export", "exit", "cd", "modprobe", "iptables"];

/// The last part of a program's path.
fn name(simple: &Simple) -> &str {
    simple.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

/// Whether a command is understood here.
pub(super) fn is_known(simple: &Simple) -> bool {
    let to_settings = simple.output_to.as_deref().is_some_and(|file| file.starts_with("/proc/sys/"));
    match name(simple) {
        "echo" => true,
        "iptables" | "modprobe" | "cd" | "exit" => false,
        name => !to_settings && (PROGRAMS.contains(&name) || BUILT_IN.contains(&name)),
    }
}

/// `/proc/sys/net/ipv4/tcp_sack` or `net/ipv4/tcp_sack` as `net.ipv4.tcp_sack`.
fn dotted(path: &str) -> String {
    path.trim_start_matches("/proc/sys/").replace('/', ".")
}

/// The first sysctl in `text` that another system has: here are Linux's.
pub(super) fn foreign_sysctl(text: &str) -> Option<&str> {
    let foreign = ["net.inet.", "net.inet6.", "kern.ipc."];
    let mut words = text.split(|c: char| c.is_whitespace() || "=;\"'`".contains(c));
    words.find(|word| foreign.iter().any(|prefix| word.starts_with(prefix)))
}

/// What is said of a sysctl that the machine does not know.
fn no_sysctl(name: &str, error: &str) -> String {
    let whose = if foreign_sysctl(name).is_some() { "; it is FreeBSD's, here are Linux's" } else { "" };
    format!("sysctl: {name}: {error}{whose}\n")
}

impl Runner<'_> {
    /// Does a command that is known.
    pub(super) fn known(&mut self, simple: &Simple) -> Reply {
        let arguments: Vec<&str> = simple.words.iter().skip(1).map(String::as_str).collect();
        match name(simple) {
            "sysctl" => self.sysctl(&arguments),
            "set_sysctls.py" => self.sysctl(&[&["-q"], &arguments[..]].concat()),
            "ip" => self.ip(&arguments),
            "tc" => self.tc(&arguments),
            "ethtool" => self.ethtool(&arguments),
            "nstat" => self.nstat(&arguments),
            "echo" => match simple.output_to.as_deref().filter(|file| file.starts_with("/proc/sys/")) {
                Some(file) => self.set_sysctl(&dotted(file), &arguments.join(" ")),
                None => Reply::output(format!("{}\n", arguments.join(" "))),
            },
            "sleep" => self.sleep(arguments.first().copied().unwrap_or("0")),
            program if program.ends_with(".sh") => {
                Reply::error(127, format!("{}: not found\n", simple.words[0]))
            }
            _ => Reply::default(),
        }
    }

    fn sleep(&mut self, text: &str) -> Reply {
        let (number, scale) = match text.strip_suffix("ms") {
            Some(number) => (number, 1e6),
            None => (text.trim_end_matches('s'), 1e9),
        };
        let Ok(time) = number.parse::<f64>() else { return Reply::error(1, format!("sleep: '{text}'\n")) };
        let until = self.now() + (time * scale) as u64;
        match self.advance(until) {
            Ok(()) => Reply::default(),
            Err(failure) => Reply::error(1, failure.message + "\n"),
        }
    }

    fn set_sysctl(&mut self, name: &str, value: &str) -> Reply {
        match self.machine.set_sysctl(name, value.trim()) {
            Ok(()) => Reply::default(),
            Err(error) => Reply::error(255, no_sysctl(&format!("{name}={value}"), &error)),
        }
    }

    fn sysctl(&mut self, arguments: &[&str]) -> Reply {
        let mut all = Reply::default();
        let (mut quiet, mut bare, mut lenient) = (false, false, false);
        for argument in arguments {
            let reply = match *argument {
                "-q" | "--quiet" => {
                    quiet = true;
                    continue;
                }
                "-n" | "--values" => {
                    bare = true;
                    continue;
                }
                "-e" | "--ignore" => {
                    lenient = true;
                    continue;
                }
                option if option.starts_with('-') => {
                    quiet |= option.contains('q');
                    bare |= option.contains('n');
                    continue;
                }
                setting => match setting.split_once('=') {
                    Some((name, value)) => {
                        let name = dotted(name.trim());
                        let reply = self.set_sysctl(&name, value);
                        let shown = !quiet && reply.status == 0;
                        let output = if shown { format!("{name} = {value}\n") } else { String::new() };
                        Reply { output, ..reply }
                    }
                    None => self.show_sysctl(&dotted(setting), bare),
                },
            };
            all.output.push_str(&reply.output);
            all.errors.push_str(&reply.errors);
            if reply.status != 0 && !lenient {
                all.status = reply.status;
            }
        }
        all
    }

    fn show_sysctl(&mut self, name: &str, bare: bool) -> Reply {
        match self.machine.sysctl(name) {
            Ok(value) if bare => Reply::output(value + "\n"),
            Ok(value) => Reply::output(format!("{name} = {value}\n")),
            Err(error) => Reply::error(255, no_sysctl(name, &error)),
        }
    }

    fn ip(&mut self, arguments: &[&str]) -> Reply {
        let mut rest = arguments;
        // Addresses say which version they are of.
        while let [option, more @ ..] = rest
            && option.starts_with('-')
        {
            rest = more;
        }
        match rest {
            ["tcp_metrics" | "tcpmetrics", "flush" | "delete" | "del", ..] => {
                self.machine.flush_tcp_metrics();
                Reply::default()
            }
            ["route" | "ro" | "r", verb, words @ ..]
                if !matches!(*verb, "show" | "list" | "get" | "flush") =>
            {
                let change = route::parse(verb, words);
                done(change.and_then(|change| self.machine.route(&change)), "ip route")
            }
            ["link" | "l", "set", words @ ..] => self.link(words),
            ["route" | "ro" | "r" | "addr" | "address" | "a" | "link" | "neigh" | "rule", ..] => {
                Reply::default()
            }
            _ => Reply::error(1, format!("ip {}: not understood\n", arguments.join(" "))),
        }
    }

    fn link(&mut self, words: &[&str]) -> Reply {
        let mut rest = words.strip_prefix(&["dev"]).unwrap_or(words).iter().skip(1);
        while let Some(word) = rest.next() {
            let change = match *word {
                "up" => DeviceChange::Up(true),
                "down" => DeviceChange::Up(false),
                name => match rest.next().and_then(|value| value.parse().ok()) {
                    Some(number) if name == "mtu" => DeviceChange::Mtu(number as u32),
                    Some(number) => DeviceChange::Number(name.to_owned(), number),
                    None => continue,
                },
            };
            if let Err(error) = self.machine.set_device(&change) {
                return Reply::error(2, format!("ip link: {error}\n"));
            }
        }
        Reply::default()
    }

    fn tc(&mut self, arguments: &[&str]) -> Reply {
        match arguments {
            ["qdisc", words @ ..] if words.first() != Some(&"show") => {
                let change = DeviceChange::Qdisc(words.iter().map(|word| (*word).to_owned()).collect());
                done(self.machine.set_device(&change), "tc")
            }
            _ => Reply::default(),
        }
    }

    fn ethtool(&mut self, arguments: &[&str]) -> Reply {
        let ["-K" | "--offload" | "--features", _, words @ ..] = arguments else { return Reply::default() };
        for pair in words.chunks(2) {
            let [name, value] = pair else { break };
            let change = DeviceChange::Offload((*name).to_owned(), *value == "on");
            if let Err(error) = self.machine.set_device(&change) {
                return Reply::error(1, format!("ethtool: {error}\n"));
            }
        }
        Reply::default()
    }

    /// Counters that changed since the last time; `-a` shows whole values, `-z` those that are 0 too, `-s` does not
    /// count as a time, `-n` shows nothing.
    fn nstat(&mut self, arguments: &[&str]) -> Reply {
        let has = |letter: char| {
            arguments
                .iter()
                .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
        };
        let names: Vec<&&str> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
        let now = self.machine.counters();
        let mut output = "#kernel\n".to_owned();
        for (name, value) in &now {
            let last = self.counters.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value);
            let shown = if has('a') { *value } else { value.wrapping_sub(last) };
            let wanted = names.is_empty() || names.iter().any(|pattern| matches(pattern, name));
            if wanted && (shown != 0 || has('z')) {
                output.push_str(&format!("{name:<32}{shown:<16} 0.0\n"));
            }
        }
        if !has('s') {
            self.counters = now;
        }
        if has('n') { Reply::default() } else { Reply::output(output) }
    }
}

fn done(outcome: Result<(), String>, what: &str) -> Reply {
    match outcome {
        Ok(()) => Reply::default(),
        Err(error) => Reply::error(2, format!("{what}: {error}\n")),
    }
}

/// A name with `*` in it, as nstat takes them.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || (pattern.contains('*') && last.is_empty())
}
