//! The packet's way: the only module that knows all layers. Each layer judges (deliver, forward, reply,
//! drop); what follows from a verdict is written here, one function for each arrow.
//!
//! ```text
//!  device ── receive ─┬─ arp ──────────────── neighbour table ── reply ──────────────────┐
//!                     └─ ipv4, ipv6 ─ PREROUTING ─ route ─┬─ deliver ─ LOCAL_IN ─┬─ icmp  │
//!                                                   │                      ├─ tcp        │
//!                                                   │                      └─ udp        │
//!                                                   └─ forward ─ FORWARD ────────┐       │
//!  socket ── output ─ route ─ LOCAL_OUT ─ ipv4 header ───────── POSTROUTING ─────┴─ neighbour ─ qdisc ─ device
//! ```
//!
//! What goes to ourselves waits in the loopback device until the next round, and what a neighbour's answer
//! sets free waits in the neighbour table: no function here ever comes to itself again through others, and
//! every loop has a budget.
//!
//! Packet sockets stand beside the way: they are shown what a device received before anything else sees it, and what a
//! device takes to be sent (`taps`).
//!
//! A packet is dropped in one way: a function answers `Err(reason)`, and the outermost counts it.

mod address_routes;
mod address_timers;
mod addresses;
mod advertisement;
mod arp;
mod asker;
mod checksum;
mod complain;
mod complain6;
mod context;
mod deliver;
mod deliver6;
mod detection;
mod dhcp;
mod dhcp6;
mod discovery;
mod discovery_output;
mod early_demux;
mod flow;
mod forward;
mod forward6;
mod fragments;
mod fragments6;
mod given;
mod headed;
mod identifiers;
mod input_route;
mod ipv6;
mod ipv6_link;
mod learn;
mod learnt;
mod link_local;
mod lost_routers;
mod make_header;
mod multicast;
mod neighbours;
mod packet_send;
mod paths;
mod proxies;
mod raw;
mod receive;
mod redirect;
mod run;
mod taps;
mod tell;
mod temporary;
mod timers;
mod transmit;
mod vlan;

pub(crate) use context::{Context, InputCache, OutputCache};
pub(crate) use dhcp::run as run_dhcp;
pub(crate) use forward::is_advised;
pub(crate) use given::{change as change_address, give as give_address, take as take_address};
pub(crate) use headed::{Headed, send as send_headed};
pub(crate) use input_route::source_policy;
pub(crate) use ipv6_link::{device_down, follow_settings};
pub(crate) use link_local::follow_settings as follow_link_local;
pub(crate) use multicast::run as run_multicast;
pub(crate) use packet_send::send as send_frame;
pub(crate) use paths::RoutePaths;
pub(crate) use proxies::{add as add_proxy, remove as remove_proxy};
pub(crate) use run::{
    device_gone, device_started, device_stopped, follow_link_settings, next_deadline, poll, run_output,
    station_changed,
};
pub(crate) use transmit::{Outgoing, Wishes, send, send_as_wished};

#[cfg(test)]
mod tests;
