//! Programs of classic BPF that are attached to sockets: they look at each segment and say how much of it stays. Linux:
//! `sk_filter_trim_cap`.

use super::SegmentInfo;
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
        (info, random): (&SegmentInfo, &mut dyn Random),
    ) -> Result<(), DropReason> {
        if self.program.is_none() || payload.headroom() < header_len {
            return Ok(());
        }
        payload.push(header_len);
        let kept = self.run(payload, info, random);
        payload.pull(header_len);
        if kept == 0 {
            return Err(DropReason::SocketFilter);
        }
        payload.truncate(kept.saturating_sub(header_len));
        Ok(())
    }

    /// How many bytes of the segment in `packet` stay.
    fn run(&self, packet: &Packet, info: &SegmentInfo, random: &mut dyn Random) -> usize {
        self.program.as_ref().map_or(packet.len(), |program| program.keep(&view(packet, info), random))
    }

    /// No change from now on.
    pub(super) fn lock(&mut self) {
        self.locked = true;
    }
}

/// What a program sees of a segment, which lies behind its IP headers. Linux: `sk_filter_trim_cap`, where `skb->data` is
/// the TCP header.
fn view<'a>(packet: &'a Packet, info: &SegmentInfo) -> View<'a> {
    let network_at = packet.headroom().checked_sub(info.header_len);
    View {
        data: packet.data(),
        network: network_at.and_then(|at| packet.whole().get(at..)).unwrap_or_default(),
        protocol: if info.source.is_ipv6() { EtherType::IPV6.0 } else { EtherType::IPV4.0 },
        packet_type: packet.meta.destination as u8,
        device: packet.meta.device.0,
        mark: packet.meta.mark,
        hardware_type: packet.meta.device.hardware_type(),
        ..View::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::DeviceIndex;
    use crate::random::SeededRandom;
    use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    fn op(code: u16, jump_true: u8, jump_false: u8, k: u32) -> Instruction {
        Instruction { code, jump_true, jump_false, k }
    }

    fn info(v6: bool) -> SegmentInfo {
        let address: IpAddr = if v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        let (header_len, device) = (if v6 { 48 } else { 20 }, DeviceIndex::LOOPBACK);
        SegmentInfo { source: address, destination: address, tos: 0, ttl: 64, mtu: 1500, header_len, device }
    }

    #[test]
    fn programs_look_at_the_headers_before_the_segment() {
        let load = |offset: u32| [op(0x30, 0, 0, offset), op(0x16, 0, 0, 0)];
        let (network, known) = (-0x10_0000_i32 as u32, -0x1000_i32 as u32);
        let mut random = SeededRandom::new(1);
        for (v6, first, protocol) in [(false, 0x45, 0x800), (true, 0x60, 0x86dd)] {
            let mut packet = Packet::from_payload(&[0; 40_000]);
            packet.push(info(v6).header_len)[0] = first as u8;
            packet.meta.device = DeviceIndex::LOOPBACK;
            packet.pull(info(v6).header_len);
            for (offset, expected) in [(network, first), (known, protocol), (known + 28, 772)] {
                let mut filter = SocketFilter::default();
                filter.attach(&load(offset)).unwrap();
                let kept = filter.run(&packet, &info(v6), &mut random);
                assert_eq!(kept, expected, "{v6} {offset:#x}");
            }
        }
    }

    #[test]
    fn programs_look_at_the_segment_from_its_header_on() {
        // Drops what goes to port 80, keeps 24 bytes of the rest.
        let program = [op(0x28, 0, 0, 2), op(0x15, 0, 1, 80), op(0x06, 0, 0, 0), op(0x06, 0, 0, 24)];
        let mut filter = SocketFilter::default();
        filter.attach(&program).unwrap();
        let to = |port: u8| Packet::from_payload(&[0, 9, 0, port, 1, 1, 1, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 0]);
        let random = &mut SeededRandom::new(1);
        assert_eq!(filter.run(&to(80), &info(false), random), 0);
        assert_eq!(filter.attach(&[]), Err(FilterError::InvalidProgram));
        assert_eq!(filter.run(&to(81), &info(false), random), 16, "not more than there is");
        filter.lock();
        assert_eq!(filter.detach(), Err(FilterError::Locked));
    }
}
