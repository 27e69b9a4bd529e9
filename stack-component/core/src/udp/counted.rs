//! What UDP counts, by version: `Udp` of `/proc/net/snmp`, `Udp6` of `/proc/net/snmp6`.

use crate::counters::Counter;

/// The counters of one version. Linux: `struct udp_mib`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) received: Counter,
    pub(crate) no_ports: Counter,
    pub(crate) errors: Counter,
    pub(crate) sent: Counter,
    pub(crate) full: Counter,
    pub(crate) no_memory: Counter,
    pub(crate) bad_checksums: Counter,
    pub(crate) ignored: Counter,
}

impl Counted {
    /// Those of IPv6, or of IPv4.
    pub(crate) const fn of(v6: bool) -> Self {
        if v6 { Counted::V6 } else { Counted::V4 }
    }

    const V4: Counted = Counted {
        received: Counter::UdpInDatagrams,
        no_ports: Counter::UdpNoPorts,
        errors: Counter::UdpInErrors,
        sent: Counter::UdpOutDatagrams,
        full: Counter::UdpRcvbufErrors,
        no_memory: Counter::UdpMemErrors,
        bad_checksums: Counter::UdpInCsumErrors,
        ignored: Counter::UdpIgnoredMulti,
    };

    const V6: Counted = Counted {
        received: Counter::Udp6InDatagrams,
        no_ports: Counter::Udp6NoPorts,
        errors: Counter::Udp6InErrors,
        sent: Counter::Udp6OutDatagrams,
        full: Counter::Udp6RcvbufErrors,
        no_memory: Counter::Udp6MemErrors,
        bad_checksums: Counter::Udp6InCsumErrors,
        ignored: Counter::Udp6IgnoredMulti,
    };
}
