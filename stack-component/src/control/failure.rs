//! Why nothing was changed, in the WIT's words.

use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use alloc::string::ToString;
use core::net::IpAddr;
use stack_core::neighbour::TellError;
use stack_core::route::{Refusal, RouteError};
use stack_core::stack::ConfigError;
use stack_core::stack::control::NeighbourError;

/// A failure with its line, which is Linux's if it has one.
pub(super) fn failure(errno: Errno, text: &str) -> Failure {
    Failure { errno, text: text.to_string() }
}

/// No device can have the address, or not this one. Linux: `ipv6_add_addr`.
fn bad_address(ip: IpAddr) -> Failure {
    let text = match ip {
        IpAddr::V6(ip) if ip.is_multicast() => {
            "ipv6: Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag"
        }
        IpAddr::V6(ip) if ip.is_loopback() => "ipv6: Cannot assign loopback address on this device",
        IpAddr::V6(_) => "ipv6: Invalid address",
        // Linux takes it.
        IpAddr::V4(_) => "ipv4: Invalid address",
    };
    failure(Errno::AddressNotAvailable, text)
}

/// The device does not have the address.
pub(super) fn no_such_address(ip: IpAddr) -> Failure {
    let v4 = "ipv4: Address not found";
    failure(Errno::AddressNotAvailable, if ip.is_ipv4() { v4 } else { "ipv6: address not found" })
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Route(error) => error.into(),
            ConfigError::NoSuchDevice => failure(Errno::NoDevice, ""),
            ConfigError::AddressExists(ip) => {
                let v4 = "ipv4: Address already assigned";
                failure(Errno::Exists, if ip.is_ipv4() { v4 } else { "ipv6: address already assigned" })
            }
            ConfigError::BadAddress(ip) => bad_address(ip),
            ConfigError::NoSuchAddress(ip) => no_such_address(ip),
            ConfigError::OtherScope(_) => failure(Errno::Invalid, "ipv4: Invalid scope value"),
            ConfigError::NothingBeside(_) => failure(
                Errno::Invalid,
                "ipv6: address with \"mngtmpaddr\" flag must have a prefix length of 64",
            ),
            ConfigError::Ipv6Disabled => {
                failure(Errno::AccessDenied, "ipv6: IPv6 is disabled on this device")
            }
            ConfigError::TooManyAddresses => failure(Errno::NoBufferSpace, ""),
            ConfigError::TooManyDevices => failure(Errno::NoBufferSpace, ""),
            ConfigError::BadMtu(_) => failure(Errno::Invalid, "mtu less than device minimum"),
            ConfigError::NotSupported => failure(Errno::NotSupported, ""),
            ConfigError::BadVlan(_) => failure(Errno::OutOfRange, "Invalid VLAN id"),
            ConfigError::VlanExists(_) => failure(Errno::Exists, ""),
            ConfigError::BadMac(_) => failure(Errno::AddressNotAvailable, ""),
            ConfigError::BadName(_) => failure(Errno::Invalid, ""),
        }
    }
}

impl From<NeighbourError> for Failure {
    fn from(error: NeighbourError) -> Self {
        match error {
            NeighbourError::NoSuchDevice => failure(Errno::NoDevice, ""),
            NeighbourError::BadAddress => failure(Errno::Invalid, ""),
            NeighbourError::Refused(TellError::NoStation) => {
                failure(Errno::Invalid, "No link layer address given")
            }
            NeighbourError::Refused(TellError::Exists) => failure(Errno::Exists, ""),
            NeighbourError::Refused(TellError::NoSuchNeighbour) => failure(Errno::NoEntry, ""),
            NeighbourError::Refused(TellError::TableFull) => failure(Errno::NoBufferSpace, ""),
        }
    }
}

impl From<RouteError> for Failure {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::Exists | RouteError::RuleExists => failure(Errno::Exists, ""),
            RouteError::NoSuchRoute => failure(Errno::NotFound, ""),
            RouteError::NothingToChange | RouteError::NoSuchRule => failure(Errno::NoEntry, ""),
            RouteError::NoSuchDevice | RouteError::NoDevice => failure(Errno::NoDevice, ""),
            RouteError::DeviceDown => failure(Errno::NetworkDown, "Device for nexthop is not up"),
            RouteError::BadGateway(IpAddr::V6(_)) => failure(Errno::HostUnreachable, ""),
            RouteError::BadGateway(_) => failure(Errno::NetworkUnreachable, "Nexthop has invalid gateway"),
            RouteError::NeedsNoHop => failure(Errno::Invalid, ""),
            RouteError::BadSource(_) => failure(Errno::Invalid, "Invalid prefsrc address"),
            RouteError::BadScope => failure(Errno::Invalid, "Invalid scope"),
            RouteError::BackwardGoto => failure(Errno::Invalid, "Backward goto not supported"),
            RouteError::Invalid => failure(Errno::Invalid, ""),
            RouteError::TooMany => failure(Errno::NoBufferSpace, ""),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let errno = match refusal {
            Refusal::NoRoute => Errno::NetworkUnreachable,
            Refusal::Unreachable => Errno::HostUnreachable,
            Refusal::Prohibit => Errno::AccessDenied,
            Refusal::Blackhole => Errno::Invalid,
        };
        failure(errno, "")
    }
}
