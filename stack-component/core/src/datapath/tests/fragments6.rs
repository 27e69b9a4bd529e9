//! IPv6 packets that arrive in pieces, and packets that leave in pieces.

use super::ipv6::{PEER6, US6, acquainted, frame6, solicitation};
use super::*;
use crate::wire::icmpv6::{self, Type};
use crate::wire::ipv6 as wire_ipv6;
use alloc::string::ToString;
use core::net::SocketAddr;

/// A fragment header (RFC 8200 section 4.5).
const HEADER: usize = 8;
/// What a piece of the largest size carries on a link of 1500 bytes.
const FULL: usize = 1448;

/// The frames of a payload that is cut at these places, each a multiple of eight.
fn cut(next_header: Protocol, id: u32, payload: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let ends = places.iter().copied().chain([payload.len()]);
    let starts = [0].into_iter().chain(places.iter().copied());
    let piece = |(start, end): (usize, usize)| {
        let mut piece = vec![next_header.0, 0];
        piece.extend((start as u16 | u16::from(end < payload.len())).to_be_bytes());
        piece.extend(id.to_be_bytes());
        piece.extend_from_slice(&payload[start..end]);
        frame6(PEER6, US6, Protocol(44), 64, &piece)
    };
    starts.zip(ends).map(piece).collect()
}

fn question(data: &[u8]) -> Vec<u8> {
    let mut message = vec![0; icmpv6::HEADER_LEN];
    icmpv6::Fields { kind: Type::ECHO_REQUEST, code: 0, rest: [0, 7, 0, 1] }.emit(&mut message);
    message.extend_from_slice(data);
    icmpv6::fill_checksum(PEER6, US6, &mut message);
    message
}

/// What frames that were sent carry, put together again if they are pieces, and how many there were.
fn put_together(host: &mut Host) -> (Protocol, Vec<u8>, usize) {
    let frames = core::mem::take(&mut host.eth0.wire().sent);
    let (mut whole, mut protocol) = (Vec::new(), Protocol(0));
    for frame in &frames {
        let header = wire_ipv6::Header::parse(&frame[14..]).unwrap();
        assert!(frame.len() <= 1514 && header.source() == US6 && header.destination() == PEER6);
        let payload = header.payload();
        if header.next_header() != Protocol(44) {
            assert_eq!(frames.len(), 1, "a packet that is whole is alone");
            return (header.next_header(), payload.to_vec(), 1);
        }
        let field = u16::from_be_bytes([payload[2], payload[3]]);
        assert_eq!(usize::from(field & !7), whole.len(), "pieces leave in order");
        assert_eq!(field & 1 == 1, !core::ptr::eq(frame, frames.last().unwrap()));
        protocol = Protocol(payload[0]);
        whole.extend_from_slice(&payload[HEADER..]);
    }
    (protocol, whole, frames.len())
}

#[test]
fn a_question_in_pieces_is_answered_once_whatever_their_order() {
    let pieces = cut(Protocol::ICMPV6, 9, &question(&[7; 200]), &[64, 128]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut host = acquainted();
        for at in order {
            assert_eq!(host.sent(), [""; 0]);
            host.arrive(pieces[at].clone());
        }
        let answers = host.sent();
        assert!(matches!(&answers[..], [one] if one.contains("echo reply")), "{answers:?}");
        assert_eq!(host.dropped(), []);
        assert_eq!((host.count(Counter::Ip6ReasmReqds), host.count(Counter::Ip6ReasmOKs)), (3, 1));
    }
}

#[test]
fn echoes_come_and_go_in_pieces_up_to_the_largest() {
    for size in [1453, 4000, 65_527] {
        let mut host = acquainted();
        let asked = question(&vec![7; size]);
        let places: Vec<usize> = (FULL..asked.len()).step_by(FULL).collect();
        cut(Protocol::ICMPV6, 9, &asked, &places).into_iter().for_each(|piece| host.arrive(piece));
        let (protocol, answer, count) = put_together(&mut host);
        assert_eq!((protocol, count), (Protocol::ICMPV6, places.len() + 1));
        assert!(icmpv6::Header::parse(&answer).unwrap().checksum_is_valid(US6, PEER6));
        assert_eq!(answer[4..], asked[4..]);
        assert_eq!((host.dropped(), host.count(Counter::Ip6FragOKs)), (vec![], 1));
        assert_eq!(host.count(Counter::Ip6FragCreates), count as u64);
    }
}

#[test]
fn whose_packet_does_not_arrive_whole_is_told_once() {
    let pieces = cut(Protocol::ICMPV6, 9, &question(&[7; 200]), &[64, 128]);
    // RFC 8200 section 4.5: only who got the first piece can say which packet it was.
    for (arrive, told) in [(&[0, 1][..], 1), (&[1, 2], 0)] {
        let mut host = acquainted();
        arrive.iter().for_each(|&at: &usize| host.arrive(pieces[at].clone()));
        host.wait(59_999);
        // The peer is still where it was.
        host.arrive(solicitation(PEER6, US6));
        host.sent();
        host.wait(1);
        let lines: Vec<String> = host.sent().iter().map(ToString::to_string).collect();
        assert_eq!(lines.iter().filter(|line| line.contains("time exceeded")).count(), told, "{lines:?}");
        assert_eq!(host.dropped(), [DropReason::FragmentTimeout; 2]);
        assert_eq!(host.count(Counter::Ip6ReasmTimeout), 1);
    }
}

#[test]
fn pieces_that_overlap_condemn_their_packet() {
    let mut host = acquainted();
    let message = question(&[7; 200]);
    let (first, second) =
        (cut(Protocol::ICMPV6, 9, &message, &[64]), cut(Protocol::ICMPV6, 9, &message, &[56]));
    host.arrive(first[0].clone());
    host.arrive(second[1].clone());
    host.arrive(first[1].clone());
    assert_eq!(host.sent(), [""; 0]);
    assert!(host.dropped().contains(&DropReason::FragmentOverlap));
}

#[test]
fn datagrams_leave_in_pieces_with_one_checksum() {
    let mut host = acquainted();
    host.eth0.wire().features.transmit_checksum = true;
    let socket = host.stack.udp_open().unwrap();
    let to = Some(SocketAddr::new(PEER6.into(), 9));
    for (size, count) in [(1452, 1), (1453, 2), (65_527, 46)] {
        host.stack.udp_send_to(socket, &vec![9; size], to, host.now).unwrap();
        let (protocol, datagram, pieces) = put_together(&mut host);
        assert_eq!((protocol, pieces, datagram.len()), (Protocol::UDP, count, size + 8));
        if count > 1 {
            let header = wire_udp::Header::parse(&datagram).unwrap();
            assert!(header.checksum() != 0 && header.checksum_is_valid(US6.into(), PEER6.into()));
        }
    }
}
