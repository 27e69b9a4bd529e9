//! What tests want of the system. Nothing is ever installed from here: what is missing is named, with its
//! package, and what needs it is skipped.

use std::fs;

use crate::workspace::find_program;

/// A program and the Debian package that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// What is skipped without it.
    pub(crate) used_for: &'static str,
}

/// All that tests use.
pub(crate) const PROGRAMS: [Program; 12] = [
    Program { name: "ip", package: "iproute2", used_for: "everything with Linux as the peer" },
    Program { name: "ping", package: "iputils-ping", used_for: "pings from Linux" },
    Program { name: "tshark", package: "tshark", used_for: "Wireshark's opinion of our frames" },
    Program { name: "curl", package: "curl", used_for: "requests by curl" },
    Program { name: "nc", package: "netcat-openbsd", used_for: "connections by nc" },
    Program { name: "traceroute", package: "traceroute", used_for: "the way through a guest" },
    Program { name: "dnsmasq", package: "dnsmasq-base", used_for: "a DHCP server" },
    Program { name: "radvd", package: "radvd", used_for: "a router's advertisements" },
    Program { name: "scapy", package: "python3-scapy", used_for: "attackers' frames that others made" },
    Program { name: "redis-server", package: "redis-server", used_for: "a client of redis" },
    Program { name: "clang", package: "clang", used_for: "guests in C" },
    Program { name: "sysctl", package: "procps", used_for: "settings beside Linux's" },
];

/// The programs that are not installed.
pub(crate) fn missing_programs() -> Vec<Program> {
    PROGRAMS.into_iter().filter(|program| find_program(program.name).is_none()).collect()
}

/// Linux's number of the capability to make network devices and namespaces' interfaces (capabilities(7)).
const CAP_NET_ADMIN: u32 = 12;

/// Whether this process may make TAP devices.
pub(crate) fn may_administrate_networks() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_capabilities(&status).is_some_and(|capabilities| capabilities >> CAP_NET_ADMIN & 1 == 1)
}

fn effective_capabilities(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(value.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn capabilities_are_read() {
        assert_eq!(effective_capabilities("Name:\tx\nCapEff:\t0000000000001000\n"), Some(1 << CAP_NET_ADMIN));
        assert_eq!(effective_capabilities("Name:\tx\n"), None);
    }

    /// CI installs what is listed here, no more and no less.
    #[test]
    fn ci_installs_these_packages() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/run");
        let script = fs::read_to_string(script).unwrap();
        let line = script.lines().find_map(|line| line.strip_prefix("packages=(")).unwrap();
        let installed: Vec<&str> = line.trim_end_matches(')').split(' ').collect();
        assert_eq!(installed, PROGRAMS.map(|program| program.package));
    }
}
