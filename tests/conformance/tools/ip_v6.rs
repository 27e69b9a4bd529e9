//! `ip` on a stack with addresses of both versions.

use anyhow::{Result, ensure};

use super::pair::{Pair, Shown};

crate::cases! {
    ip_shows_and_says_what_linuxs_does_of_ipv6,
    a_card_without_ipv6_is_given_no_address_of_it,
}

/// What gives both an IPv6 address, and no other.
const SIX: [&str; 3] = [
    "-6 addr flush dev eth0",
    "-6 addr add fd00:2::15/64 dev eth0 nodad",
    "-6 route add default via fd00:2::2",
];

/// The commands, in their order.
const IP6: &[&str] = &[
    "-6 addr show dev eth0",
    "-6 -j addr show dev eth0",
    "-6 -br addr show dev eth0",
    "-6 -o addr show dev eth0",
    "addr add fd00:3::15/64 dev eth0 nodad",
    "addr add 10.3.0.15/24 dev eth0 brd +",
    "addr add 10.3.1.15/24 dev eth0 broadcast 10.3.1.77",
    "addr add 10.3.2.15/24 dev eth0 brd -",
    "addr add 10.3.3.15/24 dev eth0",
    "addr show dev eth0",
    "-j addr show dev eth0",
    "-br addr show dev eth0",
    "addr show dev lo",
    "-j addr show dev lo",
    "addr add fd00:3::15/64 dev eth0 nodad",
    "-6 addr del fd00:3::15/64 dev eth0",
    "-6 addr del fd00:3::15/64 dev eth0",
    "addr del 10.3.0.15/24 dev eth0",
    "-4 maddress show dev eth0",
    "-6 maddress show dev eth0",
    "-6 -j maddress show dev eth0",
    "-6 neigh",
    "-6 neigh add fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0",
    "-6 neigh",
    "-6 -j neigh",
    "-6 neigh change fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0 router",
    "-6 neigh",
    "-6 -j neigh",
    "-6 neigh change fd00:2::9 lladdr 02:00:00:00:00:09 dev eth0",
    "-6 neigh show nud permanent",
    "neigh get fd00:2::9 dev eth0",
    "-6 neigh del fd00:2::9 dev eth0",
    "-6 neigh del fd00:2::9 dev eth0",
    "-6 route",
    "-6 -j route",
    "-6 -d route",
    "route get ::1",
    "-j route get ::1",
    "route get fd00:2::15",
    "route get fd00:2::99",
    "route get fd00:9::99",
    "-j route get fd00:9::99",
    "-d route get fd00:9::99",
    "route get fd00:9::9 mark 5",
    "route get fd00:9::9 from fd00:2::15",
    "route get fd00:9::9 from fd00:2::77 iif eth0",
    "-6 route add fd00:8::/64 via fd00:2::3 mtu 1300",
    "-6 route add fd00:8::/32 via fd00:2::3",
    "route get fd00:8::1",
    "-j route get fd00:8::1",
    "-6 route add unreachable fd00:7::/64",
    "-6 route add blackhole fd00:6::/64 metric 5",
    "-6 route add prohibit fd00:5::/64 table 100",
    "route get fd00:7::1",
    "route get fd00:6::1",
    "-6 route add fd00:a::/64 nexthop via fd00:2::3 weight 2 nexthop via fd00:2::4",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 7 proto static",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 7",
    "-6 route add fd00:b::/64 via fd00:2::3 metric 9",
    "-6 route",
    "-6 -j route",
    "-6 -d -j route",
    "-6 route show table 100",
    "-6 route show proto static",
    "-6 route show dev eth0",
    "-6 route show match fd00:a::1",
    "-6 route show root fd00:8::/32",
    "route get fibmatch fd00:9::1",
    "-6 route del fd00:c::/64",
    "-6 route del fd00:a::/64 via fd00:2::9",
    "-6 route del fd00:a::/64 via fd00:2::4",
    "-6 route show fd00:a::/64",
    "-6 route change fd00:a::/64 via fd00:2::5",
    "-6 route change fd00:e::/64 via fd00:2::5",
    "-6 route show fd00:a::/64",
    "-6 route add fd00:d::/64 via fd00:77::3",
    "-6 rule",
    "-6 -j rule",
    "-6 rule add from fd00:1::/64 table 100 pref 5",
    "-6 rule add not to fd00:1::/64 fwmark 3 table 100 pref 6",
    "-6 rule",
    "-6 -j rule",
    "-6 rule del pref 6",
    "-6 rule",
];

fn ip_shows_and_says_what_linuxs_does_of_ipv6() -> Result<()> {
    let pair = Pair::new()?;
    for line in SIX {
        ensure!(pair.linuxs("ip", line)?.is_fine() && pair.ours("ip", line)?.code == Some(0), "{line}");
    }
    pair.compare("ip", IP6, |shown| shown)
}

/// What cannot be a card's, and what cannot be one's without IPv6.
fn a_card_without_ipv6_is_given_no_address_of_it() -> Result<()> {
    const NOBODYS: [&str; 3] =
        ["addr add ff02::7/64 dev eth0", "addr add ::1/128 dev eth0", "addr add ::/64 dev eth0"];
    const SOMEBODYS: [&str; 2] = ["addr add fd01::1/64 dev eth0", "addr replace fd01::1/64 dev eth0"];
    let pair = Pair::new()?;
    for line in NOBODYS {
        let ours = pair.ours("ip", line)?;
        let ours = Shown::new(&ours.output, ours.error.as_bytes(), ours.code);
        let linuxs = pair.linuxs("ip", line)?;
        ensure!(ours == linuxs, "{line}:\nours    {ours:?}\nLinux's {linuxs:?}");
    }
    let setting = "net.ipv6.conf.eth0.disable_ipv6=1";
    ensure!(pair.ours("sysctl", &format!("-w {setting}"))?.code == Some(0), "{setting}");
    pair.linux.set(setting)?;
    pair.compare("ip", &[&NOBODYS[..], &SOMEBODYS].concat(), |shown| shown)
}
