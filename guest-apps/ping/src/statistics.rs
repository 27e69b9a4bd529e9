//! What was sent and what came back.

use std::collections::VecDeque;
use std::time::Duration;

/// Requests that a reply can be matched with. A reply to an earlier one is no answer to anything that is known.
const REMEMBERED: usize = 65_536;

/// What came back of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The first reply to a request, and how long it took.
    First(Duration),
    /// One more reply, and how long it took.
    Duplicate(Duration),
    /// A reply to nothing that was sent.
    Stray,
}

/// Counts of requests and replies, and times.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    /// Requests that were sent. The first one has the sequence number 1.
    pub(crate) sent: u64,
    /// Requests that were answered.
    pub(crate) received: u64,
    /// Replies beyond the first.
    duplicates: u64,
    /// Errors about requests.
    pub(crate) errors: u64,
    /// When each of the last requests was sent, since the beginning, and whether it was answered.
    requests: VecDeque<(Duration, bool)>,
    /// Requests under way when a reply came, at most. Linux: `pipesize`.
    pipe: u64,
    least: Option<Duration>,
    most: Duration,
    sum: f64,
    sum_of_squares: f64,
    timed: u64,
    /// Eight times the smoothed time of replies, in microseconds. iputils: `rtt`.
    smoothed: u64,
}

/// Which times a summary has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// None: requests were too small for it.
    None,
    /// Those of the replies.
    Trips,
    /// And those between the requests, which went out as fast as replies came.
    WithGaps,
}

impl Statistics {
    /// The sequence number of the next request.
    pub(crate) fn next_sequence(&self) -> u16 {
        self.sent.wrapping_add(1) as u16
    }

    /// A request was sent at this time since the beginning.
    pub(crate) fn sent(&mut self, at: Duration) {
        self.sent += 1;
        self.requests.push_back((at, false));
        if self.requests.len() > REMEMBERED {
            self.requests.pop_front();
        }
    }

    /// Whether the last request was not answered.
    pub(crate) fn last_is_unanswered(&self) -> bool {
        self.requests.back().is_some_and(|(_, answered)| !answered)
    }

    /// A reply to the request with this sequence number came at this time.
    pub(crate) fn replied(&mut self, sequence: u16, at: Duration) -> Answer {
        let age = self.next_sequence().wrapping_sub(sequence);
        let place = self.requests.len().checked_sub(usize::from(age)).filter(|_| age > 0);
        let Some((sent, answered)) = place.and_then(|place| self.requests.get_mut(place)) else {
            return Answer::Stray;
        };
        self.pipe = self.pipe.max(age.into());
        let time = at.saturating_sub(*sent);
        let first = !std::mem::replace(answered, true);
        self.count_time(time);
        if !first {
            self.duplicates += 1;
            return Answer::Duplicate(time);
        }
        self.received += 1;
        Answer::First(time)
    }

    fn count_time(&mut self, time: Duration) {
        let micros = time.as_secs_f64() * 1e6;
        self.timed += 1;
        let whole = time.as_micros() as u64;
        self.smoothed = match self.smoothed {
            0 => whole * 8,
            smoothed => (smoothed - smoothed / 8).saturating_add(whole),
        };
        self.sum += micros;
        self.sum_of_squares += micros * micros;
        self.least = Some(self.least.map_or(time, |least| least.min(time)));
        self.most = self.most.max(time);
    }

    /// The longest time that a reply took.
    pub(crate) fn longest(&self) -> Duration {
        self.most
    }

    /// The smoothed time that replies take.
    pub(crate) fn smoothed(&self) -> Duration {
        Duration::from_micros(self.smoothed / 8)
    }

    /// The lines at the end, after `elapsed`. iputils: `finish`.
    pub(crate) fn summary(&self, destination: &str, elapsed: Duration, times: Times) -> String {
        let mut text = format!("\n--- {destination} ping statistics ---\n");
        text += &format!("{} packets transmitted, {} received, ", self.sent, self.received);
        for (count, what) in [(self.duplicates, "duplicates"), (self.errors, "errors")] {
            if count > 0 {
                text += &format!("+{count} {what}, ");
            }
        }
        let lost = self.sent.saturating_sub(self.received);
        if self.sent > 0 {
            // Six digits, as C's %g has them.
            let percent = lost as f64 * 100.0 / self.sent as f64;
            text += &format!("{}% packet loss, ", significant(percent));
            text += &format!("time {}ms", elapsed.as_millis());
        }
        text.push('\n');
        let mut parts = Vec::new();
        let timed = times != Times::None && self.received > 0;
        if timed {
            parts.push(self.trips());
        }
        if self.pipe > 1 {
            parts.push(format!("pipe {}", self.pipe));
        }
        if times == Times::WithGaps && timed && self.sent > 1 {
            let gap = elapsed.as_micros() as u64 / (self.sent - 1);
            let (gap, smoothed) = (in_millis(gap), in_millis(self.smoothed / 8));
            parts.push(format!("ipg/ewma {gap}/{smoothed} ms"));
        }
        text += &parts.join(", ");
        text.push('\n');
        text
    }

    /// The least, middle and largest time of the replies, and how far they are from the middle.
    fn trips(&self) -> String {
        let millis = |micros: f64| format!("{:.3}", micros / 1e3);
        let average = self.sum / self.timed as f64;
        let deviation = (self.sum_of_squares / self.timed as f64 - average * average).max(0.0).sqrt();
        let least = self.least.unwrap_or_default().as_secs_f64() * 1e6;
        let most = self.most.as_secs_f64() * 1e6;
        let all = [least, average, most, deviation].map(millis).join("/");
        format!("rtt min/avg/max/mdev = {all} ms")
    }
}

/// Microseconds as milliseconds with three digits.
fn in_millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// A number with at most six significant digits and no zeros at its end, as `%g` prints it.
fn significant(number: f64) -> String {
    let whole_digits = (number.abs().max(1.0).log10().floor() as usize) + 1;
    let text = format!("{number:.*}", 6usize.saturating_sub(whole_digits));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

/// A round-trip time with three digits, as iputils shows it: `0.045 ms`, `4.51 ms`, `45.2 ms`, `452 ms`.
pub(crate) fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    // Rounded to the digits that are shown.
    let digits = |half: u128, unit: u128| ((micros + half) / 1000, (micros + half) % 1000 / unit);
    if micros >= 99_950 {
        format!("{} ms", digits(500, 1).0)
    } else if micros >= 9_995 {
        let (whole, part) = digits(50, 100);
        format!("{whole}.{part:01} ms")
    } else if micros >= 1_000 {
        let (whole, part) = digits(5, 10);
        format!("{whole}.{part:02} ms")
    } else {
        format!("0.{micros:03} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn replies_are_matched_with_requests() {
        let mut statistics = Statistics::default();
        assert_eq!(statistics.replied(1, ms(0)), Answer::Stray);
        for at in [0, 1000, 2000] {
            statistics.sent(ms(at));
        }
        assert_eq!(statistics.replied(1, ms(10)), Answer::First(ms(10)));
        assert_eq!(statistics.replied(1, ms(30)), Answer::Duplicate(ms(30)));
        assert_eq!(statistics.replied(3, ms(2020)), Answer::First(ms(20)));
        for stray in [0, 4, 60_000] {
            assert_eq!(statistics.replied(stray, ms(2030)), Answer::Stray, "{stray}");
        }
        assert_eq!(
            statistics.summary("192.0.2.1", ms(2003), Times::Trips),
            "\n--- 192.0.2.1 ping statistics ---\n\
             3 packets transmitted, 2 received, +1 duplicates, 33.3333% packet loss, time 2003ms\n\
             rtt min/avg/max/mdev = 10.000/20.000/30.000/8.165 ms, pipe 3\n"
        );
    }

    #[test]
    fn fast_pings_tell_of_their_gaps() {
        let mut statistics = Statistics::default();
        for (sequence, took) in [(1, 10), (2, 18)] {
            statistics.sent(ms(100 * u64::from(sequence)));
            statistics.replied(sequence, ms(100 * u64::from(sequence) + took));
        }
        let text = statistics.summary("::1", ms(200), Times::WithGaps);
        assert!(text.ends_with(" ms, ipg/ewma 200.000/11.000 ms\n"), "{text}");
        assert!(statistics.summary("::1", ms(200), Times::None).ends_with("time 200ms\n\n"));
    }

    #[test]
    fn sequence_numbers_go_round() {
        let mut statistics = Statistics::default();
        for at in 0..70_000 {
            statistics.sent(ms(at));
        }
        assert_eq!(statistics.replied(70_000u64 as u16, ms(70_000)), Answer::First(ms(1)));
        assert_eq!(statistics.replied(0, ms(70_000)), Answer::First(ms(70_001 - 65_536)));
    }

    #[test]
    fn the_end_of_nothing() {
        let mut statistics = Statistics::default();
        assert_eq!(
            statistics.summary("::1", ms(0), Times::Trips),
            "\n--- ::1 ping statistics ---\n0 packets transmitted, 0 received, \n\n"
        );
        statistics.sent(ms(0));
        statistics.errors = 1;
        assert_eq!(
            statistics.summary("::1", ms(5), Times::Trips),
            "\n--- ::1 ping statistics ---\n\
             1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 5ms\n\n"
        );
    }

    #[test]
    fn times_have_three_digits() {
        for (micros, text) in
            [(45, "0.045 ms"), (4509, "4.51 ms"), (45_190, "45.2 ms"), (451_500, "452 ms"), (0, "0.000 ms")]
        {
            assert_eq!(milliseconds(Duration::from_micros(micros)), text);
        }
    }
}
