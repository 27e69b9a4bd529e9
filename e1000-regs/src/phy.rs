//! Registers of the internal PHY, a Marvell 88E1011 ("M88"), reached through MDIC (SDM 13.4.7.1).

/// Register numbers.
pub mod register {
    /// Basic mode control, IEEE 802.3 clause 22.
    pub const BMCR: u8 = 0;
    /// Basic mode status.
    pub const BMSR: u8 = 1;
    /// Identifier, high half.
    pub const ID1: u8 = 2;
    /// Identifier, low half.
    pub const ID2: u8 = 3;
    /// Auto-negotiation advertisement.
    pub const ANAR: u8 = 4;
    /// Auto-negotiation link partner ability.
    pub const ANLPAR: u8 = 5;
    /// Auto-negotiation expansion.
    pub const ANER: u8 = 6;
    /// 1000BASE-T control.
    pub const CTRL1000: u8 = 9;
    /// 1000BASE-T status.
    pub const STAT1000: u8 = 10;
    /// Extended status.
    pub const EXTENDED_STATUS: u8 = 15;
    /// M88: PHY specific control.
    pub const PSCR: u8 = 16;
    /// M88: PHY specific status.
    pub const PSSR: u8 = 17;
    /// M88: interrupt enable.
    pub const INTERRUPT_ENABLE: u8 = 18;
    /// M88: extended PHY specific control.
    pub const EPSCR: u8 = 20;
    /// M88: receive error counter.
    pub const RXERR: u8 = 21;
    /// M88: page select, written by diagnostics.
    pub const PAGE_SELECT: u8 = 29;
    /// M88: the register of that page.
    pub const PAGE_DATA: u8 = 30;
}

/// Identifier of the M88E1011 in [`register::ID1`].
pub const ID1: u16 = 0x0141;
/// Identifier of the M88E1011 in [`register::ID2`], revision 0.
pub const ID2: u16 = 0x0C20;

/// Basic mode control bits.
pub mod bmcr {
    /// Reset the PHY; clears itself.
    pub const RESET: u16 = 1 << 15;
    /// Loopback.
    pub const LOOPBACK: u16 = 1 << 14;
    /// Auto-negotiation enabled.
    pub const ANEG_ENABLE: u16 = 1 << 12;
    /// Power down.
    pub const POWER_DOWN: u16 = 1 << 11;
    /// Restart auto-negotiation; clears itself.
    pub const ANEG_RESTART: u16 = 1 << 9;
    /// Full duplex.
    pub const FULL_DUPLEX: u16 = 1 << 8;
    /// 1000 Mb/s.
    pub const SPEED_1000: u16 = 1 << 6;
}

/// Basic mode status bits.
pub mod bmsr {
    /// 10 and 100 Mb/s in both duplex modes, extended status, preamble suppression, negotiation and
    /// extended registers: what this PHY can do.
    pub const CAPABILITIES: u16 = 0x7949;
    /// Auto-negotiation complete.
    pub const ANEG_COMPLETE: u16 = 1 << 5;
    /// Link up; IEEE 802.3 latches it low until read.
    pub const LINK: u16 = 1 << 2;
}

/// M88 PHY specific status bits.
pub mod pssr {
    /// 1000 Mb/s.
    pub const SPEED_1000: u16 = 0b10 << 14;
    /// Full duplex.
    pub const FULL_DUPLEX: u16 = 1 << 13;
    /// Speed and duplex are resolved.
    pub const RESOLVED: u16 = 1 << 11;
    /// Link up, not latched.
    pub const LINK: u16 = 1 << 10;
}
