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

/// Type and code by their names; numbers are names too.
///
/// # Errors
/// A name that ICMP of IPv4 does not have.
pub fn numbers(kind: &str, code: Option<&str>) -> Result<(u8, u8), String> {
    let named = TYPES.iter().find(|(name, _)| *name == kind).map(|&(_, number)| number);
    let number =
        named.or_else(|| kind.parse().ok()).ok_or_else(|| format!("no ICMP type '{kind}' in IPv4"))?;
    let Some(code) = code else { return Ok((number, 0)) };
    let position = UNREACHABLE.iter().position(|name| *name == code).filter(|_| number == 3);
    let code_number = position.map(|at| at as u8).or_else(|| code.parse().ok());
    code_number.map(|code| (number, code)).ok_or_else(|| format!("no code '{code}' of ICMP type '{kind}'"))
}

/// Type and code in words.
pub fn names(kind: u8, code: u8) -> String {
    let name = TYPES.iter().find(|&&(_, number)| number == kind).map(|(name, _)| *name);
    match (name, kind) {
        (Some(name), 3) => format!("{name} {}", UNREACHABLE.get(usize::from(code)).unwrap_or(&"?")),
        (Some(name), _) if code == 0 => name.to_owned(),
        (Some(name), _) => format!("{name} {code}"),
        (None, _) => format!("{kind} {code}"),
    }
}
