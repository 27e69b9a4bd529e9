//! Addresses with other ends, labels, scopes and metrics, beside Linux's.

use anyhow::Result;

use super::pair::{Pair, Shown};

crate::cases! {
    addresses_with_other_ends_labels_scopes_and_metrics_are_linuxs,
}

const IP: &[&str] = &[
    "addr add 10.1.1.1 peer 10.2.2.2/32 dev eth0",
    "addr add 10.1.1.1 peer 10.2.2.3/32 dev eth0",
    "addr add 10.1.1.1 peer 10.2.2.3/32 dev eth0",
    "addr add 10.1.1.1 peer 10.3.3.3/24 dev eth0 metric 77 label eth0:x",
    "addr add 10.1.1.2 peer 10.3.3.9/24 dev eth0",
    "addr add 10.1.1.3 peer 10.3.3.9/24 scope link dev eth0",
    "addr add 169.254.7.7/16 dev eth0",
    "addr add 10.5.5.5/24 scope link broadcast + dev eth0",
    "addr add 10.6.5.5/24 scope 7 dev eth0",
    "addr add 10.6.5.6/24 label eth0:01234567890 dev eth0",
    "addr add 10.7.0.1 peer 10.7.0.9/16 broadcast + dev eth0",
    "addr add 10.8.0.1 remote 10.8.0.2 dev eth0 preference 5 label other",
    "addr add 10.9.0.1/24 peer 10.9.0.1/24 dev eth0",
    "-4 addr show dev eth0",
    "-4 -j addr show dev eth0",
    "-br -4 addr show dev eth0",
    "-br -j -4 addr show dev eth0",
    "-o -4 addr show dev eth0",
    "addr show label eth0:*",
    "-o addr show label eth0:*",
    "-4 addr show label eth0",
    "addr show label other",
    "addr show to 10.3.3.0/24",
    "addr show to 10.1.1.0/24",
    "-4 addr show dev eth0 scope link",
    "-4 route",
    "route show table local dev eth0",
    "route get 10.3.3.77",
    "route get 10.5.5.77",
    "route add 10.50.0.0/16 via 10.5.5.9",
    "route get 10.50.0.1",
    "addr change 10.1.1.1 peer 10.3.3.3/24 dev eth0 metric 55",
    "addr change 10.5.5.5/24 dev eth0 metric 56",
    "-4 route",
    "addr del 10.1.1.1/32 dev eth0",
    "addr del 10.1.1.1 peer 10.2.2.9/32 dev eth0",
    "addr del 10.1.1.1 peer 10.2.2.3 dev eth0",
    "addr del 10.1.1.1 label eth0:y dev eth0",
    "addr del 10.1.1.1 label eth0:x dev eth0",
    "addr del 10.1.1.1 dev eth0",
    "addr del 10.1.1.1 dev eth0",
    "-4 addr show dev eth0",
    "-4 route",
    "route show table local dev eth0",
    "addr add 10.1.1.1 peer fd00::1 dev eth0",
    "addr add 10.1.1.1 peer 10.2.2.2 peer 10.2.2.3 dev eth0",
    "addr add 10.1.1.6/24 metric x dev eth0",
    "addr add 10.1.1.6/24 scope x dev eth0",
    "addr add peer 10.1.1.6/24 dev eth0",
    "addr add fd00::1 peer fd00:2::2/64 dev eth0 nodad metric 99",
    "addr add fd01::1/64 scope link metric 88 dev eth0 nodad",
    "-o addr show dev eth0 to fd00::/8",
    "-6 route show dev eth0",
    "addr change fd01::1/64 dev eth0 metric 5 nodad",
    "addr change fd01::1/64 dev eth0 nodad",
    "-o addr show dev eth0 to fd00::/8",
    "-6 route show dev eth0",
    "addr del fd00::1 dev eth0",
    "addr del fd00::1/64 dev eth0",
    "-6 route show dev eth0",
    "addr flush label eth0:*",
    "link set eth0 down",
    "link set eth0 name lan",
    "-4 addr show dev lan",
];

fn addresses_with_other_ends_labels_scopes_and_metrics_are_linuxs() -> Result<()> {
    Pair::new()?.compare("ip", IP, alike)
}

/// Without the address and the route that a veth gives itself, and its other name's peer.
fn alike(mut shown: Shown) -> Shown {
    shown.lines.retain(|line| !line.contains("fe80:"));
    shown
        .lines
        .iter_mut()
        .for_each(|line| *line = line.replace("lan@peer", "lan").replace("3: lan", "2: lan"));
    shown
}
