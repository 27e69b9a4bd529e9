//! The tables of `docs/goodput.md`.

use super::bulk::{Bulk, jain};
use crate::tcp::Algorithm;
use crate::time::Duration;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes a second of the tables' link: 100 Mbit/s.
pub const RATE: u64 = 12_500_000;
/// Losses of the tables, in thousandths.
pub const LOSSES: [u32; 4] = [0, 1, 10, 50];
/// Round trips of the tables, in milliseconds.
pub const ROUND_TRIPS: [u64; 3] = [1, 20, 100];
/// How long a flow of the tables sends.
const TIME: Duration = Duration::from_secs(30);
/// How long flows share a link.
const SHARED: Duration = Duration::from_secs(60);
/// Bytes of data in a full segment with timestamps.
const MSS: f64 = 1448.0;

/// One place of the table.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Data in Mbit/s.
    pub goodput: f64,
    /// Segments sent again.
    pub retransmitted: u32,
    /// Timeouts.
    pub timeouts: u32,
}

/// What one flow of `algorithm` gets.
pub fn cell(algorithm: Algorithm, round_trip: u64, loss: u32) -> Cell {
    let bulk = Bulk::new(RATE, Duration::from_millis(round_trip), loss, &[algorithm], TIME);
    let result = bulk.run().0[0];
    Cell {
        goodput: megabits(result.bytes, TIME),
        retransmitted: result.retransmitted,
        timeouts: result.timeouts,
    }
}

fn megabits(bytes: u64, time: Duration) -> f64 {
    bytes as f64 * 8e-6 / time.as_secs_f64()
}

/// The row of a table that says a cell.
pub fn cell_text(cell: &Cell) -> String {
    format!("{:.1} ({}, {})", cell.goodput, cell.retransmitted, cell.timeouts)
}

/// What a model lets a flow get at most, in Mbit/s: of Reno (Mathis and others, 1997) or, if `cubic`, the larger of
/// CUBIC's two regions (RFC 9438 sections 4.3 and 5.1).
fn model(cubic: bool, round_trip: u64, loss: u32) -> f64 {
    let link = RATE as f64 * 8e-6 * MSS / 1514.0;
    if loss == 0 {
        return link;
    }
    let (rtt, p) = (round_trip as f64 / 1e3, f64::from(loss) / 1e3);
    let root = |x: f64| sqrt(x);
    let reno = 1.22 / root(p);
    let friendly = 1.2 / root(p);
    // 1.054 * (RTT / p)^(3/4)
    let concave = 1.054 * root(rtt / p) * root(root(rtt / p));
    let window = if cubic { friendly.max(concave) } else { reno };
    (window * MSS * 8e-6 / rtt).min(link)
}

/// Newton's way; the crate has no `std` to ask.
fn sqrt(x: f64) -> f64 {
    (0..60).fold(x.max(1.0), |guess, _| (guess + x / guess) / 2.0)
}

/// The table of goodput, in Markdown.
pub fn goodput(mut progress: impl FnMut(&str)) -> String {
    let mut text = String::from("| control | round trip |");
    for loss in LOSSES {
        text += &format!(" loss {} % |", f64::from(loss) / 10.0);
    }
    text += "\n|---|---|---|---|---|---|\n";
    for algorithm in Algorithm::ALL {
        for round_trip in ROUND_TRIPS {
            let cells: Vec<_> =
                LOSSES.iter().map(|&loss| cell_text(&cell(algorithm, round_trip, loss))).collect();
            let row = format!("| {} | {round_trip} ms | {} |\n", algorithm.name(), cells.join(" | "));
            progress(&row);
            text += &row;
        }
    }
    for (name, cubic) in [("model of Reno", false), ("model of CUBIC", true)] {
        for round_trip in ROUND_TRIPS {
            let cells: Vec<_> =
                LOSSES.iter().map(|&loss| format!("{:.1}", model(cubic, round_trip, loss))).collect();
            text += &format!("| {name} | {round_trip} ms | {} |\n", cells.join(" | "));
        }
    }
    text
}

/// What flows get that share a link of 100 Mbit/s and 20 ms, in Mbit/s, and Jain's index.
pub fn shares(flows: &[Algorithm]) -> (Vec<f64>, f64) {
    let results = Bulk::new(RATE, Duration::from_millis(20), 0, flows, SHARED).run().0;
    let bytes: Vec<u64> = results.iter().map(|result| result.bytes).collect();
    (bytes.iter().map(|&bytes| megabits(bytes, SHARED)).collect(), jain(&bytes))
}

/// The table of fairness, in Markdown.
pub fn fairness(mut progress: impl FnMut(&str)) -> String {
    let [reno, cubic, bbr, dctcp] = Algorithm::ALL;
    let mixes = [
        vec![reno; 4],
        vec![cubic; 4],
        vec![bbr; 4],
        vec![dctcp; 4],
        vec![cubic, reno],
        vec![cubic, cubic, reno, reno],
        vec![cubic, bbr],
        vec![cubic, cubic, bbr, bbr],
    ];
    let mut text = String::from("| flows | each gets, Mbit/s | Jain's index |\n|---|---|---|\n");
    for mix in mixes {
        let names: Vec<_> = mix.iter().map(|algorithm| algorithm.name()).collect();
        let (shares, index) = shares(&mix);
        let shares: Vec<_> = shares.iter().map(|share| format!("{share:.1}")).collect();
        let row = format!("| {} | {} | {index:.3} |\n", names.join(", "), shares.join(", "));
        progress(&row);
        text += &row;
    }
    text
}

/// The whole of `docs/goodput.md`.
pub fn document(mut progress: impl FnMut(&str)) -> String {
    let goodput = goodput(&mut progress);
    let fairness = fairness(&mut progress);
    format!("{HEAD}{goodput}{MIDDLE}{fairness}")
}

const HEAD: &str = "\
# Goodput and fairness in the simulation

Written by `cargo xtask goodput`; do not edit. Two stacks, one link, virtual time: the same seed gives the same numbers on
every machine. A test measures some of the places again and fails if they are off by more than a tenth: after a change
to TCP that moves them, write the page anew and look at what changed.

## One flow

The link carries 100 Mbit/s (95.6 Mbit/s of data in full segments) in each direction, its queue holds one
bandwidth-delay product, at least 100 frames, and it loses frames of both directions by chance, acknowledgements too. One
flow sends for 30 s with buffers that are never the limit. For DCTCP alone the link marks what comes while a seventh of the
product waits, at least 20 frames (ECN, RFC 8257). Each place: Mbit/s of data that the receiver read (segments sent again,
timeouts).

";

const MIDDLE: &str = "
The models are what a long flow gets at most: of Reno 1.22 MSS / (RTT √p) (Mathis and others, 1997), of CUBIC the larger of
its Reno-friendly region, 1.2 MSS / (RTT √p), and its concave one, 1.054 MSS (RTT / p)^¾ / RTT (RFC 9438 section 5.1). They
know neither queues nor timeouts nor the slow start before the first loss, which lets a flow of 30 s exceed them on a long
path.

CUBIC falls behind Reno where losses by chance come soon after each other, and more so the shorter the path. That is Linux's
own doing (`bictcp_update`), not the standard's. While the window does not change, the estimate of where Reno would be is
looked at once in `HZ / 32`, 31 ms, and a loss begins a new one. At 1 % a loss comes after about 8 round trips: at 20 ms
that is 160 ms, of which each epoch wastes a tick of 31 ms; at 1 ms it is 8 ms, so that the window hardly ever grows between
two losses and settles where a hundred segments take longer than 31 ms. Beside that, seven tenths of 12 segments are rounded
down to 8. A calculation by nothing but these rules (one loss in a hundred segments by chance, a window that is clocked by
round trips, one of them spent in recovery) gives 59 Mbit/s at 1.5 ms, the path of 1 ms with some queue, and 6.3 at 20 ms;
without the 31 ms it gives 85 and 6.6, for Reno 94 and 7.0.

DCTCP's first marks come in slow start, when it takes each of them for a full queue (alpha begins at 1, as in Linux): the window
comes down to a fraction of the path's and grows by a segment in each round trip, which takes a long path the 30 s.

## Flows that share a link

The same link without loss by chance, a round trip of 20 ms, all flows begin at once and send for 60 s. Jain's index is 1 if
all get the same, 1/n if one gets all.

";
