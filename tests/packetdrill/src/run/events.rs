//! One event after another.

use super::failure::Failure;
use super::runner::Runner;
use super::time::{Due, check};
use crate::language::ast::{Action, Direction, Event, Packet};

impl Runner<'_> {
    pub(super) fn event(&mut self, event: &Event, first: bool) -> Result<(), Failure> {
        let inbound = matches!(&event.action, Action::Packet(packet) if packet.direction == Direction::In);
        // Upstream: adjust_relative_event_times. Inbound packets in a row count from each other, everything else
        // from when the event before really happened.
        let base = match self.last_inbound {
            Some(last) if inbound => last,
            _ => self.now(),
        };
        let due = Due::of(event.time, base);
        if first && due.start(0) != 0 {
            return Err(Failure::new("the first event must be at time 0"));
        }
        let outcome = self.act(event, due, base);
        self.last_due = due.start(self.now());
        self.last_inbound = inbound.then_some(self.last_due);
        outcome
    }

    fn act(&mut self, event: &Event, due: Due, base: u64) -> Result<(), Failure> {
        match &event.action {
            Action::Packet(packet) => self.packet(packet, due),
            Action::Call(call) => {
                self.wait_for(due, "system call")?;
                // The end of a call counts from where its start counts from.
                let relative = matches!(event.time, crate::language::ast::Time::Relative(_));
                let end = call.end.map(|end| if relative { base + end } else { end });
                self.system_call(call, event.span.line, end)
            }
            Action::Command(command) => {
                self.wait_for(due, "command")?;
                self.command(&command.text)
            }
            Action::Code(text) => {
                self.wait_for(due, "code block")?;
                self.code_block(text)
            }
        }
    }

    fn packet(&mut self, packet: &Packet, due: Due) -> Result<(), Failure> {
        let connection = self.connection_for(packet)?;
        match packet.direction {
            Direction::In => {
                self.wait_for(due, "inbound packet")?;
                self.inbound(packet, connection)
            }
            Direction::Out => match self.outbound(packet, connection, due) {
                Err(failure) if self.config.non_fatal_packet && !failure.rows.is_empty() => {
                    self.output.push(format!("warning: {}", failure.message));
                    Ok(())
                }
                other => other,
            },
        }
    }

    /// Lets time pass until an event is due. The script is late if the machine let more pass than it was told.
    fn wait_for(&mut self, due: Due, what: &str) -> Result<(), Failure> {
        self.advance(due.start(self.now()))?;
        check(self.config, due, self.last_due, self.now(), what).map_err(Failure::new)
    }
}
