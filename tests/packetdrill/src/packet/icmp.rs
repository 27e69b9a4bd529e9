//! Names of ICMP types and codes as scripts write them.

/// Codes of "destination unreachable".
const UNREACHABLE: [&str; 16] = [
    "net_unreachable",
    "host_unreachable",
    "protocol_unreachable",
    "port_unreachable",
    "frag_needed",
    "source_route_failed",
    "net_unknown",
    "host_unknown",
    "source_host_isolated",
    "net_prohibited",
    "host_prohibited",
    "net_unreachable_for_tos",
    "host_unreachable_for_tos",
    "packet_filtered",
    "precedence_violation",
    "precedence_cutoff",
];

/// Codes of "destination unreachable" of ICMPv6 (RFC 4443 section 3.1), under upstream's names.
const UNREACHABLE_V6: [&str; 7] = [
    "no_route",
    "admin_prohibited",
    "not_neighbour",
    "address_unreachable",
    "port_unreachable",
    "policy_fail",
    "reject_route",
];

const TYPES_V6: [(&str, u8); 6] = [
    ("unreachable", 1),
    ("packet_too_big", 2),
    ("time_exceeded", 3),
    ("parameter_problem", 4),
    ("echo_request", 128),
    ("echo_reply", 129),
];

const TYPES: [(&str, u8); 13] = [
    ("echo_reply", 0),
    ("unreachable", 3),
    ("source_quench", 4),
    ("redirect", 5),
    ("echo_request", 8),
    ("time_exceeded", 11),
    ("parameter_problem", 12),
    ("timestamp_request", 13),
    ("timestamp_reply", 14),
    ("information_request", 15),
    ("information_reply", 16),
    ("address_mask_request", 17),
    ("address_mask_reply", 18),
];

/// The names of one version: types, the number of "destination unreachable", its codes.
struct Names {
    version: &'static str,
    types: &'static [(&'static str, u8)],
    unreachable: u8,
    codes: &'static [&'static str],
}

const V4: Names = Names { version: "IPv4", types: &TYPES, unreachable: 3, codes: &UNREACHABLE };
const V6: Names = Names { version: "IPv6", types: &TYPES_V6, unreachable: 1, codes: &UNREACHABLE_V6 };

impl Names {
    fn of(is_v6: bool) -> &'static Names {
        if is_v6 { &V6 } else { &V4 }
    }
}

/// Type and code by their names; numbers are names too.
///
/// # Errors
/// A name that ICMP of this version does not have.
pub fn numbers(is_v6: bool, kind: &str, code: Option<&str>) -> Result<(u8, u8), String> {
    let Names { version, types, unreachable, codes } = Names::of(is_v6);
    let named = types.iter().find(|(name, _)| *name == kind).map(|&(_, number)| number);
    let number =
        named.or_else(|| kind.parse().ok()).ok_or_else(|| format!("no ICMP type '{kind}' in {version}"))?;
    let Some(code) = code else { return Ok((number, 0)) };
    let position = codes.iter().position(|name| *name == code).filter(|_| number == *unreachable);
    let code_number = position.map(|at| at as u8).or_else(|| code.parse().ok());
    code_number.map(|code| (number, code)).ok_or_else(|| format!("no code '{code}' of ICMP type '{kind}'"))
}

/// Type and code in words.
pub fn names(is_v6: bool, kind: u8, code: u8) -> String {
    let Names { types, unreachable, codes, .. } = Names::of(is_v6);
    let name = types.iter().find(|&&(_, number)| number == kind).map(|(name, _)| *name);
    match name {
        Some(name) if kind == *unreachable => {
            format!("{name} {}", codes.get(usize::from(code)).unwrap_or(&"?"))
        }
        Some(name) if code == 0 => name.to_owned(),
        Some(name) => format!("{name} {code}"),
        None => format!("{kind} {code}"),
    }
}
