//! Packet sockets, as the stack's users call them.

use super::Stack;
use crate::datapath;
use crate::drop_reason::DropReason;
use crate::ethernet;
use crate::packet::{DeviceIndex, Packet};
use crate::packet_socket::{Form, PacketHandle, PacketOption, Protocols, Received, Statistics};
use crate::socket::SocketError;
use crate::time::Instant;
use crate::wire::ethernet::{EtherType, HEADER_LEN, Header, MacAddress};
use crate::wire::vlan::TAG_LEN;

/// What a socket's owner wants sent.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingFrame<'a> {
    /// A whole frame, or what is behind the Ethernet header.
    pub data: &'a [u8],
    /// The device to leave by; none: the one that the socket is bound to. Linux: `sll_ifindex`.
    pub device: Option<DeviceIndex>,
    /// What it carries, of payloads; none: what the socket hears. Linux: `sll_protocol`.
    pub protocol: Option<EtherType>,
    /// Whom it is for, of payloads. Linux: `sll_addr`.
    pub destination: Option<MacAddress>,
}

impl Stack {
    /// A new packet socket at all devices. Linux: `packet_create`.
    pub fn packet_open(&mut self, form: Form, protocols: Protocols) -> Result<PacketHandle, SocketError> {
        let handle = self.packet_sockets.open(form, protocols, self.sysctl.rmem_default as usize)?;
        self.interfaces.set_watched(true);
        Ok(handle)
    }

    /// Hears one device alone from now on, none: all of them, and these protocols. Linux: `packet_bind`.
    pub fn packet_bind(
        &mut self,
        handle: PacketHandle,
        device: Option<DeviceIndex>,
        protocols: Protocols,
    ) -> Result<(), SocketError> {
        self.known(device)?;
        self.packet_sockets.bind(handle, device, protocols)
    }

    /// Sets an option.
    pub fn packet_set(&mut self, handle: PacketHandle, option: PacketOption) -> Result<(), SocketError> {
        self.packet_sockets.set(handle, option, self.sysctl.rmem_max as usize)
    }

    /// Lets a device take frames for everybody as long as the socket is there, or no more. Linux:
    /// `PACKET_ADD_MEMBERSHIP`, `PACKET_MR_PROMISC`.
    pub fn packet_set_promiscuous(
        &mut self,
        handle: PacketHandle,
        device: DeviceIndex,
        promiscuous: bool,
    ) -> Result<(), SocketError> {
        self.known(Some(device))?;
        if self.packet_sockets.set_member(handle, device, promiscuous)? {
            self.interfaces.change_promiscuity(device, promiscuous);
        }
        Ok(())
    }

    fn known(&self, device: Option<DeviceIndex>) -> Result<(), SocketError> {
        match device.is_none_or(|device| self.interfaces.get(device).is_some()) {
            true => Ok(()),
            false => Err(SocketError::InvalidArgument),
        }
    }

    /// Sends a frame. What is lost on the way is not an error; a device that is down, or a frame longer than it carries,
    /// is. Linux: `packet_snd`.
    pub fn packet_send(
        &mut self,
        handle: PacketHandle,
        frame: &OutgoingFrame<'_>,
        now: Instant,
    ) -> Result<(), SocketError> {
        let socket = self.packet_sockets.get(handle).ok_or(SocketError::InvalidState)?;
        let device = frame.device.or(socket.device()).ok_or(SocketError::InvalidArgument)?;
        let protocol = match (frame.protocol, socket.protocols()) {
            (Some(protocol), _) | (None, Protocols::Only(protocol)) => protocol,
            (None, protocols) => EtherType(protocols.number()),
        };
        let form = socket.form();
        let mut packet = self.built(device, form, protocol, frame)?;
        packet.meta.sent_by = Some(handle.to_bits());
        packet.meta.device = device;
        let sent = self.with_context(now, |cx, _, _| datapath::send_frame(cx, device, packet));
        if let Err(reason) = sent {
            self.counters.drop(reason);
        }
        self.run_output(now);
        match sent {
            // Linux: ENOBUFS of a full queue.
            Err(DropReason::QdiscFull) => Err(SocketError::OutOfMemory),
            // Lost here is as good as lost further on.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The whole frame, if the device takes it.
    fn built(
        &self,
        device: DeviceIndex,
        form: Form,
        protocol: EtherType,
        frame: &OutgoingFrame<'_>,
    ) -> Result<Packet, SocketError> {
        let interface = self.interfaces.get(device).ok_or(SocketError::InvalidArgument)?;
        if !interface.is_up() {
            return Err(SocketError::NetworkUnreachable);
        }
        let mut packet = Packet::from_payload(frame.data);
        if form == Form::Payloads {
            let nobody = interface.is_loopback().then(MacAddress::default);
            let destination = frame.destination.or(nobody).ok_or(SocketError::InvalidArgument)?;
            ethernet::output(&mut packet, interface.mac(), destination, protocol);
        }
        let header = Header::parse(packet.data()).map_err(|_| SocketError::InvalidArgument)?;
        // Linux: `packet_extra_vlan_len_allowed`.
        let tag = if header.ether_type() == EtherType::VLAN { TAG_LEN } else { 0 };
        match packet.len() > interface.mtu() as usize + HEADER_LEN + tag {
            true => Err(SocketError::DatagramTooLarge),
            false => Ok(packet),
        }
    }

    /// Takes the oldest frame, or answers [`SocketError::WouldBlock`].
    pub fn packet_receive(&mut self, handle: PacketHandle) -> Result<Received, SocketError> {
        self.packet_sockets.receive(handle)
    }

    /// What the socket counted since it was last asked.
    pub fn packet_statistics(&mut self, handle: PacketHandle) -> Result<Statistics, SocketError> {
        self.packet_sockets.statistics(handle)
    }

    /// Whether a frame waits.
    pub fn packet_is_readable(&self, handle: PacketHandle) -> bool {
        self.packet_sockets.is_readable(handle)
    }

    /// Gives a socket up. Linux: `packet_release`.
    pub fn packet_close(&mut self, handle: PacketHandle) {
        for device in self.packet_sockets.close(handle) {
            self.interfaces.change_promiscuity(device, false);
        }
        if self.packet_sockets.is_empty() {
            self.interfaces.set_watched(false);
        }
    }
}
