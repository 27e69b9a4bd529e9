//! A frame that was seen.

use std::time::Duration;

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To us.
    In,
    /// To everybody.
    Broadcast,
    /// To a group.
    Multicast,
    /// To somebody else.
    Other,
    /// From us.
    Out,
}

impl Way {
    /// As tcpdump shows it where there are several devices.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Way::In => "In ",
            Way::Broadcast => "B  ",
            Way::Multicast => "M  ",
            Way::Other => "P  ",
            Way::Out => "Out",
        }
    }
}

/// A frame with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Since 1970.
    pub(crate) at: Duration,
    /// The device that it passed.
    pub(crate) device: String,
    pub(crate) way: Way,
    /// From the Ethernet header on, its tag included.
    pub(crate) bytes: Vec<u8>,
    /// Bytes that it had.
    pub(crate) length: usize,
}

/// Bytes before a frame's type, or before its tag.
const ADDRESSES: usize = 12;

/// Puts a tag of a VLAN into the frame that it was taken off.
pub(crate) fn tagged(mut bytes: Vec<u8>, tag: u16) -> Vec<u8> {
    let [high, low] = tag.to_be_bytes();
    let place = ADDRESSES.min(bytes.len());
    bytes.splice(place..place, [0x81, 0x00, high, low]);
    bytes
}

/// A frame without the tag of its VLAN, and the tag. The other way round than [`tagged`].
pub(crate) fn untagged(bytes: &[u8]) -> (Vec<u8>, Option<u16>) {
    let mut bytes = bytes.to_vec();
    let tag = match bytes.get(ADDRESSES..ADDRESSES + 4) {
        Some(&[0x81, 0x00, high, low]) => Some(u16::from_be_bytes([high, low])),
        _ => None,
    };
    if tag.is_some() {
        bytes.drain(ADDRESSES..ADDRESSES + 4);
    }
    (bytes, tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_and_go() {
        let bytes: Vec<u8> = (0..20).collect();
        assert_eq!(untagged(&bytes), (bytes.clone(), None));
        assert_eq!(untagged(&tagged(bytes.clone(), 0x6064)), (bytes, Some(0x6064)));
        assert_eq!(untagged(&[0x81; 9]), (vec![0x81; 9], None));
    }
}
