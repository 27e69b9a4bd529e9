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

/// The packets in frames that were sent, put together again if they are pieces.
fn put_together(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut whole = frames[0][14..34].to_vec();
    for frame in frames {
        let header = ipv4::Header::parse(&frame[14..]).unwrap();
        assert!(header.checksum_is_valid() && frame.len() <= 1514);
        assert_eq!(header.fragment_offset() as usize, whole.len() - 20);
        whole.extend_from_slice(header.payload());
        assert_eq!(header.more_fragments(), !core::ptr::eq(frame, frames.last().unwrap()));
    }
    let total_len = whole.len() as u16;
    FragmentFields { total_len, offset: 0, more_fragments: false, dont_fragment: false }.emit(&mut whole);
    whole
}

#[test]
fn echoes_come_and_go_in_pieces_up_to_the_largest() {
    for size in [1473, 4000, 65_507] {
        let mut host = Host::new();
        let question = packet(PEER, US, Protocol::ICMP, &echo_request(&vec![7; size]));
        let places: Vec<usize> = (1480..size + 8).step_by(1480).collect();
        cut(&question, &places).iter().for_each(|piece| host.arrive(ip_frame(piece)));
        let sent = core::mem::take(&mut host.eth0.wire().sent);
        assert_eq!(sent.len(), places.len() + 1);
        let answer = put_together(&sent);
        check_packet(&answer);
        assert_eq!(answer[28..], question[28..]);
        assert_eq!((host.dropped(), host.count(Counter::IpFragOKs)), (vec![], 1));
        assert_eq!(host.count(Counter::IpFragCreates), sent.len() as u64);
    }
}

#[test]
fn a_datagram_in_pieces_has_its_checksum_and_may_be_cut_once_more() {
    let mut host = Host::new();
    // The card would sum up what it sees; of a piece it sees too little.
    host.eth0.wire().features.transmit_checksum = true;
    let socket = host.stack.udp_open().unwrap();
    let to = Some(core::net::SocketAddr::new(PEER.into(), 9));
    for (size, dont_fragment, count) in [(1472, true, 1), (1473, false, 2), (65_507, false, 45)] {
        host.stack.udp_send_to(socket, &vec![9; size], to, host.now).unwrap();
        let sent = core::mem::take(&mut host.eth0.wire().sent);
        assert_eq!(sent.len(), count);
        let flags: Vec<bool> =
            sent.iter().map(|frame| ipv4::Header::parse(&frame[14..]).unwrap().dont_fragment()).collect();
        assert_eq!(flags, vec![dont_fragment; count]);
        if count > 1 {
            check_packet(&put_together(&sent));
        }
    }
}

#[test]
fn a_router_cuts_what_may_be_cut() {
    let (mut host, eth1) = Host::router();
    let behind = Ipv4Addr::new(198, 51, 100, 7);
    host.arrive(ip_frame(&packet(PEER, behind, Protocol(99), &[7; 1400])));
    // Both pieces wait for the neighbour's address.
    let mut bytes = [0; wire_arp::PACKET_LEN];
    let (sender_mac, target_mac) = (MacAddress([2, 0, 0, 0, 1, 7]), MacAddress([2, 0, 0, 0, 1, 1]));
    let operation = wire_arp::Operation::Reply;
    wire_arp::Packet {
        operation,
        sender_mac,
        sender: behind,
        target_mac,
        target: Ipv4Addr::new(198, 51, 100, 1),
    }
    .emit(&mut bytes);
    eth1.wire().sent.clear();
    eth1.wire().incoming.push_back(frame(sender_mac, target_mac, EtherType::ARP, &bytes));
    host.poll();
    let pieces: Vec<(u32, bool, usize)> = eth1
        .wire()
        .sent
        .iter()
        .map(|frame| ipv4::Header::parse(&frame[14..]).unwrap())
        .map(|header| (header.fragment_offset(), header.more_fragments(), header.payload().len()))
        .collect();
    assert_eq!(pieces, [(0, true, 1256), (1256, false, 144)]);
    assert_eq!((host.sent(), host.dropped()), (vec![], vec![]));
}

#[test]
fn what_is_cut_on_the_way_to_ourselves_arrives_whole() {
    let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
    stack.set_mtu("lo", 1280).unwrap();
    let now = Instant::from_millis(1);
    let socket = stack.udp_open().unwrap();
    let at = "127.0.0.1:7".parse().unwrap();
    stack.udp_bind(socket, at).unwrap();
    stack.udp_send_to(socket, &[5; 9000], Some(at), now).unwrap();
    assert_eq!(stack.udp_receive_from(socket), Ok((vec![5; 9000], at)));
}
