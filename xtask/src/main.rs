//! `cargo xtask`: set-up, build, test, bench and demo of the workspace.

mod bench;
mod build;
mod capture;
mod demo;
mod languages;
mod needs;
mod process;
#[cfg(test)]
mod scratch;
mod setup;
mod simulate;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use build::Profile;
use setup::Way;
use test::Scope;
use workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  setup            makes the target wasm32-wasip2 available (all other commands do so themselves)
    --way 1|2|3    tries one way for real and leaves the toolchain in use alone (1: rustup's own doing)
  build            builds target/components/*.wasm, target/debug/wnet and what packetdrill needs
    --release      ... in target/release instead
  languages        builds, then target/components/language/*.wasm: guests on libraries of Rust, in C, Python, JavaScript,
                   by tools of package registries; says which are missing
  test             builds, then runs all tests; says what it skips and which package would enable it
    --quick        ... formatting and the small crates only
    --setup-ways   ... and ways 2 and 3 of setup, for real
  bench linux      builds, then measures wnet and Linux against Linux and Linux over a wire that delays and loses;
                   what follows goes to it (--help)
  bench routes     measures look-ups among 10 routes and among 100 000
  soak             1000 runs of two stacks over links that lose, reorder, double and damage, by seed; then 100 000
                   sequences of calls of wasi:sockets
    --seeds N      ... N runs, and no calls
    --first SEED   ... from this seed on
    --short        ... those of the unit tests
  goodput          measures goodput and fairness on simulated links and writes docs/goodput.md
  demo             builds, then reaches the echo server through the stack and shows what passed its network card

What setup, build and test download or build lies in the target folder. They never install system packages.
";

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Help,
    Setup { way: Option<Way> },
    Build { profile: Profile },
    Languages,
    Test { scope: Scope },
    BenchLinux { arguments: Vec<String> },
    BenchRoutes,
    Soak { arguments: Vec<String> },
    Goodput,
    Demo,
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
        ["languages"] => Ok(Order::Languages),
        ["test"] => Ok(Order::Test { scope: Scope::All }),
        ["test", "--quick"] => Ok(Order::Test { scope: Scope::Quick }),
        ["test", "--setup-ways"] => Ok(Order::Test { scope: Scope::AllAndSetupWays }),
        ["bench", "linux", ..] => Ok(Order::BenchLinux { arguments: arguments[2..].to_vec() }),
        ["bench", "routes"] => Ok(Order::BenchRoutes),
        ["soak", ..] => Ok(Order::Soak { arguments: soak_arguments(&words[1..])? }),
        ["goodput"] => Ok(Order::Goodput),
        ["demo"] => Ok(Order::Demo),
        _ => bail!("unknown command or option: {}", arguments.join(" ")),
    }
}

/// What `soak` is given, checked here so that a mistake shows before anything is built.
fn soak_arguments(words: &[&str]) -> Result<Vec<String>> {
    let mut rest = words;
    loop {
        rest = match rest {
            [] => return Ok(words.iter().map(|&word| word.to_owned()).collect()),
            ["--short", rest @ ..] => rest,
            ["--seeds" | "--first", number, rest @ ..] if number.parse::<u64>().is_ok() => rest,
            [word, ..] => bail!("soak does not take {word} like that"),
        };
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
        Order::Languages => {
            let workspace = Workspace::find()?;
            languages::run(&workspace, &build::everything(&workspace, Profile::Debug)?)?;
        }
        Order::Test { scope } => test::run(&Workspace::find()?, scope)?,
        Order::BenchLinux { arguments } => bench::linux(&Workspace::find()?, &arguments)?,
        Order::BenchRoutes => bench::routes(&Workspace::find()?)?,
        Order::Soak { arguments } => simulate::soak(&Workspace::find()?, &arguments)?,
        Order::Goodput => simulate::goodput(&Workspace::find()?)?,
        Order::Demo => demo::run(&Workspace::find()?)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Result<Order> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn orders_are_understood() {
        assert_eq!(order("").unwrap(), Order::Help);
        assert_eq!(order("setup").unwrap(), Order::Setup { way: None });
        assert_eq!(order("setup --way 3").unwrap(), Order::Setup { way: Some(Way::MatchedPair) });
        assert_eq!(order("build --release").unwrap(), Order::Build { profile: Profile::Release });
        assert_eq!(order("test --quick").unwrap(), Order::Test { scope: Scope::Quick });
        assert_eq!(order("languages").unwrap(), Order::Languages);
        assert_eq!(order("demo").unwrap(), Order::Demo);
        let bench = order("bench linux --loss 0.1").unwrap();
        assert_eq!(bench, Order::BenchLinux { arguments: vec!["--loss".into(), "0.1".into()] });
        assert_eq!(order("bench routes").unwrap(), Order::BenchRoutes);
        assert_eq!(order("soak").unwrap(), Order::Soak { arguments: Vec::new() });
        let arguments = ["--seeds", "50", "--short"].map(str::to_owned).to_vec();
        assert_eq!(order("soak --seeds 50 --short").unwrap(), Order::Soak { arguments });
    }

    #[test]
    fn anything_else_is_an_error() {
        for line in [
            "setup --way 4",
            "setup --way",
            "build --fast",
            "soak --seeds",
            "soak --seeds x",
            "demo now",
            "bench",
        ] {
            assert!(order(line).is_err(), "{line}");
        }
    }
}
