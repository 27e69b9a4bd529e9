//! The library as the upstream tool uses it: called from C, and, where the variable PACKETDRILL names the tool, by
//! the tool itself.

mod by_hand;
mod upstream;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::PathBuf;
use std::process::ExitCode;

/// What a case comes to: an error text, or a reason to be skipped.
type Outcome = Result<Option<String>, String>;

/// The library and the program beside it, where `cargo xtask build` leaves them.
fn library() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = program.parent().and_then(|deps| deps.parent()).ok_or("tests lie in a folder")?;
    let library = folder.join("libwnet_packetdrill.so");
    if library.exists() {
        Ok(library)
    } else {
        Err(format!("{} is not there; `cargo xtask build` comes first", library.display()))
    }
}

fn trial(name: &str, case: fn() -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match case() {
        Ok(None) => Ok(Completion::Completed),
        Ok(Some(reason)) => Ok(Completion::ignored_with(reason)),
        Err(error) => Err(Failed::from(error)),
    })
}

fn main() -> ExitCode {
    let trials = vec![
        trial("a_caller_in_c_plays_a_connection", by_hand::a_caller_in_c_plays_a_connection),
        trial("our_scripts_pass_with_the_upstream_tool", upstream::our_scripts_pass_with_the_upstream_tool),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
