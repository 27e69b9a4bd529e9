//! Bits of the device control group: CTRL, STATUS, EECD, EERD, CTRL_EXT and MDIC.

/// CTRL, device control (SDM 13.4.1).
pub mod ctrl {
    /// Full duplex.
    pub const FD: u32 = 1 << 0;
    /// Link reset.
    pub const LRST: u32 = 1 << 3;
    /// Detect the speed from the PHY.
    pub const ASDE: u32 = 1 << 5;
    /// Set link up: the MAC heeds the PHY's link signal only while this is set.
    pub const SLU: u32 = 1 << 6;
    /// Invert loss of signal.
    pub const ILOS: u32 = 1 << 7;
    /// Speed, two bits, when it is forced.
    pub const SPEED_MASK: u32 = 0b11 << 8;
    /// Speed 1000 Mb/s in [`SPEED_MASK`].
    pub const SPEED_1000: u32 = 0b10 << 8;
    /// Force the speed.
    pub const FRCSPD: u32 = 1 << 11;
    /// Force the duplex mode.
    pub const FRCDPLX: u32 = 1 << 12;
    /// Software-definable pin 0.
    pub const SWDPIN0: u32 = 1 << 18;
    /// Software-definable pin 2.
    pub const SWDPIN2: u32 = 1 << 20;
    /// Reset the device, the PHY and the PCI configuration apart; clears itself.
    pub const RST: u32 = 1 << 26;
    /// Heed received flow control frames.
    pub const RFCE: u32 = 1 << 27;
    /// Send flow control frames.
    pub const TFCE: u32 = 1 << 28;
    /// VLAN mode: strip received tags, insert them where a descriptor says so.
    pub const VME: u32 = 1 << 30;
    /// Reset the PHY; written as one, then as zero.
    pub const PHY_RST: u32 = 1 << 31;
}

/// STATUS, device status (SDM 13.4.2).
pub mod status {
    /// Full duplex.
    pub const FD: u32 = 1 << 0;
    /// Link up.
    pub const LU: u32 = 1 << 1;
    /// Transmission is paused.
    pub const TXOFF: u32 = 1 << 4;
    /// TBI mode; zero for copper.
    pub const TBIMODE: u32 = 1 << 5;
    /// Speed, two bits.
    pub const SPEED_MASK: u32 = 0b11 << 6;
    /// Speed 1000 Mb/s in [`SPEED_MASK`].
    pub const SPEED_1000: u32 = 0b10 << 6;
    /// Automatically detected speed, two bits.
    pub const ASDV_1000: u32 = 0b11 << 8;
    /// The transmit clock works.
    pub const MTXCKOK: u32 = 1 << 10;
}

/// EECD, the EEPROM's four wires (SDM 13.4.3).
pub mod eecd {
    /// Clock.
    pub const SK: u32 = 1 << 0;
    /// Chip select.
    pub const CS: u32 = 1 << 1;
    /// Data into the EEPROM.
    pub const DI: u32 = 1 << 2;
    /// Data out of the EEPROM; read only.
    pub const DO: u32 = 1 << 3;
    /// Flash write enable, two bits.
    pub const FWE_MASK: u32 = 0b11 << 4;
    /// Request the four wires.
    pub const REQ: u32 = 1 << 6;
    /// The request is granted; read only.
    pub const GNT: u32 = 1 << 7;
    /// An EEPROM is there; read only.
    pub const PRES: u32 = 1 << 8;
    /// Clear: 64 words, six address bits; set: 256 words, eight.
    pub const SIZE: u32 = 1 << 9;
}

/// EERD, read one word of the EEPROM (SDM 13.4.4).
pub mod eerd {
    /// Start reading; written together with the address.
    pub const START: u32 = 1 << 0;
    /// The data is valid.
    pub const DONE: u32 = 1 << 4;
    /// Position of the word's address, 8 bits.
    pub const ADDR_SHIFT: u32 = 8;
    /// Position of the data, 16 bits.
    pub const DATA_SHIFT: u32 = 16;
}

/// CTRL_EXT, extended device control (SDM 13.4.6).
pub mod ctrl_ext {
    /// Read the EEPROM again; clears itself.
    pub const EE_RST: u32 = 1 << 13;
}

/// MDIC, one access to a register of the PHY (SDM 13.4.7).
pub mod mdic {
    /// Data, 16 bits.
    pub const DATA_MASK: u32 = 0xFFFF;
    /// Position of the register's number, 5 bits.
    pub const REG_SHIFT: u32 = 16;
    /// Position of the PHY's address, 5 bits.
    pub const PHY_SHIFT: u32 = 21;
    /// Address of the internal PHY.
    pub const PHY_ADDRESS: u32 = 1;
    /// Operation: write.
    pub const OP_WRITE: u32 = 0b01 << 26;
    /// Operation: read.
    pub const OP_READ: u32 = 0b10 << 26;
    /// Operation, two bits.
    pub const OP_MASK: u32 = 0b11 << 26;
    /// The operation is complete.
    pub const READY: u32 = 1 << 28;
    /// Raise [`crate::interrupt::MDAC`] when the operation completes.
    pub const INT_EN: u32 = 1 << 29;
    /// The operation failed.
    pub const ERROR: u32 = 1 << 30;
}
