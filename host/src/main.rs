//! The command `wnet`: arguments in, exit code out.

use std::process::ExitCode;
use wnet::instance::InstanceName;
use wnet::{cli, exec, log, packetdrill, run, tell};

/// Exit code for a log filter that is none: a failure of the configuration.
const BAD_LOG_FILTER: u8 = 125;

fn main() -> ExitCode {
    let config = match cli::parse(std::env::args_os()) {
        Ok(cli::Order::Run(config)) => *config,
        Ok(cli::Order::Up(file)) => match cli::read(&file) {
            Ok(config) => config,
            Err(error) => {
                tell(&error);
                return error.exit_code().into();
            }
        },
        Ok(cli::Order::Exec(config)) => return exec::run(*config).into(),
        Ok(cli::Order::Packetdrill(arguments)) => return packetdrill::run(&arguments).into(),
        // Prints to standard output what was asked for (exit code 0), to standard error what is wrong (2).
        Err(error) => error.exit(),
    };
    if let Err(error) = log::start(config.name.as_ref().map(InstanceName::as_str)) {
        tell(&error);
        return BAD_LOG_FILTER.into();
    }
    run::run(config).into()
}
