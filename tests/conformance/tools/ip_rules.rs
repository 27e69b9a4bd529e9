//! Rules that ask for protocols and ports and that lead to others, beside Linux's.

use anyhow::Result;

use super::pair::{Pair, Shown};

crate::cases! {
    rules_with_ports_and_gotos_are_linuxs,
}

const IP: &[&str] = &[
    "rule add ipproto tcp dport 80 table 100 pref 500",
    "rule add ipproto tcp dport 80 table 100 pref 500",
    "rule add ipproto tcp dport 80-90 sport 5-6 table 100 pref 501",
    "rule add ipproto 47 pref 502 unreachable",
    "rule add sport 0 pref 503 table 100",
    "rule add sport 9-5 pref 503 table 100",
    "rule add dport 1-65535 pref 503 table 100",
    "rule add sport 1-65534 pref 503 table 101",
    "rule add sport x pref 503 table 100",
    "rule add ipproto frob pref 503 table 100",
    "rule add ipproto icmp pref 507 table 100",
    "rule add ipproto udp from 10.1.0.0/16 iif eth0 tos 0x10 fwmark 5 dport 53 pref 508 table 100",
    "rule add goto 700 pref 600",
    "rule add goto 600 pref 600",
    "rule add goto 500 pref 600",
    "rule add goto x",
    "rule add nop pref 601",
    "rule add goto 601 pref 550",
    "rule add goto 502",
    "rule add goto 502",
    "rule add pref 800 dport 7",
    "rule",
    "-j rule",
    "rule show ipproto tcp",
    "rule show dport 80",
    "rule show sport 5-6",
    "rule del pref 601",
    "rule",
    "-j rule",
    "rule del dport 80",
    "rule del ipproto icmp",
    "rule del ipproto icmp",
    "rule del goto 700",
    "rule",
    "rule flush",
    "rule add pref 32766 table main",
    "rule add pref 400 dport 22 goto 500",
    "rule add pref 410 ipproto tcp dport 22-80 table 100",
    "rule add pref 500 nop",
    "rule add pref 510 sport 9 prohibit",
    "route add table 100 10.50.0.0/16 via 10.0.2.3",
    "route get 10.50.0.1 ipproto tcp dport 80",
    "route get 10.50.0.1 ipproto tcp dport 81",
    "route get 10.50.0.1 ipproto udp dport 80",
    "route get 10.50.0.1 ipproto tcp dport 22",
    "route get 10.50.0.1 ipproto tcp sport 9 dport 22",
    "route get 10.50.0.1",
    "-6 rule add ipproto tcp sport 9 table 100",
    "-6 rule add ipproto ipv6-icmp goto 40000",
    "-6 rule",
    "-6 -j rule",
    "-6 rule del ipproto tcp",
    "-6 rule",
];

fn rules_with_ports_and_gotos_are_linuxs() -> Result<()> {
    Pair::new()?.compare("ip", IP, Shown::without_ipv6)
}
