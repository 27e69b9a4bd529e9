//! The EEPROM: 64 words of 16 bits (SDM 5.6), of which the device and drivers use a handful.

/// Number of words.
pub const WORDS: usize = 64;
/// What all words, the checksum included, add up to, modulo 2^16 (SDM 5.6.35).
pub const SUM: u16 = 0xBABA;

/// Numbers of the words.
pub mod word {
    /// First of three words of the Ethernet address; the low byte of each comes first on the wire.
    pub const ETHERNET_ADDRESS: usize = 0x00;
    /// Initialization control word 1.
    pub const INIT_CONTROL_1: usize = 0x0A;
    /// PCI subsystem id.
    pub const SUBSYSTEM_ID: usize = 0x0B;
    /// PCI subsystem vendor id.
    pub const SUBSYSTEM_VENDOR_ID: usize = 0x0C;
    /// PCI device id.
    pub const DEVICE_ID: usize = 0x0D;
    /// PCI vendor id.
    pub const VENDOR_ID: usize = 0x0E;
    /// Initialization control word 2.
    pub const INIT_CONTROL_2: usize = 0x0F;
    /// The checksum word.
    pub const CHECKSUM: usize = 0x3F;
}

/// Microwire opcode, start bit included, of reading a word through EECD (SDM 5.3.1).
pub const OPCODE_READ: u8 = 0b110;

/// The Ethernet address in words 0 to 2.
pub const fn ethernet_address(words: [u16; 3]) -> [u8; 6] {
    let [a, b] = words[0].to_le_bytes();
    let [c, d] = words[1].to_le_bytes();
    let [e, f] = words[2].to_le_bytes();
    [a, b, c, d, e, f]
}

/// Words 0 to 2 for an Ethernet address.
pub const fn address_words(address: [u8; 6]) -> [u16; 3] {
    let [a, b, c, d, e, f] = address;
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]), u16::from_le_bytes([e, f])]
}

/// The sum of all `words` modulo 2^16; [`SUM`] when the checksum word is right.
pub fn sum(words: &[u16]) -> u16 {
    words.iter().fold(0u16, |sum, word| sum.wrapping_add(*word))
}
