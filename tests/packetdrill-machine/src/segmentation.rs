//! Packets larger than the wire: a script may hand in what a card would have coalesced (Linux: GRO), the stack's
//! card takes one full frame at a time. Such a segment is cut into the frames it would have come in.

use packetdrill::packet::checksum::checksum;

const TCP: u8 = 6;
const IPV6_HEADER: usize = 40;
/// FIN and PSH belong to the last piece.
const LAST_ONLY: u8 = 0x01 | 0x08;
/// CWR belongs to the first.
const FIRST_ONLY: u8 = 0x80;

/// The packets as which `packet` crosses a wire of `mtu` bytes: itself, unless it is a TCP segment that does not fit.
pub(crate) fn wire_packets(packet: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    cut(packet, mtu).unwrap_or_else(|| vec![packet.to_vec()])
}

fn cut(packet: &[u8], mtu: usize) -> Option<Vec<Vec<u8>>> {
    let first = *packet.first()?;
    let (protocol, ip_len) = match first >> 4 {
        4 => (*packet.get(9)?, usize::from(first & 0xf) * 4),
        _ => (*packet.get(6)?, IPV6_HEADER),
    };
    if packet.len() <= mtu || protocol != TCP {
        return None;
    }
    let tcp_len = usize::from(packet.get(ip_len + 12)? >> 4) * 4;
    let (headers, payload) = packet.split_at_checked(ip_len + tcp_len)?;
    let room = mtu.checked_sub(headers.len()).filter(|room| *room > 0)?;
    let count = payload.len().div_ceil(room);
    let piece = |(nth, data): (usize, &[u8])| {
        let mut piece = [headers, data].concat();
        let sequence = u32::from_be_bytes(headers[ip_len + 4..ip_len + 8].try_into().unwrap_or_default());
        let sequence = sequence.wrapping_add((nth * room) as u32);
        piece[ip_len + 4..ip_len + 8].copy_from_slice(&sequence.to_be_bytes());
        let flags = &mut piece[ip_len + 13];
        *flags &= !(if nth + 1 < count { LAST_ONLY } else { 0 } | if nth > 0 { FIRST_ONLY } else { 0 });
        finish(&mut piece, ip_len);
        piece
    };
    Some(payload.chunks(room).enumerate().map(piece).collect())
}

/// Lengths and checksums.
fn finish(packet: &mut [u8], ip_len: usize) {
    let len = packet.len() as u16;
    let addresses = if packet[0] >> 4 == 4 {
        packet[2..4].copy_from_slice(&len.to_be_bytes());
        packet[10..12].fill(0);
        let sum = checksum(&packet[..ip_len]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        12..20
    } else {
        packet[4..6].copy_from_slice(&(len - IPV6_HEADER as u16).to_be_bytes());
        8..40
    };
    packet[ip_len + 16..ip_len + 18].fill(0);
    let segment = (len - ip_len as u16).to_be_bytes();
    let sum = checksum(&[&packet[addresses], &[0, TCP], &segment, &packet[ip_len..]].concat());
    packet[ip_len + 16..ip_len + 18].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_segment_is_cut_and_a_small_one_is_not() {
        let mut packet = vec![0u8; 40];
        packet[0] = 0x45;
        packet[9] = TCP;
        packet[20 + 12] = 5 << 4;
        packet[20 + 13] = 0x19;
        packet.extend((0..3000).map(|i| i as u8));
        assert_eq!(wire_packets(&packet[..1500], 1500), [&packet[..1500]]);
        let pieces = wire_packets(&packet, 1500);
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [1500, 1500, 120]);
        assert_eq!(pieces.iter().map(|p| p[33]).collect::<Vec<_>>(), [0x10, 0x10, 0x19]);
        assert_eq!(pieces[2][24..28], 2920u32.to_be_bytes());
        for piece in &pieces {
            assert_eq!(checksum(&piece[..20]), 0, "the header's checksum is right");
        }
        let data: Vec<u8> = pieces.iter().flat_map(|piece| piece[40..].to_vec()).collect();
        assert_eq!(data, packet[40..]);
    }
}
