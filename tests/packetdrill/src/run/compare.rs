//! Compares a live segment, its numbers already the script's, with the one that the script expects.

use super::config::Config;
use super::failure::Row;
use crate::language::ast::{Body, IpInfo, Packet, Segment, Tos};
use crate::packet::decode::{Decoded, Tcp, Transport};
use crate::packet::option::{TcpOption, show_options};
use crate::packet::{icmp, show};

/// All fields side by side.
pub(super) fn compare(script: &Packet, live: &Decoded, config: &Config, since_start: u64) -> Vec<Row> {
    let mut rows = ip(&script.ip, live);
    match (&script.body, &live.transport) {
        (Body::Tcp(expected), Transport::Tcp(actual)) => {
            tcp(expected, actual, config, since_start, &mut rows)
        }
        (Body::Udp(len), Transport::Udp { payload, .. }) => {
            rows.push(row("length", len.to_string(), payload.len().to_string()));
            rows.push(payload_row(payload));
        }
        (Body::Icmp(expected), Transport::Icmp { kind, code, .. }) => {
            let is_v6 = live.source.is_ipv6();
            let numbers = icmp::numbers(is_v6, &expected.kind, expected.code.as_deref());
            let name = numbers.map_or_else(|error| error, |(kind, code)| icmp::names(is_v6, kind, code));
            rows.push(row("icmp", name, icmp::names(is_v6, *kind, *code)));
        }
        _ => rows.push(row("packet", show::scripted(script), show::decoded(live))),
    }
    rows
}

fn row(name: &'static str, expected: String, live: String) -> Row {
    let differs = expected != live;
    Row { name, expected, live, differs }
}

fn unchecked(name: &'static str, live: String) -> Row {
    Row { name, expected: "-".to_owned(), live, differs: false }
}

fn ip(expected: &IpInfo, live: &Decoded) -> Vec<Row> {
    let ecn = || show::ecn(live.tos).to_owned();
    let tos = match expected.tos {
        Tos::Unchecked => unchecked("ip ecn", ecn()),
        Tos::Ecn(bits) => row("ip ecn", show::ecn(bits).to_owned(), ecn()),
        Tos::Byte(byte) => row("ip tos", format!("{byte:#x}"), format!("{:#x}", live.tos)),
        Tos::Ect01 => {
            let differs = !matches!(live.tos & 3, 1 | 2);
            Row { name: "ip ecn", expected: "ect0 or ect1".to_owned(), live: ecn(), differs }
        }
    };
    let mut rows = vec![tos];
    if let Some(ttl) = expected.ttl {
        rows.push(row("ip ttl", ttl.to_string(), live.ttl.to_string()));
    }
    if let (Some(expected), Some(label)) = (expected.flow_label, live.flow_label) {
        rows.push(row("flow label", format!("{expected:#x}"), format!("{label:#x}")));
    }
    if live.options != 0 {
        rows.push(row("ip options", "none".to_owned(), format!("{} bytes", live.options)));
    }
    rows
}

fn tcp(expected: &Segment, live: &Tcp, config: &Config, since_start: u64, rows: &mut Vec<Row>) {
    let ace = expected.flags.is_ace;
    rows.push(row("flags", show::flags(expected.flags, ace), show::flags(live.flags, ace)));
    let len = usize::from(expected.len);
    rows.push(row("seq", show::range(expected.seq, len), show::range(live.seq, live.payload.len())));
    rows.push(row("ack", expected.ack.to_string(), live.ack.to_string()));
    rows.push(match expected.window {
        Some(window) => row("win", window.to_string(), live.window.to_string()),
        None => unchecked("win", live.window.to_string()),
    });
    if expected.urgent != 0 || live.urgent != 0 {
        rows.push(row("urg", expected.urgent.to_string(), live.urgent.to_string()));
    }
    if live.reserved != 0 {
        rows.push(row("reserved bits", "0".to_owned(), live.reserved.to_string()));
    }
    rows.push(match &expected.options {
        None => Row { expected: "<...>".to_owned(), ..unchecked("options", show_options(&live.options)) },
        Some(options) => Row {
            differs: !same_options(options, &live.options, config, since_start),
            ..row("options", show_options(options), show_options(&live.options))
        },
    });
    if live.payload.iter().any(|&byte| byte != 0) {
        rows.push(payload_row(&live.payload));
    }
}

/// Scripts write zeros only.
fn payload_row(payload: &[u8]) -> Row {
    let at = payload.iter().position(|&byte| byte != 0);
    let live = at.map_or("zeros".to_owned(), |at| format!("byte {at} is {:#04x}", payload[at]));
    row("payload", "zeros".to_owned(), live)
}

/// Upstream: verify_outbound_tcp_option. A timestamp's value is compared within tolerance, its echo only if the script
/// asks for it.
fn same_options(script: &[TcpOption], live: &[TcpOption], config: &Config, since_start: u64) -> bool {
    let tolerance = super::time::tolerance(config, since_start);
    script.len() == live.len()
        && script.iter().zip(live).all(|pair| match pair {
            (
                TcpOption::Timestamp { val: script, ecr: script_echo },
                TcpOption::Timestamp { val: live, ecr: live_echo },
            ) => {
                let off = u64::from((live.wrapping_sub(*script) as i32).unsigned_abs());
                let echo = !config.ts_ecr_strict || script_echo == live_echo;
                echo && off * config.ts_tick_usecs * 1000 <= tolerance
            }
            (script, live) => script == live,
        })
}

/// Whether a segment can be the next piece of the one that the script expects as a whole, `remaining` bytes of which
/// are missing. Upstream: verify_packet_fragments.
pub(super) fn continues(last: &Tcp, next: &Tcp, remaining: usize) -> Result<(), &'static str> {
    let flags =
        |tcp: &Tcp| (tcp.flags.syn, tcp.flags.rst, tcp.flags.ack, tcp.flags.urg, tcp.flags.ece, tcp.flags.ae);
    let whole = next.payload.len() >= remaining || next.payload.len() == last.payload.len();
    let checks = [
        (flags(last) == flags(next), "its flags differ from the piece before"),
        (
            last.seq.wrapping_add(last.payload.len() as u32) == next.seq,
            "it does not follow on the piece before",
        ),
        (last.ack == next.ack, "its ack differs from the piece before"),
        (last.window == next.window, "its window differs from the piece before"),
        (last.urgent == next.urgent, "its urgent pointer differs from the piece before"),
        (
            crate::packet::option::options_len(&last.options)
                == crate::packet::option::options_len(&next.options),
            "its options have another length than those of the piece before",
        ),
        (whole, "it is not as long as the piece before"),
    ];
    match checks.iter().find(|(ok, _)| !ok) {
        Some((_, reason)) => Err(reason),
        None => Ok(()),
    }
}
