//! Interrupt causes: the bits of ICR, ICS, IMS and IMC (SDM 13.4.17 to 13.4.21).
//!
//! The interrupt line is a level: asserted while `ICR & IMS` is not zero.

/// A transmit descriptor was written back.
pub const TXDW: u32 = 1 << 0;
/// The transmit ring ran empty.
pub const TXQE: u32 = 1 << 1;
/// The link went up or down.
pub const LSC: u32 = 1 << 2;
/// Receive sequence error.
pub const RXSEQ: u32 = 1 << 3;
/// Free receive descriptors fell to the minimum threshold (RCTL.RDMTS).
pub const RXDMT0: u32 = 1 << 4;
/// A packet was lost for want of receive descriptors.
pub const RXO: u32 = 1 << 6;
/// A packet was received (receive timer expired).
pub const RXT0: u32 = 1 << 7;
/// An access to the PHY is complete.
pub const MDAC: u32 = 1 << 9;
/// The TBI receives configuration words.
pub const RXCFG: u32 = 1 << 10;
/// The transmit ring fell to its low threshold (TXDCTL.LWTHRESH).
pub const TXD_LOW: u32 = 1 << 15;
/// A small packet was received.
pub const SRPD: u32 = 1 << 16;

/// All bits that may be set in ICR and IMS, reserved ones between the causes included: drivers test
/// the line with them.
pub const ALL: u32 = 0x0001_FFFF;

/// Nanoseconds in one unit of ITR (SDM 13.4.18).
pub const ITR_UNIT_NANOSECONDS: u64 = 256;
