//! Packets that arrive in pieces, and packets that leave in pieces.

use super::*;
use crate::wire::ipv4_fragment::FragmentFields;

/// The pieces of a packet of ours or the peer's, its payload cut at these places.
fn cut(packet: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let header_len = usize::from(packet[0] & 0xf) * 4;
    let ends = places.iter().copied().chain([packet.len() - header_len]);
    let starts = [0].into_iter().chain(places.iter().copied());
    let piece = |(start, end): (usize, usize)| {
        let mut piece = packet[..header_len].to_vec();
        piece.extend_from_slice(&packet[header_len + start..header_len + end]);
        let (total_len, offset) = (piece.len() as u16, start as u32);
        let more_fragments = header_len + end < packet.len();
        FragmentFields { total_len, offset, more_fragments, dont_fragment: false }.emit(&mut piece);
        piece
    };
    starts.zip(ends).map(piece).collect()
}

#[test]
fn a_question_in_pieces_is_answered_once() {
    let question = packet(PEER, US, Protocol::ICMP, &echo_request(&[7; 200]));
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut host = Host::new();
        let pieces = cut(&question, &[64, 128]);
        for at in order {
            assert_eq!(host.sent(), [""; 0]);
            host.arrive(ip_frame(&pieces[at]));
        }
        assert_eq!(host.sent(), ["IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, id 7, seq 1, length 208"]);
        assert_eq!(host.dropped(), []);
        assert_eq!(host.count(Counter::IpInReceives), 3);
        assert_eq!(host.count(Counter::IpInDelivers), 1);
    }
}

#[test]
fn whose_datagram_does_not_arrive_whole_is_told_once() {
    let pieces = cut(&datagram((PEER, 1), (US, 9), &[7; 200]), &[64, 128]);
    let told = "IP 192.0.2.1 > 192.0.2.2: ICMP time exceeded, length 92";
    for (arrive, lines) in [(&[0, 1][..], &[told][..]), (&[1, 2], &[])] {
        let mut host = Host::new();
        arrive.iter().for_each(|&at: &usize| host.arrive(ip_frame(&pieces[at])));
        host.wait(29_999);
        host.arrive(arp_frame(wire_arp::Operation::Request, PEER, US));
        host.sent();
        host.wait(1);
        assert_eq!(host.sent(), lines);
        assert_eq!(host.dropped(), [DropReason::FragmentTimeout; 2]);
        assert_eq!(host.count(Counter::IpReasmTimeout), 1);
        assert_eq!(host.stack.next_deadline().filter(|next| *next <= host.now), None);
    }
}

#[test]
fn a_tcp_header_in_pieces_is_refused() {
    let mut host = Host::new();
    for piece in cut(&syn((PEER, 1), (US, 80)), &[8]) {
        host.arrive(ip_frame(&piece));
    }
    assert_eq!(host.dropped(), [DropReason::FragmentTiny; 2]);
}

#[test]
fn what_was_given_up_begins_anew() {
    let mut host = Host::new();
    host.stack.set_sysctl("net.ipv4.ipfrag_time", "1").unwrap();
    let pieces = cut(&packet(PEER, US, Protocol::ICMP, &echo_request(&[7; 200])), &[64]);
    host.arrive(ip_frame(&pieces[1]));
    host.wait(1_001);
    host.arrive(ip_frame(&pieces[0]));
    assert_eq!(host.sent(), [""; 0]);
    host.arrive(ip_frame(&pieces[1]));
    assert_eq!(host.sent().len(), 1);
}
