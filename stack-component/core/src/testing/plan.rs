//! What a run does, drawn from its seed.

use super::link::Impairment;
use crate::random::{Random, SeededRandom};
use crate::tcp::TcpOption;
use crate::time::Duration;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How far the plans of runs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breadth {
    /// Transfers of at most 100 kB over bad links: many in a second.
    Short,
    /// Megabytes, aborts, cuts, changes of the MTU, worse links.
    Wide,
}

/// How an end gives its connection up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Ends its side when all is sent, reads to the peer's end, closes.
    Orderly,
    /// Closes when all is handed in, whatever comes from the peer.
    Early,
    /// Resets the connection after this time.
    Abort(Duration),
}

/// What one end does.
#[derive(Clone, Debug)]
pub struct EndPlan {
    /// Settings of its stack.
    pub sysctls: Vec<(&'static str, String)>,
    /// Settings of its socket.
    pub options: Vec<TcpOption>,
    /// Bytes it sends.
    pub bytes: u64,
    /// Bytes of a write, at most.
    pub write: u32,
    /// Bytes of a read, at most.
    pub read: u32,
    /// The chance in a thousand that it rests after a read, and for how long at most.
    pub rest: (u32, Duration),
    /// How it ends.
    pub ending: Ending,
}

impl EndPlan {
    /// Whether its congestion control sets the window as it likes.
    pub(super) fn takes_over(&self) -> bool {
        self.sysctls.iter().any(|(name, value)| *name == "net.ipv4.tcp_congestion_control" && value == "bbr")
    }
}

/// Something that happens to the link.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// It is cut, or mended.
    Cut(bool),
    /// Larger IP packets do not pass any more; the sender is told if `told`.
    Mtu {
        /// Bytes.
        mtu: u16,
        /// Whether ICMP says so.
        told: bool,
    },
}

/// All of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What all of it follows from.
    pub seed: u64,
    /// What the link does.
    pub impairment: Impairment,
    /// What the ends do.
    pub ends: [EndPlan; 2],
    /// What happens to the link, and how long after the beginning.
    pub changes: Vec<(Duration, Change)>,
}

/// Settings that are toggled: the value that is not the default one, and its chance in a hundred.
const TOGGLES: &[(&str, &[&str], u32)] = &[
    ("net.ipv4.tcp_sack", &["0"], 15),
    ("net.ipv4.tcp_dsack", &["0"], 10),
    ("net.ipv4.tcp_timestamps", &["0"], 20),
    ("net.ipv4.tcp_window_scaling", &["0"], 15),
    ("net.ipv4.tcp_recovery", &["0", "3", "5"], 15),
    ("net.ipv4.tcp_early_retrans", &["0"], 10),
    ("net.ipv4.tcp_frto", &["0"], 10),
    ("net.ipv4.tcp_slow_start_after_idle", &["0"], 10),
    ("net.ipv4.tcp_comp_sack_nr", &["0"], 10),
    ("net.ipv4.tcp_moderate_rcvbuf", &["0"], 10),
    ("net.ipv4.tcp_thin_linear_timeouts", &["1"], 10),
    ("net.ipv4.tcp_max_reordering", &["10"], 10),
    ("net.ipv4.tcp_ecn", &["0", "1", "3"], 30),
    ("net.ipv4.tcp_congestion_control", &["reno", "bbr", "dctcp"], 50),
];

impl Plan {
    /// The plan of `seed`.
    pub fn new(seed: u64, breadth: Breadth) -> Plan {
        let mut random = SeededRandom::new(seed ^ 0x5eed_0000_0000);
        let wide = breadth == Breadth::Wide;
        let impairment = impairment(&mut random, wide);
        let ends = [(); 2].map(|()| end(&mut random, wide));
        let mut changes = Vec::new();
        if wide && random.below(4) == 0 {
            let at = Duration::from_millis(random.below(5000).into());
            let dark = Duration::from_millis(random.below(20_000).into());
            changes.push((at, Change::Cut(true)));
            changes.push((at + dark, Change::Cut(false)));
        }
        if wide && random.below(4) == 0 {
            let mtu = 600 + random.below(900) as u16;
            changes.push((Duration::from_millis(random.below(5000).into()), Change::Mtu { mtu, told: true }));
        }
        changes.sort_by_key(|change| change.0);
        Plan { seed, impairment, ends, changes }
    }
}

fn impairment(random: &mut SeededRandom, wide: bool) -> Impairment {
    // Half of the links suffer from each evil.
    let mut evil = |most: u32| if random.below(2) == 0 { 0 } else { random.below(most) };
    let scale = if wide { 2 } else { 1 };
    let [loss, duplication, reordering, corruption] =
        [50 * scale, 30 * scale, 100 * scale, 10 * scale].map(&mut evil);
    Impairment {
        delay: Duration::from_micros(random.below(if wide { 150_000 } else { 50_000 }).into()),
        rate: if random.below(3) == 0 { 0 } else { 100_000 + u64::from(random.below(20_000_000)) },
        queue: 5 + random.below(200) as usize,
        mark_above: if random.below(3) == 0 { Some(random.below(20) as usize) } else { None },
        loss,
        duplication,
        reordering,
        corruption,
    }
}

fn end(random: &mut SeededRandom, wide: bool) -> EndPlan {
    let mut sysctls = Vec::new();
    for (name, values, chance) in TOGGLES {
        if random.below(100) < *chance {
            let value = values[random.below(values.len() as u32) as usize];
            sysctls.push((*name, value.to_string()));
        }
    }
    let most = if wide { 4_000_000 } else { 60_000 };
    // Small transfers are as interesting as large ones.
    let most = if random.below(4) == 0 { 3000 } else { most };
    let rests = random.below(4) == 0;
    EndPlan {
        sysctls,
        options: options(random),
        bytes: random.below(most).into(),
        write: 64 << random.below(11),
        read: 1 << (8 + random.below(10)),
        rest: (
            if rests { random.below(50) } else { 0 },
            Duration::from_millis(random.below(if wide { 30_000 } else { 1000 }).into()),
        ),
        ending: match random.below(if wide { 10 } else { 20 }) {
            0 => Ending::Abort(Duration::from_millis(random.below(5000).into())),
            1 => Ending::Early,
            _ => Ending::Orderly,
        },
    }
}

fn options(random: &mut SeededRandom) -> Vec<TcpOption> {
    let mut options = Vec::new();
    if random.below(3) == 0 {
        options.push(TcpOption::NoDelay(true));
    }
    if random.below(5) == 0 {
        options.push(TcpOption::SendBuffer(u64::from(4608 + random.below(60_000))));
    }
    if random.below(5) == 0 {
        options.push(TcpOption::ReceiveBuffer(u64::from(2304 + random.below(60_000))));
    }
    if random.below(10) == 0 {
        options.push(TcpOption::MaxSegment(100 + random.below(1300) as u16));
    }
    if random.below(10) == 0 {
        options.push(TcpOption::MaxPacingRate(u64::from(50_000 + random.below(5_000_000))));
    }
    if random.below(10) == 0 {
        options.push(TcpOption::Cork(true));
    }
    options
}
