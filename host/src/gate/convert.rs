//! Between the guest's types and the stack's: the same WIT, bound twice.

use super::bindings::wasi::sockets::{network as guest, tcp as guest_tcp, udp as guest_udp};
use crate::kernel::bindings::exports::wasi::sockets::{network as stack, tcp as stack_tcp, udp as stack_udp};

/// Converts an enum into another one with the same cases, both ways.
macro_rules! same_cases {
    ($guest:ty, $stack:ty: $($case:ident)*) => {
        impl From<$stack> for $guest {
            fn from(value: $stack) -> Self {
                match value { $(<$stack>::$case => <$guest>::$case,)* }
            }
        }
        impl From<$guest> for $stack {
            fn from(value: $guest) -> Self {
                match value { $(<$guest>::$case => <$stack>::$case,)* }
            }
        }
    };
}

/// Converts an address into another one of the same shape.
macro_rules! same_addresses {
    ($from:ident => $to:ident) => {
        impl From<$from::IpAddress> for $to::IpAddress {
            fn from(address: $from::IpAddress) -> Self {
                match address {
                    $from::IpAddress::Ipv4(address) => $to::IpAddress::Ipv4(address),
                    $from::IpAddress::Ipv6(address) => $to::IpAddress::Ipv6(address),
                }
            }
        }
        impl From<$from::IpSocketAddress> for $to::IpSocketAddress {
            fn from(address: $from::IpSocketAddress) -> Self {
                match address {
                    $from::IpSocketAddress::Ipv4($from::Ipv4SocketAddress { port, address }) => {
                        $to::IpSocketAddress::Ipv4($to::Ipv4SocketAddress { port, address })
                    }
                    $from::IpSocketAddress::Ipv6($from::Ipv6SocketAddress {
                        port,
                        flow_info,
                        address,
                        scope_id,
                    }) => $to::IpSocketAddress::Ipv6($to::Ipv6SocketAddress {
                        port,
                        flow_info,
                        address,
                        scope_id,
                    }),
                }
            }
        }
    };
}

pub(super) use same_addresses;
pub(super) use same_cases;

same_addresses!(guest => stack);
same_addresses!(stack => guest);
same_cases!(guest::IpAddressFamily, stack::IpAddressFamily: Ipv4 Ipv6);
same_cases!(guest_tcp::ShutdownType, stack_tcp::ShutdownType: Receive Send Both);
same_cases!(guest::ErrorCode, stack::ErrorCode:
    Unknown AccessDenied NotSupported InvalidArgument OutOfMemory Timeout ConcurrencyConflict NotInProgress
    WouldBlock InvalidState NewSocketLimit AddressNotBindable AddressInUse RemoteUnreachable
    ConnectionRefused ConnectionReset ConnectionAborted DatagramTooLarge NameUnresolvable
    TemporaryResolverFailure PermanentResolverFailure);

impl From<stack_udp::IncomingDatagram> for guest_udp::IncomingDatagram {
    fn from(datagram: stack_udp::IncomingDatagram) -> Self {
        let stack_udp::IncomingDatagram { data, remote_address } = datagram;
        guest_udp::IncomingDatagram { data, remote_address: remote_address.into() }
    }
}

impl From<guest_udp::OutgoingDatagram> for stack_udp::OutgoingDatagram {
    fn from(datagram: guest_udp::OutgoingDatagram) -> Self {
        let guest_udp::OutgoingDatagram { data, remote_address } = datagram;
        stack_udp::OutgoingDatagram { data, remote_address: remote_address.map(Into::into) }
    }
}

/// How the stack calls what WASI 0.3 alone has a code for. Linux: EPIPE.
pub(super) const BROKEN_PIPE: &str = "connection-broken";

/// The error code with this name in the WIT, as in "connection-reset".
pub(super) fn error_code_named(name: &str) -> Option<guest::ErrorCode> {
    use guest::ErrorCode::*;
    const ALL: [guest::ErrorCode; 21] = [
        Unknown,
        AccessDenied,
        NotSupported,
        InvalidArgument,
        OutOfMemory,
        Timeout,
        ConcurrencyConflict,
        NotInProgress,
        WouldBlock,
        InvalidState,
        NewSocketLimit,
        AddressNotBindable,
        AddressInUse,
        RemoteUnreachable,
        ConnectionRefused,
        ConnectionReset,
        ConnectionAborted,
        DatagramTooLarge,
        NameUnresolvable,
        TemporaryResolverFailure,
        PermanentResolverFailure,
    ];
    if name == BROKEN_PIPE {
        return Some(ConnectionReset);
    }
    ALL.into_iter().find(|code| code.name() == name)
}

/// One of the stack's addresses in a form that can be compared.
pub(super) fn octets(address: &stack::IpAddress) -> [u16; 8] {
    match *address {
        stack::IpAddress::Ipv4((a, b, c, d)) => [a, b, c, d, 0, 0, 0, 0].map(u16::from),
        stack::IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => [a, b, c, d, e, f, g, h],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_found_by_name() {
        assert_eq!(error_code_named("connection-reset"), Some(guest::ErrorCode::ConnectionReset));
        assert_eq!(error_code_named("Connection reset by peer"), None);
        assert_eq!(error_code_named(BROKEN_PIPE), Some(guest::ErrorCode::ConnectionReset));
        assert_eq!(error_code_named("unknown"), Some(guest::ErrorCode::Unknown));
    }

    #[test]
    fn socket_addresses_survive_the_way_there_and_back() {
        let v4 = guest::IpSocketAddress::Ipv4(guest::Ipv4SocketAddress { port: 80, address: (10, 0, 2, 15) });
        let v6 = guest::IpSocketAddress::Ipv6(guest::Ipv6SocketAddress {
            port: 443,
            flow_info: 7,
            address: (0xfd77, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 3,
        });
        for address in [v4, v6] {
            let back: guest::IpSocketAddress = stack::IpSocketAddress::from(address).into();
            assert_eq!(format!("{back:?}"), format!("{address:?}"));
        }
    }
}
