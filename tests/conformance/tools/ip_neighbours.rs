//! Proxies, and who told of neighbours, beside Linux's.

use anyhow::Result;

use super::pair::{Pair, Shown};

crate::cases! {
    proxies_and_tellers_of_neighbours_are_linuxs,
}

const IP: &[&str] = &[
    "neigh add proxy 10.9.0.1 dev eth0",
    "neigh add proxy 10.9.0.1 dev eth0",
    "neigh show proxy",
    "-j neigh show proxy",
    "-br neigh show proxy",
    "neigh show proxy dev eth0",
    "neigh get proxy 10.9.0.1 dev eth0",
    "neigh get proxy 10.9.0.9 dev eth0",
    "neigh show",
    "neigh del 10.9.0.1 dev eth0",
    "neigh del proxy 10.9.0.1 dev eth0",
    "neigh del proxy 10.9.0.1 dev eth0",
    "neigh replace proxy 10.9.0.2 protocol static",
    "neigh show proxy",
    "-j neigh show proxy",
    "neigh flush proxy",
    "neigh change proxy fd00::1 dev eth0 router",
    "neigh add proxy fd00::1",
    "neigh show proxy",
    "-s neigh show proxy",
    "neigh show proxy 10.9.0.0/24",
    "neigh flush proxy",
    "neigh show proxy",
    "neigh add 10.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 extern_learn protocol static",
    "neigh add 10.0.2.10 lladdr 02:00:00:00:00:0a dev eth0 protocol 77",
    "neigh add 10.0.2.11 lladdr 02:00:00:00:00:0a dev eth0 protocol frob",
    "neigh show to 10.0.2.9",
    "-j neigh show to 10.0.2.9",
    "neigh change 10.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
    "neigh show to 10.0.2.9",
    "neigh show protocol static",
    "neigh show protocol 77",
    "-j neigh show protocol 77",
    "neigh get 10.0.2.9 dev eth0",
];

fn proxies_and_tellers_of_neighbours_are_linuxs() -> Result<()> {
    Pair::new()?.compare("ip", IP, Shown::without_ipv6)
}
