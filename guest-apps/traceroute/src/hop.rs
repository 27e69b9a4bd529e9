//! What a hop answered, in a line.

use std::net::IpAddr;
use std::time::Duration;

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Who answered.
    pub(crate) from: IpAddr,
    /// After what time.
    pub(crate) time: Duration,
    /// What it said, if it was not what was expected: `!H`.
    pub(crate) remark: String,
    /// Whether packets go no further.
    pub(crate) last: bool,
    /// The MTU that was found with this probe.
    pub(crate) mtu: Option<u32>,
}

/// The line of the hop with this number; `shown` is how a station is shown. Linux: `print_probe`.
pub(crate) fn line(
    number: u8,
    answers: &[Option<Answer>],
    mut shown: impl FnMut(IpAddr) -> String,
) -> String {
    let mut line = format!("{number:>2} ");
    let mut known = None;
    for answer in answers {
        let Some(Answer { from, time, remark, mtu, .. }) = answer else {
            line += " *";
            continue;
        };
        if known.replace(*from) != Some(*from) {
            line += &format!(" {}", shown(*from));
        }
        if let Some(mtu) = mtu {
            line += &format!("  F={mtu}");
        }
        line += &format!("  {:.3} ms", time.as_secs_f64() * 1e3);
        if !remark.is_empty() {
            line += &format!(" {remark}");
        }
    }
    line
}

/// An address as it is shown: with its link, if it means nothing without.
pub(crate) fn with_zone(address: IpAddr, zone: &str) -> String {
    match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() && !zone.is_empty() => format!("{address}%{zone}"),
        _ => address.to_string(),
    }
}

/// What an ICMP error says of the way, and whether packets go no further.
pub(crate) fn judge(v6: bool, kind: u8, code: u8, info: u32) -> (String, bool) {
    let remark = match (v6, kind, code) {
        (false, 11, _) | (true, 3, _) => return (String::new(), false),
        // The port that nobody has: there.
        (false, 3, 3) | (true, 1, 4) => return (String::new(), true),
        (false, 3, 0) | (true, 1, 0) => "!N".into(),
        (false, 3, 1) | (true, 1, 3) => "!H".into(),
        (false, 3, 2) | (true, 4, 1) => "!P".into(),
        (false, 3, 4) | (true, 2, _) => format!("!F-{info}"),
        (false, 3, 5) => "!S".into(),
        (false, 3, 13) | (true, 1, 1) => "!X".into(),
        (false, 3, 14) => "!V".into(),
        (false, 3, 15) => "!C".into(),
        _ => format!("!<{code}>"),
    };
    (remark, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(from: &str, micros: u64, remark: &str) -> Option<Answer> {
        let (from, time) = (from.parse().unwrap(), Duration::from_micros(micros));
        Some(Answer { from, time, remark: remark.into(), last: false, mtu: None })
    }

    #[test]
    fn lines_name_each_station_once_in_a_row() {
        let one = || answer("192.0.2.1", 45, "");
        let rows = [
            (vec![one(), one(), one()], " 1  192.0.2.1 (192.0.2.1)  0.045 ms  0.045 ms  0.045 ms"),
            (vec![None, None, None], " 1  * * *"),
            (vec![one(), None, answer("192.0.2.2", 1500, "!H")], {
                " 1  192.0.2.1 (192.0.2.1)  0.045 ms * 192.0.2.2 (192.0.2.2)  1.500 ms !H"
            }),
        ];
        for (answers, expected) in rows {
            assert_eq!(line(1, &answers, |from| format!("{from} ({from})")), expected);
        }
        let found = one().map(|answer| Answer { mtu: Some(1400), ..answer });
        assert_eq!(line(2, &[found], |from| from.to_string()), " 2  192.0.2.1  F=1400  0.045 ms");
        assert_eq!(line(12, &[one()], |from| with_zone(from, "eth0")), "12  192.0.2.1  0.045 ms");
        let of_link = answer("fe80::1", 45, "");
        assert_eq!(line(1, &[of_link], |from| with_zone(from, "eth0")), " 1  fe80::1%eth0  0.045 ms");
    }

    #[test]
    fn errors_have_their_marks() {
        assert_eq!(judge(false, 11, 0, 0), (String::new(), false));
        assert_eq!(judge(true, 1, 4, 0), (String::new(), true));
        assert_eq!(judge(false, 3, 4, 1400), ("!F-1400".into(), true));
        assert_eq!(judge(false, 3, 10, 0), ("!<10>".into(), true));
    }
}
