//! Interface `wnet:stack/addresses`.

use super::failure::{failure, no_such_address};
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::IpAddress;
use crate::bindings::exports::wnet::stack::addresses::{Address, AddressFlags, Guest, Membership};
use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use crate::entry::enter;
use crate::sockets::addresses::{host, wit_host};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use stack_core::device::{self, AddressProtocol, AddressScope, AddressState, Interface, Label, Lifetimes};
use stack_core::packet::DeviceIndex;
use stack_core::stack::Stack;
use stack_core::time::Instant;
use stack_core::wire::cidr::IpCidr;

/// Most groups that are told.
const MOST: usize = 65_536;

impl Guest for Component {
    fn addresses() -> Vec<Address> {
        enter(|state, now| {
            let interfaces = state.stack.interfaces().iter();
            interfaces.flat_map(|interface| addresses_of(interface, now).collect::<Vec<_>>()).collect()
        })
    }

    fn add_address(what: Address, replace: bool) -> Result<(), Failure> {
        let invalid = || failure(Errno::Invalid, "");
        let ip = host(what.local);
        let cidr = IpCidr::new(ip, what.prefix_length).ok_or_else(invalid)?;
        let valid = what.valid_lifetime.unwrap_or(u32::MAX);
        let preferred = what.preferred_lifetime.unwrap_or(u32::MAX);
        // Who is not looked for is not used while it is looked for, either. Linux: `inet6_rtm_newaddr`.
        let both = AddressFlags::NODAD | AddressFlags::OPTIMISTIC;
        if valid == 0 || preferred > valid || has(what.flags, both) {
            return Err(invalid());
        }
        let device = DeviceIndex(what.device);
        enter(|state, now| {
            let mut record = device::Address::new(cidr, now);
            record.lifetimes = Lifetimes::from_seconds(now, valid, preferred);
            record.peer = peer(&what)?;
            record.metric = what.metric;
            if cidr.is_ipv4() {
                record.scope = AddressScope(what.scope);
                record.label = label(&state.stack, device, &what.label)?;
            }
            // As it is said: nobody may be named. Linux: `inet_rtm_newaddr`.
            record.broadcast = what.broadcast.map(host).and_then(v4);
            record.flags.no_dad = has(what.flags, AddressFlags::NODAD);
            record.flags.optimistic = has(what.flags, AddressFlags::OPTIMISTIC);
            record.flags.no_prefix_route = has(what.flags, AddressFlags::NOPREFIXROUTE);
            record.flags.manage_temporary = has(what.flags, AddressFlags::MNGTMPADDR);
            if let Some(maker) = AddressProtocol::of_station(what.protocol).filter(|_| ip.is_ipv6()) {
                record.protocol = maker;
                record.flags.stable_privacy = has(what.flags, AddressFlags::STABLE_PRIVACY);
                record.flags.dynamic = maker == AddressProtocol::RouterAdvertisement;
            }
            let given = match replace {
                true => state.stack.replace_address_record(device, record),
                false => state.stack.add_address_record(device, record),
            };
            given.map_err(Failure::from)
        })
    }

    fn remove_address(
        device: u32,
        local: IpAddress,
        network: Option<(IpAddress, u8)>,
        label: String,
    ) -> Result<(), Failure> {
        let (device, ip) = (DeviceIndex(device), host(local));
        let network = network.map(|(inside, len)| (host(inside), len));
        // Of IPv6 the length alone counts. Linux: `inet6_addr_del`.
        let within = |known: &device::Address, (inside, len): (IpAddr, u8)| {
            len == known.cidr.prefix_len() && (ip.is_ipv6() || known.network().contains(inside))
        };
        enter(|state, _| {
            let interface = state.stack.interfaces().get(device);
            let interface = interface.ok_or_else(|| failure(Errno::NoDevice, ""))?;
            let meant = |known: &&device::Address| {
                known.ip() == ip
                    && network.is_none_or(|network| within(known, network))
                    && (label.is_empty() || label == label_of(interface.name(), known))
            };
            let known = interface.addresses().iter().find(meant).ok_or_else(|| no_such_address(ip))?;
            let key = known.key();
            Ok(state.stack.remove_address_of(device, key)?)
        })
    }

    fn memberships() -> Vec<Membership> {
        enter(|state, _| {
            let link = state.stack.link_memberships().map(|one| Membership {
                device: one.device.0,
                group: None,
                link_address: one.station.0.to_vec(),
                users: one.users,
            });
            let groups = state.stack.memberships().map(|one| Membership {
                device: one.device.0,
                group: Some(wit_host(one.group)),
                link_address: Vec::new(),
                users: one.users,
            });
            link.chain(groups).take(MOST).collect()
        })
    }
}

/// The other end of the link that an address to be added names. Linux: `extract_addr`, `rtm_to_ifaddr`.
fn peer(what: &Address) -> Result<Option<IpAddr>, Failure> {
    let local = host(what.local);
    let peer = what.peer.map(host).filter(|peer| *peer != local);
    match peer {
        Some(peer) if peer.is_ipv4() != local.is_ipv4() => Err(failure(Errno::Invalid, "")),
        Some(IpAddr::V6(nobody)) if nobody.is_unspecified() => Ok(None),
        peer => Ok(peer),
    }
}

/// What an IPv4 address to be added is called, if not as its device.
fn label(stack: &Stack, device: DeviceIndex, label: &str) -> Result<Option<Label>, Failure> {
    let usual = stack.interfaces().get(device).is_some_and(|interface| interface.name() == label);
    if usual || label.is_empty() {
        return Ok(None);
    }
    let long = || failure(Errno::OutOfRange, "Attribute failed policy validation");
    Label::new(label).map(Some).ok_or_else(long)
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    if let IpAddr::V4(address) = address { Some(address) } else { None }
}

fn addresses_of(interface: &Interface, now: Instant) -> impl Iterator<Item = Address> {
    let all = interface.addresses().iter();
    all.map(move |record| address(interface.index(), interface.name(), record, now))
}

/// The WIT's form of an address of a device with this name.
pub(super) fn address(device: DeviceIndex, name: &str, record: &device::Address, now: Instant) -> Address {
    let cidr = record.cidr;
    let broadcast = record.broadcast.filter(|_| device != DeviceIndex::LOOPBACK);
    let left = |end: Option<Instant>| Some(u32::try_from(end?.since(now).as_secs()).unwrap_or(u32::MAX));
    Address {
        device: device.0,
        local: wit_host(record.ip()),
        prefix_length: cidr.prefix_len(),
        peer: record.peer.map(wit_host),
        broadcast: broadcast.map(|everybody| wit_host(everybody.into())),
        scope: record.scope.0,
        flags: flags_of(record),
        label: label_of(name, record),
        metric: record.metric,
        preferred_lifetime: left(record.lifetimes.preferred),
        valid_lifetime: left(record.lifetimes.valid),
        protocol: record.protocol.number(),
    }
}

/// What an address of a device with this name is called; of IPv6, nothing.
fn label_of(name: &str, record: &device::Address) -> String {
    match (&record.label, record.cidr.is_ipv4()) {
        (Some(label), true) => label.as_str().to_string(),
        (None, true) => name.to_string(),
        (_, false) => String::new(),
    }
}

fn flags_of(record: &device::Address) -> AddressFlags {
    let known = record.flags;
    let unproven = matches!(record.state, AddressState::Tentative | AddressState::DadFailed);
    when(known.temporary, AddressFlags::TEMPORARY)
        | when(known.secondary, AddressFlags::SECONDARY)
        | when(known.no_dad, AddressFlags::NODAD)
        | when(known.optimistic, AddressFlags::OPTIMISTIC)
        | when(known.manage_temporary, AddressFlags::MNGTMPADDR)
        | when(known.no_prefix_route, AddressFlags::NOPREFIXROUTE)
        | when(known.stable_privacy, AddressFlags::STABLE_PRIVACY)
        | when(record.lifetimes.valid.is_none(), AddressFlags::PERMANENT)
        | when(record.state == AddressState::Deprecated, AddressFlags::DEPRECATED)
        | when(record.state == AddressState::DadFailed, AddressFlags::DADFAILED)
        | when(unproven, AddressFlags::TENTATIVE)
}

fn when(is_so: bool, flag: AddressFlags) -> AddressFlags {
    if is_so { flag } else { AddressFlags::empty() }
}

fn has(flags: AddressFlags, flag: AddressFlags) -> bool {
    flags & flag == flag
}
