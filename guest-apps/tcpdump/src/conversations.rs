//! Sequence numbers of TCP, counted from where a conversation began. tcpdump: `tcp_print`, `struct tcp_seq_hash`.

use crate::options::Options;
use stack_core::wire::tcp::{Flags, Header};
use std::collections::HashMap;
use std::net::SocketAddr;

/// Conversations that are remembered; then all are forgotten, so that memory stays bounded.
const MOST: usize = 65_536;

/// Where the numbers of each conversation's two ends begin, by their addresses, the lower one first.
#[derive(Debug, Default)]
pub(crate) struct Conversations(HashMap<(SocketAddr, SocketAddr), (u32, u32)>);

impl Conversations {
    /// The line of a segment with its numbers as they are shown: without the sequence number where nothing has one, and
    /// counted from the conversation's beginning, if that is known and wanted.
    pub(crate) fn shown(
        &mut self,
        (from, to): (SocketAddr, SocketAddr),
        tcp: &Header<'_>,
        line: &str,
        options: &Options,
    ) -> String {
        let places = line.find("Flags [").zip(line.find(", win "));
        let Some((before, behind)) =
            places.and_then(|(flags, window)| Some((line.get(..flags)?, line.get(window..)?)))
        else {
            return line.to_owned();
        };
        let (sequence, acknowledged) = if !options.absolute { self.begins(from, to, tcp) } else { (0, 0) };
        let (first, flags) = (tcp.sequence().wrapping_sub(sequence), tcp.flags());
        let mut out = format!("{before}Flags [{flags}]");
        let length = tcp.payload().len() as u32;
        if length > 0 || options.verbose > 1 || flags.intersects(Flags::SYN.with(Flags::FIN).with(Flags::RST))
        {
            out += &format!(", seq {first}");
        }
        if length > 0 {
            out += &format!(":{}", first.wrapping_add(length));
        }
        if flags.ack() {
            out += &format!(", ack {}", tcp.acknowledgement().wrapping_sub(acknowledged));
        }
        let mut behind = behind.to_owned();
        for (left, right) in tcp.options().sack.as_slice() {
            let shown = [left, right].map(|edge| edge.wrapping_sub(acknowledged));
            behind =
                behind.replace(&format!("{{{left}:{right}}}"), &format!("{{{}:{}}}", shown[0], shown[1]));
        }
        out + &behind
    }

    /// What the numbers of a segment count from: 0 if its conversation begins with it.
    fn begins(&mut self, from: SocketAddr, to: SocketAddr, tcp: &Header<'_>) -> (u32, u32) {
        if !tcp.flags().ack() {
            return (0, 0);
        }
        let reversed = from > to;
        let key = if reversed { (to, from) } else { (from, to) };
        match self.0.get(&key).filter(|_| !tcp.flags().syn()) {
            Some(&(low, high)) if reversed => (high, low),
            Some(&ends) => ends,
            None => {
                if self.0.len() >= MOST {
                    self.0.clear();
                }
                let (ours, theirs) = (tcp.sequence(), tcp.acknowledgement().wrapping_sub(1));
                self.0.insert(key, if reversed { (theirs, ours) } else { (ours, theirs) });
                (0, 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stack_core::wire::tcp::{Fields, HEADER_LEN};

    fn segment(flags: Flags, (sequence, acknowledgement): (u32, u32), payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN];
        Fields { sequence, acknowledgement, flags, window: 9, ..Fields::default() }.emit(&mut bytes, 0);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn numbers_count_from_the_beginning() {
        let (client, server): (SocketAddr, SocketAddr) =
            ("10.0.0.9:4000".parse().unwrap(), "10.0.0.1:80".parse().unwrap());
        let ack = Flags::ACK;
        let steps = [
            (true, Flags::SYN, (1000, 0), "", "Flags [S], seq 1000, win 9, length 0"),
            (
                false,
                ack.with(Flags::SYN),
                (7000, 1001),
                "",
                "Flags [S.], seq 7000, ack 1001, win 9, length 0",
            ),
            (true, ack, (1001, 7001), "", "Flags [.], ack 1, win 9, length 0"),
            (true, ack, (1001, 7001), "ab", "Flags [.], seq 1:3, ack 1, win 9, length 2"),
            (false, ack.with(Flags::FIN), (7001, 1003), "", "Flags [F.], seq 1, ack 3, win 9, length 0"),
        ];
        let mut conversations = Conversations::default();
        for (forth, flags, numbers, payload, expected) in steps {
            let bytes = segment(flags, numbers, payload.as_bytes());
            let tcp = Header::parse(&bytes).unwrap();
            let ends = if forth { (client, server) } else { (server, client) };
            assert_eq!(conversations.shown(ends, &tcp, &tcp.to_string(), &Options::default()), expected);
        }
        let absolute = Options { absolute: true, ..Options::default() };
        let bytes = segment(ack, (1001, 7001), b"ab");
        let tcp = Header::parse(&bytes).unwrap();
        assert_eq!(
            conversations.shown((client, server), &tcp, &tcp.to_string(), &absolute),
            "Flags [.], seq 1001:1003, ack 7001, win 9, length 2"
        );
    }
}
