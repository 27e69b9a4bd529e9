//! The numbers of the manual, written down a second time in another form.
//!
//! Device and driver share the crate under test, so a wrong number in it would agree with itself
//! everywhere else. These tables are kept by hand from the register summary (SDM table 13-2), the
//! bit tables of chapter 13 and the layouts of chapter 3.

use e1000_regs::descriptors::{
    ContextDescriptor, DataDescriptor, LegacyDescriptor, ReceiveDescriptor, TransmitDescriptor,
};
use e1000_regs::{
    Access, Register, Statistic, control, descriptors, eeprom, interrupt, phy, receive, transmit,
};

/// SDM table 13-2: offset, name, access.
const REGISTERS: &str = "
    00000 Ctrl R/W      00004 CtrlDup R/W   00008 Status R      00010 Eecd R/W      00014 Eerd R/W
    00018 CtrlExt R/W   00020 Mdic R/W      00028 Fcal R/W      0002C Fcah R/W      00030 Fct R/W
    00038 Vet R/W       000C0 Icr RC/W1C    000C4 Itr R/W       000C8 Ics W1S       000D0 Ims W1S
    000D8 Imc W         00100 Rctl R/W      00170 Fcttv R/W     00178 Txcw R/W      00180 Rxcw R
    00400 Tctl R/W      00410 Tipg R/W      00458 Ait R/W       00E00 Ledctl R/W    01000 Pba R/W
    02160 Fcrtl R/W     02168 Fcrth R/W     02800 Rdbal R/W     02804 Rdbah R/W     02808 Rdlen R/W
    02810 Rdh R/W       02818 Rdt R/W       02820 Rdtr R/W      02828 Rxdctl R/W    0282C Radv R/W
    02C00 Rsrpd R/W     03800 Tdbal R/W     03804 Tdbah R/W     03808 Tdlen R/W     03810 Tdh R/W
    03818 Tdt R/W       03820 Tidv R/W      03828 Txdctl R/W    0382C Tadv R/W      03830 Tspmt R/W
    05000 Rxcsum R/W    05800 Wuc R/W       05808 Wufc R/W      05810 Wus R         05820 Manc R/W
";

#[test]
fn register_offsets_and_access() {
    let mut seen = 0;
    let words: Vec<&str> = REGISTERS.split_whitespace().collect();
    for row in words.chunks(3) {
        let [offset, name, access] = row else { panic!("short row {row:?}") };
        let offset = u32::from_str_radix(offset, 16).unwrap();
        let register = Register::from_offset(offset).unwrap_or_else(|| panic!("nothing at {offset:#x}"));
        assert_eq!(format!("{register:?}"), *name, "at {offset:#x}");
        let expected = match *access {
            "R/W" => Access::ReadWrite,
            "R" => Access::ReadOnly,
            "W" => Access::WriteOnly,
            "W1S" => Access::WriteOnesToSet,
            "RC/W1C" => Access::ReadToClearWriteOnesToClear,
            other => panic!("unknown access {other}"),
        };
        assert_eq!(register.access(), expected, "{name}");
        seen += 1;
    }
    assert_eq!(seen, Register::SINGLE.len(), "a register is missing from the table above");
}

#[test]
fn array_registers() {
    for (register, offset) in [
        (Register::Mta(0), 0x5200),
        (Register::Mta(127), 0x53FC),
        (Register::Ral(0), 0x5400),
        (Register::Rah(0), 0x5404),
        (Register::Ral(15), 0x5478),
        (Register::Rah(15), 0x547C),
        (Register::Vfta(0), 0x5600),
        (Register::Vfta(127), 0x57FC),
    ] {
        assert_eq!(register.offset(), offset);
        assert_eq!(Register::from_offset(offset), Some(register));
    }
}

/// SDM 13.7: offset above 0x4000 and name.
const STATISTICS: &str = "
    00 Crcerrs 04 Algnerrc 08 Symerrs 0C Rxerrc 10 Mpc 14 Scc 18 Ecol 1C Mcc 20 Latecol 28 Colc 30 Dc
    34 Tncrs 38 Sec 3C Cexterr 40 Rlec 48 Xonrxc 4C Xontxc 50 Xoffrxc 54 Xofftxc 58 Fcruc 5C Prc64
    60 Prc127 64 Prc255 68 Prc511 6C Prc1023 70 Prc1522 74 Gprc 78 Bprc 7C Mprc 80 Gptc 88 Gorcl
    8C Gorch 90 Gotcl 94 Gotch A0 Rnbc A4 Ruc A8 Rfc AC Roc B0 Rjc B4 Mgtprc B8 Mgtpdc BC Mgtptc
    C0 Torl C4 Torh C8 Totl CC Toth D0 Tpr D4 Tpt D8 Ptc64 DC Ptc127 E0 Ptc255 E4 Ptc511 E8 Ptc1023
    EC Ptc1522 F0 Mptc F4 Bptc F8 Tsctc FC Tsctfc
";

#[test]
fn statistics_offsets() {
    let words: Vec<&str> = STATISTICS.split_whitespace().collect();
    let rows: Vec<(u32, &str)> =
        words.chunks(2).map(|row| (0x4000 + u32::from_str_radix(row[0], 16).unwrap(), row[1])).collect();
    let ours: Vec<(u32, String)> = Statistic::ALL.iter().map(|s| (s.offset(), format!("{s:?}"))).collect();
    assert_eq!(ours.len(), rows.len());
    for ((offset, name), (expected_offset, expected_name)) in ours.iter().zip(&rows) {
        assert_eq!((*offset, name.as_str()), (*expected_offset, *expected_name));
    }
}

#[test]
fn control_bits() {
    use control::*;
    let table = [
        (ctrl::FD, 0x0000_0001),
        (ctrl::LRST, 0x0000_0008),
        (ctrl::ASDE, 0x0000_0020),
        (ctrl::SLU, 0x0000_0040),
        (ctrl::ILOS, 0x0000_0080),
        (ctrl::SPEED_MASK, 0x0000_0300),
        (ctrl::SPEED_1000, 0x0000_0200),
        (ctrl::FRCSPD, 0x0000_0800),
        (ctrl::FRCDPLX, 0x0000_1000),
        (ctrl::SWDPIN0, 0x0004_0000),
        (ctrl::SWDPIN2, 0x0010_0000),
        (ctrl::RST, 0x0400_0000),
        (ctrl::RFCE, 0x0800_0000),
        (ctrl::TFCE, 0x1000_0000),
        (ctrl::VME, 0x4000_0000),
        (ctrl::PHY_RST, 0x8000_0000),
        (status::FD, 0x01),
        (status::LU, 0x02),
        (status::TXOFF, 0x10),
        (status::TBIMODE, 0x20),
        (status::SPEED_MASK, 0xC0),
        (status::SPEED_1000, 0x80),
        (status::ASDV_1000, 0x300),
        (status::MTXCKOK, 0x400),
        (eecd::SK, 0x01),
        (eecd::CS, 0x02),
        (eecd::DI, 0x04),
        (eecd::DO, 0x08),
        (eecd::FWE_MASK, 0x30),
        (eecd::REQ, 0x40),
        (eecd::GNT, 0x80),
        (eecd::PRES, 0x100),
        (eecd::SIZE, 0x200),
        (eerd::START, 0x01),
        (eerd::DONE, 0x10),
        (0xFF << eerd::ADDR_SHIFT, 0x0000_FF00),
        (0xFFFF << eerd::DATA_SHIFT, 0xFFFF_0000),
        (ctrl_ext::EE_RST, 0x2000),
        (mdic::DATA_MASK, 0x0000_FFFF),
        (0x1F << mdic::REG_SHIFT, 0x001F_0000),
        (0x1F << mdic::PHY_SHIFT, 0x03E0_0000),
        (mdic::OP_WRITE, 0x0400_0000),
        (mdic::OP_READ, 0x0800_0000),
        (mdic::READY, 0x1000_0000),
        (mdic::INT_EN, 0x2000_0000),
        (mdic::ERROR, 0x4000_0000),
    ];
    for (row, (ours, manual)) in table.into_iter().enumerate() {
        assert_eq!(ours, manual, "row {row}");
    }
}

#[test]
fn interrupt_receive_and_transmit_bits() {
    use interrupt::*;
    use receive::{rah, rctl, rdtr, rxcsum};
    use transmit::{tctl, tipg, txdctl};
    let table = [
        (TXDW, 0x1),
        (TXQE, 0x2),
        (LSC, 0x4),
        (RXSEQ, 0x8),
        (RXDMT0, 0x10),
        (RXO, 0x40),
        (RXT0, 0x80),
        (MDAC, 0x200),
        (RXCFG, 0x400),
        (TXD_LOW, 0x8000),
        (SRPD, 0x1_0000),
        (rctl::EN, 0x2),
        (rctl::SBP, 0x4),
        (rctl::UPE, 0x8),
        (rctl::MPE, 0x10),
        (rctl::LPE, 0x20),
        (rctl::LBM_MASK, 0xC0),
        (rctl::RDMTS_MASK, 0x300),
        (rctl::MO_MASK, 0x3000),
        (rctl::BAM, 0x8000),
        (rctl::BSIZE_MASK, 0x3_0000),
        (rctl::VFE, 0x4_0000),
        (rctl::CFIEN, 0x8_0000),
        (rctl::CFI, 0x10_0000),
        (rctl::DPF, 0x40_0000),
        (rctl::PMCF, 0x80_0000),
        (rctl::BSEX, 0x200_0000),
        (rctl::SECRC, 0x400_0000),
        (rxcsum::PCSS_MASK, 0xFF),
        (rxcsum::IPOFL, 0x100),
        (rxcsum::TUOFL, 0x200),
        (rxcsum::IPV6OFL, 0x400),
        (rdtr::FPD, 0x8000_0000),
        (rah::AV, 0x8000_0000),
        (tctl::EN, 0x2),
        (tctl::PSP, 0x8),
        (tctl::CT_DEFAULT, 0xF0),
        (tctl::COLD_FULL_DUPLEX, 0x4_0000),
        (tctl::SWXOFF, 0x40_0000),
        (tctl::RTLC, 0x100_0000),
        (tipg::COPPER, 0x0060_200A),
        (txdctl::GRAN, 0x100_0000),
        (1 << txdctl::WTHRESH_SHIFT, 0x1_0000),
    ];
    for (row, (ours, manual)) in table.into_iter().enumerate() {
        assert_eq!(ours, manual, "row {row}");
    }
}

/// SDM 13.4.22: BSEX, BSIZE and the buffer's size.
#[test]
fn receive_buffer_sizes() {
    for (bsex, bsize, bytes) in [
        (0, 0b00, 2048),
        (0, 0b01, 1024),
        (0, 0b10, 512),
        (0, 0b11, 256),
        (1, 0b01, 16384),
        (1, 0b10, 8192),
        (1, 0b11, 4096),
        (1, 0b00, 2048),
    ] {
        assert_eq!(
            receive::rctl::buffer_size(bsex << 25 | bsize << 16),
            bytes,
            "BSEX {bsex} BSIZE {bsize:02b}"
        );
    }
}

#[test]
fn eeprom_and_phy() {
    assert_eq!((eeprom::WORDS, eeprom::SUM), (64, 0xBABA));
    assert_eq!(eeprom::word::CHECKSUM, 0x3F);
    assert_eq!(
        eeprom::address_words([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]),
        [0x5452, 0x1200, 0x5634],
        "the first byte on the wire is the low byte of word 0"
    );
    assert_eq!(eeprom::ethernet_address([0x5452, 0x1200, 0x5634]), [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
    assert_eq!(eeprom::sum(&[0xFFFF, 0x0001, 0xBABA]), 0xBABA);
    assert_eq!(receive::receive_address([0x52, 0x54, 0, 0x12, 0x34, 0x56]), (0x1200_5452, 0x8000_5634));
    assert_eq!((u32::from(phy::ID1) << 16) | u32::from(phy::ID2), 0x0141_0C20);
    let phy_bits = [
        (phy::bmcr::RESET, 0x8000),
        (phy::bmcr::LOOPBACK, 0x4000),
        (phy::bmcr::ANEG_ENABLE, 0x1000),
        (phy::bmcr::POWER_DOWN, 0x0800),
        (phy::bmcr::ANEG_RESTART, 0x0200),
        (phy::bmcr::FULL_DUPLEX, 0x0100),
        (phy::bmcr::SPEED_1000, 0x0040),
        (phy::bmsr::ANEG_COMPLETE, 0x0020),
        (phy::bmsr::LINK, 0x0004),
        (phy::pssr::SPEED_1000 | phy::pssr::FULL_DUPLEX | phy::pssr::RESOLVED | phy::pssr::LINK, 0xAC00),
    ];
    for (row, (ours, manual)) in phy_bits.into_iter().enumerate() {
        assert_eq!(ours, manual, "row {row}");
    }
}

/// SDM table 3-1.
#[test]
fn receive_descriptor_layout() {
    let bytes =
        [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xEE, 0x05, 0x34, 0x12, 0x03, 0x80, 0x78, 0x56];
    let descriptor = ReceiveDescriptor {
        address: 0x1122_3344_5566_7788,
        length: 1518,
        checksum: 0x1234,
        status: descriptors::receive_status::DD | descriptors::receive_status::EOP,
        errors: descriptors::receive_errors::RXE,
        special: 0x5678,
    };
    assert_eq!(ReceiveDescriptor::from_bytes(bytes), descriptor);
    assert_eq!(descriptor.to_bytes(), bytes);
    assert_eq!(descriptor.write_back(), bytes[8..]);
}

/// SDM table 3-8: EOP, IFCS, IC and RS, checksum at 50 from 34 on.
#[test]
fn legacy_descriptor_layout() {
    let bytes = [0x00, 0x10, 0, 0, 1, 0, 0, 0, 0x3C, 0x00, 50, 0x0F, 0x00, 34, 0x64, 0x20];
    let descriptor = LegacyDescriptor {
        address: 0x1_0000_1000,
        length: 60,
        checksum_offset: 50,
        command: 0x0F,
        status: 0,
        checksum_start: 34,
        special: 0x2064,
    };
    assert_eq!(TransmitDescriptor::from_bytes(bytes), TransmitDescriptor::Legacy(descriptor));
    assert_eq!(descriptor.to_bytes(), bytes);
}

/// SDM table 3-13: TSE, IP and TCP; headers of 54 bytes, MSS 1460, payload 0xABCDE.
#[test]
fn context_descriptor_layout() {
    let bytes = [14, 24, 33, 0, 34, 50, 0, 0, 0xDE, 0xBC, 0x0A, 0x27, 0x00, 54, 0xB4, 0x05];
    let descriptor = ContextDescriptor {
        ip_checksum_start: 14,
        ip_checksum_offset: 24,
        ip_checksum_end: 33,
        checksum_start: 34,
        checksum_offset: 50,
        checksum_end: 0,
        payload_length: 0xABCDE,
        command: 0x27,
        status: 0,
        header_length: 54,
        maximum_segment_size: 1460,
    };
    assert_eq!(TransmitDescriptor::from_bytes(bytes), TransmitDescriptor::Context(descriptor));
    assert_eq!(descriptor.to_bytes(), bytes);
    assert!(descriptor.is_segmentation());
}

/// SDM table 3-17: EOP, IFCS, RS; both checksums; length 0xFFFFF.
#[test]
fn data_descriptor_layout() {
    let bytes = [0, 0x20, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0x1F, 0x2B, 0x00, 0x03, 0x34, 0x12];
    let descriptor = DataDescriptor {
        address: 0x2000,
        length: 0xF_FFFF,
        command: 0x2B,
        status: 0,
        options: descriptors::packet_options::IXSM | descriptors::packet_options::TXSM,
        special: 0x1234,
    };
    assert_eq!(TransmitDescriptor::from_bytes(bytes), TransmitDescriptor::Data(descriptor));
    assert_eq!(descriptor.to_bytes(), bytes);
}

#[test]
fn unknown_descriptor_types_are_reserved() {
    for dtyp in 2..16u8 {
        let mut bytes = [0xFF; 16];
        bytes[10] = dtyp << 4;
        bytes[11] = 0x29;
        assert_eq!(TransmitDescriptor::from_bytes(bytes), TransmitDescriptor::Reserved { command: 0x29 });
    }
}

#[test]
fn descriptor_command_bits() {
    use descriptors::{context_command, packet_options, transmit_command, transmit_status};
    let table = [
        (transmit_command::EOP, 0x01),
        (transmit_command::IFCS, 0x02),
        (transmit_command::IC, 0x04),
        (transmit_command::TSE, 0x04),
        (transmit_command::RS, 0x08),
        (transmit_command::RPS, 0x10),
        (transmit_command::DEXT, 0x20),
        (transmit_command::VLE, 0x40),
        (transmit_command::IDE, 0x80),
        (context_command::TCP, 0x01),
        (context_command::IP, 0x02),
        (packet_options::IXSM, 0x01),
        (packet_options::TXSM, 0x02),
        (transmit_status::DD, 0x01),
    ];
    for (row, (ours, manual)) in table.into_iter().enumerate() {
        assert_eq!(ours, manual, "row {row}");
    }
    let status = [
        (descriptors::receive_status::DD, 0x01),
        (descriptors::receive_status::EOP, 0x02),
        (descriptors::receive_status::IXSM, 0x04),
        (descriptors::receive_status::VP, 0x08),
        (descriptors::receive_status::TCPCS, 0x20),
        (descriptors::receive_status::IPCS, 0x40),
        (descriptors::receive_status::PIF, 0x80),
        (descriptors::receive_errors::CE, 0x01),
        (descriptors::receive_errors::SE, 0x02),
        (descriptors::receive_errors::SEQ, 0x04),
        (descriptors::receive_errors::CXE, 0x10),
        (descriptors::receive_errors::TCPE, 0x20),
        (descriptors::receive_errors::IPE, 0x40),
        (descriptors::receive_errors::RXE, 0x80),
    ];
    for (row, (ours, manual)) in status.into_iter().enumerate() {
        assert_eq!(ours, manual, "row {row}");
    }
}
