//! The guest's address by DHCP (RFC 2131 section 4.3). Linux: `dnsmasq`, which QEMU and slirp play, too.
//!
//! There is one address and one who may have it, so the server keeps no memory: whoever asks is offered it, who asks for it gets
//! it, and who asks for another is told no.

use super::Subnet;
use super::config::MTU;
use super::envelope::{Envelope, HOP_LIMIT};
use stack_core::wire::checksum::{Sum, pseudo_header};
use stack_core::wire::dhcp::{CLIENT_PORT, Fields, Message, SERVER_PORT, Sender, Type, option};
use stack_core::wire::ethernet::MacAddress;
use stack_core::wire::protocol::Protocol;
use stack_core::wire::{ethernet, ipv4, udp};
use std::net::{IpAddr, Ipv4Addr};

/// Seconds for which the guest has the address until it asks again. slirp: `LEASE_TIME`.
const LEASE_TIME: u32 = 24 * 3600;

/// Where servers hear.
pub(super) const PORT: u16 = SERVER_PORT;

/// Client: I have an address, and would like to know the rest (RFC 2131 section 3.4).
const INFORM: Type = Type(8);

/// The answer of the gateway with the station address `mac` to the client's message in `frame`; none if there is none to give.
pub(super) fn answer(frame: &[u8], mac: MacAddress, subnet: &Subnet) -> Option<Vec<u8>> {
    let (IpAddr::V4(gateway), IpAddr::V4(guest)) = (subnet.gateway, subnet.guest) else { return None };
    let packet = ipv4::Header::parse(ethernet::Header::parse(frame).ok()?.payload()).ok()?;
    let datagram = udp::Header::parse(packet.payload()).ok()?;
    if !datagram.checksum_is_valid(packet.source().into(), packet.destination().into()) {
        return None;
    }
    let question = Message::parse(datagram.payload(), Sender::Client).ok()?;
    let kind = verdict(&question, gateway, guest)?;
    let answer = reply(&question, kind, gateway, guest, subnet.prefix_length);
    let (station, to) = whom(&question, kind, guest);
    let envelope = Envelope {
        stations: (mac, station),
        addresses: (gateway.into(), to.into()),
        protocol: Protocol::UDP,
        hop_limit: HOP_LIMIT,
    };
    envelope.around(&in_datagram(gateway, to, &answer)?)
}

/// What becomes of a question; none: nothing (RFC 2131 section 4.3.2).
fn verdict(question: &Message<'_>, gateway: Ipv4Addr, guest: Ipv4Addr) -> Option<Type> {
    let said = |code| question.addresses(code, 1).first().copied();
    match question.kind()? {
        Type::DISCOVER => Some(Type::OFFER),
        // Another server was chosen.
        Type::REQUEST if said(option::SERVER_ID).is_some_and(|server| server != gateway) => None,
        Type::REQUEST => {
            let wanted = said(option::REQUESTED_ADDRESS).unwrap_or(question.client_address());
            Some(if wanted == guest { Type::ACK } else { Type::NAK })
        }
        INFORM => Some(Type::ACK),
        // What is given back or refused stays the guest's.
        _ => None,
    }
}

fn reply(question: &Message<'_>, kind: Type, gateway: Ipv4Addr, guest: Ipv4Addr, bits: u8) -> Vec<u8> {
    let informs = question.kind() == Some(INFORM);
    let mask = u32::MAX.checked_shl(u32::saturating_sub(32, bits.into())).unwrap_or(0).to_be_bytes();
    let (gateway, lease_time) = (gateway.octets(), LEASE_TIME.to_be_bytes());
    let [.., high, low] = MTU.to_be_bytes();
    let mtu = [high, low];
    let kind_bytes = [kind.0];
    // RFC 6842 section 3: who says who it is hears that again, in refusals, too.
    let identifier = question.option(option::CLIENT_ID);
    let mut options: Vec<(u8, &[u8])> =
        vec![(option::MESSAGE_TYPE, &kind_bytes), (option::SERVER_ID, &gateway)];
    if kind != Type::NAK {
        options.extend([
            (option::SUBNET_MASK, &mask[..]),
            (option::ROUTERS, &gateway),
            (option::NAME_SERVERS, &gateway),
            (option::MTU, &mtu),
        ]);
        // RFC 2131 section 4.3.5: who has an address already is given no time.
        options.extend((!informs).then_some((option::LEASE_TIME, &lease_time[..])));
    }
    options.extend((!identifier.is_empty()).then_some((option::CLIENT_ID, &identifier[..])));
    let nothing = Ipv4Addr::UNSPECIFIED;
    Fields {
        sender: Sender::Server,
        transaction: question.transaction(),
        seconds: 0,
        broadcast: question.broadcast(),
        client_address: if kind == Type::NAK { nothing } else { question.client_address() },
        your_address: if kind == Type::NAK || informs { nothing } else { guest },
        station: question.station(),
        options: &options,
    }
    .emit()
}

/// Whom an answer is sent to (RFC 2131 section 4.1).
fn whom(question: &Message<'_>, kind: Type, guest: Ipv4Addr) -> (MacAddress, Ipv4Addr) {
    let station = MacAddress(question.station());
    let own = question.client_address();
    if kind == Type::NAK || (own.is_unspecified() && question.broadcast()) || !station.is_unicast() {
        (MacAddress::BROADCAST, Ipv4Addr::BROADCAST)
    } else if own.is_unspecified() {
        (station, guest)
    } else {
        (station, own)
    }
}

/// The datagram to a client.
fn in_datagram(from: Ipv4Addr, to: Ipv4Addr, message: &[u8]) -> Option<Vec<u8>> {
    let total_len = u16::try_from(udp::HEADER_LEN + message.len()).ok()?;
    let fields = udp::Fields { source_port: SERVER_PORT, destination_port: CLIENT_PORT, total_len };
    let mut datagram = vec![0; udp::HEADER_LEN];
    fields.emit(&mut datagram, 0);
    datagram.extend(message);
    let pseudo = pseudo_header(from.into(), to.into(), Protocol::UDP, u32::from(total_len));
    // RFC 768: zero says that there is none.
    let checksum = match pseudo.plus(Sum::of(&datagram)).checksum() {
        0 => u16::MAX,
        checksum => checksum,
    };
    fields.emit(&mut datagram, checksum);
    Some(datagram)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
    const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
    const NOWHERE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
    const STATION: [u8; 6] = [2, 0, 0, 0, 0, 15];
    const MAC: MacAddress = MacAddress([0x52, 0x55, 10, 0, 2, 2]);

    fn question(client_address: Ipv4Addr, broadcast: bool, options: &[(u8, &[u8])]) -> Vec<u8> {
        let fields = Fields {
            sender: Sender::Client,
            transaction: 7,
            seconds: 0,
            broadcast,
            client_address,
            your_address: NOWHERE,
            station: STATION,
            options,
        };
        let envelope = Envelope {
            stations: (MacAddress(STATION), MacAddress::BROADCAST),
            addresses: (client_address.into(), Ipv4Addr::BROADCAST.into()),
            protocol: Protocol::UDP,
            hop_limit: HOP_LIMIT,
        };
        envelope.around(&in_datagram(client_address, Ipv4Addr::BROADCAST, &fields.emit()).unwrap()).unwrap()
    }

    fn identifier_in(frame: &[u8]) -> Vec<u8> {
        let packet = ipv4::Header::parse(ethernet::Header::parse(frame).unwrap().payload()).unwrap();
        let datagram = udp::Header::parse(packet.payload()).unwrap();
        Message::parse(datagram.payload(), Sender::Client).unwrap().option(option::CLIENT_ID)
    }

    /// What is answered, about which address, and to whom.
    fn answered(frame_of_client: &[u8]) -> Option<(Type, Ipv4Addr, MacAddress, Ipv4Addr)> {
        let subnet =
            Subnet { gateway: GATEWAY.into(), prefix_length: 24, guest: GUEST.into(), asked_for: true };
        let frame = answer(frame_of_client, MAC, &subnet)?;
        let ethernet = ethernet::Header::parse(&frame).unwrap();
        let packet = ipv4::Header::parse(ethernet.payload()).unwrap();
        let datagram = udp::Header::parse(packet.payload()).unwrap();
        assert!(packet.checksum_is_valid());
        assert!(
            datagram.checksum() != 0
                && datagram.checksum_is_valid(GATEWAY.into(), packet.destination().into())
        );
        let message = Message::parse(datagram.payload(), Sender::Server).unwrap();
        assert_eq!((message.transaction(), message.station()), (7, STATION));
        assert_eq!(message.addresses(option::SERVER_ID, 2), [GATEWAY]);
        assert_eq!(message.option(option::CLIENT_ID), identifier_in(frame_of_client));
        let kind = message.kind().unwrap();
        let told = if kind == Type::NAK { vec![] } else { vec![GATEWAY] };
        assert_eq!(message.addresses(option::ROUTERS, 2), told);
        assert_eq!(message.addresses(option::NAME_SERVERS, 2), told);
        let timed = !told.is_empty() && !message.your_address().is_unspecified();
        assert_eq!(message.number(option::LEASE_TIME), timed.then_some(86_400));
        assert!(told.is_empty() || message.number(option::SUBNET_MASK) == Some(0xffff_ff00));
        Some((kind, message.your_address(), ethernet.destination(), packet.destination()))
    }

    #[test]
    fn who_asks_gets_the_address_and_nobody_gets_another() {
        let (station, all) = (MacAddress(STATION), MacAddress::BROADCAST);
        let everybody = Ipv4Addr::BROADCAST;
        let (ours, other) = (&GATEWAY.octets()[..], &[10, 0, 2, 3][..]);
        let (guest, stranger) = (&GUEST.octets()[..], &[10, 0, 2, 99][..]);
        let kind = |kind: &'static [u8]| (option::MESSAGE_TYPE, kind);
        let (wanted, server) = (option::REQUESTED_ADDRESS, option::SERVER_ID);
        let table = [
            (question(NOWHERE, true, &[kind(&[1])]), Some((Type::OFFER, GUEST, all, everybody))),
            (question(NOWHERE, false, &[kind(&[1])]), Some((Type::OFFER, GUEST, station, GUEST))),
            (
                question(NOWHERE, true, &[kind(&[1]), (option::CLIENT_ID, b"\xffwho")]),
                Some((Type::OFFER, GUEST, all, everybody)),
            ),
            (
                question(NOWHERE, true, &[kind(&[3]), (server, ours), (wanted, guest)]),
                Some((Type::ACK, GUEST, all, everybody)),
            ),
            (question(NOWHERE, true, &[kind(&[3]), (server, other), (wanted, guest)]), None),
            (
                question(NOWHERE, false, &[kind(&[3]), (wanted, stranger)]),
                Some((Type::NAK, NOWHERE, all, everybody)),
            ),
            // A renewal.
            (question(GUEST, false, &[kind(&[3])]), Some((Type::ACK, GUEST, station, GUEST))),
            (question(GUEST, false, &[kind(&[8])]), Some((Type::ACK, NOWHERE, station, GUEST))),
            (question(GUEST, false, &[kind(&[7]), (server, ours)]), None),
            (question(NOWHERE, false, &[kind(&[4]), (server, ours), (wanted, guest)]), None),
            (question(NOWHERE, false, &[]), None),
        ];
        for (number, (question, expected)) in table.iter().enumerate() {
            assert_eq!(answered(question), *expected, "question {number}");
        }
        let mut damaged = table[0].0.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        assert_eq!(answered(&damaged), None);
    }
}
