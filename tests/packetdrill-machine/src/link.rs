//! Ethernet around raw IP packets.
//!
//! Scripts have a device without a link layer; the stack has an Ethernet card. All neighbours have one address
//! here, and each ARP request and neighbour solicitation is answered in the moment in which it is asked, so that no packet waits.

use packetdrill::packet::checksum::checksum;

/// The stack's card.
pub(crate) const STACK_MAC: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
/// All neighbours.
const NEIGHBOUR_MAC: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];

const HEADER: usize = 14;
const ICMPV6: u8 = 58;
/// A neighbour solicitation (RFC 4861 section 4.3).
const SOLICITATION: u8 = 135;
const TYPE_IPV4: [u8; 2] = [0x08, 0x00];
const TYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const TYPE_ARP: [u8; 2] = [0x08, 0x06];
/// An ARP packet for IPv4 over Ethernet (RFC 826).
const ARP_LEN: usize = 28;

/// What a frame of the stack's is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromStack {
    /// An IP packet, without the padding of short frames.
    Packet(Vec<u8>),
    /// A question to a neighbour, with the frame that answers it.
    Answer(Vec<u8>),
    /// Nothing for a script.
    Other,
}

/// A frame that carries `packet` to the stack.
pub(crate) fn frame(packet: &[u8]) -> Vec<u8> {
    let is_v6 = packet.first().is_some_and(|byte| byte >> 4 == 6);
    let kind = if is_v6 { TYPE_IPV6 } else { TYPE_IPV4 };
    [&STACK_MAC[..], &NEIGHBOUR_MAC, &kind, packet].concat()
}

/// What the stack sent.
pub(crate) fn open(frame: &[u8]) -> FromStack {
    let Some((header, payload)) = frame.split_at_checked(HEADER) else { return FromStack::Other };
    match [header[12], header[13]] {
        TYPE_IPV4 if payload.len() >= 20 => {
            let len = usize::from(u16::from_be_bytes([payload[2], payload[3]]));
            FromStack::Packet(payload[..len.min(payload.len())].to_vec())
        }
        TYPE_IPV6 if payload.len() >= 40 => {
            if let Some(kind) = neighbour_message(payload) {
                return match kind {
                    SOLICITATION => ndp_answer(payload).map_or(FromStack::Other, FromStack::Answer),
                    _ => FromStack::Other,
                };
            }
            let len = 40 + usize::from(u16::from_be_bytes([payload[4], payload[5]]));
            FromStack::Packet(payload[..len.min(payload.len())].to_vec())
        }
        TYPE_ARP => arp_answer(payload).map_or(FromStack::Other, FromStack::Answer),
        _ => FromStack::Other,
    }
}

/// The type of a message that belongs to the link alone: neighbour discovery, or reports of groups (RFC 4861, 3810).
fn neighbour_message(packet: &[u8]) -> Option<u8> {
    // Reports of groups come behind a hop-by-hop header with a router alert.
    let (next, body) = match packet.get(6)? {
        0 => (*packet.get(40)?, packet.get(48..)?),
        next => (*next, packet.get(40..)?),
    };
    let kind = *body.first()?;
    (next == ICMPV6 && matches!(kind, 130..=137 | 143)).then_some(kind)
}

/// The answer to a neighbour solicitation for an address that is not the stack's own.
fn ndp_answer(request: &[u8]) -> Option<Vec<u8>> {
    let source: [u8; 16] = request.get(8..24)?.try_into().ok()?;
    let target: [u8; 16] = request.get(48..64)?.try_into().ok()?;
    // A probe of duplicate address detection asks for the stack's own address.
    if source == [0; 16] {
        return None;
    }
    // Solicited and override, with the target's link-layer address (RFC 4861 section 4.4).
    let mut body = vec![136, 0, 0, 0, 0x60, 0, 0, 0];
    body.extend(target);
    body.extend([2, 1]);
    body.extend(NEIGHBOUR_MAC);
    let len = (body.len() as u16).to_be_bytes();
    let sum = checksum(&[&target[..], &source, &[0, 0], &len, &[0, 0, 0, ICMPV6], &body].concat());
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(frame(&[&[0x60, 0, 0, 0], &len[..], &[ICMPV6, 255], &target, &source, &body].concat()))
}

/// The answer to an ARP request for an address that is not the stack's own.
fn arp_answer(request: &[u8]) -> Option<Vec<u8>> {
    let request: &[u8; ARP_LEN] = request.first_chunk()?;
    let is_request = request[6..8] == [0, 1];
    let (sender, target) = (&request[14..18], &request[24..28]);
    // A probe (RFC 5227) or an announcement asks for the stack's own address.
    let is_own = sender == target || sender == [0; 4];
    if !is_request || is_own {
        return None;
    }
    let mut answer = [&request[8..14], &NEIGHBOUR_MAC, &TYPE_ARP, &request[..6], &[0, 2]].concat();
    answer.extend_from_slice(&NEIGHBOUR_MAC);
    answer.extend_from_slice(target);
    answer.extend_from_slice(&request[8..18]);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_lose_the_padding_of_their_frames() {
        let mut packet = vec![0x45, 0, 0, 21];
        packet.resize(21, 7);
        let mut padded = frame(&packet);
        padded.resize(60, 0);
        assert_eq!(open(&padded), FromStack::Packet(packet));
        assert_eq!(open(&padded[..20]), FromStack::Other, "cut within the header");
        assert_eq!(open(&[]), FromStack::Other);
    }

    #[test]
    fn neighbours_answer_and_own_addresses_do_not() {
        let request = |sender: [u8; 4], target: [u8; 4]| {
            let mut frame = [&[0xff; 6][..], &STACK_MAC, &TYPE_ARP, &[0, 1, 8, 0, 6, 4, 0, 1]].concat();
            frame.extend(STACK_MAC.iter().chain(&sender).chain(&[0; 6]).chain(&target));
            frame
        };
        let FromStack::Answer(answer) = open(&request([192, 168, 0, 1], [192, 168, 0, 2])) else {
            panic!("not answered")
        };
        assert_eq!(answer.len(), HEADER + ARP_LEN);
        assert_eq!(answer[..6], STACK_MAC);
        assert_eq!(answer[20..22], [0, 2], "a reply");
        assert_eq!(answer[22..28], NEIGHBOUR_MAC);
        assert_eq!(answer[28..32], [192, 168, 0, 2]);
        assert_eq!(open(&request([192, 168, 0, 1], [192, 168, 0, 1])), FromStack::Other);
        assert_eq!(open(&request([0; 4], [192, 168, 0, 1])), FromStack::Other);
    }
}
