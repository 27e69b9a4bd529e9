//! What the command line says as a whole.

use super::RunArguments;
use super::values::{Cidr, DirectoryMapping, Variable, WireArgument};
use crate::gate::Grants;
use crate::gateway::Publish;
use crate::instance::InstanceName;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// What `wnet run` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the instance is called in the log, and by `wnet exec`.
    pub name: Option<InstanceName>,
    /// The stack component's file; none: the built-in one.
    pub stack: Option<PathBuf>,
    /// The network card; none: the loopback device is all there is.
    pub card: Option<Card>,
    /// Settings of the stack, by their Linux names.
    pub sysctls: Vec<(String, String)>,
    /// Where the card's frames are captured.
    pub pcap: Option<PathBuf>,
    /// The program.
    pub guest: Guest,
}

/// The guest's network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What it is plugged into.
    pub wire: WireConfig,
    /// Its own address.
    pub mac: [u8; 6],
    /// Its IPv4 addresses, at least one; the first is the primary one.
    pub addresses: Vec<Cidr>,
    /// Next hops of default routes, each in the network of one of the addresses.
    pub gateways: Vec<Ipv4Addr>,
}

/// What a network card is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireConfig {
    /// The gateway inside of this process.
    User {
        /// The gateway's address, with the prefix that the guest's first address has.
        gateway: Cidr,
        /// The ports of the guest that are published.
        publish: Vec<Publish>,
    },
    /// The TAP device of this name.
    Tap(String),
}

/// The guest program and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The component's file.
    pub file: PathBuf,
    /// Its arguments without the program's name.
    pub arguments: Vec<String>,
    /// Its environment; a variable without a value is copied from this process's environment if it is set
    /// there.
    pub environment: Vec<(String, Option<String>)>,
    /// Directories of this machine, each with its path in the guest.
    pub directories: Vec<(PathBuf, String)>,
    /// What it may do beyond using its own sockets.
    pub grants: Grants,
}

/// The guest's address on the user wire unless it is told otherwise, as with QEMU and slirp.
const USER_ADDRESS: Cidr = Cidr { address: Ipv4Addr::new(10, 0, 2, 15), prefix_length: 24 };

/// Fits the arguments together. The error is one line.
pub(super) fn from_arguments(arguments: RunArguments) -> Result<Config, String> {
    let card = card(&arguments)?;
    if card.is_none() && arguments.pcap.is_some() {
        return Err("--pcap: there is nothing to capture with --nic none".into());
    }
    Ok(Config {
        name: arguments.name,
        stack: arguments.stack,
        card,
        sysctls: arguments.sysctls,
        pcap: arguments.pcap,
        guest: Guest {
            grants: arguments.grants.into_iter().collect(),
            ..guest(arguments.guest, arguments.environment, arguments.directories)?
        },
    })
}

fn guest(
    words: Vec<OsString>,
    environment: Vec<Variable>,
    directories: Vec<DirectoryMapping>,
) -> Result<Guest, String> {
    let mut words = words.into_iter();
    let file = words.next().ok_or("expected GUEST.wasm")?.into();
    let arguments = texts(words)?;
    Ok(Guest { file, arguments, environment, directories, grants: Grants::default() })
}

/// The arguments of a guest, which are texts for it.
pub(super) fn texts(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, String> {
    let text =
        |word: OsString| word.into_string().map_err(|word| format!("the argument {word:?} is not UTF-8"));
    words.into_iter().map(text).collect()
}

fn card(arguments: &RunArguments) -> Result<Option<Card>, String> {
    let [wire] = &arguments.nic[..] else {
        return Err("--nic: more than one network card is not supported yet".into());
    };
    match wire {
        WireArgument::None => refuse_card_options(arguments).map(|()| None),
        WireArgument::Tap(name) => tap_card(name, arguments).map(Some),
        WireArgument::User => user_card(arguments).map(Some),
    }
}

fn refuse_card_options(arguments: &RunArguments) -> Result<(), String> {
    let given = [
        ("--ip", !arguments.addresses.is_empty()),
        ("--gateway", !arguments.gateways.is_empty()),
        ("--mac", arguments.mac.is_some()),
        ("--publish", !arguments.publish.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!("{option} needs a network card, which --nic none leaves out")),
        None => Ok(()),
    }
}

fn tap_card(name: &str, arguments: &RunArguments) -> Result<Card, String> {
    let Some(first) = arguments.addresses.first() else {
        return Err("--nic tap:NAME needs an address: --ip ADDRESS/PREFIX, as --ip 192.0.2.15/24".into());
    };
    if !arguments.publish.is_empty() {
        return Err(
            "--publish needs --nic user; on a TAP the guest's ports are reached at its own address".into()
        );
    }
    for gateway in &arguments.gateways {
        check_gateway(*gateway, &arguments.addresses)?;
    }
    Ok(Card {
        wire: WireConfig::Tap(name.to_string()),
        mac: arguments.mac.unwrap_or_else(|| default_mac(first.address)),
        addresses: arguments.addresses.clone(),
        gateways: arguments.gateways.clone(),
    })
}

fn user_card(arguments: &RunArguments) -> Result<Card, String> {
    let addresses = match &arguments.addresses[..] {
        [] => vec![USER_ADDRESS],
        given => given.to_vec(),
    };
    let first = addresses[0];
    let gateway = match &arguments.gateways[..] {
        [] => user_gateway(first)?,
        [gateway] if first.contains(*gateway) => {
            check_gateway(*gateway, &addresses)?;
            *gateway
        }
        [gateway] => return Err(format!("--gateway {gateway} is not in the network of {first}")),
        _ => return Err("--gateway: the user wire has one gateway".into()),
    };
    Ok(Card {
        wire: WireConfig::User {
            gateway: Cidr { address: gateway, ..first },
            publish: arguments.publish.clone(),
        },
        mac: arguments.mac.unwrap_or_else(|| default_mac(first.address)),
        addresses,
        gateways: vec![gateway],
    })
}

/// The gateway's address beside the guest's: the network's second, or the first if the guest has that.
fn user_gateway(guest: Cidr) -> Result<Ipv4Addr, String> {
    // Networks of two addresses count from 0 (RFC 3021).
    [2, 1, 0]
        .into_iter()
        .filter_map(|number| guest.host(number))
        .find(|gateway| *gateway != guest.address)
        .ok_or_else(|| format!("--ip {guest}: the network has no room for the user wire's gateway"))
}

fn check_gateway(gateway: Ipv4Addr, addresses: &[Cidr]) -> Result<(), String> {
    if addresses.iter().any(|own| own.address == gateway) {
        return Err(format!("--gateway {gateway} is the guest's own address"));
    }
    if !addresses.iter().any(|own| own.has_host(gateway)) {
        return Err(format!("--gateway {gateway} is no station in the network of any --ip"));
    }
    Ok(())
}

/// A locally administered address that is the same at each start and, as the IPv4 address has to be, the
/// only one of its kind on the wire.
const fn default_mac(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x52, 0x54, a, b, c, d]
}
