//! The socket under test: its addresses, and how the script's numbers map to the machine's.
//!
//! As in tcpdump's output, numbers in SYN packets are absolute and all others count from the SYN.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::language::ast::Flags;
use crate::machine::Fd;
use crate::packet::decode::Tcp;
use crate::packet::option::TcpOption;

/// Which protocol a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Tcp,
    Udp,
    Icmp,
}

/// How far a socket is, as far as the script's packets and calls say. Upstream: enum socket_state_t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    Listening,
    SynReceived,
    SynAckSent,
    SynAckAcked,
    Connecting,
    SynSent,
    SynAcked,
}

/// An address and a port.
pub(super) type End = (IpAddr, u16);

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) protocol: Protocol,
    pub(super) state: State,
    pub(super) script_fd: Option<i32>,
    pub(super) live_fd: Option<Fd>,
    pub(super) local: Option<End>,
    pub(super) remote: Option<End>,
    pub(super) script_local_isn: u32,
    pub(super) live_local_isn: u32,
    pub(super) remote_isn: u32,
    /// Values of outbound timestamps: the script's to the machine's.
    pub(super) timestamps: HashMap<u32, u32>,
    /// The first of them.
    pub(super) first_timestamp: Option<(u32, u32)>,
    /// The last segment each way, with live numbers, for the reset at the end.
    pub(super) last_injected: Option<Tcp>,
    pub(super) last_sent: Option<Tcp>,
}

impl Connection {
    pub(super) fn new(protocol: Protocol, state: State) -> Connection {
        Connection {
            protocol,
            state,
            script_fd: None,
            live_fd: None,
            local: None,
            remote: None,
            script_local_isn: 0,
            live_local_isn: 0,
            remote_isn: 0,
            timestamps: HashMap::new(),
            first_timestamp: None,
            last_injected: None,
            last_sent: None,
        }
    }

    /// What is added to a script's number of the machine's bytes.
    fn local_offset(&self, syn: bool) -> u32 {
        match syn {
            true => self.live_local_isn.wrapping_sub(self.script_local_isn),
            false => self.live_local_isn,
        }
    }

    /// What is added to a script's number of the far end's bytes.
    fn remote_offset(&self, syn: bool) -> u32 {
        if syn { 0 } else { self.remote_isn }
    }

    /// The live number of a byte of the machine's, in packets without SYN.
    pub(super) fn live_seq(&self, seq: u32) -> u32 {
        seq.wrapping_add(self.local_offset(false))
    }

    /// Maps an inbound segment's numbers from the script's to the live ones, `ts_ecr` aside.
    pub(super) fn inbound(&self, segment: &mut Tcp) {
        let syn = segment.flags.syn;
        let ack_offset = self.local_offset(syn);
        segment.seq = segment.seq.wrapping_add(self.remote_offset(syn));
        if segment.flags.ack {
            segment.ack = segment.ack.wrapping_add(ack_offset);
        }
        shift_sack(&mut segment.options, ack_offset);
    }

    /// Maps an outbound segment's numbers from the live ones to the script's. The timestamp becomes what it would
    /// be if the script's first one were right.
    pub(super) fn outbound(&self, segment: &mut Tcp) {
        let syn = segment.flags.syn;
        let ack_offset = 0u32.wrapping_sub(self.remote_offset(syn));
        segment.seq = segment.seq.wrapping_sub(self.local_offset(syn));
        if segment.flags.ack {
            segment.ack = segment.ack.wrapping_add(ack_offset);
        }
        shift_sack(&mut segment.options, ack_offset);
        if let Some((script, live)) = self.first_timestamp
            && let Some(TcpOption::Timestamp { val, .. }) = timestamp(&mut segment.options)
        {
            *val = script.wrapping_add(val.wrapping_sub(live));
        }
    }

    /// Remembers which live timestamp a script's value stands for.
    pub(super) fn learn_timestamp(&mut self, script: u32, live: u32) {
        self.timestamps.insert(script, live);
        self.first_timestamp.get_or_insert((script, live));
    }

    /// The live timestamp that an inbound segment echoes.
    pub(super) fn live_echo(&self, echo: u32, scaled: bool) -> Option<u32> {
        let known = self.timestamps.get(&echo).copied();
        known.or_else(|| {
            let (script, live) = self.first_timestamp.filter(|_| scaled)?;
            Some(live.wrapping_add(echo.wrapping_sub(script)))
        })
    }

    /// The reset that ends the connection: the machine accepts its numbers. Upstream: reset_connection.
    pub(super) fn reset(&self) -> Option<Tcp> {
        let (local, remote) = (self.local?, self.remote?);
        if self.protocol != Protocol::Tcp || (self.last_sent.is_none() && self.last_injected.is_none()) {
            return None;
        }
        let (seq, ack, window) = match (&self.last_injected, &self.last_sent) {
            (Some(last), _) if last.flags.ack => {
                let len = last.payload.len() as u32 + u32::from(last.flags.syn) + u32::from(last.flags.fin);
                (last.seq.wrapping_add(len), last.ack, last.window)
            }
            (_, Some(last)) if last.flags.ack => (last.ack, last.seq, 0),
            (_, last) => (0, last.as_ref().map_or(0, |last| last.seq).wrapping_add(1), 0),
        };
        let flags = Flags { rst: true, ack: true, ..Flags::default() };
        let ends = Tcp { source: remote.1, destination: local.1, ..Tcp::default() };
        Some(Tcp { seq, ack, window, flags, ..ends })
    }
}

/// The timestamp option.
pub(super) fn timestamp(options: &mut [TcpOption]) -> Option<&mut TcpOption> {
    options.iter_mut().find(|option| matches!(option, TcpOption::Timestamp { .. }))
}

fn shift_sack(options: &mut [TcpOption], offset: u32) {
    for option in options {
        let TcpOption::Sack(blocks) = option else { continue };
        for (left, right) in blocks {
            *left = left.wrapping_add(offset);
            *right = right.wrapping_add(offset);
        }
    }
}
