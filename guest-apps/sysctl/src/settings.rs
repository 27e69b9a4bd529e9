//! Names and values as they are written.

/// A setting with the value that it is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Assignment {
    /// `NAME=VALUE`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let (name, value) = word.split_once('=')?;
        Some(Assignment { name: name.trim().into(), value: value.trim().into() })
    }
}

/// What a line of a file says, and whether errors about it are ignored; none: nothing.
pub(crate) fn line(line: &str) -> Option<Result<(Assignment, bool), ()>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', ';']) {
        return None;
    }
    let (line, quietly) = match line.strip_prefix('-') {
        Some(line) => (line, true),
        None => (line, false),
    };
    Some(Assignment::parse(line).map(|assignment| (assignment, quietly)).ok_or(()))
}

fn swapped(name: &str) -> String {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    name.chars().map(swap).collect()
}

/// The name with dots between its parts. procps: `slashdot`.
pub(crate) fn dotted(name: &str) -> String {
    match name.find(['.', '/']).and_then(|at| name.get(at..=at)) {
        Some("/") => swapped(name),
        _ => name.into(),
    }
}

/// The name with slashes between its parts, as of a file.
pub(crate) fn path(name: &str) -> String {
    swapped(&dotted(name))
}

/// What is shown of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    Name,
    Value { newline: bool },
    Both,
}

/// The names of the folders on the way to a setting, and its own: settings are shown in this order. procps: `scandir`.
pub(crate) fn parts(name: &str) -> Vec<String> {
    path(name).split('/').map(String::from).collect()
}

/// A value as the kernel writes it: numbers with tabs between them.
pub(crate) fn kernels(value: &str) -> String {
    let numbers = value.split(' ').all(|word| word.parse::<i64>().is_ok());
    if numbers { value.replace(' ', "\t") } else { value.into() }
}

/// The line of a setting.
pub(crate) fn shown(name: &str, value: &str, what: Shown) -> String {
    match what {
        Shown::Name => format!("{name}\n"),
        Shown::Value { newline } => value.to_owned() + if newline { "\n" } else { "" },
        Shown::Both => format!("{name} = {value}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_file() {
        let assignment = |name: &str, value: &str| Assignment { name: name.into(), value: value.into() };
        for (text, expected) in [
            ("", None),
            (" # remark", None),
            ("; remark", None),
            ("a.b = 1 2 3 ", Some(Ok((assignment("a.b", "1 2 3"), false)))),
            ("-a.b=1", Some(Ok((assignment("a.b", "1"), true)))),
            ("a.b", Some(Err(()))),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn names_and_paths() {
        assert_eq!(dotted("net/ipv4/conf/eth0.7/forwarding"), "net.ipv4.conf.eth0/7.forwarding");
        assert_eq!(path("net.ipv4.conf.eth0/7.forwarding"), "net/ipv4/conf/eth0.7/forwarding");
        assert_eq!(shown("net.ipv4.tcp_rmem", "1 2 3", Shown::Both), "net.ipv4.tcp_rmem = 1 2 3\n");
        assert_eq!((kernels("1 -2 3"), kernels("reno cubic")), ("1\t-2\t3".into(), "reno cubic".into()));
        assert!(parts("net.ipv4.conf.eth0.tag") < parts("net.ipv4.conf.eth0/7.tag"));
    }
}
