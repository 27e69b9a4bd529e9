//! `ip`: devices, addresses, neighbours, routes and rules of a stack, seen and set with the words of iproute2's tool of this name.
//!
//! `options` reads what stands before the object, each object has a file that reads its command and does it, and
//! `..._show` files turn records into lines and JSON. What is shown and how errors are said follows iproute2 6.1.

mod address;
mod address_parse;
mod address_show;
mod batch;
mod link;
mod link_show;
mod links;
mod maddress;
mod monitor;
mod neighbour;
mod options;
mod output;
mod proxy;
mod route;
mod route_get;
mod route_parse;
mod route_show;
mod rule;
mod rule_show;
mod tables;
mod timestamp;

use options::{Object, Options};
use std::process::ExitCode;
use tool_common::{Exit, Words, finish};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    finish(run(&words))
}

/// Does what the words say; answers what is to be shown.
fn run(words: &[String]) -> Result<String, Exit> {
    let mut words = Words::new(words);
    let (options, file) = Options::parse(&mut words)?;
    match file {
        Some(file) => batch::run(&options, file, |words| command(&options, Words::new(words))),
        None => command(&options, words),
    }
}

/// Does one command, which begins with its object.
fn command(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let object = options.object().map_or_else(|| Object::parse(words.take()), Ok);
    match object? {
        Object::Address => address::run(options, words),
        Object::Link => link::run(options, words),
        Object::Neighbour => neighbour::run(options, words),
        Object::Maddress => maddress::run(options, words),
        Object::Route => route::run(options, words),
        Object::Rule => rule::run(options, words),
        Object::Monitor => monitor::run(options, words),
        Object::Help => Err(Exit::usage(options::USAGE)),
        Object::Version => Ok(format!("ip utility, wnet-{}\n", env!("CARGO_PKG_VERSION"))),
    }
}
