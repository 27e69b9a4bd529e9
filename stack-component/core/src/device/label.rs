//! Names of IPv4 addresses. Linux: `ifa_label`.

use super::Interface;
use alloc::string::String;
use core::fmt::Write;
use core::net::IpAddr;

/// Longest name in bytes. Linux: `IFNAMSIZ` with its terminator.
const MAX_LABEL: usize = 15;

/// What an IPv4 address is called where that is not its device's name, such as `eth0:1`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Label {
    bytes: [u8; MAX_LABEL],
    len: u8,
}

impl Label {
    /// The name; none if it is longer than 15 bytes. Linux: `IFA_LABEL` in `ifa_ipv4_policy`.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; MAX_LABEL];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Label { bytes, len: text.len() as u8 })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        // It was made of text.
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl core::fmt::Debug for Label {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Interface {
    /// Its IPv4 addresses are called after its name, which is a new one: the first as the device, the others with what
    /// they had behind a colon, or their number. Linux: `inetdev_changename`.
    pub(super) fn relabel(&mut self) {
        let device = String::from(self.name());
        let all = self.addresses_mut().iter_mut().filter(|address| matches!(address.ip(), IpAddr::V4(_)));
        for (number, address) in (1..).zip(all) {
            address.label = match number {
                1 => None,
                number => Label::new(&renamed(&device, address.label, number)),
            };
        }
    }
}

/// The name of the address with this number of a device that was renamed. What is too long loses the end of the device's
/// name.
fn renamed(device: &str, label: Option<Label>, number: u32) -> String {
    let mut suffix = String::new();
    match label.as_ref().and_then(|label| label.as_str().find(':').map(|at| &label.as_str()[at..])) {
        Some(known) => suffix.push_str(known),
        // Writing to a text does not fail.
        None => drop(write!(suffix, ":{number}")),
    }
    let room = MAX_LABEL.saturating_sub(suffix.len());
    let kept = (0..=room.min(device.len())).rev().find(|&end| device.is_char_boundary(end));
    let mut name = String::from(device.get(..kept.unwrap_or(0)).unwrap_or_default());
    name.push_str(&suffix);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_kept_as_they_are_and_follow_their_device() {
        assert_eq!(Label::new("eth0:1").unwrap().as_str(), "eth0:1");
        assert_eq!(Label::new("eth0:0123456789").unwrap().as_str(), "eth0:0123456789");
        assert_eq!(Label::new("eth0:01234567890"), None);
        for (device, label, expected) in [
            ("lan", None, "lan:2"),
            ("lan", Some("eth0:x"), "lan:x"),
            ("lan", Some("eth0"), "lan:2"),
            ("a-rather-long-1", Some("eth0:office"), "a-rather:office"),
        ] {
            assert_eq!(renamed(device, label.and_then(Label::new), 2), expected);
        }
    }
}
