//! Frames on the way in.

use crate::drop_reason::DropReason;
use crate::packet::{LinkDestination, Packet};
use crate::wire::ethernet::{EtherType, HEADER_LEN, Header, MacAddress};

/// Checks the frame's header against the station's own address `mac` and the length of the longest frame
/// that its link carries, notes whom the frame is for, and takes the header off. Answers what the frame
/// carries. Linux: `eth_type_trans`, `eth_skb_pkt_type`.
pub fn input(mac: MacAddress, max_frame: usize, frame: &mut Packet) -> Result<EtherType, DropReason> {
    let header = Header::parse(frame.data()).map_err(|_| DropReason::EthernetTruncated)?;
    let (source, destination, ether_type) = (header.source(), header.destination(), header.ether_type());
    if frame.len() > max_frame {
        return Err(DropReason::FrameTooLong);
    }
    if !source.is_unicast() {
        return Err(DropReason::EthernetBadSource);
    }
    frame.meta.destination = if destination == mac {
        LinkDestination::Host
    } else if destination.is_broadcast() {
        LinkDestination::Broadcast
    } else if destination.is_multicast() {
        LinkDestination::Multicast
    } else {
        return Err(DropReason::OtherHost);
    };
    frame.pull(HEADER_LEN);
    Ok(ether_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ethernet::Fields;
    use alloc::vec;

    const US: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const PEER: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);
    const GROUP: MacAddress = MacAddress([1, 0, 0x5e, 0, 0, 1]);

    fn frame(source: MacAddress, destination: MacAddress, payload: usize) -> Packet {
        let mut bytes = vec![0; HEADER_LEN + payload];
        Fields { source, destination, ether_type: EtherType::IPV4 }.emit(&mut bytes);
        Packet::from_frame(bytes)
    }

    #[test]
    fn whose_frame() {
        let rows = [
            (PEER, US, 46, Ok(LinkDestination::Host)),
            (PEER, MacAddress::BROADCAST, 46, Ok(LinkDestination::Broadcast)),
            (PEER, GROUP, 46, Ok(LinkDestination::Multicast)),
            (PEER, PEER, 46, Err(DropReason::OtherHost)),
            (MacAddress([0; 6]), US, 46, Err(DropReason::EthernetBadSource)),
            (GROUP, US, 46, Err(DropReason::EthernetBadSource)),
            (PEER, US, 1504, Ok(LinkDestination::Host)),
            (PEER, US, 1505, Err(DropReason::FrameTooLong)),
        ];
        for (source, destination, payload, expected) in rows {
            let mut frame = frame(source, destination, payload);
            let verdict = input(US, 1518, &mut frame);
            assert_eq!(verdict.map(|_| frame.meta.destination), expected, "{source} {destination} {payload}");
            if verdict.is_ok() {
                assert_eq!(frame.len(), payload);
            }
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        for len in 0..HEADER_LEN {
            let mut frame = frame(PEER, US, 0);
            frame.truncate(len);
            assert_eq!(input(US, 1518, &mut frame), Err(DropReason::EthernetTruncated));
        }
    }
}
