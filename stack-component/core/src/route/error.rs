//! Why a route or rule was not taken.

use core::fmt;
use core::net::IpAddr;

/// Why a change of the tables was refused, with the words of Linux's `ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// There is such a route already. Linux: `EEXIST`.
    Exists,
    /// There is no such route to delete. Linux: `ESRCH`.
    NoSuchRoute,
    /// There is no such route to change. Linux: `ENOENT`.
    NothingToChange,
    /// There is such a rule already. Linux: `EEXIST`.
    RuleExists,
    /// There is no such rule. Linux: `ENOENT`.
    NoSuchRule,
    /// There is no such device. Linux: `ENODEV`.
    NoSuchDevice,
    /// The device of a next hop is down. Linux: `ENETDOWN`.
    DeviceDown,
    /// No device's network has the gateway, or it is no neighbour's address. Linux: `ENETUNREACH`, `EINVAL`.
    BadGateway(IpAddr),
    /// A route that leads on names neither a gateway nor a device. Linux: `ENODEV`.
    NoDevice,
    /// A route that refuses has a gateway or device. Linux: `EINVAL`.
    NeedsNoHop,
    /// The source is no address of ours. Linux: `EINVAL`.
    BadSource(IpAddr),
    /// The scope is wider than the kind allows, or a route with a gateway is none of the wide ones. Linux: `EINVAL`.
    BadScope,
    /// The versions of its addresses differ, the table is 0, a weight is not from 1 to 256, or the type of service has
    /// bits that are none of its. Linux: `EINVAL`.
    Invalid,
    /// A rule leads to one before it. Linux: `EINVAL`.
    BackwardGoto,
    /// There are as many routes or rules as there may be. Linux: `ENOMEM`.
    TooMany,
}

impl RouteError {
    /// Linux's number of the error.
    pub const fn errno(self) -> i32 {
        match self {
            RouteError::Exists | RouteError::RuleExists => 17,
            RouteError::NoSuchRoute => 3,
            RouteError::NothingToChange | RouteError::NoSuchRule => 2,
            RouteError::NoSuchDevice | RouteError::NoDevice => 19,
            RouteError::DeviceDown => 100,
            RouteError::BadGateway(_) => 101,
            RouteError::TooMany => 12,
            RouteError::NeedsNoHop
            | RouteError::BadSource(_)
            | RouteError::BadScope
            | RouteError::BackwardGoto
            | RouteError::Invalid => 22,
        }
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RouteError::Exists => "a route to this destination with this metric exists",
            RouteError::NoSuchRoute | RouteError::NothingToChange => {
                "there is no route to this destination with this metric"
            }
            RouteError::RuleExists => "such a rule exists",
            RouteError::NoSuchRule => "there is no such rule",
            RouteError::NoSuchDevice => "there is no such device",
            RouteError::DeviceDown => "the device of a next hop is not up",
            RouteError::BadGateway(gateway) => {
                return write!(f, "the gateway {gateway} is not in the network of any device");
            }
            RouteError::NoDevice => "the route names neither a gateway nor a device",
            RouteError::NeedsNoHop => "a route of this kind has no gateway and no device",
            RouteError::BadSource(source) => return write!(f, "{source} is no address of this stack"),
            RouteError::BadScope => "the scope does not fit the kind of route",
            RouteError::Invalid => "addresses of both versions, or a number out of range",
            RouteError::BackwardGoto => "a rule goes on with one behind it",
            RouteError::TooMany => "there are as many routes as there may be",
        })
    }
}

impl core::error::Error for RouteError {}
