//! Packet sockets without a stack around them.

use super::*;
use crate::bpf::{Instruction, Program};
use crate::packet::DeviceIndex;
use crate::random::SeededRandom;
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::ethernet::EtherType;
use alloc::borrow::Cow;
use alloc::vec::Vec;

const BUFFER: usize = 4096;
const ETH0: DeviceIndex = DeviceIndex(2);
const VLAN: DeviceIndex = DeviceIndex(3);

fn frame(device: DeviceIndex, packet_type: PacketType, protocol: EtherType) -> Frame<'static> {
    let mut bytes = alloc::vec![0; 14];
    bytes[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    bytes[12..].copy_from_slice(&protocol.0.to_be_bytes());
    bytes.extend(b"payload");
    let (vlan, checksum, mark, at) = (None, FrameChecksum::Unknown, 0, Instant::ZERO);
    Frame { bytes: Cow::Owned(bytes), vlan, device, packet_type, protocol, checksum, mark, at }
}

fn readable(sockets: &PacketSockets, handles: &[PacketHandle]) -> Vec<bool> {
    handles.iter().map(|&handle| sockets.is_readable(handle)).collect()
}

#[test]
fn sockets_see_what_they_asked_for() {
    let mut sockets = PacketSockets::default();
    let mut open = |protocol, device| {
        let handle = sockets.open(Form::Frames, Protocols::numbered(protocol), BUFFER).unwrap();
        sockets.bind(handle, device, Protocols::numbered(protocol)).unwrap();
        handle
    };
    let all = [open(3, None), open(3, Some(ETH0)), open(3, Some(VLAN))];
    let arp = [open(0x806, None), open(0x806, Some(ETH0)), open(0x806, Some(VLAN)), open(0x800, None)];
    let mute = open(0, None);
    let request = frame(VLAN, PacketType::Broadcast, EtherType::ARP);
    sockets.see(&request, None, &mut SeededRandom::new(1));
    assert_eq!(readable(&sockets, &all), [true, false, true]);
    assert_eq!(readable(&sockets, &arp), [false; 4]);
    sockets.see_protocol(&request, ETH0, &mut SeededRandom::new(1));
    assert_eq!(readable(&sockets, &arp), [true, true, true, false]);
    assert!(!sockets.is_readable(mute));
    assert_eq!(sockets.take_wakeups().len(), 5);
    let received = sockets.receive(arp[0]).unwrap();
    assert_eq!((received.device, received.packet_type), (VLAN, PacketType::Broadcast));
    assert_eq!(received.source.0, [2, 0, 0, 0, 0, 9]);
    assert_eq!(sockets.receive(arp[0]).unwrap_err(), SocketError::WouldBlock);
}

#[test]
fn who_sends_and_who_ignores_does_not_see_what_goes_out() {
    let mut sockets = PacketSockets::default();
    let mut open = || sockets.open(Form::Payloads, Protocols::All, BUFFER).unwrap();
    let handles = [open(), open(), open()];
    sockets.set(handles[1], PacketOption::IgnoreOutgoing(true), BUFFER).unwrap();
    sockets.see(
        &frame(ETH0, PacketType::Outgoing, EtherType::IPV4),
        Some(handles[0]),
        &mut SeededRandom::new(1),
    );
    assert_eq!(readable(&sockets, &handles), [false, false, true]);
    assert_eq!(sockets.receive(handles[2]).unwrap().data, b"payload");
}

#[test]
fn filters_choose_and_shorten() {
    let mut sockets = PacketSockets::default();
    let handle = sockets.open(Form::Frames, Protocols::All, BUFFER).unwrap();
    let op = |code, jump_true, jump_false, k| Instruction { code, jump_true, jump_false, k };
    // ARP alone, and 20 bytes of it.
    let program = [op(0x28, 0, 0, 12), op(0x15, 0, 1, 0x806), op(0x06, 0, 0, 20), op(0x06, 0, 0, 0)];
    let filter = PacketOption::Filter(Program::new(&program));
    sockets.set(handle, filter, BUFFER).unwrap();
    sockets.see(&frame(ETH0, PacketType::Host, EtherType::IPV4), None, &mut SeededRandom::new(1));
    sockets.see(&frame(ETH0, PacketType::Host, EtherType::ARP), None, &mut SeededRandom::new(1));
    let received = sockets.receive(handle).unwrap();
    assert_eq!((received.data.len(), received.length), (20, 21));
    assert_eq!(sockets.statistics(handle), Ok(Statistics { packets: 1, drops: 0 }));
    sockets.set(handle, PacketOption::SnapLength(16), BUFFER).unwrap();
    sockets.see(&frame(ETH0, PacketType::Host, EtherType::ARP), None, &mut SeededRandom::new(1));
    assert_eq!(sockets.receive(handle).unwrap().data.len(), 16);
}

#[test]
fn what_nobody_reads_is_bounded_and_counted_once() {
    let mut sockets = PacketSockets::default();
    let handle = sockets.open(Form::Frames, Protocols::All, BUFFER).unwrap();
    for _ in 0..1000 {
        sockets.see(&frame(ETH0, PacketType::Host, EtherType::IPV4), None, &mut SeededRandom::new(1));
    }
    let waiting = core::iter::from_fn(|| sockets.receive(handle).ok()).count() as u64;
    assert!((1..60).contains(&waiting), "{waiting}");
    assert_eq!(sockets.statistics(handle), Ok(Statistics { packets: 1000, drops: 1000 - waiting }));
    assert_eq!(sockets.statistics(handle), Ok(Statistics::default()), "it begins anew");
    assert_eq!(sockets.get(handle).unwrap().dropped(), 1000 - waiting);
}

#[test]
fn sockets_and_memberships_have_limits() {
    let mut sockets = PacketSockets::default();
    let handles: Vec<_> = (0..table::MAX_SOCKETS)
        .map(|_| sockets.open(Form::Frames, Protocols::Nothing, BUFFER).unwrap())
        .collect();
    let more = |sockets: &mut PacketSockets| sockets.open(Form::Frames, Protocols::All, BUFFER);
    assert_eq!(more(&mut sockets), Err(SocketError::NewSocketLimit));
    let first = handles[0];
    assert_eq!(sockets.set_member(first, ETH0, true), Ok(true));
    assert_eq!(sockets.set_member(first, ETH0, true), Ok(false), "it is one already");
    assert_eq!(sockets.set_member(first, VLAN, false), Err(SocketError::AddressNotBindable));
    for device in 10..73 {
        assert_eq!(sockets.set_member(first, DeviceIndex(device), true), Ok(true));
    }
    assert_eq!(sockets.set_member(first, VLAN, true), Err(SocketError::OutOfMemory));
    sockets.device_gone(ETH0);
    assert_eq!(sockets.close(first).len(), 63);
    assert!(more(&mut sockets).is_ok());
    assert_eq!(sockets.receive(first).unwrap_err(), SocketError::InvalidState);
}

#[test]
fn who_was_bound_to_a_device_that_is_gone_hears_nothing() {
    let mut sockets = PacketSockets::default();
    let handle = sockets.open(Form::Frames, Protocols::All, BUFFER).unwrap();
    sockets.bind(handle, Some(ETH0), Protocols::All).unwrap();
    sockets.device_gone(ETH0);
    sockets.see(&frame(ETH0, PacketType::Host, EtherType::IPV4), None, &mut SeededRandom::new(1));
    assert!(!sockets.is_readable(handle));
}
