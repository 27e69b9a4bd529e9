//! What stands behind the columns: timers, memory, what TCP knows. iproute2: `inet_show_sock`, `tcp_stats_print`.

use crate::number::{general, timer};
use crate::options::Options;
use std::fmt::{Display, Write};
use tool_common::control::socket_options::{TcpInfo, TcpState};
use tool_common::control::sockets::{Socket, SocketMemory, SocketProtocol, SocketTimer};
use tool_common::wasi::sockets::network::IpSocketAddress;

/// Bits of [`TcpInfo::options`], with the words for them. The first two and ECN's are told with `-o`.
const TIMESTAMPS: u8 = 1;
const SACK: u8 = 2;
const WINDOW_SCALE: u8 = 4;
const ECN: u8 = 8;
const ECN_SEEN: u8 = 16;
const DATA_IN_SYN: u8 = 32;
/// A retransmission timeout that says nothing: Linux's before it knew better.
const UNTOLD_TIMEOUT: u32 = 3_000_000;

/// All that the options ask for, `users` among it.
pub(crate) fn extra(socket: &Socket, users: &str, options: &Options) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    if options.timers
        && let Some(kind) = socket.timer
    {
        let name = match kind {
            SocketTimer::On => "on",
            SocketTimer::Keepalive => "keepalive",
            SocketTimer::Timewait => "timewait",
            SocketTimer::Persist => "persist",
        };
        let _ = write!(out, " timer:({name},{},{})", timer(socket.expires), socket.retransmits);
    }
    out.push_str(users);
    if options.extended {
        extended(&mut out, socket);
    }
    if options.class {
        out.push_str(&class(socket));
    }
    if options.memory || (options.info && socket.protocol != SocketProtocol::Udp) {
        out.push_str(if options.oneline { "" } else { "\n\t" });
    }
    if options.memory {
        out.push_str(&memory(&socket.memory));
    }
    if options.info
        && let Some(info) = &socket.info
    {
        out.push_str(&information(info, socket.congestion.as_deref(), options.timers));
    }
    out
}

fn extended(out: &mut String, socket: &Socket) {
    let _ = write!(out, " ino:{} sk:{:x}", socket.inode, socket.inode);
    if socket.mark != 0 {
        let _ = write!(out, " fwmark:{:#x}", socket.mark);
    }
    if socket.v6only {
        out.push_str(" v6only:1");
    }
    let arrows =
        (if socket.shutdown & 1 == 0 { '<' } else { '-' }, if socket.shutdown & 2 == 0 { '>' } else { '-' });
    let _ = write!(out, " {}-{}", arrows.0, arrows.1);
}

/// Type of service and class, which is the priority that follows from it. Linux: `inet_diag_msg_attrs_fill`,
/// `rt_tos2priority`.
fn class(socket: &Socket) -> String {
    // Best effort, in bulk, for people, and both.
    const PRIORITIES: [u8; 4] = [0, 2, 6, 4];
    if matches!(socket.state, TcpState::TimeWait | TcpState::SynRecv) {
        return String::new();
    }
    let priority = PRIORITIES[usize::from(socket.tos >> 3 & 3)];
    let (name, tos) = match socket.local {
        IpSocketAddress::Ipv4(_) => ("tos", socket.tos),
        // Of IPv6 there are two, of which the one of IPv4 is what nobody has set.
        IpSocketAddress::Ipv6(_) => ("tos:0 tclass", socket.tos),
    };
    format!(" {name}:{} class_id:{}", hexadecimal(tos), hexadecimal(priority))
}

/// C's `%#x`.
fn hexadecimal(number: u8) -> String {
    if number == 0 { "0".into() } else { format!("{number:#x}") }
}

fn memory(m: &SocketMemory) -> String {
    format!(
        " skmem:(r{},rb{},t{},tb{},f{},w{},o{},bl{},d{})",
        m.rmem, m.rcvbuf, m.wmem, m.sndbuf, m.forward, m.queued, m.options, m.backlog, m.drops
    )
}

/// Words behind each other.
struct Told(String);

impl Told {
    fn word(&mut self, word: impl Display) {
        let _ = write!(self.0, " {word}");
    }

    /// A number, if it is not 0.
    fn number(&mut self, name: &str, value: impl Into<u64>) {
        let value = value.into();
        if value != 0 {
            let _ = write!(self.0, " {name}:{value}");
        }
    }

    /// Microseconds as milliseconds, if they are not 0.
    fn millis(&mut self, name: &str, micros: u32) {
        if micros != 0 {
            let _ = write!(self.0, " {name}:{}", general(f64::from(micros) / 1000.0));
        }
    }

    /// Bytes a second as bits, if they are not 0.
    fn rate(&mut self, name: &str, bytes: u64) {
        if bytes != 0 {
            let _ = write!(self.0, " {name} {}bps", u128::from(bytes) * 8);
        }
    }
}

fn information(i: &TcpInfo, congestion: Option<&str>, with_options: bool) -> String {
    let mut out = Told(String::new());
    if with_options {
        for (bit, word) in [
            (TIMESTAMPS, "ts"),
            (SACK, "sack"),
            (ECN, "ecn"),
            (ECN_SEEN, "ecnseen"),
            (DATA_IN_SYN, "fastopen"),
        ] {
            if i.options & bit != 0 {
                out.word(word);
            }
        }
    }
    congestion.into_iter().for_each(|name| out.word(name));
    if i.options & WINDOW_SCALE != 0 {
        out.word(format!("wscale:{},{}", i.snd_wscale, i.rcv_wscale));
    }
    sizes(&mut out, i);
    totals(&mut out, i);
    rates(&mut out, i);
    losses(&mut out, i);
    out.0
}

fn sizes(out: &mut Told, i: &TcpInfo) {
    if i.rto != UNTOLD_TIMEOUT {
        out.millis("rto", i.rto);
    }
    out.number("backoff", i.backoff);
    if i.rtt != 0 {
        let millis = |micros: u32| general(f64::from(micros) / 1000.0);
        out.word(format!("rtt:{}/{}", millis(i.rtt), millis(i.rttvar)));
    }
    out.millis("ato", i.ato);
    out.number("mss", i.snd_mss);
    out.number("pmtu", i.pmtu);
    out.number("rcvmss", i.rcv_mss);
    out.number("advmss", i.advmss);
    out.number("cwnd", i.snd_cwnd);
    if i.snd_ssthresh < 0xffff {
        out.number("ssthresh", i.snd_ssthresh);
    }
}

fn totals(out: &mut Told, i: &TcpInfo) {
    out.number("bytes_sent", i.bytes_sent);
    out.number("bytes_retrans", i.bytes_retrans);
    out.number("bytes_acked", i.bytes_acked);
    out.number("bytes_received", i.bytes_received);
    out.number("segs_out", i.segs_out);
    out.number("segs_in", i.segs_in);
    out.number("data_segs_out", i.data_segs_out);
    out.number("data_segs_in", i.data_segs_in);
}

fn rates(out: &mut Told, i: &TcpInfo) {
    if i.rtt != 0 && i.snd_mss != 0 && i.snd_cwnd != 0 {
        let bits = f64::from(i.snd_cwnd) * f64::from(i.snd_mss) * 8_000_000.0 / f64::from(i.rtt);
        out.word(format!("send {bits:.0}bps"));
    }
    out.number("lastsnd", i.last_data_sent);
    out.number("lastrcv", i.last_data_recv);
    out.number("lastack", i.last_ack_recv);
    if i.pacing_rate != 0 && i.pacing_rate != u64::MAX {
        out.rate("pacing_rate", i.pacing_rate);
        if i.max_pacing_rate != 0 && i.max_pacing_rate != u64::MAX {
            let _ = write!(out.0, "/{}bps", u128::from(i.max_pacing_rate) * 8);
        }
    }
    out.rate("delivery_rate", i.delivery_rate);
    out.number("delivered", i.delivered);
    out.number("delivered_ce", i.delivered_ce);
    if i.delivery_rate_app_limited {
        out.word("app_limited");
    }
    if i.busy_time != 0 {
        out.word(format!("busy:{}ms", i.busy_time / 1000));
    }
    for (name, time) in [("rwnd_limited", i.rwnd_limited), ("sndbuf_limited", i.sndbuf_limited)] {
        if time != 0 {
            let share = 100.0 * time as f64 / i.busy_time.max(1) as f64;
            out.word(format!("{name}:{}ms({share:.1}%)", time / 1000));
        }
    }
}

fn losses(out: &mut Told, i: &TcpInfo) {
    /// A listener's backlog stands where others have what was told of by SACK.
    const LISTEN: u8 = 10;
    let listens = i.state == LISTEN;
    out.number("unacked", if listens { 0 } else { i.unacked });
    if i.retrans != 0 || i.total_retrans != 0 {
        out.word(format!("retrans:{}/{}", i.retrans, i.total_retrans));
    }
    out.number("lost", i.lost);
    out.number("sacked", if listens { 0 } else { i.sacked });
    out.number("dsack_dups", i.dsack_dups);
    if i.reordering != 3 {
        out.number("reordering", i.reordering);
    }
    out.number("reord_seen", i.reord_seen);
    out.millis("rcv_rtt", i.rcv_rtt);
    out.number("rcv_space", i.rcv_space);
    out.number("rcv_ssthresh", i.rcv_ssthresh);
    out.number("notsent", i.notsent_bytes);
    if i.min_rtt != u32::MAX {
        out.millis("minrtt", i.min_rtt);
    }
    out.number("rcv_ooopack", i.rcv_ooopack);
    out.number("snd_wnd", i.snd_wnd);
}
