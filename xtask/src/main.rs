//! `cargo xtask`: set-up, build, test and demo of the workspace.

mod build;
mod process;
#[cfg(test)]
mod scratch;
mod setup;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use build::Profile;
use setup::Way;
use workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  setup            makes the target wasm32-wasip2 available (all other commands do so themselves)
    --way 1|2|3    tries one way for real and leaves the toolchain in use alone (1: rustup's own doing)
  build            builds target/components/*.wasm and target/debug/wnet
    --release      ... and target/release/wnet instead
";

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Help,
    Setup { way: Option<Way> },
    Build { profile: Profile },
}

fn parse(arguments: &[String]) -> Result<Order> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["help" | "--help" | "-h"] => Ok(Order::Help),
        ["setup"] => Ok(Order::Setup { way: None }),
        ["setup", "--way", number] => {
            match Way::ALL.into_iter().find(|way| way.number().to_string() == number) {
                Some(way) => Ok(Order::Setup { way: Some(way) }),
                None => bail!("there is no way {number}: 1, 2 or 3"),
            }
        }
        ["build"] => Ok(Order::Build { profile: Profile::Debug }),
        ["build", "--release"] => Ok(Order::Build { profile: Profile::Release }),
        _ => bail!("unknown command or option: {}", arguments.join(" ")),
    }
}

fn obey(order: Order) -> Result<()> {
    match order {
        Order::Help => print!("{HELP}"),
        Order::Setup { way: None } => drop(setup::ensure(&Workspace::find()?, true)?),
        Order::Setup { way: Some(way) } => {
            setup::try_way(&Workspace::find()?, way)?;
        }
        Order::Build { profile } => drop(build::everything(&Workspace::find()?, profile)?),
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let order = match parse(&arguments) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match obey(order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
