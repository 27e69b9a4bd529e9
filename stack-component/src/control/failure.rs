//! Why nothing was changed, in the WIT's words.

use crate::bindings::exports::wnet::stack::control_types::{Errno, Failure};
use alloc::format;
use alloc::string::ToString;
use stack_core::neighbour::TellError;
use stack_core::stack::ConfigError;
use stack_core::stack::control::NeighbourError;

/// A failure with its line, which is Linux's if it has one.
pub(super) fn failure(errno: Errno, text: &str) -> Failure {
    Failure { errno, text: text.to_string() }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::NoSuchDevice => failure(Errno::NoDevice, ""),
            ConfigError::AddressExists(ip) => {
                let version = if ip.is_ipv4() { "ipv4" } else { "ipv6" };
                failure(Errno::Exists, &format!("{version}: Address already assigned"))
            }
            ConfigError::NoSuchAddress(_) => failure(Errno::AddressNotAvailable, ""),
            ConfigError::TooManyAddresses => failure(Errno::NoBufferSpace, ""),
            ConfigError::TooManyDevices => failure(Errno::NoBufferSpace, ""),
            ConfigError::BadMtu(_) => failure(Errno::Invalid, "mtu less than device minimum"),
            other => failure(Errno::Invalid, &other.to_string()),
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
