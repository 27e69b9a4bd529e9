//! Identity of the controller and the part of PCI configuration space that is used (SDM 4.1).

/// Intel.
pub const VENDOR_ID: u16 = 0x8086;
/// 82540EM, copper.
pub const DEVICE_ID: u16 = 0x100E;
/// Intel's subsystem vendor id.
pub const SUBSYSTEM_VENDOR_ID: u16 = 0x8086;
/// PRO/1000 MT Desktop Adapter.
pub const SUBSYSTEM_ID: u16 = 0x001E;
/// Class 02 network, subclass 00 Ethernet, interface 00.
pub const CLASS: u32 = 0x02_0000;
/// Revision of the 82540EM.
pub const REVISION: u8 = 0x02;

/// Byte offsets of the aligned words of configuration space.
pub mod offset {
    /// Vendor id, low half; device id, high half.
    pub const ID: u16 = 0x00;
    /// Command, low half; status, high half.
    pub const COMMAND_STATUS: u16 = 0x04;
    /// Revision, lowest byte; class code above it.
    pub const CLASS_REVISION: u16 = 0x08;
    /// Base address register 0: the registers.
    pub const BAR0: u16 = 0x10;
    /// Subsystem vendor id, low half; subsystem id, high half.
    pub const SUBSYSTEM: u16 = 0x2C;
    /// Interrupt line, lowest byte; interrupt pin above it.
    pub const INTERRUPT: u16 = 0x3C;
}

/// Bits of the command register.
pub mod command {
    /// Answer accesses to memory space.
    pub const MEMORY: u16 = 1 << 1;
    /// Be a bus master: without it the device moves no data.
    pub const BUS_MASTER: u16 = 1 << 2;
    /// Report parity errors.
    pub const PARITY: u16 = 1 << 6;
    /// Drive SERR#.
    pub const SERR: u16 = 1 << 8;
}
