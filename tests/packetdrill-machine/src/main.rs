//! `wnet-packetdrill FILE|DIR...`: packetdrill's scripts against the stack component, in virtual time.
//!
//! Exit codes: 0 all passed, 1 a script failed, 2 wrong usage or nothing to play, 125 there is no stack.

use anyhow::{Context, Result};
use packetdrill::machine::Machine;
use packetdrill::{cli, run::commands::shim};
use packetdrill_machine::{LabMachine, stack_component};
use std::process::ExitCode;
use wnet::lab::Blueprint;

const USAGE: &str = "\
Usage: wnet packetdrill [OPTIONS] FILE|DIR...

Plays packetdrill's scripts (*.pkt; those named *.pkt.fail have to fail) against the stack in virtual time.

  --stack FILE       another stack component than the built-in one
  -v                 shows all packets
  -D SYMBOL=VALUE    a symbol of the scripts
  --NAME=VALUE       an option of packetdrill's, as --tolerance_usecs=10000, --mtu=9000
";

/// Exit code for wrong usage.
const USAGE_ERROR: u8 = 2;
/// Exit code when there is no machine to play on.
const NO_MACHINE: u8 = 125;

fn main() -> ExitCode {
    if let Some(status) = shim::shim_main() {
        return exit_code(status);
    }
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let stack = take_stack(&mut arguments);
    let (paths, options) = match cli::arguments(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprint!("wnet packetdrill: {error}\n\n{USAGE}");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    let blueprint = match blueprint(stack.as_deref()) {
        Ok(blueprint) => blueprint,
        Err(error) => {
            eprintln!("wnet packetdrill: {error:#}");
            return ExitCode::from(NO_MACHINE);
        }
    };
    let machine = |setup: &_| match LabMachine::start(&blueprint, setup) {
        Ok(machine) => Ok(Box::new(machine) as Box<dyn Machine>),
        Err(error) => Err(error.to_string()),
    };
    exit_code(cli::run(&paths, &options, machine))
}

/// The value of `--stack`, which the scripts' options do not know.
fn take_stack(arguments: &mut Vec<String>) -> Option<String> {
    let at =
        arguments.iter().position(|argument| argument == "--stack" || argument.starts_with("--stack="))?;
    let argument = arguments.remove(at);
    match argument.split_once('=') {
        Some((_, file)) => Some(file.to_string()),
        None if at < arguments.len() => Some(arguments.remove(at)),
        None => None,
    }
}

fn blueprint(stack: Option<&str>) -> Result<Blueprint> {
    let component = stack_component(stack.map(std::path::Path::new))?;
    Blueprint::load(component, true).context("the stack cannot be used")
}

fn exit_code(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}
