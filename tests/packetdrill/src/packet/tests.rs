use super::decode::{Decoded, Tcp, Transport, decode};
use super::encode::{self, Ip};
use super::option::{TcpOption, decode_options, options_len};
use super::{icmp, show};
use crate::language::ast::Flags;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const IP: Ip = Ip {
    source: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    destination: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
    tos: 2,
    ttl: 9,
    flow_label: 0,
};

const IPV6: Ip = Ip {
    source: IpAddr::V6(Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1)),
    destination: IpAddr::V6(Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2)),
    flow_label: 0xabcde,
    ..IP
};

fn segment() -> Tcp {
    Tcp {
        source: 80,
        destination: 1234,
        seq: 0xffff_fff0,
        ack: 7,
        flags: Flags { psh: true, ack: true, ae: true, ece: true, ..Flags::default() },
        reserved: 0,
        window: 500,
        urgent: 0,
        options: vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamp { val: 1, ecr: 2 }],
        payload: vec![0, 1, 2],
    }
}

#[test]
fn tcp_goes_round() {
    let bytes = encode::tcp(&IP, &segment());
    let expected = Decoded {
        source: IP.source,
        destination: IP.destination,
        tos: 2,
        ttl: 9,
        options: 0,
        flow_label: None,
        transport: Transport::Tcp(segment()),
    };
    assert_eq!(decode(&bytes), Ok(expected.clone()));
    assert_eq!(
        show::decoded(&expected),
        "[ect0] P.EA 4294967280:4294967283(3) ack 7 win 500 <nop,nop,TS val 1 ecr 2>"
    );
}

#[test]
fn options_go_round() {
    let options = vec![
        TcpOption::Mss(1460),
        TcpOption::SackOk,
        TcpOption::WindowScale(14),
        TcpOption::Sack(vec![(1, 2), (3, u32::MAX)]),
        TcpOption::FastOpen(vec![1, 2, 3, 4]),
        TcpOption::FastOpenExp(vec![9; 8]),
        TcpOption::AccEcn { e1_first: true, fields: vec![1, 0xff_ffff] },
        TcpOption::AccEcn { e1_first: false, fields: vec![] },
        TcpOption::Md5(vec![7; 16]),
        TcpOption::Other { kind: 99, data: vec![1] },
        TcpOption::Nop,
        TcpOption::Eol,
    ];
    let bytes: Vec<u8> = options.iter().flat_map(TcpOption::encode).collect();
    assert_eq!(bytes.len(), options_len(&options));
    assert_eq!(decode_options(&bytes), Ok(options));
    for bad in [&[2][..], &[2, 0], &[2, 1], &[2, 5, 1], &[8, 200]] {
        assert!(decode_options(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn udp_and_icmp_go_round() {
    let udp = decode(&encode::udp(&IP, 1, 2, &[0; 5])).map(|packet| packet.transport);
    assert_eq!(udp, Ok(Transport::Udp { source: 1, destination: 2, payload: vec![0; 5] }));
    let message = decode(&encode::icmp(&IP, 3, 4, &[0, 0, 5, 0, 1])).unwrap();
    assert_eq!(message.transport, Transport::Icmp { kind: 3, code: 4, rest: vec![0, 0, 5, 0, 1] });
    assert_eq!(show::decoded(&message), "[ect0] icmp unreachable frag_needed");
    assert_eq!(icmp::numbers(false, "unreachable", Some("port_unreachable")), Ok((3, 3)));
    assert!(icmp::numbers(false, "packet_too_big", None).is_err());
}

#[test]
fn every_broken_byte_is_seen() {
    let good = encode::tcp(&IP, &segment());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        assert!(decode(&bad).is_err(), "byte {at}");
    }
    for len in 0..good.len() {
        assert!(decode(&good[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn ipv6_goes_round() {
    let whole = decode(&encode::tcp(&IPV6, &segment())).unwrap();
    let header = (whole.source, whole.destination, whole.tos, whole.ttl, whole.flow_label);
    assert_eq!(header, (IPV6.source, IPV6.destination, 2, 9, Some(0xabcde)));
    assert_eq!(whole.transport, Transport::Tcp(segment()));
    let message = decode(&encode::icmp(&IPV6, 2, 0, &[0, 0, 5, 0, 1])).unwrap();
    assert_eq!(message.transport, Transport::Icmp { kind: 2, code: 0, rest: vec![0, 0, 5, 0, 1] });
    assert_eq!(show::decoded(&message), "[ect0] icmp packet_too_big");
    assert_eq!(icmp::numbers(true, "unreachable", Some("port_unreachable")), Ok((1, 4)));
    let mut bad = encode::udp(&IPV6, 1, 2, &[0; 5]);
    bad[46..48].fill(0);
    assert!(decode(&bad).is_err(), "a datagram without checksum");
}
