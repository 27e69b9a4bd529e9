//! Bits of the transmit group: TCTL, TIPG and TXDCTL.

/// TCTL, transmit control (SDM 13.4.33).
pub mod tctl {
    /// Transmit at all.
    pub const EN: u32 = 1 << 1;
    /// Pad short packets to 64 bytes.
    pub const PSP: u32 = 1 << 3;
    /// Position of the collision threshold, 8 bits.
    pub const CT_SHIFT: u32 = 4;
    /// Collision threshold that the manual recommends.
    pub const CT_DEFAULT: u32 = 0x0F << CT_SHIFT;
    /// Position of the collision distance, 10 bits.
    pub const COLD_SHIFT: u32 = 12;
    /// Collision distance for full duplex.
    pub const COLD_FULL_DUPLEX: u32 = 0x40 << COLD_SHIFT;
    /// Send an XOFF frame.
    pub const SWXOFF: u32 = 1 << 22;
    /// Send again on a late collision.
    pub const RTLC: u32 = 1 << 24;
    /// The bits that can be written.
    pub const WRITABLE: u32 = 0x017F_FFFA;
}

/// TIPG, inter-packet gap (SDM 13.4.34).
pub mod tipg {
    /// Position of IPGT, 10 bits.
    pub const IPGT_SHIFT: u32 = 0;
    /// Position of IPGR1, 10 bits.
    pub const IPGR1_SHIFT: u32 = 10;
    /// Position of IPGR2, 10 bits.
    pub const IPGR2_SHIFT: u32 = 20;
    /// The manual's values for copper: IPGT 10, IPGR1 8, IPGR2 6.
    pub const COPPER: u32 = (10 << IPGT_SHIFT) | (8 << IPGR1_SHIFT) | (6 << IPGR2_SHIFT);
}

/// TXDCTL, transmit descriptor control (SDM 13.4.43).
pub mod txdctl {
    /// Position of the write-back threshold, 6 bits.
    pub const WTHRESH_SHIFT: u32 = 16;
    /// Thresholds count descriptors instead of cache lines.
    pub const GRAN: u32 = 1 << 24;
    /// The bits that can be written.
    pub const WRITABLE: u32 = 0xFF3F_3F3F;
}

/// Longest packet, CRC included, that one set of descriptors may describe without segmentation: the
/// transmit FIFO holds no more (SDM 3.3.1).
pub const MAX_PACKET: usize = 16288;
/// Longest buffer that a data descriptor can describe: 20 bits (SDM 3.3.7).
pub const MAX_DATA_LEN: usize = (1 << 20) - 1;
