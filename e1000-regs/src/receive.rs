//! Bits of the receive group: RCTL, RXCSUM, RDTR and the receive addresses.

/// RCTL, receive control (SDM 13.4.22).
pub mod rctl {
    /// Receive at all.
    pub const EN: u32 = 1 << 1;
    /// Store bad packets.
    pub const SBP: u32 = 1 << 2;
    /// Accept all unicast packets.
    pub const UPE: u32 = 1 << 3;
    /// Accept all multicast packets.
    pub const MPE: u32 = 1 << 4;
    /// Accept packets of up to 16384 bytes instead of 1522.
    pub const LPE: u32 = 1 << 5;
    /// Loopback mode, two bits.
    pub const LBM_MASK: u32 = 0b11 << 6;
    /// Position of the minimum threshold: 1/2, 1/4, 1/8 of the ring.
    pub const RDMTS_SHIFT: u32 = 8;
    /// Minimum threshold, two bits.
    pub const RDMTS_MASK: u32 = 0b11 << RDMTS_SHIFT;
    /// Position of the multicast offset: which bits of the address index the table.
    pub const MO_SHIFT: u32 = 12;
    /// Multicast offset, two bits.
    pub const MO_MASK: u32 = 0b11 << MO_SHIFT;
    /// Accept broadcast packets.
    pub const BAM: u32 = 1 << 15;
    /// Position of the buffer size.
    pub const BSIZE_SHIFT: u32 = 16;
    /// Buffer size, two bits: 2048, 1024, 512, 256 bytes.
    pub const BSIZE_MASK: u32 = 0b11 << BSIZE_SHIFT;
    /// Drop tagged packets that the VLAN filter table does not name.
    pub const VFE: u32 = 1 << 18;
    /// Drop tagged packets by their canonical form indicator.
    pub const CFIEN: u32 = 1 << 19;
    /// The canonical form indicator that is let through.
    pub const CFI: u32 = 1 << 20;
    /// Drop pause frames.
    pub const DPF: u32 = 1 << 22;
    /// Pass MAC control frames.
    pub const PMCF: u32 = 1 << 23;
    /// Buffer sizes times 16, but for 2048, which is then reserved.
    pub const BSEX: u32 = 1 << 25;
    /// Strip the CRC from received packets.
    pub const SECRC: u32 = 1 << 26;
    /// The bits that can be written.
    pub const WRITABLE: u32 = 0x06DF_B3FE;

    /// Bytes of one receive buffer under `rctl`: 256 to 16384.
    ///
    /// The reserved combination of BSEX with size zero counts as 2048.
    pub const fn buffer_size(rctl: u32) -> usize {
        let exponent = (rctl & BSIZE_MASK) >> BSIZE_SHIFT;
        let size = 2048usize >> exponent;
        if rctl & BSEX != 0 && exponent != 0 { size * 16 } else { size }
    }
}

/// RXCSUM, receive checksum control (SDM 13.4.47).
pub mod rxcsum {
    /// First byte of the packet checksum, 8 bits.
    pub const PCSS_MASK: u32 = 0xFF;
    /// Check IPv4 header checksums.
    pub const IPOFL: u32 = 1 << 8;
    /// Check TCP and UDP checksums.
    pub const TUOFL: u32 = 1 << 9;
    /// Check them over IPv6 too.
    pub const IPV6OFL: u32 = 1 << 10;
    /// The bits that can be written.
    pub const WRITABLE: u32 = 0x7FF;
}

/// RDTR, receive interrupt delay (SDM 13.4.30).
pub mod rdtr {
    /// Flush what the delay holds back; clears itself.
    pub const FPD: u32 = 1 << 31;
}

/// RAH, high part of a receive address (SDM 13.5.3).
pub mod rah {
    /// The last two bytes of the address.
    pub const ADDRESS_MASK: u32 = 0xFFFF;
    /// The address is valid: frames for it are accepted.
    pub const AV: u32 = 1 << 31;
    /// The bits that can be written.
    pub const WRITABLE: u32 = 0x8003_FFFF;
}

/// Bytes of the frame check sequence, the CRC at the end of a frame on the wire.
pub const FCS_LEN: usize = 4;
/// Longest packet, CRC included, without [`rctl::LPE`] (SDM 13.4.22).
pub const MAX_PACKET: usize = 1522;
/// Longest packet, CRC included, with [`rctl::LPE`] (SDM 13.4.22).
pub const MAX_LONG_PACKET: usize = 16384;

/// The RAL and RAH values of `address`, with [`rah::AV`].
pub const fn receive_address(address: [u8; 6]) -> (u32, u32) {
    let [a, b, c, d, e, f] = address;
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, 0, 0]) | rah::AV)
}
