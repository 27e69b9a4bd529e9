//! What messages say, and which are refused.

use super::*;
use crate::random::{Random, SeededRandom};
use crate::wire::icmpv6::Header;
use alloc::vec;
use alloc::vec::Vec;

const STATION: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);
const TARGET: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);

fn header(kind: Type, rest: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0; icmpv6::HEADER_LEN];
    icmpv6::Fields { kind, code: 0, rest }.emit(&mut bytes);
    bytes
}

fn parse(bytes: &[u8]) -> Result<(Message, Vec<NdpOption<'_>>), Malformed> {
    let (message, options) = Message::parse(&Header::parse(bytes).unwrap())?;
    Ok((message, options.collect()))
}

/// A router advertisement with these options.
fn advertisement(options: &[u8]) -> Vec<u8> {
    let mut bytes = header(Type::ROUTER_ADVERTISEMENT, [64, 0x88, 0x07, 0x08]);
    bytes.extend_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 3, 0xe8]);
    bytes.extend_from_slice(options);
    bytes
}

fn prefix_option() -> Vec<u8> {
    let mut option = vec![3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x07, 0x08, 0, 0, 0, 0];
    option.extend_from_slice(&TARGET.octets());
    option
}

#[test]
fn what_we_send_is_parsed() {
    let solicitation = Message::NeighbourSolicitation { target: TARGET };
    let advertisement = |router, solicited, override_known| Message::NeighbourAdvertisement {
        target: TARGET,
        router,
        solicited,
        override_known,
    };
    let nonce = Some([1, 2, 3, 4, 5, 6]);
    let of_source = NdpOption::SourceLinkAddress(STATION);
    let of_target = NdpOption::TargetLinkAddress(STATION);
    let rows = [
        (Message::RouterSolicitation, None, None, 8, vec![]),
        (Message::RouterSolicitation, Some(STATION), None, 16, vec![of_source]),
        (solicitation, Some(STATION), None, 32, vec![of_source]),
        (solicitation, None, nonce, 32, vec![NdpOption::Nonce(&[1, 2, 3, 4, 5, 6])]),
        (advertisement(true, false, true), Some(STATION), None, 32, vec![of_target]),
        (advertisement(false, true, false), None, None, 24, vec![]),
    ];
    for (message, station, nonce, len, options) in rows {
        let fields = Fields { message, station, nonce };
        let mut bytes = vec![0xee; fields.message_len()];
        fields.emit(&mut bytes);
        assert_eq!((bytes.len(), parse(&bytes)), (len, Ok((message, options))));
        assert!(len <= Fields::MAX_LEN);
    }
}

#[test]
fn what_a_router_says() {
    let mut options = prefix_option();
    options.extend_from_slice(&[5, 1, 0, 0, 0, 0, 0x05, 0x78]);
    options.extend_from_slice(&[24, 2, 48, 0x18, 0, 0, 0, 60, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0]);
    options.extend_from_slice(&[24, 1, 0, 0x08, 0xff, 0xff, 0xff, 0xff]);
    options.extend_from_slice(&[25, 3, 0, 0, 0, 0, 0, 30]);
    options.extend_from_slice(&TARGET.octets());
    options.extend_from_slice(&[31, 2, 0, 0, 0, 0, 0, 30, 3, b'l', b'a', b'n', 0, 0, 0, 0]);
    let bytes = advertisement(&options);
    let (message, options) = parse(&bytes).unwrap();
    let expected = RouterAdvertisement {
        hop_limit: 64,
        managed: true,
        other: false,
        preference: Preference::High,
        lifetime: 1800,
        reachable_ms: 30_000,
        retransmit_ms: 1000,
    };
    assert_eq!(message, Message::RouterAdvertisement(expected));
    let (valid, preferred) = (3600, 1800);
    let network = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0);
    let route = |address, len, preference, lifetime| {
        NdpOption::Route(RouteInformation { address, len, preference, lifetime })
    };
    assert_eq!(
        options,
        [
            NdpOption::Prefix(Prefix {
                address: TARGET,
                len: 64,
                on_link: true,
                autonomous: true,
                valid,
                preferred
            }),
            NdpOption::Mtu(1400),
            route(network, 48, Preference::Low, 60),
            route(Ipv6Addr::UNSPECIFIED, 0, Preference::High, u32::MAX),
            NdpOption::Resolvers { lifetime: 30, addresses: &[TARGET.octets()] },
            NdpOption::Domains { lifetime: 30, names: &[3, b'l', b'a', b'n', 0, 0, 0, 0] },
        ]
    );
}

#[test]
fn a_redirect() {
    let mut bytes = header(Type::REDIRECT, [0; 4]);
    let destination = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 1);
    bytes.extend_from_slice(&TARGET.octets());
    bytes.extend_from_slice(&destination.octets());
    bytes.extend_from_slice(&[4, 2, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0]);
    let quoted = NdpOption::Redirected(&[0x60, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(parse(&bytes), Ok((Message::Redirect { target: TARGET, destination }, vec![quoted])));
}

#[test]
fn options_without_a_length_or_an_end_spoil_the_message() {
    assert_eq!(parse(&advertisement(&[5, 0, 0, 0, 0, 0, 0, 0])), Err(Malformed::HeaderLength));
    assert_eq!(parse(&advertisement(&[5, 2, 0, 0, 0, 0, 0, 0])), Err(Malformed::Truncated));
    assert_eq!(parse(&advertisement(&[5])), Err(Malformed::Truncated));
    for kind in [Type::NEIGHBOUR_SOLICITATION, Type::NEIGHBOUR_ADVERTISEMENT, Type::REDIRECT] {
        let mut bytes = header(kind, [0; 4]);
        bytes.extend_from_slice(&[0; 15]);
        assert_eq!(parse(&bytes), Err(Malformed::Truncated));
    }
    assert_eq!(parse(&header(Type::ROUTER_ADVERTISEMENT, [0; 4])), Err(Malformed::Truncated));
}

#[test]
fn options_of_a_wrong_length_are_ignored() {
    let rows: [(u8, &[u8]); 8] = [
        (1, &[1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (3, &[3, 1, 0, 0, 0, 0, 0, 0]),
        (5, &[5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (24, &[24, 1, 64, 0, 0, 0, 0, 0]),
        (24, &[24, 1, 0, 0x10, 0, 0, 0, 0]),
        (25, &[25, 1, 0, 0, 0, 0, 0, 0]),
        (25, &[25, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (31, &[31, 1, 0, 0, 0, 0, 0, 0]),
    ];
    for (kind, option) in rows {
        assert_eq!(parse(&advertisement(option)).unwrap().1, [NdpOption::Malformed(kind)]);
    }
    let unknown = [200, 1, 0, 0, 0, 0, 0, 0];
    assert_eq!(parse(&advertisement(&unknown)).unwrap().1, [NdpOption::Unknown(200)]);
}

#[test]
fn any_bytes_will_do() {
    let mut random = SeededRandom::new(61);
    let sample = advertisement(&[prefix_option(), [25, 3, 0, 0, 0, 0, 0, 30].repeat(3)].concat());
    for _ in 0..20_000 {
        let mut bytes = sample.clone();
        for _ in 0..random.below(6) {
            let at = random.below(bytes.len() as u32) as usize;
            bytes[at] = random.next_u32() as u8;
        }
        bytes[0] = 133 + random.below(5) as u8;
        bytes.truncate(8 + random.below(bytes.len() as u32 - 7) as usize);
        if let Ok((_, options)) = parse(&bytes) {
            assert!(options.len() <= bytes.len() / 8);
        }
    }
}
