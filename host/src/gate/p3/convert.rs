//! Between the types of the two generations, and what 0.2's error codes are in 0.3.

use super::bindings::wasi::sockets::ip_name_lookup::{self, ErrorCode as LookupErrorCode};
use super::bindings::wasi::sockets::types::{self as p3, ErrorCode};
use crate::gate::GateView;
use crate::gate::allowed::socket_address;
use crate::gate::bindings::wasi::sockets::network::{self as p2, ErrorCode as Code};
use crate::gate::convert::{same_addresses, same_cases};
use crate::gate::error::SocketError;
use std::net::IpAddr;
use wasmtime::Result;

same_addresses!(p2 => p3);
same_addresses!(p3 => p2);
same_cases!(p2::IpAddressFamily, p3::IpAddressFamily: Ipv4 Ipv6);

impl From<Code> for ErrorCode {
    /// One socket at a time does one thing in 0.3 as well, but there are no words for it but invalid-state.
    fn from(code: Code) -> Self {
        match code {
            Code::AccessDenied => ErrorCode::AccessDenied,
            Code::NotSupported => ErrorCode::NotSupported,
            Code::InvalidArgument => ErrorCode::InvalidArgument,
            Code::OutOfMemory => ErrorCode::OutOfMemory,
            Code::Timeout => ErrorCode::Timeout,
            Code::InvalidState | Code::ConcurrencyConflict | Code::NotInProgress => ErrorCode::InvalidState,
            Code::AddressNotBindable => ErrorCode::AddressNotBindable,
            Code::AddressInUse => ErrorCode::AddressInUse,
            Code::RemoteUnreachable => ErrorCode::RemoteUnreachable,
            Code::ConnectionRefused => ErrorCode::ConnectionRefused,
            Code::ConnectionReset => ErrorCode::ConnectionReset,
            Code::ConnectionAborted => ErrorCode::ConnectionAborted,
            Code::DatagramTooLarge => ErrorCode::DatagramTooLarge,
            Code::Unknown => ErrorCode::Other(None),
            Code::WouldBlock
            | Code::NewSocketLimit
            | Code::NameUnresolvable
            | Code::TemporaryResolverFailure
            | Code::PermanentResolverFailure => ErrorCode::Other(Some(code.name().into())),
        }
    }
}

impl From<Code> for LookupErrorCode {
    fn from(code: Code) -> Self {
        match code {
            Code::AccessDenied => LookupErrorCode::AccessDenied,
            Code::InvalidArgument => LookupErrorCode::InvalidArgument,
            Code::NameUnresolvable => LookupErrorCode::NameUnresolvable,
            Code::TemporaryResolverFailure => LookupErrorCode::TemporaryResolverFailure,
            Code::PermanentResolverFailure => LookupErrorCode::PermanentResolverFailure,
            Code::Unknown => LookupErrorCode::Other(None),
            other => LookupErrorCode::Other(Some(other.name().into())),
        }
    }
}

/// Any address and any port.
pub(super) fn unspecified(family: p2::IpAddressFamily) -> p2::IpSocketAddress {
    match family {
        p2::IpAddressFamily::Ipv4 => {
            let address = (0, 0, 0, 0);
            p2::IpSocketAddress::Ipv4(p2::Ipv4SocketAddress { port: 0, address })
        }
        p2::IpAddressFamily::Ipv6 => {
            let (address, flow_info, scope_id) = ((0, 0, 0, 0, 0, 0, 0, 0), 0, 0);
            p2::IpSocketAddress::Ipv6(p2::Ipv6SocketAddress { port: 0, flow_info, address, scope_id })
        }
    }
}

/// Whether a UDP socket can send to `remote` at all. A socket that cannot is not bound by the attempt.
pub(super) fn is_peer(family: p2::IpAddressFamily, remote: p2::IpSocketAddress) -> bool {
    let address = socket_address(remote);
    let fits = match address.ip() {
        IpAddr::V4(_) => family == p2::IpAddressFamily::Ipv4,
        IpAddr::V6(v6) => family == p2::IpAddressFamily::Ipv6 && v6.to_ipv4_mapped().is_none(),
    };
    fits && address.port() != 0 && !address.ip().is_unspecified()
}

/// What the guest is told; traps are passed on.
fn told<C: From<Code>>(error: SocketError) -> Result<C> {
    match error {
        SocketError::Code(code) => Ok(code.into()),
        SocketError::Trap(error) => Err(error),
    }
}

impl p3::Host for GateView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<ErrorCode> {
        told(error)
    }
}

impl ip_name_lookup::Host for GateView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<LookupErrorCode> {
        told(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_0_3_has_no_word_for_is_told_by_its_name_in_0_2() {
        let limit = ErrorCode::from(Code::NewSocketLimit);
        assert!(matches!(limit, ErrorCode::Other(Some(name)) if name == "new-socket-limit"));
        assert!(matches!(ErrorCode::from(Code::Unknown), ErrorCode::Other(None)));
        assert!(matches!(ErrorCode::from(Code::ConcurrencyConflict), ErrorCode::InvalidState));
        assert!(matches!(LookupErrorCode::from(Code::OutOfMemory), LookupErrorCode::Other(Some(_))));
    }
}
