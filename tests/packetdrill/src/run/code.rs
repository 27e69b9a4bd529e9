//! Code blocks: the part of Python that scripts use, over the fields of TCP_INFO and its relatives.
//!
//! Understood are assert, assignment, if, while, for, def, return, pass, print and expression statements with
//! Python's operators; upstream runs the blocks at the end of the script with the values of the moment, here they
//! run at that moment.

mod builtin;
mod evaluate;
mod execute;
mod format;
mod operator;
mod parse;
mod scan;
mod scope;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use scope::Interpreter;
pub use value::Value;

use super::failure::Failure;
use super::runner::Runner;
use crate::linux::symbol;
use crate::linux::tcp_info::{CC_INFO, Field, MEMINFO, TCP_INFO, TCP_INFO_LEN};
use crate::machine::{Call, Fd, Outcome};

/// Symbols of Linux that code blocks may name.
const NAMES: &[&str] = &["TCP_", "TCPI_OPT_", "TCP_CA_"];

impl Runner<'_> {
    pub(super) fn code_block(&mut self, text: &str) -> Result<(), Failure> {
        let fd = self.current().and_then(|connection| connection.live_fd);
        if let Some(fd) = fd {
            self.snapshot(fd);
        }
        let outcome = self.code.run(text);
        self.output.append(&mut self.code.printed);
        outcome.map_err(|error| {
            let hint = if fd.is_none() && error.contains("tcpi_") {
                " (the socket under test has no descriptor yet: it is not accepted)"
            } else {
                ""
            };
            Failure::new(format!("{error}{hint}"))
        })
    }

    /// The values of the moment.
    fn snapshot(&mut self, fd: Fd) {
        let structures: [(i32, i32, usize, &[Field]); 3] =
            [(6, 11, TCP_INFO_LEN, TCP_INFO), (6, 26, 20, CC_INFO), (1, 55, 36, MEMINFO)];
        for (level, name, len, fields) in structures {
            let call = Call::GetSockOpt { fd, level, name, len };
            let Outcome::Done(Ok(answer)) = self.machine.call(&call) else { continue };
            for field in fields {
                if let Some(value) = field.read(&answer.data) {
                    self.code.set(field.name, Value::Int(i128::from(value)));
                }
            }
        }
    }
}

/// A name that is not a variable may be a symbol of Linux.
fn constant(name: &str) -> Option<Value> {
    let listed = NAMES.iter().any(|prefix| name.starts_with(prefix));
    symbol(name).filter(|_| listed).map(|value| Value::Int(i128::from(value)))
}
