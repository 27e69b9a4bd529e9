//! Runs a script against a machine, in the machine's virtual time.

mod arguments;
mod blocked;
mod calls;
pub mod code;
mod code_block;
pub mod commands;
mod compare;
pub mod config;
mod connection;
mod descriptors;
mod events;
mod failure;
mod inbound;
mod outbound;
mod results;
mod runner;
mod time;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use failure::{Failure, Row};
pub use runner::{Passed, run};
