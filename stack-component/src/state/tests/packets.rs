//! Packet sockets over loopback.

use super::{Harness, Source};
use stack_core::packet::DeviceIndex;
use stack_core::packet_socket::{Form, Protocols};
use stack_core::socket::SocketError;
use stack_core::stack::OutgoingFrame;

#[test]
fn who_waits_for_a_frame_is_told_and_what_outlives_its_socket_is_ready() {
    let mut harness = Harness::new();
    let state = &mut harness.state;
    let sender = state.create_packet_socket(Form::Frames, Protocols::Nothing).unwrap();
    let hearer = state.create_packet_socket(Form::Frames, Protocols::All).unwrap();
    let (_, token) = harness.watch(Source::Packet(hearer));
    assert_eq!(harness.run(), []);
    let frame =
        |data| OutgoingFrame { data, device: Some(DeviceIndex(1)), protocol: None, destination: None };
    let frames = [frame(&[0; 14][..]), frame(&[0; 20]), frame(&[0; 3])];
    assert_eq!(harness.state.send_frames(sender, &frames, harness.now), Ok(2), "the last one is no frame");
    assert_eq!(harness.run(), [token]);
    assert_eq!(harness.state.receive_frames(hearer, 3).unwrap().len(), 3);
    assert_eq!(
        harness.state.receive_frames(hearer, u64::MAX).unwrap().len(),
        1,
        "each goes out and comes in"
    );
    let (pollable, token) = harness.watch(Source::Packet(hearer));
    harness.state.drop_packet_socket(hearer);
    assert_eq!(harness.run(), [token]);
    assert!(harness.state.is_ready(pollable, harness.now));
    assert_eq!(harness.state.receive_frames(hearer, 1).unwrap_err(), SocketError::InvalidState);
}
