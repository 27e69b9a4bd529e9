//! The stack component as a file: what it may do to its surroundings, and what it offers.

use anyhow::{Result, ensure};
use conformance::{artifacts, odd_components};

crate::cases! {
    the_imports_are_at_most_those_of_the_contract,
    the_exports_are_those_of_the_contract,
}

/// The least authority: no files, no standard streams, no environment.
const IMPORTS: [&str; 5] = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:random/random@0.2.12",
    "wnet:nic/pci@0.1.0",
    "wnet:stack/notify@0.1.0",
];

const REQUIRED_EXPORTS: [&str; 12] = [
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:sockets/instance-network@0.2.12",
    "wasi:sockets/ip-name-lookup@0.2.12",
    "wasi:sockets/network@0.2.12",
    "wasi:sockets/tcp-create-socket@0.2.12",
    "wasi:sockets/tcp@0.2.12",
    "wasi:sockets/udp-create-socket@0.2.12",
    "wasi:sockets/udp@0.2.12",
    "wnet:stack/reactor@0.1.0",
];

const OPTIONAL_EXPORTS: [&str; 21] = [
    "wnet:stack/abort@0.1.0",
    "wnet:stack/addresses@0.1.0",
    "wnet:stack/changes@0.1.0",
    "wnet:stack/control-types@0.1.0",
    "wnet:stack/control@0.1.0",
    "wnet:stack/groups@0.1.0",
    "wnet:stack/links@0.1.0",
    "wnet:stack/neighbours@0.1.0",
    "wnet:stack/packet-sockets@0.1.0",
    "wnet:stack/raw-fields@0.1.0",
    "wnet:stack/raw-groups@0.1.0",
    "wnet:stack/raw-headers@0.1.0",
    "wnet:stack/raw-sockets@0.1.0",
    "wnet:stack/resolvers@0.1.0",
    "wnet:stack/route-lookup@0.1.0",
    "wnet:stack/routing@0.1.0",
    "wnet:stack/socket-options@0.1.0",
    "wnet:stack/sockets@0.1.0",
    "wnet:stack/tcp-metrics@0.1.0",
    "wnet:stack/names@0.1.0",
    "wnet:stack/reverse-names@0.1.0",
];

fn the_imports_are_at_most_those_of_the_contract() -> Result<()> {
    let (imports, _) = odd_components::names(&artifacts::component_bytes("stack")?)?;
    let excess: Vec<&String> = imports.iter().filter(|name| !IMPORTS.contains(&name.as_str())).collect();
    ensure!(excess.is_empty(), "it also imports {excess:?}");
    Ok(())
}

fn the_exports_are_those_of_the_contract() -> Result<()> {
    let (_, exports) = odd_components::names(&artifacts::component_bytes("stack")?)?;
    let missing: Vec<&&str> =
        REQUIRED_EXPORTS.iter().filter(|name| !exports.contains(&name.to_string())).collect();
    ensure!(missing.is_empty(), "it does not export {missing:?}");
    let known = |name: &str| REQUIRED_EXPORTS.contains(&name) || OPTIONAL_EXPORTS.contains(&name);
    let unknown: Vec<&String> = exports.iter().filter(|name| !known(name)).collect();
    ensure!(unknown.is_empty(), "it also exports {unknown:?}");
    Ok(())
}
