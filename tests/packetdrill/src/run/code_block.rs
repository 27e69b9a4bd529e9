//! A script's code blocks: what they see of the socket under test, and what becomes of them.

use super::code::Value;
use super::failure::Failure;
use super::runner::Runner;
use crate::linux::tcp_info::{CC_INFO, Field, MEMINFO, TCP_INFO, TCP_INFO_LEN};
use crate::machine::{Call, Fd, Outcome};

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
