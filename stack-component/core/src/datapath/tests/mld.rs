//! IPv6 groups: what routers ask, what they are told, and whom they are not believed.

use super::ipv6::{OUR_LINK_LOCAL, ROUTER, frame6, fresh, icmp6};
use super::*;
use crate::multicast::{Filter, GroupChange, Mode};
use crate::stack::SocketHandle;
use crate::wire::icmpv6;
use crate::wire::igmp::RecordType::{self, *};
use crate::wire::ipv6;
use crate::wire::mld::{self, ALL_V2_ROUTERS};
use core::net::{IpAddr, Ipv6Addr};

const GROUP: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0x77);
const SOLICITED: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 1);
const NOBODY: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

type Told = (Ipv6Addr, Ipv6Addr, Vec<u8>);

/// The messages that were sent, with their ends, their checksums left out.
fn told(host: &mut Host) -> Vec<Told> {
    let frames = core::mem::take(&mut host.eth0.wire().sent);
    let packets = frames.iter().map(|frame| ipv6::Header::parse(&frame[14..]).unwrap());
    packets
        .filter(|header| header.next_header() == Protocol::HOP_BY_HOP)
        .map(|header| {
            assert_eq!((header.hop_limit(), header.traffic_class(), header.flow_label()), (1, 0, 0));
            let (options, message) = header.payload().split_at(8);
            assert_eq!(options, [58, 0, 5, 2, 0, 0, 1, 0]);
            let parsed = icmpv6::Header::parse(message).unwrap();
            assert!(parsed.checksum_is_valid(header.source(), header.destination()));
            let mut message = message.to_vec();
            message[2..4].fill(0);
            (header.source(), header.destination(), message)
        })
        .collect()
}

fn report(from: Ipv6Addr, records: &[(RecordType, Ipv6Addr)]) -> Told {
    let records: Vec<_> = records.iter().map(|&(kind, group)| (kind, group, vec![])).collect();
    (from, ALL_V2_ROUTERS, mld::report(&records))
}

/// A router's question, with the router alert or without.
fn question(from: Ipv6Addr, hop_limit: u8, alert: bool, group: Ipv6Addr, rest: &[u8]) -> Vec<u8> {
    let to = if group.is_unspecified() { ipv6::ALL_NODES } else { group };
    let mut message = [&[130, 0, 0, 0, 0x27, 0x10, 0, 0][..], &group.octets(), rest].concat();
    icmpv6::fill_checksum(from, to, &mut message);
    match alert {
        true => {
            let packet = [&mld::HOP_BY_HOP[..], &message].concat();
            frame6(from, to, Protocol::HOP_BY_HOP, hop_limit, &packet)
        }
        false => icmp6(from, to, hop_limit, &message),
    }
}

/// A host that has its link-local address, and has told so.
fn settled() -> Host {
    let mut host = fresh(&[]);
    host.wait(5_000);
    told(&mut host);
    host.dropped();
    host
}

fn join(host: &mut Host, group: Ipv6Addr) -> SocketHandle {
    let socket = SocketHandle::Udp(host.stack.udp_open().unwrap());
    host.stack
        .change_group(socket, Some(ETH0), group.into(), GroupChange::Join(Filter::EVERYBODY), host.now)
        .unwrap();
    socket
}

#[test]
fn the_groups_of_addresses_are_told_before_and_after_there_is_one_to_tell_from() {
    let mut host = fresh(&[("router_solicitations", "0")]);
    host.wait(5_000);
    let (early, late): (Vec<_>, Vec<_>) = told(&mut host).into_iter().partition(|(from, ..)| *from == NOBODY);
    assert!(!early.is_empty() && early.iter().all(|one| *one == report(NOBODY, &[(ToExclude, SOLICITED)])));
    let again = report(OUR_LINK_LOCAL, &[(ToExclude, SOLICITED)]);
    assert!(late.starts_with(&[again.clone(), again]), "a switch may have missed it");
    host.stack.add_address(ETH0, "2001:db8::1:5/64".parse().unwrap()).unwrap();
    host.wait(2_000);
    let other = "ff02::1:ff01:5".parse().unwrap();
    assert_eq!(told(&mut host)[0], report(OUR_LINK_LOCAL, &[(ToExclude, other)]));
    host.stack.remove_address(ETH0, "2001:db8::1:5".parse().unwrap()).unwrap();
    host.wait(2_000);
    assert_eq!(told(&mut host)[0], report(OUR_LINK_LOCAL, &[(ToInclude, other)]));
    assert!(host.count(Counter::Icmp6OutMLDv2Reports) >= 7);
}

#[test]
fn a_router_tells_that_it_is_one() {
    let mut host = settled();
    host.stack.set_sysctl("net.ipv6.conf.eth0.forwarding", "1").unwrap();
    host.wait(0);
    let of_site = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 2);
    let records = [(ToExclude, ipv6::ALL_ROUTERS), (ToExclude, of_site)];
    assert_eq!(told(&mut host), [report(OUR_LINK_LOCAL, &records)]);
}

#[test]
fn only_a_neighbours_question_is_answered() {
    let mut host = settled();
    join(&mut host, GROUP);
    host.wait(2_000);
    told(&mut host);
    let far = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);
    let v2 = [2, 125, 0, 0];
    let rows = [
        (question(ROUTER, 1, true, NOBODY, &v2), None),
        (question(ROUTER, 1, true, GROUP, &v2), None),
        (question(ROUTER, 2, true, NOBODY, &v2), Some(DropReason::MldNotFromLink)),
        (question(ROUTER, 1, false, NOBODY, &v2), Some(DropReason::MldNotFromLink)),
        (question(far, 1, true, NOBODY, &v2), Some(DropReason::MldNotFromLink)),
        (question(ROUTER, 1, true, NOBODY, &v2[..2]), Some(DropReason::MldMalformed)),
        (question(ROUTER, 1, true, NOBODY, &[2, 125, 0, 9]), Some(DropReason::MldMalformed)),
    ];
    let all = report(OUR_LINK_LOCAL, &[(IsExclude, SOLICITED), (IsExclude, GROUP)]);
    let one = report(OUR_LINK_LOCAL, &[(IsExclude, GROUP)]);
    let mut answers = [all, one].into_iter();
    for (row, (frame, reason)) in rows.into_iter().enumerate() {
        host.arrive(frame);
        assert_eq!(host.dropped(), Vec::from_iter(reason), "row {row}");
        host.wait(10_000);
        let expected = if reason.is_none() { answers.next() } else { None };
        assert_eq!(told(&mut host), Vec::from_iter(expected), "row {row}");
    }
    assert_eq!(host.count(Counter::Icmp6InGroupMembQueries), 7);
}

#[test]
fn an_old_router_is_told_in_its_words_unless_another_host_has() {
    let mut host = settled();
    let socket = join(&mut host, GROUP);
    host.wait(2_000);
    told(&mut host);
    let ask = |group| question(ROUTER, 1, true, group, &[]);
    let listens = (OUR_LINK_LOCAL, GROUP, mld::old_report(GROUP));
    host.arrive(ask(GROUP));
    host.wait(10_000);
    assert_eq!(told(&mut host), [listens]);
    host.arrive(ask(GROUP));
    let peer = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xb);
    host.arrive(icmp6(peer, GROUP, 1, &mld::old_report(GROUP)));
    host.wait(10_000);
    assert_eq!(told(&mut host), []);
    let far = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);
    host.arrive(ask(GROUP));
    host.arrive(icmp6(far, GROUP, 1, &mld::old_report(GROUP)));
    assert_eq!(host.dropped(), [DropReason::MldNotFromLink]);
    host.wait(10_000);
    assert_eq!(told(&mut host).len(), 1);
    host.stack.change_group(socket, None, GROUP.into(), GroupChange::Leave, host.now).unwrap();
    assert_eq!(told(&mut host), [(OUR_LINK_LOCAL, ipv6::ALL_ROUTERS, mld::done(GROUP))]);
    assert_eq!(host.count(Counter::Icmp6OutGroupMembResponses), 2);
    assert_eq!(host.count(Counter::Icmp6OutGroupMembReductions), 1);
}

#[test]
fn long_lists_go_into_several_reports() {
    let mut host = settled();
    for socket in 0..3u16 {
        let source = |n| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, socket, n));
        let filter = Filter { mode: Mode::Include, sources: (0..64).map(source).collect() };
        let socket = SocketHandle::Udp(host.stack.udp_open().unwrap());
        host.stack
            .change_group(socket, Some(ETH0), GROUP.into(), GroupChange::Join(filter), host.now)
            .unwrap();
    }
    host.wait(2_000);
    told(&mut host);
    host.arrive(question(ROUTER, 1, true, GROUP, &[2, 125, 0, 0]));
    host.wait(10_000);
    let told = told(&mut host);
    let sources = told.iter().map(|(_, _, message)| (message.len() - 28) / 16);
    assert_eq!(sources.collect::<Vec<_>>(), [89, 89, 14]);
    assert_eq!(host.dropped(), []);
}

#[test]
fn what_nobody_joined_is_not_heard() {
    let mut host = settled();
    let message = [&[128, 0, 0, 0, 0, 7, 0, 1][..], b"x"].concat();
    let echo = || icmp6(ROUTER, GROUP, 64, &message);
    host.arrive(echo());
    assert_eq!(host.dropped(), [DropReason::Ipv6NotForUs]);
    join(&mut host, GROUP);
    host.arrive(echo());
    assert_eq!(host.dropped(), []);
}
