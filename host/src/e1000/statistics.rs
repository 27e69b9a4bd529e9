//! The statistics registers: read to clear, sticking at their maximum.

use e1000_regs::Statistic;
use e1000_regs::receive::FCS_LEN;

const FIRST: u32 = Statistic::Crcerrs.offset();
const WORDS: usize = 64;

/// All counters. The 64 bit octet counters are kept whole; the rest by their word number.
#[derive(Debug)]
pub(super) struct Statistics {
    words: [u32; WORDS],
    good_octets_received: u64,
    good_octets_sent: u64,
    octets_received: u64,
    octets_sent: u64,
}

impl Default for Statistics {
    fn default() -> Self {
        Statistics {
            words: [0; WORDS],
            good_octets_received: 0,
            good_octets_sent: 0,
            octets_received: 0,
            octets_sent: 0,
        }
    }
}

/// Whom a frame is for, as the statistics tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cast {
    Unicast,
    Multicast,
    Broadcast,
}

impl Cast {
    /// By the destination address, the frame's first bytes.
    pub(super) fn of(frame: &[u8]) -> Cast {
        match frame.get(..6) {
            Some([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) => Cast::Broadcast,
            Some([first, ..]) if first & 1 != 0 => Cast::Multicast,
            _ => Cast::Unicast,
        }
    }
}

impl Statistics {
    /// Reads a counter as its register: it starts anew from zero. Of a 64 bit pair, the high word's read
    /// clears both (SDM 13.7).
    pub(super) fn read(&mut self, statistic: Statistic) -> u32 {
        match statistic {
            Statistic::Gorcl => self.good_octets_received as u32,
            Statistic::Gorch => take_high(&mut self.good_octets_received),
            Statistic::Gotcl => self.good_octets_sent as u32,
            Statistic::Gotch => take_high(&mut self.good_octets_sent),
            Statistic::Torl => self.octets_received as u32,
            Statistic::Torh => take_high(&mut self.octets_received),
            Statistic::Totl => self.octets_sent as u32,
            Statistic::Toth => take_high(&mut self.octets_sent),
            other => std::mem::take(self.word(other)),
        }
    }

    /// Counts one event.
    pub(super) fn count(&mut self, statistic: Statistic) {
        let word = self.word(statistic);
        *word = word.saturating_add(1);
    }

    /// Counts a frame on the wire, whatever becomes of it: TPR and TOR. `len` is without the FCS.
    pub(super) fn seen(&mut self, len: usize) {
        self.count(Statistic::Tpr);
        add(&mut self.octets_received, len);
    }

    /// Counts a frame handed to the driver. `len` is without the FCS.
    pub(super) fn received(&mut self, len: usize, cast: Cast) {
        self.count(Statistic::Gprc);
        add(&mut self.good_octets_received, len);
        self.count(match size_class(len) {
            0 => Statistic::Prc64,
            1 => Statistic::Prc127,
            2 => Statistic::Prc255,
            3 => Statistic::Prc511,
            4 => Statistic::Prc1023,
            _ => Statistic::Prc1522,
        });
        match cast {
            Cast::Broadcast => self.count(Statistic::Bprc),
            Cast::Multicast => self.count(Statistic::Mprc),
            Cast::Unicast => {}
        }
    }

    /// Counts a frame put on the wire.
    pub(super) fn sent(&mut self, frame: &[u8]) {
        let len = frame.len();
        self.count(Statistic::Tpt);
        self.count(Statistic::Gptc);
        add(&mut self.octets_sent, len);
        add(&mut self.good_octets_sent, len);
        self.count(match size_class(len) {
            0 => Statistic::Ptc64,
            1 => Statistic::Ptc127,
            2 => Statistic::Ptc255,
            3 => Statistic::Ptc511,
            4 => Statistic::Ptc1023,
            _ => Statistic::Ptc1522,
        });
        match Cast::of(frame) {
            Cast::Broadcast => self.count(Statistic::Bptc),
            Cast::Multicast => self.count(Statistic::Mptc),
            Cast::Unicast => {}
        }
    }

    fn word(&mut self, statistic: Statistic) -> &mut u32 {
        let index = (statistic.offset() - FIRST) as usize / 4;
        &mut self.words[index % WORDS]
    }
}

/// Octet counters include the FCS.
fn add(counter: &mut u64, len: usize) {
    *counter = counter.saturating_add((len + FCS_LEN) as u64);
}

fn take_high(counter: &mut u64) -> u32 {
    (std::mem::take(counter) >> 32) as u32
}

/// The size classes of RMON, for a length without the FCS.
fn size_class(len: usize) -> usize {
    [64, 127, 255, 511, 1023].iter().take_while(|limit| len + FCS_LEN > **limit).count()
}

#[cfg(test)]
impl Statistics {
    /// Every counter at its maximum.
    pub(super) fn fill_for_test(&mut self) {
        *self = Statistics {
            words: [u32::MAX; WORDS],
            good_octets_received: u64::MAX,
            good_octets_sent: u64::MAX,
            octets_received: u64::MAX,
            octets_sent: u64::MAX,
        };
    }
}
