//! The register map: name, offset in BAR0, kind of access and section of the manual, once.

use crate::Statistic;

/// Bytes of register space behind BAR0 (SDM 4.1, base address register 0).
pub const BAR0_LEN: u32 = 128 * 1024;

/// What reading and writing a register does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads give what was written, within the register's writable bits.
    ReadWrite,
    /// Writes are ignored.
    ReadOnly,
    /// Reads give zero.
    WriteOnly,
    /// A counter: reading clears it, it sticks at its maximum, writes are ignored.
    ReadToClear,
    /// Reading gives the value and clears it; writing ones clears those bits (ICR).
    ReadToClearWriteOnesToClear,
    /// Writing ones sets those bits (ICS, IMS).
    WriteOnesToSet,
}

/// Declares [`Register`], [`Register::SINGLE`], [`Register::offset`], [`Register::access`], and one
/// constant an offset in [`offset`], from one list.
macro_rules! registers {
    ($($(#[$doc:meta])* $variant:ident $constant:ident = $offset:literal, $access:ident;)*) => {
        /// One register of the 82540EM (SDM table 13-2).
        ///
        /// Registers that the model does not implement have no variant: they read zero and ignore
        /// writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Register {
            $($(#[$doc])* $variant,)*
            /// A statistics counter (SDM 13.7).
            Statistic(Statistic),
            /// Multicast table array, entry 0..=127 (SDM 13.5.1).
            Mta(u8),
            /// Receive address low, entry 0..=15: the first four bytes of the address (SDM 13.5.2).
            Ral(u8),
            /// Receive address high, entry 0..=15: the last two bytes, and AV (SDM 13.5.3).
            Rah(u8),
            /// VLAN filter table array, entry 0..=127 (SDM 13.5.4).
            Vfta(u8),
        }

        /// Byte offsets in BAR0.
        pub mod offset {
            $($(#[$doc])* pub const $constant: u32 = $offset;)*
            /// First of 128 words of the multicast table array (SDM 13.5.1).
            pub const MTA: u32 = 0x5200;
            /// First of 16 pairs of receive address registers, low word before high (SDM 13.5.2).
            pub const RA: u32 = 0x5400;
            /// First of 128 words of the VLAN filter table array (SDM 13.5.4).
            pub const VFTA: u32 = 0x5600;
        }

        impl Register {
            /// The registers that are neither a statistic nor an entry of an array.
            pub const SINGLE: &'static [Register] = &[$(Register::$variant,)*];

            /// The register's byte offset in BAR0.
            ///
            /// The index of an array register is reduced to the array's length.
            pub const fn offset(self) -> u32 {
                match self {
                    $(Register::$variant => offset::$constant,)*
                    Register::Statistic(statistic) => statistic.offset(),
                    Register::Mta(index) => offset::MTA + 4 * (index as u32 % MTA_LEN),
                    Register::Ral(index) => offset::RA + 8 * (index as u32 % RA_LEN),
                    Register::Rah(index) => offset::RA + 8 * (index as u32 % RA_LEN) + 4,
                    Register::Vfta(index) => offset::VFTA + 4 * (index as u32 % VFTA_LEN),
                }
            }

            /// What reading and writing the register does.
            pub const fn access(self) -> Access {
                match self {
                    $(Register::$variant => Access::$access,)*
                    Register::Statistic(_) => Access::ReadToClear,
                    Register::Mta(_) | Register::Ral(_) | Register::Rah(_) | Register::Vfta(_) => {
                        Access::ReadWrite
                    }
                }
            }

            /// The register at byte `offset` of BAR0; `None` when it is not implemented or `offset`
            /// is not a multiple of four.
            pub const fn from_offset(offset: u32) -> Option<Register> {
                match offset {
                    $(offset::$constant => Some(Register::$variant),)*
                    _ => Register::array_entry(offset),
                }
            }
        }
    };
}

/// Number of words of the multicast table array.
pub const MTA_LEN: u32 = 128;
/// Number of receive address pairs.
pub const RA_LEN: u32 = 16;
/// Number of words of the VLAN filter table array.
pub const VFTA_LEN: u32 = 128;

impl Register {
    const fn array_entry(offset: u32) -> Option<Register> {
        const MTA_END: u32 = offset::MTA + 4 * MTA_LEN;
        const RA_END: u32 = offset::RA + 8 * RA_LEN;
        const VFTA_END: u32 = offset::VFTA + 4 * VFTA_LEN;
        if !offset.is_multiple_of(4) {
            return None;
        }
        match offset {
            offset::MTA..MTA_END => Some(Register::Mta(((offset - offset::MTA) / 4) as u8)),
            offset::RA..RA_END => {
                let index = ((offset - offset::RA) / 8) as u8;
                Some(if offset.is_multiple_of(8) { Register::Ral(index) } else { Register::Rah(index) })
            }
            offset::VFTA..VFTA_END => Some(Register::Vfta(((offset - offset::VFTA) / 4) as u8)),
            _ => match Statistic::from_offset(offset) {
                Some(statistic) => Some(Register::Statistic(statistic)),
                None => None,
            },
        }
    }
}

registers! {
    /// Device control (SDM 13.4.1).
    Ctrl CTRL = 0x0000, ReadWrite;
    /// Device control, the same register at a second address (SDM 13.4.1).
    CtrlDup CTRL_DUP = 0x0004, ReadWrite;
    /// Device status (SDM 13.4.2).
    Status STATUS = 0x0008, ReadOnly;
    /// EEPROM and flash control: the four wires of the EEPROM (SDM 13.4.3).
    Eecd EECD = 0x0010, ReadWrite;
    /// EEPROM read by word (SDM 13.4.4).
    Eerd EERD = 0x0014, ReadWrite;
    /// Extended device control (SDM 13.4.6).
    CtrlExt CTRL_EXT = 0x0018, ReadWrite;
    /// Management data interface: access to the PHY's registers (SDM 13.4.7).
    Mdic MDIC = 0x0020, ReadWrite;
    /// Flow control address, low (SDM 13.4.8).
    Fcal FCAL = 0x0028, ReadWrite;
    /// Flow control address, high, 16 bits (SDM 13.4.9).
    Fcah FCAH = 0x002C, ReadWrite;
    /// Flow control type, 16 bits (SDM 13.4.10).
    Fct FCT = 0x0030, ReadWrite;
    /// VLAN Ethernet type, 16 bits (SDM 13.4.11).
    Vet VET = 0x0038, ReadWrite;
    /// Interrupt cause read (SDM 13.4.17).
    Icr ICR = 0x00C0, ReadToClearWriteOnesToClear;
    /// Interrupt throttling, in units of 256 ns, 16 bits (SDM 13.4.18).
    Itr ITR = 0x00C4, ReadWrite;
    /// Interrupt cause set; reads as ICR without clearing it (SDM 13.4.19).
    Ics ICS = 0x00C8, WriteOnesToSet;
    /// Interrupt mask set and read (SDM 13.4.20).
    Ims IMS = 0x00D0, WriteOnesToSet;
    /// Interrupt mask clear (SDM 13.4.21).
    Imc IMC = 0x00D8, WriteOnly;
    /// Receive control (SDM 13.4.22).
    Rctl RCTL = 0x0100, ReadWrite;
    /// Flow control transmit timer value, 16 bits (SDM 13.4.12).
    Fcttv FCTTV = 0x0170, ReadWrite;
    /// Transmit configuration word (SDM 13.4.13).
    Txcw TXCW = 0x0178, ReadWrite;
    /// Receive configuration word (SDM 13.4.14).
    Rxcw RXCW = 0x0180, ReadOnly;
    /// Transmit control (SDM 13.4.33).
    Tctl TCTL = 0x0400, ReadWrite;
    /// Transmit inter-packet gap (SDM 13.4.34).
    Tipg TIPG = 0x0410, ReadWrite;
    /// Adaptive inter-frame spacing throttle, 16 bits (SDM 13.4.35).
    Ait AIT = 0x0458, ReadWrite;
    /// LED control (SDM 13.4.15).
    Ledctl LEDCTL = 0x0E00, ReadWrite;
    /// Packet buffer allocation, KiB for receive; the rest of 64 KiB is for transmit (SDM 13.4.16).
    Pba PBA = 0x1000, ReadWrite;
    /// Flow control receive threshold, low (SDM 13.4.23).
    Fcrtl FCRTL = 0x2160, ReadWrite;
    /// Flow control receive threshold, high (SDM 13.4.24).
    Fcrth FCRTH = 0x2168, ReadWrite;
    /// Receive descriptor base address, low, 16 byte aligned (SDM 13.4.25).
    Rdbal RDBAL = 0x2800, ReadWrite;
    /// Receive descriptor base address, high (SDM 13.4.26).
    Rdbah RDBAH = 0x2804, ReadWrite;
    /// Receive descriptor ring length in bytes, a multiple of 128 (SDM 13.4.27).
    Rdlen RDLEN = 0x2808, ReadWrite;
    /// Receive descriptor head: the next one the device fills (SDM 13.4.28).
    Rdh RDH = 0x2810, ReadWrite;
    /// Receive descriptor tail: the first one that is not the device's (SDM 13.4.29).
    Rdt RDT = 0x2818, ReadWrite;
    /// Receive interrupt delay, in units of 1.024 us, 16 bits (SDM 13.4.30).
    Rdtr RDTR = 0x2820, ReadWrite;
    /// Receive descriptor control (SDM 13.4.46).
    Rxdctl RXDCTL = 0x2828, ReadWrite;
    /// Receive interrupt absolute delay, in units of 1.024 us, 16 bits (SDM 13.4.31).
    Radv RADV = 0x282C, ReadWrite;
    /// Receive small packet detect, a size in bytes, 12 bits (SDM 13.4.32).
    Rsrpd RSRPD = 0x2C00, ReadWrite;
    /// Transmit descriptor base address, low, 16 byte aligned (SDM 13.4.36).
    Tdbal TDBAL = 0x3800, ReadWrite;
    /// Transmit descriptor base address, high (SDM 13.4.37).
    Tdbah TDBAH = 0x3804, ReadWrite;
    /// Transmit descriptor ring length in bytes, a multiple of 128 (SDM 13.4.38).
    Tdlen TDLEN = 0x3808, ReadWrite;
    /// Transmit descriptor head: the next one the device sends (SDM 13.4.39).
    Tdh TDH = 0x3810, ReadWrite;
    /// Transmit descriptor tail: the first one that is not the device's (SDM 13.4.40).
    Tdt TDT = 0x3818, ReadWrite;
    /// Transmit interrupt delay, in units of 1.024 us, 16 bits (SDM 13.4.41).
    Tidv TIDV = 0x3820, ReadWrite;
    /// Transmit descriptor control (SDM 13.4.43).
    Txdctl TXDCTL = 0x3828, ReadWrite;
    /// Transmit interrupt absolute delay, in units of 1.024 us, 16 bits (SDM 13.4.44).
    Tadv TADV = 0x382C, ReadWrite;
    /// TCP segmentation pad and minimum threshold (SDM 13.4.45).
    Tspmt TSPMT = 0x3830, ReadWrite;
    /// Receive checksum control (SDM 13.4.47).
    Rxcsum RXCSUM = 0x5000, ReadWrite;
    /// Wake-up control (SDM 13.6).
    Wuc WUC = 0x5800, ReadWrite;
    /// Wake-up filter control (SDM 13.6).
    Wufc WUFC = 0x5808, ReadWrite;
    /// Wake-up status (SDM 13.6).
    Wus WUS = 0x5810, ReadOnly;
    /// Management control (SDM 13.6).
    Manc MANC = 0x5820, ReadWrite;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_is_found_at_its_own_offset() {
        let arrays = (0..128u8)
            .flat_map(|i| [Register::Mta(i), Register::Vfta(i)])
            .chain((0..16u8).flat_map(|i| [Register::Ral(i), Register::Rah(i)]));
        let statistics = Statistic::ALL.iter().map(|s| Register::Statistic(*s));
        for register in Register::SINGLE.iter().copied().chain(arrays).chain(statistics) {
            assert_eq!(Register::from_offset(register.offset()), Some(register));
            assert!(register.offset() < BAR0_LEN);
        }
    }

    #[test]
    fn unaligned_and_unknown_offsets_are_no_register() {
        for offset in [0x1, 0x2, 0x3, 0x2801, 0x5202, 0x5403, 0x0C, 0x5480, 0x5800 + 0x18, BAR0_LEN, u32::MAX]
        {
            assert_eq!(Register::from_offset(offset), None, "{offset:#x}");
        }
    }
}
