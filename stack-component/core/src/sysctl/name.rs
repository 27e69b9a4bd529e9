//! Names of settings as people write them.

use alloc::string::String;

/// The name with dots between its parts: `net/ipv4/conf/eth0.100/forwarding` is
/// `net.ipv4.conf.eth0/100.forwarding`. The first of dots and slashes in it stands between the parts, the other
/// within them. procps: `slashdot`.
pub(super) fn dotted(name: &str) -> String {
    match name.find(['.', '/']).and_then(|at| name.get(at..=at)) {
        Some("/") => swapped(name),
        _ => name.into(),
    }
}

/// The same with dots for slashes and slashes for dots: how a device's name stands within a name with dots.
pub(super) fn swapped(name: &str) -> String {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    name.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_separator_counts() {
        for (name, expected) in [
            ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
            ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
            ("net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
            ("net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
            ("", ""),
            ("x", "x"),
        ] {
            assert_eq!(dotted(name), expected, "{name}");
        }
    }
}
