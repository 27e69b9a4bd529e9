//! Loss recovery with SACK: RFC 2018, 2883, 5682, 6937, 8985.

use super::harness::{Host, Script, Seen};
use crate::counters::Counter;
use crate::sysctl::Sysctl;
use crate::tcp::{TcpHandle, TcpInfo};
use crate::time::Duration;
use crate::wire::tcp::{Flags, Options, SackBlocks, Timestamps};
use std::vec::Vec;

const MSS: u32 = 1000;

/// A connection with SACK and a round trip of 100 ms, on which `count` full segments are on their way.
struct Sender {
    script: Script,
    child: TcpHandle,
    /// The number of the first of them.
    first: u32,
}

impl Sender {
    fn new(count: usize) -> Self {
        Sender::with(count, Options::default(), Sysctl::default())
    }

    /// The same, and timeouts are not forestalled by probes.
    fn without_probes(count: usize, options: Options) -> Self {
        Sender::with(count, options, Sysctl { tcp_early_retrans: 0, ..Sysctl::default() })
    }

    fn with(count: usize, options: Options, sysctl: Sysctl) -> Self {
        let mut host = Host::new(1);
        host.sysctl = sysctl;
        let listener = host.listen(80);
        let mut script = Script::new(host, 80);
        script.handshake_after(
            Options { mss: Some(MSS as u16), sack_permitted: true, ..options },
            Duration::from_millis(100),
        );
        let child = script.host.tcp.accept(listener).unwrap();
        let mut sender = Sender { script, child, first: 0 };
        for _ in 0..12 {
            sender.script.host.send(child, &[0; 100]).unwrap();
            sender.script.seen();
            sender.script.wait(Duration::from_millis(100));
            sender.script.ack();
            sender.script.wait(Duration::from_millis(1));
        }
        sender.first = sender.script.expected;
        // Timestamps take their room from each segment.
        let full = MSS as usize - if options.timestamps.is_some() { 12 } else { 0 };
        sender.script.host.send(child, &std::vec![1; count * full]).unwrap();
        assert_eq!(sender.script.seen().len(), count);
        sender
    }

    /// The number of segment `nth`.
    fn number(&self, nth: u32) -> u32 {
        self.first.wrapping_add(nth * MSS)
    }

    /// The peer acknowledges everything before segment `nth`, and the runs of segments `blocks`.
    fn ack(&mut self, nth: u32, blocks: &[(u32, u32)]) -> Vec<u32> {
        let mut sack = SackBlocks::EMPTY;
        for &(from, to) in blocks {
            sack.push(self.number(from), self.number(to));
        }
        let number = self.number(nth);
        let kept = core::mem::replace(&mut self.script.options.sack, sack);
        self.script.inject(self.script.next, number, Flags::ACK, &[]).unwrap();
        self.script.options.sack = kept;
        let seen = self.script.seen();
        self.numbers(&seen)
    }

    fn wait(&mut self, millis: u64) -> Vec<u32> {
        let seen = self.script.wait(Duration::from_millis(millis));
        self.numbers(&seen)
    }

    fn numbers(&self, seen: &[Seen]) -> Vec<u32> {
        seen.iter().map(|seen| seen.sequence.wrapping_sub(self.first) / MSS).collect()
    }

    fn info(&self) -> TcpInfo {
        self.script.host.tcp.info(self.child, self.script.host.now).unwrap()
    }

    fn counter(&self, counter: Counter) -> u64 {
        self.script.host.counter(counter)
    }
}

/// RFC 8985 section 6.2 step 5 with RFC 2018: only what is missing goes again, and once.
#[test]
fn only_the_holes_are_sent_again() {
    let mut sender = Sender::new(10);
    sender.wait(100);
    assert!(sender.ack(0, &[(1, 2)]).is_empty());
    assert!(sender.ack(0, &[(1, 3)]).is_empty());
    assert_eq!(sender.ack(0, &[(4, 5), (1, 3)]), [0]);
    let mut again = sender.ack(0, &[(4, 7), (1, 3)]);
    again.extend(sender.ack(0, &[(4, 10), (1, 3)]));
    assert_eq!(again, [3]);
    sender.wait(50);
    assert!(sender.ack(10, &[]).is_empty());
    assert_eq!(sender.counter(Counter::TcpRetransSegs), 2);
    assert_eq!(sender.counter(Counter::TcpExtTCPSackRecovery), 1);
    assert_eq!(sender.counter(Counter::TcpExtTCPTimeouts), 0);
    assert_eq!(sender.info().ca_state, 0);
    // CUBIC: 0.7 of the window.
    assert_eq!(sender.info().snd_cwnd, sender.info().snd_ssthresh);
}

/// RFC 8985 section 6.2 step 4: a segment that was overtaken has a quarter of the round trip to arrive.
#[test]
fn reordering_within_a_quarter_of_the_round_trip_is_no_loss() {
    let mut sender = Sender::new(4);
    sender.wait(100);
    assert!(sender.ack(0, &[(1, 2)]).is_empty());
    assert!(sender.wait(20).is_empty());
    assert!(sender.ack(2, &[]).is_empty());
    assert_eq!(sender.counter(Counter::TcpRetransSegs), 0);
    assert_eq!(sender.counter(Counter::TcpExtTCPSACKReorder), 1);
    assert_eq!(sender.info().reord_seen, 1);
}

/// The same, but it never arrives.
#[test]
fn the_reordering_timer_ends_the_wait() {
    let mut sender = Sender::new(2);
    sender.wait(100);
    assert!(sender.ack(0, &[(1, 2)]).is_empty());
    assert!(sender.wait(20).is_empty());
    assert_eq!(sender.wait(20), [0]);
    assert_eq!(sender.info().ca_state, 3);
}

/// RFC 8985 section 7.2, 7.3: after two round trips the last segment goes once more.
#[test]
fn a_lost_tail_is_probed_for() {
    let mut sender = Sender::new(3);
    assert!(sender.wait(195).is_empty());
    assert_eq!(sender.wait(15), [2]);
    assert_eq!(sender.counter(Counter::TcpExtTCPLossProbes), 1);
    // The probe arrives, the other two did not: SACK says so.
    sender.wait(100);
    assert_eq!(sender.ack(0, &[(2, 3)]), [0]);
    let again = sender.ack(1, &[(2, 3)]);
    assert_eq!(again, [1], "{:?}", sender.info());
    assert_eq!(sender.counter(Counter::TcpExtTCPTimeouts), 0);
}

/// The window closed meanwhile, so that no probe fits: the timeout is waited for instead.
#[test]
fn a_tail_that_cannot_be_probed_for_times_out() {
    let mut sender = Sender::new(3);
    sender.script.window = 0;
    assert!(sender.ack(0, &[]).is_empty());
    assert!(sender.wait(210).is_empty());
    assert_eq!(sender.wait(1000).first(), Some(&0));
}

/// RFC 8985 section 7.4.2: the probe repaired the loss, and the window answers for it.
#[test]
fn a_loss_that_the_probe_repaired_reduces_the_window() {
    let mut sender = Sender::new(3);
    sender.wait(100);
    assert!(sender.ack(2, &[]).is_empty());
    let before = sender.info().snd_cwnd;
    let probe = sender.wait(500);
    assert_eq!(probe.first(), Some(&2), "{probe:?}");
    // New data behind the probe is acknowledged too: only one of the two copies arrived.
    sender.script.host.send(sender.child, &[1; 1000]).unwrap();
    sender.script.seen();
    sender.ack(4, &[]);
    assert_eq!(sender.counter(Counter::TcpExtTCPLossProbeRecovery), 1);
    assert!(sender.info().snd_cwnd < before);
}

/// RFC 3708: all that was sent again had arrived; the window is restored.
#[test]
fn duplicates_undo_a_needless_recovery() {
    let mut sender = Sender::new(10);
    sender.wait(100);
    let before = sender.info().snd_cwnd;
    sender.ack(0, &[(1, 2)]);
    sender.ack(0, &[(1, 3)]);
    assert_eq!(sender.ack(0, &[(1, 4)]), [0]);
    assert!(sender.info().snd_ssthresh < before);
    // The original of segment 0 arrives late, then its copy.
    sender.ack(4, &[]);
    sender.ack(4, &[(0, 1)]);
    assert_eq!(sender.counter(Counter::TcpExtTCPDSACKUndo), 1);
    assert_eq!(sender.counter(Counter::TcpExtTCPDSACKRecv), 1);
    assert!(sender.info().snd_cwnd >= before);
    assert!(sender.info().snd_ssthresh > before);
}

/// RFC 5682 section 3.1 step 3b: data that was never sent again is acknowledged: the timeout was needless.
#[test]
fn a_needless_timeout_is_found_out() {
    let mut sender = Sender::without_probes(6, Options::default());
    let before = sender.info().snd_cwnd;
    assert_eq!(sender.wait(320), [0]);
    assert_eq!(sender.info().ca_state, 4);
    // The acknowledgements of the originals were only late.
    sender.script.host.send(sender.child, &[1; 5000]).unwrap();
    sender.ack(1, &[]);
    sender.ack(2, &[]);
    assert_eq!(sender.counter(Counter::TcpExtTCPSpuriousRTOs), 1);
    assert_eq!(sender.info().ca_state, 0);
    assert!(sender.info().snd_cwnd >= before);
    assert_eq!(sender.counter(Counter::TcpRetransSegs), 1);
}

/// RFC 3522: the echoed timestamp is older than the retransmission.
#[test]
fn an_old_echo_undoes_a_timeout() {
    let stamps = Some(Timestamps { value: 1, echo: 0 });
    let mut sender = Sender::without_probes(2, Options { timestamps: stamps, ..Options::default() });
    sender.script.host.sysctl.tcp_frto = 0;
    let now = sender.script.host.now;
    let original = sender.script.host.tcp.timestamp_of(sender.child, now);
    assert_eq!(sender.wait(320), [0]);
    sender.script.options.timestamps = Some(Timestamps { value: 1, echo: original });
    sender.ack(1, &[]);
    assert_eq!(sender.counter(Counter::TcpExtTCPLossUndo), 1);
}

/// RFC 2018 section 8: what the receiver took back is sent again.
#[test]
fn a_receiver_that_takes_back_gets_everything_again() {
    let mut sender = Sender::new(4);
    sender.wait(100);
    sender.ack(0, &[(1, 4)]);
    assert_eq!(sender.counter(Counter::TcpRetransSegs), 1);
    // It acknowledges segment 0 alone, and keeps nothing of the others.
    sender.ack(1, &[]);
    let again = sender.wait(400);
    assert_eq!(again.first(), Some(&1), "{again:?}");
    assert_eq!(sender.counter(Counter::TcpExtTCPSACKReneging), 1);
    assert_eq!(sender.ack(2, &[]), [2, 3]);
}

/// RFC 2018 section 3: blocks that cannot be are ignored.
#[test]
fn impossible_blocks_are_discarded() {
    let mut sender = Sender::new(3);
    for block in [(2, 9), (3, 4), (2, 2), (2, 1)] {
        assert!(sender.ack(0, &[block]).is_empty(), "{block:?}");
    }
    assert_eq!(sender.info().sacked, 0);
    assert_eq!(sender.counter(Counter::TcpExtTCPSACKDiscard), 4);
}

/// RFC 6937 section 3: a window that comes down lets segments go in proportion to what arrives.
#[test]
fn the_window_comes_down_evenly() {
    let mut sender = Sender::new(10);
    sender.script.host.send(sender.child, &std::vec![1; 20_000]).unwrap();
    sender.wait(100);
    let mut sent = Vec::new();
    for last in 2..=10 {
        sent.push(sender.ack(0, &[(1, last)]).len());
    }
    // One retransmission, and about seven for every ten that arrive, never a burst.
    assert!(sent.iter().all(|count| *count <= 2), "{sent:?}");
    assert!((5..=8).contains(&sent.iter().sum::<usize>()), "{sent:?}");
}
