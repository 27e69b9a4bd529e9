//! `resolvectl`: whom names are asked of and in which domains they are searched, shown as systemd's tool of this name does.
//!
//! Of each link the stack knows what routers and servers of DHCP told; what the host was told (`wnet run --dns`) is of none.

mod links;
mod options;

use links::Links;
use options::{Options, USAGE, Verb};
use std::process::ExitCode;
use tool_common::{Exit, finish};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    finish(run(&words))
}

/// Does what the words say; answers what is to be shown.
fn run(words: &[String]) -> Result<String, Exit> {
    let options = Options::parse(words)?;
    match options.verb {
        Verb::Help => return Ok(USAGE.to_owned() + "\n"),
        Verb::Version => return Ok(format!("resolvectl from wnet-{}\n", env!("CARGO_PKG_VERSION"))),
        _ => {}
    }
    Links::ask().only(&options.links).map(|links| links.show(&options))
}
