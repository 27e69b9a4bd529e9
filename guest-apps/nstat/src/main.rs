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
    if options.help || options.version {
        return Ok(match options.version {
            true => format!("nstat utility, wnet-{}\n", env!("CARGO_PKG_VERSION")),
            false => USAGE.to_owned() + "\n",
        });
    }
    let all = tool_common::control::control::counters();
    let now =
        Table(all.into_iter().filter_map(|counter| Counter::of(&counter.name, counter.value)).collect());
    let file = std::env::var("NSTAT_HISTORY").unwrap_or_else(|_| "nstat.history".into());
    let remembered = match options.reset || options.absolute {
        true => None,
        // Without a file, or without a folder it could be in, everything is news.
        false => std::fs::read_to_string(&file).ok(),
    };
    let before = Table::parse(&remembered.unwrap_or_default());
    let shown = now.show(&before, &options);
    if !options.keep && std::fs::write(&file, now.write()).is_err() && std::env::var("NSTAT_HISTORY").is_ok()
    {
        return Err(Exit { code: 1, text: format!("nstat: cannot write {file}"), shown });
    }
    Ok(shown)
}
