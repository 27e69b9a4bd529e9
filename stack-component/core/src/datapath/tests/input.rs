//! What is refused on the way in, and why.

use super::*;

/// Lets one frame arrive and checks that it is dropped for exactly one reason and not answered.
fn refused(host: &mut Host, name: &str, frame: Vec<u8>, reason: DropReason) {
    host.arrive(frame);
    assert_eq!(host.dropped(), [reason], "{name}");
    assert_eq!(host.sent(), [""; 0], "{name}");
}

fn with(mut packet: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    packet[at] = value;
    fix_header_checksum(&mut packet);
    packet
}

#[test]
fn bad_frames() {
    let mut host = Host::new();
    let packet = packet(PEER, US, Protocol::ICMP, &echo_request(b"x"));
    let to = |source, destination| frame(source, destination, EtherType::IPV4, &packet);
    let rows = [
        ("too short", vec![0; 13], DropReason::EthernetTruncated),
        ("from a group", to(MacAddress::BROADCAST, OUR_MAC), DropReason::EthernetBadSource),
        ("from nobody", to(MacAddress([0; 6]), OUR_MAC), DropReason::EthernetBadSource),
        ("to another", to(PEER_MAC, PEER_MAC), DropReason::OtherHost),
        ("too long", frame(PEER_MAC, OUR_MAC, EtherType::IPV4, &[0; 1600]), DropReason::FrameTooLong),
        ("LLDP", frame(PEER_MAC, OUR_MAC, EtherType(0x88cc), &[0; 60]), DropReason::UnhandledProtocol),
        ("a length", frame(PEER_MAC, OUR_MAC, EtherType(60), &[0; 60]), DropReason::UnhandledProtocol),
        ("short ARP", frame(PEER_MAC, OUR_MAC, EtherType::ARP, &[0; 27]), DropReason::ArpMalformed),
        ("odd ARP", frame(PEER_MAC, OUR_MAC, EtherType::ARP, &[0; 28]), DropReason::ArpMalformed),
    ];
    for (name, frame, reason) in rows {
        refused(&mut host, name, frame, reason);
    }
}

#[test]
fn bad_headers() {
    let mut host = Host::new();
    let fine = packet(PEER, US, Protocol::ICMP, &echo_request(b"x"));
    let mut damaged = fine.clone();
    damaged[10] ^= 1;
    let group = Ipv4Addr::new(224, 0, 0, 1);
    let echo = |source, destination| packet(source, destination, Protocol::ICMP, &echo_request(b"x"));
    let rows = [
        ("version", with(fine.clone(), 0, 0x65), DropReason::Ipv4Malformed),
        ("header length", with(fine.clone(), 0, 0x44), DropReason::Ipv4Malformed),
        ("total length", with(fine.clone(), 3, 19), DropReason::Ipv4Malformed),
        ("cut off", with(fine.clone(), 3, 200), DropReason::Ipv4Truncated),
        ("checksum", damaged, DropReason::Ipv4Checksum),
        (
            "a fragment at the end of all",
            with(with(fine.clone(), 6, 0x1f), 7, 0xff),
            DropReason::FragmentMalformed,
        ),
        ("from us (LAND)", echo(US, US), DropReason::Ipv4BadSource),
        ("from everybody here", echo(Ipv4Addr::new(192, 0, 2, 255), US), DropReason::Ipv4BadSource),
        ("from everybody", echo(Ipv4Addr::BROADCAST, US), DropReason::Ipv4BadSource),
        ("from nobody", echo(Ipv4Addr::UNSPECIFIED, US), DropReason::Ipv4BadSource),
        ("from a group", echo(group, US), DropReason::Ipv4BadSource),
        ("from loopback", echo(Ipv4Addr::LOCALHOST, US), DropReason::Ipv4BadSource),
        ("to loopback", echo(PEER, Ipv4Addr::LOCALHOST), DropReason::Ipv4BadDestination),
        ("to nobody", echo(PEER, Ipv4Addr::UNSPECIFIED), DropReason::Ipv4BadDestination),
        ("to another", echo(PEER, GATEWAY), DropReason::Ipv4NotForUs),
        ("far away", echo(PEER, FAR), DropReason::Ipv4NotForUs),
        ("to a group", echo(PEER, Ipv4Addr::new(224, 0, 0, 9)), DropReason::GroupNotJoined),
        (
            "loose source route",
            packet_with_options(&[131, 3, 4, 0], Protocol::ICMP, &echo_request(b"")),
            DropReason::Ipv4BadOption,
        ),
        (
            "strict source route",
            packet_with_options(&[137, 7, 4, 10, 0, 0, 1, 0], Protocol::ICMP, &echo_request(b"")),
            DropReason::Ipv4BadOption,
        ),
    ];
    for (name, packet, reason) in rows {
        refused(&mut host, name, ip_frame(&packet), reason);
    }
    assert_eq!(host.count(Counter::IpInAddrErrors), 10);
    assert_eq!(host.count(Counter::IpInHdrErrors), 6);
    assert_eq!(host.count(Counter::IpReasmFails), 1);
}

#[test]
fn bad_payloads() {
    let mut host = Host::new();
    let damage = |mut packet: Vec<u8>| {
        *packet.last_mut().unwrap() ^= 1;
        packet
    };
    let icmp = |kind: u8, rest: &[u8]| {
        let mut message = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        message.extend_from_slice(rest);
        let checksum = crate::wire::checksum::Sum::of(&message).checksum();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
        packet(PEER, US, Protocol::ICMP, &message)
    };
    let rows = [
        (
            "ICMP checksum",
            damage(packet(PEER, US, Protocol::ICMP, &echo_request(b"x"))),
            DropReason::IcmpChecksum,
        ),
        ("short ICMP", packet(PEER, US, Protocol::ICMP, &[8, 0, 0, 0]), DropReason::IcmpMalformed),
        ("an unasked answer", icmp(0, b""), DropReason::IcmpIgnored),
        ("a redirect without quote", icmp(5, &[0; 28]), DropReason::IcmpMalformed),
        ("a question for the mask", icmp(17, &[0; 12]), DropReason::IcmpIgnored),
        ("an error without quote", icmp(3, b""), DropReason::IcmpMalformed),
        ("UDP checksum", damage(datagram((PEER, 1), (US, 2), b"x")), DropReason::UdpChecksum),
        ("short UDP", packet(PEER, US, Protocol::UDP, &[0; 7]), DropReason::UdpMalformed),
        ("UDP length", packet(PEER, US, Protocol::UDP, &[0, 1, 0, 2, 0, 9, 0, 0]), DropReason::UdpMalformed),
        ("short TCP", packet(PEER, US, Protocol::TCP, &[0; 19]), DropReason::TcpMalformed),
        ("TCP checksum", damage(syn((PEER, 1), (US, 2))), DropReason::TcpChecksum),
    ];
    for (name, packet, reason) in rows {
        refused(&mut host, name, ip_frame(&packet), reason);
    }
}

#[test]
fn everybodys_packets_are_not_answered() {
    let mut host = Host::new();
    let everybody_here = Ipv4Addr::new(192, 0, 2, 255);
    for destination in [everybody_here, Ipv4Addr::BROADCAST] {
        for (packet, reason) in [
            (packet(PEER, destination, Protocol::ICMP, &echo_request(b"x")), DropReason::IcmpUnwanted),
            (datagram((PEER, 1), (destination, 9), b"x"), DropReason::UdpNoSocket),
            (syn((PEER, 1), (destination, 9)), DropReason::TcpBadAddress),
            (packet(PEER, destination, Protocol(99), b"x"), DropReason::UnknownIpProtocol),
        ] {
            let frame = frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &packet);
            refused(&mut host, "broadcast", frame, reason);
        }
    }
    // To our address, but in a frame to everybody.
    let frame = frame(PEER_MAC, MacAddress::BROADCAST, EtherType::IPV4, &datagram((PEER, 1), (US, 9), b"x"));
    refused(&mut host, "unicast in broadcast", frame, DropReason::UdpNoSocket);
}

#[test]
fn every_truncation_of_a_frame_is_one_drop() {
    let mut host = Host::new();
    let frames = [
        ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"data"))),
        ip_frame(&datagram((PEER, 1), (US, 9), b"data")),
        ip_frame(&syn((PEER, 1), (US, 9))),
        arp_frame(wire_arp::Operation::Request, PEER, US),
    ];
    for frame in frames {
        for len in 0..frame.len() {
            host.arrive(frame[..len].to_vec());
            assert_eq!(host.dropped().len(), 1, "{len}");
        }
    }
    assert_eq!(host.sent(), [""; 0]);
}

#[test]
fn padding_is_no_data() {
    let mut host = Host::new();
    let mut frame = ip_frame(&packet(PEER, US, Protocol::ICMP, &echo_request(b"")));
    frame.resize(ethernet::MIN_FRAME, 0xee);
    host.arrive(frame);
    assert_eq!(host.sent(), ["IP 192.0.2.1 > 192.0.2.2: ICMP echo reply, id 7, seq 1, length 8"]);
}

#[test]
fn options_that_mean_no_harm_pass() {
    let mut host = Host::new();
    let packet = packet_with_options(&[1, 7, 7, 4, 0, 0, 0, 0], Protocol::ICMP, &echo_request(b"x"));
    host.arrive(ip_frame(&packet));
    assert_eq!((host.sent().len(), host.dropped()), (1, vec![]));
}
