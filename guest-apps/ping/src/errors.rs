//! ICMP errors in words, as iputils has them.

/// What an ICMP error of IPv4 says.
pub(crate) fn v4(kind: u8, code: u8, info: u32) -> String {
    let text = match (kind, code) {
        (3, 0) => "Destination Net Unreachable",
        (3, 1) => "Destination Host Unreachable",
        (3, 2) => "Destination Protocol Unreachable",
        (3, 3) => "Destination Port Unreachable",
        (3, 4) => return format!("Frag needed and DF set (mtu = {info})"),
        (3, 5) => "Source Route Failed",
        (3, 6) => "Destination Net Unknown",
        (3, 7) => "Destination Host Unknown",
        (3, 8) => "Source Host Isolated",
        (3, 9) => "Destination Net Prohibited",
        (3, 10) => "Destination Host Prohibited",
        (3, 11) => "Destination Net Unreachable for Type of Service",
        (3, 12) => "Destination Host Unreachable for Type of Service",
        (3, 13) => "Packet filtered",
        (3, 14) => "Precedence Violation",
        (3, 15) => "Precedence Cutoff",
        (3, _) => return format!("Dest Unreachable, Bad Code: {code}"),
        (11, 0) => "Time to live exceeded",
        (11, 1) => "Frag reassembly time exceeded",
        (11, _) => return format!("Time exceeded, Bad Code: {code}"),
        (12, _) => return format!("Parameter problem: pointer = {info}"),
        _ => return format!("Bad ICMP type: {kind}"),
    };
    text.into()
}

/// What an ICMP error of IPv6 says.
pub(crate) fn v6(kind: u8, code: u8, info: u32) -> String {
    match (kind, code) {
        (1, 0) => "Destination unreachable: No route".into(),
        (1, 1) => "Destination unreachable: Administratively prohibited".into(),
        (1, 2) => "Destination unreachable: Beyond scope of source address".into(),
        (1, 3) => "Destination unreachable: Address unreachable".into(),
        (1, 4) => "Destination unreachable: Port unreachable".into(),
        (1, 5) => "Destination unreachable: Source address failed ingress/egress policy".into(),
        (1, 6) => "Destination unreachable: Reject route to destination".into(),
        (1, _) => format!("Destination unreachable: Unknown code {code}"),
        (2, _) => format!("Packet too big: mtu={info}"),
        (3, 0) => "Time exceeded: Hop limit".into(),
        (3, 1) => "Time exceeded: Defragmentation failure".into(),
        (3, _) => format!("Time exceeded: code {code}"),
        (4, 0) => format!("Parameter problem: Wrong header field at {info}"),
        (4, 1) => format!("Parameter problem: Unknown header at {info}"),
        (4, 2) => format!("Parameter problem: Unknown option at {info}"),
        (4, _) => format!("Parameter problem: code {code} at {info}"),
        _ => format!("unknown icmp type: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_words() {
        assert_eq!(v4(11, 0, 0), "Time to live exceeded");
        assert_eq!(v4(3, 4, 1400), "Frag needed and DF set (mtu = 1400)");
        assert_eq!(v6(1, 3, 0), "Destination unreachable: Address unreachable");
        assert_eq!(v6(2, 0, 1280), "Packet too big: mtu=1280");
    }
}
