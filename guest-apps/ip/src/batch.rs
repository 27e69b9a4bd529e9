//! `ip -batch FILE`: a command in each line. iproute2: `do_batch`.

use crate::options::Options;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use tool_common::{Exit, show};

/// Does the commands of a file, `-` for standard input, until one fails; with `-force` all of them.
pub(crate) fn run(
    options: &Options,
    name: &str,
    mut command: impl FnMut(&[String]) -> Result<String, Exit>,
) -> Result<String, Exit> {
    let mut input: Box<dyn BufRead> = match name {
        "-" => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(name).map_err(|error| cannot(name, &error))?)),
    };
    let (mut number, mut failed) = (0, false);
    while let Some(words) = next(&mut input, &mut number).map_err(|error| cannot(name, &error))? {
        if words.is_empty() {
            continue;
        }
        let exit = match command(&words) {
            Ok(shown) => {
                show(&shown);
                continue;
            }
            Err(exit) => exit,
        };
        show(&exit.shown);
        eprintln!("{}\nCommand failed {name}:{number}", exit.text);
        failed = true;
        if !options.force {
            break;
        }
    }
    if failed { Err(Exit::new(1, "")) } else { Ok(String::new()) }
}

fn cannot(name: &str, error: &io::Error) -> Exit {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".into(),
        io::ErrorKind::PermissionDenied => "Permission denied".into(),
        _ => error.to_string(),
    };
    Exit::new(1, format!("Cannot open file \"{name}\" for reading: {why}"))
}

/// The words of the next command; none: there are no more. A line that ends in a backslash goes on in the next one, what
/// stands behind `#` is for people. iproute2: `getcmdline`.
fn next(input: &mut dyn BufRead, number: &mut u32) -> io::Result<Option<Vec<String>>> {
    let mut command = String::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok((!command.is_empty()).then(|| words(&command)));
        }
        *number += 1;
        let line = line.trim_end_matches(['\n', '\r']);
        let line = line.split('#').next().unwrap_or_default();
        match line.strip_suffix('\\') {
            Some(begun) => command += begun,
            None => return Ok(Some(words(&(command + line)))),
        }
    }
}

/// A line's words; those in quotation marks may have spaces in them. iproute2: `makeargs`.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = matches!(first, '"' | '\'').then_some(first);
        let text = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        let ends = |c: char| quoted.map_or(c.is_whitespace(), |mark| c == mark);
        let (word, behind) = text.split_once(ends).unwrap_or((text, ""));
        all.push(word.into());
        rest = behind.trim_start();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_have_comments_and_quotes() {
        let text = "route add \\\n 10.0.0.0/8 via 1.2.3.4\n\n# nothing\nlink set \"a b\" up # on\naddr";
        let mut input = text.as_bytes();
        let mut number = 0;
        let mut all = Vec::new();
        while let Some(words) = next(&mut input, &mut number).unwrap() {
            all.push((number, words.join("|")));
        }
        let expected =
            [(2, "route|add|10.0.0.0/8|via|1.2.3.4"), (3, ""), (4, ""), (5, "link|set|a b|up"), (6, "addr")];
        assert_eq!(all, expected.map(|(number, words)| (number, words.to_owned())));
    }

    #[test]
    fn the_first_failure_ends_it_unless_it_is_forced() {
        for (force, count) in [(false, 1), (true, 2)] {
            let options = Options { force, ..Options::default() };
            let file = std::env::temp_dir().join(format!("wnet-batch-{}-{force}", std::process::id()));
            std::fs::write(&file, "a\nb\n").unwrap();
            let mut seen = 0;
            let done = run(&options, file.to_str().unwrap(), |_| {
                seen += 1;
                Err(Exit::new(2, "no"))
            });
            std::fs::remove_file(&file).unwrap();
            assert_eq!((seen, done.unwrap_err().code), (count, 1));
        }
        let missing = run(&Options::default(), "/no/such/file", |_| Ok(String::new())).unwrap_err();
        assert!(missing.text.ends_with("for reading: No such file or directory"), "{}", missing.text);
    }
}
