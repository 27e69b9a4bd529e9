//! The registers, descriptors and words of an Intel 82540EM gigabit Ethernet controller, as far as
//! our device model implements them and our driver uses them.
//!
//! Device and driver share this one description, so neither can drift from the other. What sharing
//! hides, a mistake made once and believed by both, is caught by `tests/golden.rs`, which repeats
//! the numbers of the manual in a second, independent form, and by drivers written elsewhere.
//!
//! Section numbers ("SDM 13.4.1") refer to Intel's *PCI/PCI-X Family of Gigabit Ethernet Controllers
//! Software Developer's Manual*, which describes the 8254x family.
//!
//! Where to look:
//!
//! | module | holds |
//! |---|---|
//! | [`registers`] | [`Register`]: every implemented register, its offset and kind of access |
//! | [`statistics`] | [`Statistic`]: the read-to-clear counters |
//! | [`control`] | bits of CTRL, STATUS, EECD, EERD, CTRL_EXT, MDIC |
//! | [`interrupt`] | causes of ICR, ICS, IMS, IMC |
//! | [`receive`] / [`transmit`] | bits of RCTL, RXCSUM, RAH / TCTL, TIPG, TXDCTL |
//! | [`descriptors`] | the 16 byte descriptors of both rings, byte exact |
//! | [`eeprom`] / [`phy`] | words of the EEPROM / registers of the PHY |
//! | [`pci`] | identity and configuration space |
//!
//! The crate holds numbers and pure functions only: no state, no I/O, no allocation.
#![no_std]
#![forbid(unsafe_code)]

pub mod control;
pub mod descriptors;
pub mod eeprom;
pub mod interrupt;
pub mod pci;
pub mod phy;
pub mod receive;
pub mod registers;
pub mod statistics;
pub mod transmit;

pub use registers::{Access, Register};
pub use statistics::Statistic;
