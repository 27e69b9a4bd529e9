//! Echo requests and what comes back of them, as bytes.

use super::options::HEADER_LEN;

/// Type of an echo request of ICMP for IPv4 and of ICMPv6.
const REQUEST: [u8; 2] = [8, 128];

/// The byte of data at this place: it counts up from 0, or is one of a pattern that is repeated.
fn byte(pattern: &[u8], place: usize) -> u8 {
    match pattern.len() {
        0 => place as u8,
        len => pattern.get(place % len).copied().unwrap_or_default(),
    }
}

/// An echo request with `size` bytes of data. Identifier and checksum are left to the socket.
pub(crate) fn request(v6: bool, sequence: u16, size: usize, pattern: &[u8]) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    let mut message = vec![REQUEST[usize::from(v6)], 0, 0, 0, 0, 0, high, low];
    message.extend((0..size).map(|place| byte(pattern, place)));
    message
}

/// The sequence number of an echo message; none if it is too short for one.
pub(crate) fn sequence(message: &[u8]) -> Option<u16> {
    let &[_, _, _, _, _, _, high, low] = message.first_chunk::<HEADER_LEN>()?;
    Some(u16::from_be_bytes([high, low]))
}

/// Where the data of a reply begins to differ from what was sent, the byte that was sent, and the one that is there.
pub(crate) fn difference(message: &[u8], pattern: &[u8]) -> Option<(usize, u8, u8)> {
    let data = message.get(HEADER_LEN..).unwrap_or_default();
    let mut bytes = data.iter().enumerate().map(|(place, found)| (place, byte(pattern, place), *found));
    bytes.find(|(_, sent, found)| sent != found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_their_sequence_and_data() {
        let message = request(false, 0x1234, 300, &[]);
        assert_eq!(message.len(), 308);
        assert_eq!(message[..10], [8, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 1]);
        assert_eq!(request(true, 1, 0, &[]), [128, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(sequence(&message), Some(0x1234));
        assert_eq!(sequence(&message[..7]), None);
        assert_eq!(request(false, 1, 5, &[0xab, 0xcd])[8..], [0xab, 0xcd, 0xab, 0xcd, 0xab]);
    }

    #[test]
    fn damage_is_found() {
        let mut message = request(false, 1, 300, &[]);
        assert_eq!(difference(&message, &[]), None);
        message[8 + 257] = 9;
        assert_eq!(difference(&message, &[]), Some((257, 1, 9)));
        assert_eq!(difference(&request(false, 1, 9, &[7]), &[7]), None);
    }
}
