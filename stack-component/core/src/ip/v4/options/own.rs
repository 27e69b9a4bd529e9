//! Options that the owner of a socket wants in the headers of its packets. Linux: `IP_OPTIONS`.

use super::{END, Recorder, check};

/// Most bytes of options that a header can have. Linux: `MAX_IPOPTLEN`.
const MOST: usize = 40;

/// Options of packets of ours, padded to a multiple of four bytes. Linux: `struct ip_options_rcu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnOptions {
    bytes: [u8; MOST],
    len: usize,
}

impl OwnOptions {
    /// These options; none if they are malformed, a source route, or more than 40 bytes. Linux: `ip_options_get`.
    pub fn new(options: &[u8]) -> Option<Self> {
        check(options).ok()?;
        let mut bytes = [END; MOST];
        bytes.get_mut(..options.len())?.copy_from_slice(options);
        Some(OwnOptions { bytes, len: options.len().next_multiple_of(4) })
    }

    /// The same in a packet that `us` sends: its address and time are recorded. Linux: `ip_options_build`.
    pub fn sent_by(mut self, us: Recorder<'_>) -> Self {
        us.record(&mut self.bytes);
        self
    }

    /// The bytes, 0 to 40.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LOOSE_SOURCE_ROUTE, NOP, RECORD_ROUTE};
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn options_are_padded_and_hold_who_sends_them() {
        let us = Recorder { address: Ipv4Addr::new(192, 0, 2, 7), millis: 5, is_ours: &|_| false };
        let route = OwnOptions::new(&[RECORD_ROUTE, 7, 4, 0, 0, 0, 0]).unwrap();
        assert_eq!(route.as_bytes(), [RECORD_ROUTE, 7, 4, 0, 0, 0, 0, END]);
        assert_eq!(route.sent_by(us).as_bytes(), [RECORD_ROUTE, 7, 8, 192, 0, 2, 7, END]);
        assert!(OwnOptions::new(&[]).unwrap().as_bytes().is_empty());
    }

    #[test]
    fn what_no_header_may_have() {
        assert_eq!(OwnOptions::new(&[NOP; 41]), None);
        assert_eq!(OwnOptions::new(&[NOP; 40]).unwrap().as_bytes().len(), 40);
        assert_eq!(OwnOptions::new(&[RECORD_ROUTE, 3, 1]), None);
        assert_eq!(OwnOptions::new(&[LOOSE_SOURCE_ROUTE, 7, 4, 192, 0, 2, 1]), None);
    }
}
