//! Raw and ping sockets, as the stack's users call them.

use super::sending::told;
use super::{SocketHandle, Stack};
use crate::datapath::{self, Headed, Outgoing, Wishes};
use crate::ip::v4::Recorder;
use crate::packet::Packet;
use crate::raw::{Family, Incoming, Kind, Message, RawHandle, RawOption, RawReadiness, Report};
use crate::route::{FlowKey, Scope, Transport};
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::protocol::Protocol;
use crate::wire::{ipv4, ipv6};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What rules may ask of packets of such a socket. Linux: `flowi4_init_output` in `raw_sendmsg` and `ping_v4_sendmsg`.
fn transport(family: Family, kind: Kind) -> Transport {
    let protocol = match (kind, family) {
        (Kind::Raw(protocol), _) => protocol,
        (Kind::Ping, Family::V4) => Protocol::ICMP,
        (Kind::Ping, Family::V6) => Protocol::ICMPV6,
    };
    Transport { protocol: protocol.0, ports: [0; 2] }
}

impl Stack {
    /// A new raw or ping socket. A raw socket hears from now on.
    pub fn raw_open(&mut self, family: Family, kind: Kind) -> Result<RawHandle, SocketError> {
        let buffers = (self.sysctl.rmem_default as usize, self.sysctl.wmem_default as usize);
        self.raw.open(family, kind, buffers)
    }

    /// Binds a socket to one of the stack's addresses, none: to all; a ping socket to an identifier, 0: to one that
    /// nobody has.
    pub fn raw_bind(
        &mut self,
        handle: RawHandle,
        local: Option<IpAddr>,
        identifier: u16,
    ) -> Result<(), SocketError> {
        if local.is_some_and(|local| !self.routes.is_local(local)) {
            return Err(SocketError::AddressNotBindable);
        }
        self.raw.bind(handle, local, identifier)
    }

    /// Lets a socket talk to `remote` alone, none: to everybody again. Nothing is sent.
    pub fn raw_connect(&mut self, handle: RawHandle, remote: Option<IpAddr>) -> Result<(), SocketError> {
        self.raw.connect(handle, remote)?;
        match remote {
            Some(_) => self.raw.bind_implicitly(handle),
            None => Ok(()),
        }
    }

    /// Sets an option.
    pub fn raw_set(&mut self, handle: RawHandle, option: RawOption) -> Result<(), SocketError> {
        if let RawOption::Device(Some(device)) = option
            && self.interfaces.get(device).is_none()
        {
            return Err(SocketError::InvalidArgument);
        }
        let max_buffer = match option {
            RawOption::SendBuffer(_) => self.sysctl.wmem_max,
            _ => self.sysctl.rmem_max,
        };
        self.raw.set(handle, option, max_buffer as usize)
    }

    /// Our end: the address it is bound to, or that what it sends to its peer comes from; and a ping socket's identifier, 0
    /// if it has none. Linux: `getsockname` behind `connect`.
    pub fn raw_local(&self, handle: RawHandle) -> Option<(Option<IpAddr>, u16)> {
        let socket = self.raw.get(handle)?;
        let towards = |peer| {
            self.datagram_source(
                peer,
                transport(socket.family(), socket.kind()),
                socket.device_to(peer),
                true,
            )
            .ok()
        };
        let address = socket.local().or_else(|| socket.remote().and_then(towards));
        Some((address, socket.identifier()))
    }

    /// Packets and errors for which there was no room in the socket.
    pub fn raw_dropped(&self, handle: RawHandle) -> u64 {
        self.raw.get(handle).map_or(0, |socket| socket.dropped())
    }

    /// Sends a packet. What is lost on the way is not an error; no route, or a packet larger than the path carries,
    /// is. Linux: `raw_sendmsg`, `ping_v4_sendmsg`, `ping_v6_sendmsg`.
    pub fn raw_send(
        &mut self,
        handle: RawHandle,
        message: Message<'_>,
        now: Instant,
    ) -> Result<(), SocketError> {
        let socket = self.raw.get(handle).ok_or(SocketError::InvalidState)?;
        let (family, local, broadcast) = (socket.family(), socket.local(), socket.may_broadcast());
        if socket.includes_header() {
            return self.raw_send_headed(handle, &message, now);
        }
        let destination = message.to.or(socket.remote()).ok_or(SocketError::InvalidArgument)?;
        if Family::of(destination) != family {
            return Err(SocketError::InvalidArgument);
        }
        let destination = or_this_host(destination, local);
        let (device, neighbours) = (socket.device_to(destination), socket.to_neighbours());
        let scope = if neighbours { Scope::Link } else { Scope::Universe };
        let transport = transport(socket.family(), socket.kind());
        let flow = FlowKey { output: device, scope, transport, ..FlowKey::to(destination) };
        let source = self.flow_source(&flow, broadcast)?;
        let source = local.filter(|local| self.routes.is_local(*local)).unwrap_or(source);
        self.raw.bind_implicitly(handle)?;
        let is_ours = |ip: Ipv4Addr| self.routes.is_local(ip.into());
        let us = match source {
            IpAddr::V4(address) => Some(Recorder { address, millis: now.as_millis(), is_ours: &is_ours }),
            IpAddr::V6(_) => None,
        };
        let prepared = self.raw.outgoing(handle, &message, (source, destination), us)?;
        let (flow_label, memory) = (prepared.flow_label, Some(prepared.memory));
        let outgoing = Outgoing {
            packet: prepared.packet,
            source: Some(source),
            destination,
            protocol: prepared.protocol,
            ttl: prepared.hop_limit,
            tos: prepared.traffic_class,
            cutting: prepared.cutting,
            device: prepared.device,
        };
        let wishes = Wishes { flow_label, neighbours, memory };
        let sent = self.with_context(now, |cx, _, _| datapath::send_as_wished(cx, outgoing, wishes));
        self.run_output(now);
        told(sent)
    }

    /// Sends a packet that has its IP header: to the destination that is told, whatever the header says, and to the
    /// header's without one. Linux: `raw_send_hdrinc`, `rawv6_send_hdrinc`.
    fn raw_send_headed(
        &mut self,
        handle: RawHandle,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), SocketError> {
        let socket = self.raw.get(handle).ok_or(SocketError::InvalidState)?;
        let (family, source) = (socket.family(), socket.local());
        let header = match family {
            Family::V4 => ipv4::Header::parse_quoted(message.data).map(|header| header.destination().into()),
            Family::V6 => ipv6::Header::parse_quoted(message.data).map(|header| header.destination().into()),
        };
        let of_header: IpAddr = header.map_err(|_| SocketError::InvalidArgument)?;
        let destination = message.to.or(socket.remote()).unwrap_or(of_header);
        if Family::of(destination) != family || destination.is_unspecified() {
            return Err(SocketError::InvalidArgument);
        }
        let device = socket.device_to(destination);
        let mut packet = Packet::from_payload(message.data);
        (packet.meta.mark, packet.meta.unlooped) = (socket.mark(), !socket.loops());
        // Whether everybody may be sent to.
        self.datagram_source(
            destination,
            transport(family, Kind::Raw(Protocol::RAW)),
            device,
            socket.may_broadcast(),
        )?;
        let headed = Headed { packet, source, destination, device };
        let sent = self.with_context(now, |cx, _, _| datapath::send_headed(cx, headed));
        self.run_output(now);
        told(sent)
    }

    /// Takes the oldest packet, or answers [`SocketError::WouldBlock`].
    pub fn raw_receive(&mut self, handle: RawHandle) -> Result<Incoming, SocketError> {
        self.raw.receive(handle)
    }

    /// Takes the oldest error, or answers [`SocketError::WouldBlock`].
    pub fn raw_receive_report(&mut self, handle: RawHandle) -> Result<Report, SocketError> {
        self.raw.receive_report(handle)
    }

    /// What the socket's owner could do now without waiting.
    pub fn raw_readiness(&self, handle: RawHandle) -> RawReadiness {
        self.raw.readiness(handle)
    }

    /// Gives a socket up.
    pub fn raw_close(&mut self, handle: RawHandle) {
        self.forget_groups(SocketHandle::Raw(handle));
        self.raw.close(handle);
    }
}

/// No address means this host. Linux: `ip_route_output_key_hash_rcu`, `rawv6_sendmsg`.
fn or_this_host(destination: IpAddr, local: Option<IpAddr>) -> IpAddr {
    match destination {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => local.unwrap_or(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        destination => destination,
    }
}
