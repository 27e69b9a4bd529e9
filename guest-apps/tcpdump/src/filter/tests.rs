//! Expressions, and which frames fit them, on the machine that the stack has.

use super::*;
use stack_core::bpf::{self, Program, View};
use stack_core::random::SeededRandom;

/// A frame with what is known of it.
struct Frame {
    name: &'static str,
    bytes: Vec<u8>,
    vlan: Option<u16>,
    outgoing: bool,
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let addresses = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02";
    [&addresses[..], &ether_type.to_be_bytes(), payload].concat()
}

fn v4(protocol: u8, offset: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    // One option, so that what is behind does not stand where it usually does.
    let mut packet = vec![0x46, 0, 0, 60, 0, 0, 0, offset, 64, protocol, 0, 0];
    packet.extend([&from[..], &to, &[1; 4], payload].concat());
    ethernet(0x0800, &packet)
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 8, next, 64];
    packet.extend("fd00::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    packet.extend("ff02::2".parse::<std::net::Ipv6Addr>().unwrap().octets());
    packet.extend(payload);
    ethernet(0x86dd, &packet)
}

fn frames() -> Vec<Frame> {
    let (us, peer) = ([10, 0, 0, 1], [192, 0, 2, 9]);
    let ports = |from: u16, to: u16| [from.to_be_bytes(), to.to_be_bytes(), [0; 2], [0; 2]].concat();
    let arp = [&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2][..], &peer, &[0; 6], &us].concat();
    let frame = |name, bytes| Frame { name, bytes, vlan: None, outgoing: false };
    let mut broadcast = ethernet(0x0806, &arp);
    broadcast[..6].fill(0xff);
    vec![
        frame("tcp", v4(6, 0, us, peer, &ports(40_000, 80))),
        Frame { outgoing: true, ..frame("udp", v4(17, 0, peer, us, &ports(53, 5353))) },
        frame("later", v4(17, 9, peer, us, &ports(53, 5353))),
        Frame { vlan: Some(0x2064), ..frame("icmp", v4(1, 0, us, peer, &[8, 0])) },
        frame("arp", broadcast),
        frame("tcp6", v6(6, &ports(443, 1024))),
        frame("icmp6", v6(58, &[128, 0])),
        frame("piece6", v6(44, &[17, 0, 0, 1, 0, 0, 0, 7])),
    ]
}

/// The names of the frames that fit.
fn fitting(expression: &str) -> Vec<&'static str> {
    let program = compile(expression, 64).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let instruction = |instruction: &Instruction| bpf::Instruction {
        code: instruction.code,
        jump_true: instruction.jump_true,
        jump_false: instruction.jump_false,
        k: instruction.k,
    };
    let program: Vec<_> = program.iter().map(instruction).collect();
    let program = Program::new(&program).unwrap_or_else(|| panic!("{expression}: {program:?}"));
    let fits = |frame: &Frame| {
        let packet_type = if frame.outgoing { 4 } else { 0 };
        let view = View { data: &frame.bytes, vlan: frame.vlan, packet_type, ..View::default() };
        program.keep(&view, &mut SeededRandom::new(1)) > 0
    };
    frames().iter().filter(|frame| fits(frame)).map(|frame| frame.name).collect()
}

#[test]
fn expressions_choose_frames() {
    let rows: &[(&str, &[&str])] = &[
        ("ip", &["tcp", "udp", "later", "icmp"]),
        ("ip6", &["tcp6", "icmp6", "piece6"]),
        ("arp", &["arp"]),
        ("icmp", &["icmp"]),
        ("icmp6", &["icmp6"]),
        ("tcp", &["tcp", "tcp6"]),
        ("udp", &["udp", "later", "piece6"]),
        ("host 10.0.0.1", &["tcp", "udp", "later", "icmp", "arp"]),
        ("10.0.0.1", &["tcp", "udp", "later", "icmp", "arp"]),
        ("src host 10.0.0.1", &["tcp", "icmp"]),
        ("arp host 10.0.0.1", &["arp"]),
        ("src 192.0.2.9 and ip", &["udp", "later"]),
        ("src and dst 10.0.0.1", &[]),
        ("src or dst host 10.0.0.1 and not ip", &["arp"]),
        ("net 192.0.2.0/24", &["tcp", "udp", "later", "icmp", "arp"]),
        ("net 192.0.2", &["tcp", "udp", "later", "icmp", "arp"]),
        ("dst net 10.0.0.0 mask 255.0.0.0", &["udp", "later", "arp"]),
        ("net 0.0.0.0/0", &["tcp", "udp", "later", "icmp", "arp"]),
        ("host fd00::1", &["tcp6", "icmp6", "piece6"]),
        ("dst net ff02::/16", &["tcp6", "icmp6", "piece6"]),
        ("src net fd00:0:0:1::/64", &[]),
        ("port 80", &["tcp"]),
        ("port 53", &["udp"]),
        ("src port domain", &["udp"]),
        ("udp port 80", &[]),
        ("tcp dst port 80 or 1024", &["tcp", "tcp6"]),
        ("portrange 400-500", &["tcp6"]),
        ("ip6 port 443", &["tcp6"]),
        ("ip proto \\icmp", &["icmp"]),
        ("ip proto 17", &["udp", "later"]),
        ("ether proto 0x0806", &["arp"]),
        ("ether host 02:00:00:00:00:02", &["tcp", "udp", "later", "icmp", "arp", "tcp6", "icmp6", "piece6"]),
        ("ether dst 02:00:00:00:00:02", &[]),
        ("broadcast", &["arp"]),
        ("multicast", &["arp"]),
        ("ip6 multicast", &["tcp6", "icmp6", "piece6"]),
        ("vlan", &["icmp"]),
        ("vlan 100", &["icmp"]),
        ("vlan 101", &[]),
        ("outbound", &["udp"]),
        ("inbound and udp", &["later", "piece6"]),
        ("less 42", &["arp", "icmp"]),
        ("greater 62", &["piece6", "tcp6"]),
        ("not (ip or ip6)", &["arp"]),
        ("!ip && !ip6", &["arp"]),
        ("arp or icmp and icmp", &["icmp"]),
    ];
    for (expression, expected) in rows {
        let mut expected = expected.to_vec();
        let mut found = fitting(expression);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{expression}");
    }
}

#[test]
fn long_expressions_jump_far() {
    let many: Vec<String> = (0..100).map(|last| format!("host 10.9.9.{last}")).collect();
    assert_eq!(fitting(&format!("{} or arp", many.join(" or "))), ["arp"]);
    let too_many: Vec<String> = (0..2000).map(|_| "host 10.9.9.9".to_owned()).collect();
    assert_eq!(compile(&too_many.join(" or "), 64), Err("the expression is too long".into()));
}

#[test]
fn what_is_no_expression_is_said() {
    for (expression, part) in [
        ("frob", "syntax error in the filter expression at \"frob\""),
        ("hots 10.0.0.1", "at \"hots\"\nDid you mean \"host\"?"),
        ("tcp prot 80", "at \"prot\"\nDid you mean"),
        ("port htpt", "unknown port 'htpt'\nDid you mean \"http\"?"),
        ("ip proto tpc", "unknown protocol 'tpc'\nDid you mean \"tcp\"?"),
        ("host", "at \"end\""),
        ("tcp and", "at \"end\""),
        ("(tcp", "at \"end\""),
        ("tcp )", "at \")\""),
        ("tcp udp", "at \"udp\""),
        ("port frob", "unknown port 'frob'"),
        ("host frob", "unknown host 'frob'"),
        ("icmp port 7", "'icmp' modifier applied to 'port'"),
        ("tcp host 10.0.0.1", "'tcp' modifier applied to 'host'"),
        ("ip host fd00::1", "'ip' modifier applied to 'host'"),
        ("ip proto frob", "unknown protocol 'frob'"),
        ("less frob", "a number is expected"),
        ("net 10.0.0.0 mask 255.0.255.0", "at \"255.0.255.0\""),
        ("80", "at \"80\""),
    ] {
        let error = compile(expression, 64).expect_err(expression);
        assert!(error.contains(part), "{expression}: {error}");
    }
    assert!(compile(&"not ".repeat(1000), 64).unwrap_err().contains("too deep"));
    assert_eq!(compile("  ", 64), Ok(Vec::new()));
}

#[test]
fn programs_are_shown_as_c_has_them() {
    let program = compile("arp", 64).unwrap();
    assert_eq!(
        show(&program),
        "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000806 },\n{ 0x6, 0, 0, 0x00000040 },\n{ 0x6, 0, 0, 0x00000000 },\n"
    );
}
