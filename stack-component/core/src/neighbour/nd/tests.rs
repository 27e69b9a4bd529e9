//! What messages mean: the tables of RFC 4861 section 7.

use super::*;
use crate::wire::icmpv6::Header;
use alloc::vec;
use alloc::vec::Vec;

const US: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const OUR_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const PEER_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);
const NONCE: [u8; 6] = [1, 2, 3, 4, 5, 6];

fn arrival(source: Ipv6Addr, destination: Ipv6Addr) -> Arrival {
    Arrival { source, destination, hop_limit: 255, code: 0, addressed: LinkDestination::Host }
}

fn us(target: Target) -> Ourselves {
    Ourselves { mac: OUR_MAC, target, nonce: Some(NONCE), router: false }
}

/// Judges a message as it comes from the wire, its options with it.
fn judge(fields: Fields, arrival: Arrival, us: Ourselves) -> Result<Verdict, DropReason> {
    let mut bytes: Vec<u8> = vec![0; fields.message_len()];
    fields.emit(&mut bytes);
    let (message, options) = Message::parse(&Header::parse(&bytes).unwrap()).unwrap();
    match message {
        Message::NeighbourSolicitation { target } => solicitation(&arrival, target, options, us),
        Message::NeighbourAdvertisement { target, router, solicited, override_known } => {
            advertisement(&arrival, target, Flags { router, solicited, override_known }, options, us)
        }
        _ => panic!("{message:?}"),
    }
}

fn asks(target: Ipv6Addr, station: Option<MacAddress>) -> Fields {
    Fields { message: Message::NeighbourSolicitation { target }, station, nonce: None }
}

fn tells(target: Ipv6Addr, station: Option<MacAddress>, solicited: bool) -> Fields {
    let (router, override_known) = (true, false);
    let message = Message::NeighbourAdvertisement { target, router, solicited, override_known };
    Fields { message, station, nonce: None }
}

#[test]
fn who_asks_for_us_is_answered_and_known() {
    for destination in [US, solicited_node(US)] {
        let verdict = judge(asks(US, Some(PEER_MAC)), arrival(PEER, destination), us(Target::Ours)).unwrap();
        let (to, reply) = verdict.reply.unwrap();
        let expected = Message::NeighbourAdvertisement {
            target: US,
            router: false,
            solicited: true,
            override_known: true,
        };
        assert_eq!((to, reply.message, reply.station), (PEER, expected, Some(OUR_MAC)));
        let learn = Learn { address: PEER, mac: Some(PEER_MAC), how: Heard::Asking };
        assert_eq!(verdict.learn, Some(learn));
    }
    let without_station = judge(asks(US, None), arrival(PEER, US), us(Target::Ours)).unwrap();
    assert!(without_station.reply.is_some() && without_station.learn.is_none());
}

#[test]
fn a_probe_for_our_address_is_answered_to_all() {
    let nobody = Ipv6Addr::UNSPECIFIED;
    let probe = arrival(nobody, solicited_node(US));
    let verdict = judge(asks(US, None), probe, us(Target::Ours)).unwrap();
    let (to, reply) = verdict.reply.unwrap();
    assert_eq!((to, verdict.learn), (ALL_NODES, None));
    assert!(matches!(reply.message, Message::NeighbourAdvertisement { solicited: false, .. }));
    let malformed = Err(DropReason::NdiscMalformed);
    assert_eq!(judge(asks(US, Some(PEER_MAC)), probe, us(Target::Ours)), malformed, "says what it has not");
    assert_eq!(judge(asks(US, None), arrival(nobody, US), us(Target::Ours)), malformed, "not to the group");
}

#[test]
fn a_tentative_address_is_a_duplicate_or_not() {
    let probe = arrival(Ipv6Addr::UNSPECIFIED, solicited_node(US));
    let tentative = us(Target::Tentative);
    let duplicate = |fields, arrival| {
        let verdict = judge(fields, arrival, tentative).unwrap();
        assert!(verdict.reply.is_none() && verdict.learn.is_none(), "a tentative address does not answer");
        verdict.duplicate
    };
    assert!(duplicate(asks(US, None), probe), "another looks for it, too");
    assert!(!duplicate(Fields { nonce: Some(NONCE), ..asks(US, None) }, probe), "our own question");
    assert!(duplicate(Fields { nonce: Some([9; 6]), ..asks(US, None) }, probe));
    assert!(!duplicate(asks(US, Some(PEER_MAC)), arrival(PEER, solicited_node(US))), "just a question");
    assert!(duplicate(tells(US, Some(PEER_MAC), false), arrival(US, ALL_NODES)), "somebody has it");
}

#[test]
fn what_advertisements_say() {
    let verdict = judge(tells(PEER, Some(PEER_MAC), true), arrival(PEER, US), us(Target::Other)).unwrap();
    let how = Heard::Advertised { solicited: true, override_known: false, router: true };
    assert_eq!(verdict.learn, Some(Learn { address: PEER, mac: Some(PEER_MAC), how }));
    let ours = judge(tells(US, Some(PEER_MAC), false), arrival(US, ALL_NODES), us(Target::Ours)).unwrap();
    assert!(ours.conflict && ours.learn.is_none());
}

#[test]
fn what_cannot_be() {
    let group = ALL_NODES;
    let ours = us(Target::Ours);
    let other = us(Target::Other);
    let routed = Arrival { hop_limit: 254, ..arrival(PEER, US) };
    let coded = Arrival { code: 1, ..arrival(PEER, US) };
    let malformed = Err(DropReason::NdiscMalformed);
    let bad_source = Err(DropReason::NdiscBadSource);
    assert_eq!(judge(asks(US, None), routed, ours), malformed);
    assert_eq!(judge(asks(US, None), coded, ours), malformed);
    assert_eq!(judge(asks(group, None), arrival(PEER, US), other), malformed);
    assert_eq!(judge(tells(PEER, None, false), routed, other), malformed);
    assert_eq!(judge(tells(group, None, false), arrival(PEER, US), other), malformed);
    assert_eq!(judge(tells(PEER, None, true), arrival(PEER, group), other), malformed, "solicited by all");
    assert_eq!(judge(asks(PEER, None), arrival(PEER, US), other), Err(DropReason::NdiscNotForUs));
    assert_eq!(judge(asks(US, Some(OUR_MAC)), arrival(PEER, US), ours), bad_source);
    assert_eq!(judge(tells(PEER, Some(OUR_MAC), false), arrival(PEER, US), other), bad_source);
    let a_group = MacAddress([0x33, 0x33, 0, 0, 0, 1]);
    let verdict = judge(asks(US, Some(a_group)), arrival(PEER, US), ours).unwrap();
    assert_eq!(verdict.learn, None, "a group is no station");
}

#[test]
fn what_we_send() {
    let (to, question_to_all) = question(OUR_MAC, PEER, false);
    assert_eq!((to, question_to_all), (solicited_node(PEER), asks(PEER, Some(OUR_MAC))));
    assert_eq!(question(OUR_MAC, PEER, true).0, PEER);
    let (to, probe) = probe(US, Some(NONCE));
    assert_eq!((to, probe.station, probe.nonce), (solicited_node(US), None, Some(NONCE)));
    let (to, announcement) = announcement(OUR_MAC, US, true);
    assert_eq!((to, announcement.station), (ALL_NODES, Some(OUR_MAC)));
}
