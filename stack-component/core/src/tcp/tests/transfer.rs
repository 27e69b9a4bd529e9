//! Two sides move data over good and bad links.

use super::harness::{Impairment, Pair};
use crate::random::{Random, SeededRandom};
use crate::tcp::{Received, SendFlags, Shutdown, TcpHandle, TcpState};
use crate::time::Duration;
use alloc::vec::Vec;
use std::vec;

/// Sends `bytes` from each side to the other, reading in odd pieces, and closes both sides. Answers the
/// virtual time it took.
fn exchange(pair: &mut Pair, handles: [TcpHandle; 2], bytes: usize, seed: u64) -> Duration {
    let mut random = SeededRandom::new(seed);
    let streams: [Vec<u8>; 2] = [0, 1].map(|_| {
        let mut stream = vec![0; bytes];
        random.fill(&mut stream);
        stream
    });
    let (mut sent, mut received, mut ended) = ([0; 2], [vec![], vec![]], [false; 2]);
    let start = pair.hosts[0].now;
    for _ in 0..5_000_000u64 {
        for side in 0..2 {
            let handle = handles[side];
            if sent[side] < bytes {
                let end = bytes.min(sent[side] + 1 + random.below(20_000) as usize);
                sent[side] += pair.hosts[side].send(handle, &streams[side][sent[side]..end]).unwrap_or(0);
                if sent[side] == bytes {
                    pair.hosts[side].with(|tcp, env| tcp.shutdown(env, handle, Shutdown::Send)).unwrap();
                }
            }
            match pair.hosts[side].receive(handle, 1 + random.below(30_000) as usize) {
                Ok(Received::Data(data)) => received[side].extend(data),
                Ok(Received::End) => ended[side] = true,
                Err(_) => {}
            }
        }
        if ended == [true; 2] {
            break;
        }
        // What is left to read is read in the next turns.
        let over = (0..2).all(|side| pair.hosts[side].tcp.state(handles[side]) == Some(TcpState::Close));
        assert!(pair.step() || over, "deadlock: sent {sent:?} of {bytes}");
    }
    assert!(received[1] == streams[0] && received[0] == streams[1], "bytes arrive as they were sent");
    pair.hosts[0].now - start
}

#[test]
fn megabytes_arrive_intact_over_bad_links() {
    for seed in 0..40 {
        let mut random = SeededRandom::new(seed);
        let impairment = Impairment {
            delay: Duration::from_micros(random.below(20_000).into()),
            loss: random.below(60),
            duplication: random.below(30),
            reordering: random.below(100),
        };
        let mut pair = Pair::new(impairment, seed);
        let handles = pair.connected();
        exchange(&mut pair, handles, 400_000, seed);
    }
}

#[test]
fn a_good_link_needs_no_retransmission() {
    use crate::counters::Counter;
    let mut pair = Pair::new(Impairment::NONE, 1);
    let handles = pair.connected();
    let time = exchange(&mut pair, handles, 4_000_000, 1);
    for host in &pair.hosts {
        assert_eq!(host.counter(Counter::TcpRetransSegs), 0);
    }
    // 10 ms of round trip and a 128 KiB window: about 13 MB/s.
    assert!(time < Duration::from_millis(800), "{time:?}");
}

#[test]
fn both_sides_end_and_one_of_them_waits() {
    let mut pair = Pair::new(Impairment::NONE, 1);
    let handles = pair.connected();
    exchange(&mut pair, handles, 1000, 1);
    while pair.step() {}
    for (host, handle) in pair.hosts.iter_mut().zip(handles) {
        assert_eq!(host.tcp.state(handle), Some(TcpState::Close));
        host.with(|tcp, env| tcp.close(env, handle));
        assert_eq!(host.tcp.state(handle), None);
    }
}

#[test]
fn room_that_was_told_can_be_used_in_pieces() {
    let mut pair = Pair::new(Impairment::NONE, 1);
    let [client, _] = pair.connected();
    let space = pair.hosts[0].tcp.send_space(client).unwrap();
    let promised = SendFlags { promised: true, ..SendFlags::default() };
    let mut left = space;
    while left > 0 {
        let piece = vec![0; left.min(1000)];
        // As many bytes at a time as are left of a buffer.
        let taken = pair.hosts[0].with(|tcp, env| tcp.send_with(env, client, &piece, promised));
        assert!(taken.is_ok_and(|taken| taken > 0), "{taken:?} with {left} of {space} left");
        left -= taken.unwrap();
    }
    assert_eq!(pair.hosts[0].tcp.send_space(client), Ok(0));
}
