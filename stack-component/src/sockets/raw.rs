//! Interface `wnet:stack/raw-sockets`.

use super::addresses::{host, wit_host};
use super::errors::run;
use crate::Component;
use crate::bindings::exports::wasi::io::poll::Pollable;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress, IpAddressFamily};
use crate::bindings::exports::wnet::stack::raw_sockets::{
    self, Cutting, Guest, GuestRawSocket, IncomingPacket, LocalEnd, OutgoingPacket, PacketError, RawOption,
};
use crate::entry::enter;
use crate::io::poll::subscribe;
use crate::state::Source;
use alloc::vec::Vec;
use stack_core::ip;
use stack_core::raw::{Family, IcmpFilter, Incoming, Kind, RawHandle, RawOption as CoreOption, Report};
use stack_core::socket::{MulticastOption, SocketError};
use stack_core::time::Instant;
use stack_core::wire::protocol::Protocol;

impl Guest for Component {
    type RawSocket = RawSocket;

    fn create_ping_socket(family: IpAddressFamily) -> Result<raw_sockets::RawSocket, ErrorCode> {
        create(family, Kind::Ping)
    }

    fn create_raw_socket(family: IpAddressFamily, protocol: u8) -> Result<raw_sockets::RawSocket, ErrorCode> {
        create(family, Kind::Raw(Protocol(protocol)))
    }
}

fn create(family: IpAddressFamily, kind: Kind) -> Result<raw_sockets::RawSocket, ErrorCode> {
    let family = match family {
        IpAddressFamily::Ipv4 => Family::V4,
        IpAddressFamily::Ipv6 => Family::V6,
    };
    let handle = run(|state, _| state.create_raw_socket(family, kind))?;
    Ok(raw_sockets::RawSocket::new(RawSocket(handle)))
}

/// A `raw-socket`.
pub(crate) struct RawSocket(RawHandle);

impl RawSocket {
    pub(super) fn handle(&self) -> RawHandle {
        self.0
    }
}

impl GuestRawSocket for RawSocket {
    fn bind(&self, address: Option<IpAddress>, identifier: u16) -> Result<(), ErrorCode> {
        run(|state, _| state.stack.raw_bind(self.0, address.map(host), identifier))
    }

    fn connect(&self, remote: Option<IpAddress>) -> Result<(), ErrorCode> {
        run(|state, _| state.stack.raw_connect(self.0, remote.map(host)))
    }

    fn local(&self) -> Result<LocalEnd, ErrorCode> {
        let (address, identifier) =
            run(|state, _| state.stack.raw_local(self.0).ok_or(SocketError::InvalidState))?;
        Ok(LocalEnd { address: address.map(wit_host), identifier })
    }

    fn set(&self, value: RawOption) -> Result<(), ErrorCode> {
        let option = match value {
            RawOption::BindToDevice(name) => {
                return run(|state, _| state.bind_raw_to_device(self.0, &name));
            }
            RawOption::HopLimit(limit) => CoreOption::HopLimit(limit),
            RawOption::MulticastHopLimit(limit) => CoreOption::Multicast(MulticastOption::HopLimit(limit)),
            RawOption::TrafficClass(class) => CoreOption::TrafficClass(class),
            RawOption::Cutting(Cutting::Never) => CoreOption::Cutting(ip::Cutting::Never),
            RawOption::Cutting(Cutting::Here) => CoreOption::Cutting(ip::Cutting::Here),
            RawOption::Cutting(Cutting::Anywhere) => CoreOption::Cutting(ip::Cutting::Anywhere),
            RawOption::ReceiveBuffer(bytes) => {
                CoreOption::ReceiveBuffer(usize::try_from(bytes).unwrap_or(usize::MAX))
            }
            RawOption::Broadcast(permitted) => CoreOption::Broadcast(permitted),
            RawOption::Errors(wanted) => CoreOption::Reports(wanted),
            RawOption::ChecksumOffset(offset) => CoreOption::ChecksumOffset(offset),
            RawOption::IcmpFilter(kinds) => CoreOption::IcmpFilter(IcmpFilter::blocking(kinds)),
            RawOption::Mark(mark) => CoreOption::Mark(mark),
        };
        run(|state, _| state.stack.raw_set(self.0, option))
    }

    fn send(&self, packets: Vec<OutgoingPacket>) -> Result<u64, ErrorCode> {
        let packet = |packet: OutgoingPacket| (packet.data, packet.destination.map(host), packet.hop_limit);
        let packets: Vec<_> = packets.into_iter().map(packet).collect();
        run(|state, now| state.send_raw(self.0, &packets, now)).map(|sent| sent as u64)
    }

    fn receive(&self, max: u64) -> Result<Vec<IncomingPacket>, ErrorCode> {
        let (packets, now) = run(|state, now| Ok((state.receive_raw(self.0, max)?, now)))?;
        Ok(packets.into_iter().map(|packet| incoming(packet, now)).collect())
    }

    fn receive_errors(&self, max: u64) -> Result<Vec<PacketError>, ErrorCode> {
        let reports = run(|state, _| state.receive_raw_reports(self.0, max))?;
        Ok(reports.into_iter().map(error).collect())
    }

    fn dropped(&self) -> u64 {
        enter(|state, _| state.stack.raw_dropped(self.0))
    }

    fn subscribe(&self) -> Pollable {
        subscribe(Source::Raw(self.0))
    }
}

impl Drop for RawSocket {
    fn drop(&mut self) {
        enter(|state, _| state.drop_raw_socket(self.0));
    }
}

pub(super) fn incoming(Incoming { arrival, data, .. }: Incoming, now: Instant) -> IncomingPacket {
    IncomingPacket {
        data,
        source: wit_host(arrival.source),
        destination: wit_host(arrival.destination),
        hop_limit: arrival.hop_limit,
        traffic_class: arrival.traffic_class,
        device: arrival.device.0,
        waited: waited(arrival.at, now),
    }
}

/// Nanoseconds that something which arrived at `at` waited.
pub(super) fn waited(at: Instant, now: Instant) -> u64 {
    u64::try_from((now - at).as_nanos()).unwrap_or(u64::MAX)
}

fn error(report: Report) -> PacketError {
    let Report { offender, destination, kind, code, info, data, .. } = report;
    PacketError {
        offender: offender.map(wit_host),
        destination: wit_host(destination),
        icmp_type: kind,
        icmp_code: code,
        info,
        data,
    }
}
