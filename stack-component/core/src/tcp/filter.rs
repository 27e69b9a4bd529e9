//! Programs of classic BPF that are attached to sockets: they look at each segment and say how much of it stays. Linux:
//! `sk_filter_trim_cap`.

use crate::bpf::{Instruction, Program, View};
use crate::drop_reason::DropReason;
use crate::packet::Packet;
use crate::random::Random;
use crate::wire::ethernet::EtherType;
use core::fmt;

/// Why a filter was not attached or detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// The handle names no socket.
    NoSocket,
    /// There are no instructions, more than 4096, or not such as Linux takes. Linux: `EINVAL`.
    InvalidProgram,
    /// The filter is locked. Linux: `EPERM`.
    Locked,
    /// There is no filter to take away. Linux: `ENOENT`.
    NotAttached,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FilterError::NoSocket => "there is no such socket",
            FilterError::InvalidProgram => "the filter's program is not valid",
            FilterError::Locked => "the filter is locked",
            FilterError::NotAttached => "no filter is attached",
        })
    }
}

impl core::error::Error for FilterError {}

/// The filter of a socket.
#[derive(Clone, Debug, Default)]
pub(super) struct SocketFilter {
    program: Option<Program>,
    locked: bool,
}

impl SocketFilter {
    /// Puts `program` in the place of the one before.
    pub(super) fn attach(&mut self, program: &[Instruction]) -> Result<(), FilterError> {
        if self.locked {
            return Err(FilterError::Locked);
        }
        self.program = Some(Program::new(program).ok_or(FilterError::InvalidProgram)?);
        Ok(())
    }

    /// Takes the program away.
    pub(super) fn detach(&mut self) -> Result<(), FilterError> {
        if self.locked {
            return Err(FilterError::Locked);
        }
        self.program.take().map(|_| ()).ok_or(FilterError::NotAttached)
    }

    /// Lets the program look at a segment whose header of `header_len` bytes lies before `payload`. What it does
    /// not keep of the payload is cut off; nothing kept drops it. Linux: `tcp_filter`, `sk_filter_trim_cap`.
    pub(super) fn trim(
        &self,
        payload: &mut Packet,
        header_len: usize,
        random: &mut dyn Random,
    ) -> Result<(), DropReason> {
        if self.program.is_none() || payload.headroom() < header_len {
            return Ok(());
        }
        payload.push(header_len);
        let kept = self.run(payload, random);
        payload.pull(header_len);
        if kept == 0 {
            return Err(DropReason::SocketFilter);
        }
        payload.truncate(kept.saturating_sub(header_len));
        Ok(())
    }

    /// How many bytes of the segment in `packet` stay.
    fn run(&self, packet: &Packet, random: &mut dyn Random) -> usize {
        self.program.as_ref().map_or(packet.len(), |program| program.keep(&view(packet), random))
    }

    /// No change from now on.
    pub(super) fn lock(&mut self) {
        self.locked = true;
    }
}

/// What a program sees of a segment.
fn view(packet: &Packet) -> View<'_> {
    View {
        data: packet.data(),
        network: ip_header(packet).unwrap_or_default(),
        protocol: EtherType::IPV4.0,
        packet_type: packet.meta.destination as u8,
        device: packet.meta.device.0,
        mark: packet.meta.mark,
        ..View::default()
    }
}

/// The packet from its IPv4 header on, which lies before the segment, as long as its first byte says.
fn ip_header(packet: &Packet) -> Option<&[u8]> {
    let header = packet.whole().get(..packet.headroom())?;
    let starts = (20..=60).step_by(4).filter_map(|len| Some((header.len().checked_sub(len)?, len / 4)));
    let found = starts.into_iter().find(|&(at, words)| header.get(at) == Some(&(0x40 | words as u8)));
    packet.whole().get(found?.0..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    fn op(code: u16, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
        Instruction { code, jump_true, jump_false, k }
    }

    #[test]
    fn programs_look_at_the_segment_from_its_header_on() {
        // Drops what goes to port 80, keeps 24 bytes of the rest.
        let program = [op(0x28, 0, 0, 2), op(0x15, 0, 1, 80), op(0x06, 0, 0, 0), op(0x06, 0, 0, 24)];
        let mut filter = SocketFilter::default();
        filter.attach(&program).unwrap();
        let to = |port: u8| Packet::from_payload(&[0, 9, 0, port, 1, 1, 1, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 0]);
        let random = &mut SeededRandom::new(1);
        assert_eq!(filter.run(&to(80), random), 0);
        assert_eq!(filter.attach(&[]), Err(FilterError::InvalidProgram));
        assert_eq!(filter.run(&to(81), random), 16, "not more than there is");
        filter.lock();
        assert_eq!(filter.detach(), Err(FilterError::Locked));
    }
}
