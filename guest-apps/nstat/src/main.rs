//! `nstat`: the counters of a stack, shown as iproute2's tool of this name does.
//!
//! Without options it shows what changed since the last time, which a file remembers: NSTAT_HISTORY names it, else it is
//! `nstat.history` in the first folder that the program was given.

mod counters;
mod options;

use counters::{Counter, Table};
use options::{Options, USAGE};
use std::process::ExitCode;
use tool_common::{Exit, finish};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    finish(run(&words))
}

/// Does what the words say; answers what is to be shown.
fn run(words: &[String]) -> Result<String, Exit> {
    let options = Options::parse(words)?;
    if options.help {
        return Err(Exit::usage(USAGE));
    }
    if options.version {
        return Ok(format!("nstat utility, wnet-{}\n", env!("CARGO_PKG_VERSION")));
    }
    let all = tool_common::control::control::counters();
    let now =
        Table(all.into_iter().filter_map(|counter| Counter::of(&counter.name, counter.value)).collect());
    // iproute2 shows nothing of such, and no more is said of it there.
    eprint!("{}", options.misses(&now.0.iter().map(|counter| counter.name.as_str()).collect::<Vec<_>>()));
    let named = std::env::var("NSTAT_HISTORY").ok();
    let file = named.as_deref().unwrap_or("nstat.history");
    let mut before = match options.reset || options.absolute {
        true => Table::default(),
        // Without a file, or without a folder it could be in, everything is news.
        false => Table::parse(&std::fs::read_to_string(file).unwrap_or_default()),
    };
    if !now.follows(&before) {
        // The stack that it is about is gone. iproute2 says so of a file that is older than the machine.
        eprintln!("nstat: history is aged out, resetting");
        before = Table::default();
    }
    let shown = now.show(&before, &options);
    if !options.keep
        && let Err(error) = std::fs::write(file, now.write(options.zeros))
        && named.is_some()
    {
        return Err(Exit {
            code: 255,
            text: format!("nstat: open history file: {error}"),
            shown: String::new(),
        });
    }
    Ok(shown)
}
