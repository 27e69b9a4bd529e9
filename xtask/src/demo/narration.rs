//! A capture told line by line: when, which way, what it is for, and the frame as tcpdump shows it.

use stack_core::wire::pretty::describe;

use crate::capture::Frame;

/// Most frames that are told one by one.
const MOST: usize = 22;

/// The first frames, one a line, and how many more there are.
pub(super) fn tell(frames: &[Frame]) -> Vec<String> {
    let begun = frames.first().map_or_else(Default::default, |frame| frame.time);
    let line = |frame: &Frame| {
        let time = frame.time.saturating_sub(begun).as_secs_f64();
        let way = if frame.inbound { "to guest" } else { "by guest" };
        let text = describe(&frame.bytes);
        format!("  {time:.6}  {way}  {:<11}  {}", purpose(&text), without_options(&text))
    };
    let mut lines: Vec<String> = frames.iter().take(MOST).map(line).collect();
    if frames.len() > MOST {
        lines.push(format!("  ... and {} more", frames.len() - MOST));
    }
    lines
}

/// A description without TCP's options, which are longer than all the rest.
fn without_options(description: &str) -> String {
    let shorter = || {
        let (before, rest) = description.split_once(", options [")?;
        let (_, after) = rest.split_once(']')?;
        Some(format!("{before}{after}"))
    };
    shorter().unwrap_or_else(|| description.to_owned())
}

/// Whether the connection has been closed by both sides and the last of it acknowledged.
pub(super) fn is_complete(frames: &[Frame]) -> bool {
    let purposes: Vec<&str> = frames.iter().map(|frame| purpose(&describe(&frame.bytes))).collect();
    let closed = |inbound| {
        frames.iter().zip(&purposes).any(|(frame, purpose)| frame.inbound == inbound && *purpose == "FIN")
    };
    closed(true) && closed(false) && purposes.last() == Some(&"ACK")
}

/// What a frame is for, in a word or two, from its description.
fn purpose(description: &str) -> &'static str {
    if let Some(operation) = description.strip_prefix("ARP, ") {
        let names = [("Request", "ARP request"), ("Reply", "ARP reply"), ("Announcement", "ARP notice")];
        let name = names.into_iter().find(|(word, _)| operation.starts_with(word));
        return name.map_or("ARP", |(_, name)| name);
    }
    let Some((_, flags)) = description.split_once("Flags [") else { return "" };
    let flags = flags.split(']').next().unwrap_or_default();
    match (flags.contains('R'), flags.contains('S'), flags.contains('F'), flags.contains('.')) {
        (true, ..) => "RST",
        (_, true, _, true) => "SYN-ACK",
        (_, true, ..) => "SYN",
        (_, _, true, _) => "FIN",
        _ if description.ends_with("length 0") => "ACK",
        _ => "data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes() {
        for (description, expected) in [
            ("ARP, Request who-has 10.0.2.15 tell 10.0.2.2", "ARP request"),
            ("ARP, Reply 10.0.2.15 is-at 52:54:00:12:34:56", "ARP reply"),
            ("ARP, Announcement 10.0.2.15 at 52:54:00:12:34:56", "ARP notice"),
            ("IP 10.0.2.2.4000 > 10.0.2.15.7: Flags [S], seq 1, win 64240, length 0", "SYN"),
            ("IP 10.0.2.15.7 > 10.0.2.2.4000: Flags [S.], seq 1, ack 2, win 64240, length 0", "SYN-ACK"),
            ("IP 10.0.2.2.4000 > 10.0.2.15.7: Flags [.], ack 2, win 64240, length 0", "ACK"),
            ("IP 10.0.2.2.4000 > 10.0.2.15.7: Flags [P.], seq 2:40, ack 2, win 502, length 38", "data"),
            ("IP 10.0.2.2.4000 > 10.0.2.15.7: Flags [F.], seq 40, ack 40, win 502, length 0", "FIN"),
            ("IP 10.0.2.2.4000 > 10.0.2.15.7: Flags [R], seq 40, win 0, length 0", "RST"),
            ("truncated frame, length 3", ""),
        ] {
            assert_eq!(purpose(description), expected, "{description}");
        }
    }

    #[test]
    fn options_are_left_out() {
        let description = "IP a > b: Flags [S], win 65535, options [mss 1460,nop], length 0";
        assert_eq!(without_options(description), "IP a > b: Flags [S], win 65535, length 0");
        assert_eq!(without_options("truncated frame, length 3"), "truncated frame, length 3");
    }

    #[test]
    fn long_captures_are_cut() {
        let frame = Frame { time: std::time::Duration::from_secs(9), inbound: true, bytes: vec![0; 3] };
        let lines = tell(&vec![frame; MOST + 5]);
        assert_eq!(lines.len(), MOST + 1);
        assert!(lines[0].starts_with("  0.000000  to guest"), "{}", lines[0]);
        assert_eq!(lines.last().unwrap(), "  ... and 5 more");
        assert!(tell(&[]).is_empty());
    }
}
