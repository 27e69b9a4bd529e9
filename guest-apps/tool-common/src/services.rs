//! The names of ports that are met most: what `/etc/services` is to programs that have files. Linux: `getservbyport`.

/// Ports with their names, as IANA's registry and Debian have them; who is in both speaks TCP and UDP.
const SERVICES: [(u16, &str, Over); 66] = [
    (7, "echo", Over::Both),
    (9, "discard", Over::Both),
    (13, "daytime", Over::Both),
    (17, "qotd", Over::Tcp),
    (19, "chargen", Over::Both),
    (20, "ftp-data", Over::Tcp),
    (21, "ftp", Over::Tcp),
    (22, "ssh", Over::Tcp),
    (23, "telnet", Over::Tcp),
    (25, "smtp", Over::Tcp),
    (37, "time", Over::Both),
    (43, "whois", Over::Tcp),
    (49, "tacacs", Over::Both),
    (53, "domain", Over::Both),
    (67, "bootps", Over::Udp),
    (68, "bootpc", Over::Udp),
    (69, "tftp", Over::Udp),
    (70, "gopher", Over::Tcp),
    (79, "finger", Over::Tcp),
    (80, "http", Over::Tcp),
    (88, "kerberos", Over::Both),
    (110, "pop3", Over::Tcp),
    (111, "sunrpc", Over::Both),
    (113, "auth", Over::Tcp),
    (119, "nntp", Over::Tcp),
    (123, "ntp", Over::Udp),
    (137, "netbios-ns", Over::Udp),
    (138, "netbios-dgm", Over::Udp),
    (139, "netbios-ssn", Over::Tcp),
    (143, "imap2", Over::Tcp),
    (161, "snmp", Over::Both),
    (162, "snmp-trap", Over::Both),
    (179, "bgp", Over::Tcp),
    (389, "ldap", Over::Both),
    (443, "https", Over::Both),
    (445, "microsoft-ds", Over::Tcp),
    (465, "submissions", Over::Tcp),
    (500, "isakmp", Over::Udp),
    (514, "syslog", Over::Udp),
    (515, "printer", Over::Tcp),
    (543, "klogin", Over::Tcp),
    (546, "dhcpv6-client", Over::Udp),
    (547, "dhcpv6-server", Over::Udp),
    (554, "rtsp", Over::Both),
    (587, "submission", Over::Tcp),
    (631, "ipp", Over::Tcp),
    (636, "ldaps", Over::Both),
    (853, "domain-s", Over::Both),
    (873, "rsync", Over::Tcp),
    (989, "ftps-data", Over::Tcp),
    (990, "ftps", Over::Tcp),
    (992, "telnets", Over::Tcp),
    (993, "imaps", Over::Tcp),
    (995, "pop3s", Over::Tcp),
    (1080, "socks", Over::Tcp),
    (1194, "openvpn", Over::Both),
    (1812, "radius", Over::Both),
    (1813, "radius-acct", Over::Both),
    (2049, "nfs", Over::Both),
    (3306, "mysql", Over::Tcp),
    (5060, "sip", Over::Both),
    (5222, "xmpp-client", Over::Tcp),
    (5353, "mdns", Over::Udp),
    (5432, "postgresql", Over::Tcp),
    (6379, "redis", Over::Tcp),
    (8080, "http-alt", Over::Tcp),
];

/// What a service speaks over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
    /// Either.
    Both,
}

/// The name of a port, of what speaks TCP or UDP.
pub fn name(port: u16, over: Over) -> Option<&'static str> {
    let fits = |known: Over| known == over || known == Over::Both;
    SERVICES.iter().find(|(number, _, known)| *number == port && fits(*known)).map(|(_, name, _)| *name)
}

/// The port that a number or a name says.
pub fn port(word: &str) -> Option<u16> {
    word.parse().ok().or_else(|| Some(SERVICES.iter().find(|(_, name, _)| *name == word)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports() {
        assert_eq!((name(22, Over::Tcp), name(22, Over::Udp)), (Some("ssh"), None));
        assert_eq!((name(53, Over::Udp), name(54, Over::Tcp)), (Some("domain"), None));
        assert_eq!((port("443"), port("https"), port("httpq")), (Some(443), Some(443), None));
        assert!(SERVICES.is_sorted_by_key(|(number, ..)| *number));
    }
}
