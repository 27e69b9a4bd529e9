//! Names of tables, protocols, scopes and kinds of routes. iproute2: `rt_tables`, `rt_protos`, `rtnl_rtntype_n2a`.

use tool_common::control::routing::RouteKind;

/// The table that most routes are in. Linux: `RT_TABLE_MAIN`.
pub(crate) const MAIN: u32 = 254;

/// The table of our own addresses. Linux: `RT_TABLE_LOCAL`.
pub(crate) const LOCAL: u32 = 255;

/// Who makes routes at the command line. Linux: `RTPROT_BOOT`.
pub(crate) const BOOT: u8 = 3;

const TABLES: [(u32, &str); 3] = [(LOCAL, "local"), (MAIN, "main"), (253, "default")];

const PROTOCOLS: [(u8, &str); 7] =
    [(0, "unspec"), (1, "redirect"), (2, "kernel"), (3, "boot"), (4, "static"), (9, "ra"), (16, "dhcp")];

const KINDS: [(RouteKind, &str); 9] = [
    (RouteKind::Unicast, "unicast"),
    (RouteKind::Local, "local"),
    (RouteKind::Broadcast, "broadcast"),
    (RouteKind::Anycast, "anycast"),
    (RouteKind::Multicast, "multicast"),
    (RouteKind::Unreachable, "unreachable"),
    (RouteKind::Prohibit, "prohibit"),
    (RouteKind::Blackhole, "blackhole"),
    (RouteKind::Throw, "throw"),
];

/// The name of a table, or its number.
pub(crate) fn table_name(number: u32) -> String {
    let found = TABLES.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| number.to_string(), |(_, name)| (*name).into())
}

/// The table of this name or number.
pub(crate) fn table(word: &str) -> Option<u32> {
    let found = TABLES.iter().find(|(_, name)| *name == word).map(|(number, _)| *number);
    found.or_else(|| word.parse().ok())
}

/// The name of who made a route, or its number.
pub(crate) fn protocol_name(number: u8) -> String {
    let found = PROTOCOLS.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| number.to_string(), |(_, name)| (*name).into())
}

/// The number of who makes routes.
pub(crate) fn protocol(word: &str) -> Option<u8> {
    let found = PROTOCOLS.iter().find(|(_, name)| *name == word).map(|(number, _)| *number);
    found.or_else(|| word.parse().ok())
}

/// The name of a kind.
pub(crate) fn kind_name(kind: RouteKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("unspec", |(_, name)| name)
}

/// The kind of this name.
pub(crate) fn kind(word: &str) -> Option<RouteKind> {
    KINDS.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind)
}

/// Protocols above IP, with the names that Debian's /etc/protocols has.
const IP_PROTOCOLS: [(&str, u8); 15] = [
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("pim", 103),
    ("sctp", 132),
    ("udplite", 136),
];

/// The name of a protocol above IP, or its number. iproute2: `inet_proto_n2a`.
pub(crate) fn ip_protocol_name(number: u8) -> String {
    let found = IP_PROTOCOLS.iter().find(|(_, known)| *known == number);
    found.map_or_else(|| number.to_string(), |(name, _)| (*name).into())
}

/// The number of a protocol above IP by its name. iproute2: `inet_proto_a2n`.
pub(crate) fn ip_protocol(word: &str) -> Option<u8> {
    let found = IP_PROTOCOLS.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    found.or_else(|| word.parse().ok())
}
