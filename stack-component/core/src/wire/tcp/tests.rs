use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

fn segment() -> (Fields, Vec<u8>) {
    let fields = Fields {
        source_port: 4000,
        destination_port: 80,
        sequence: 0xffff_fffe,
        acknowledgement: 7,
        flags: Flags::PSH | Flags::ACK,
        window: 512,
        urgent: 0,
        options: Options { timestamps: Some(Timestamps { value: 1, echo: 2 }), ..Options::default() },
    };
    let mut bytes = vec![0; fields.header_len()];
    fields.emit(&mut bytes, 0);
    bytes.extend_from_slice(b"hello");
    fill_checksum(A, B, &mut bytes);
    (fields, bytes)
}

#[test]
fn what_is_emitted_is_parsed() {
    let (fields, bytes) = segment();
    let header = Header::parse(&bytes).unwrap();
    assert!(checksum_is_valid(A, B, &bytes));
    assert_eq!(header.payload(), b"hello");
    let again = Fields {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        sequence: header.sequence(),
        acknowledgement: header.acknowledgement(),
        flags: header.flags(),
        window: header.window(),
        urgent: header.urgent(),
        options: header.options(),
    };
    assert_eq!(again, fields);
    assert_eq!(
        header.to_string(),
        "Flags [P.], seq 4294967294:3, ack 7, win 512, options [nop,nop,TS val 1 ecr 2], length 5"
    );
}

#[test]
fn every_truncation_is_refused_or_fails_its_checksum() {
    let (fields, bytes) = segment();
    for len in 0..bytes.len() {
        assert_eq!(Header::parse(&bytes[..len]).is_ok(), len >= fields.header_len(), "{len}");
        assert!(!checksum_is_valid(A, B, &bytes[..len]), "{len}");
    }
}

#[test]
fn a_data_offset_below_five_words_is_refused() {
    for words in 0..16u8 {
        let (_, mut bytes) = segment();
        bytes[12] = words << 4;
        let expected = match words {
            0..5 => Some(Malformed::HeaderLength),
            5..=9 => None,
            _ => Some(Malformed::Truncated),
        };
        assert_eq!(Header::parse(&bytes).err(), expected, "{words}");
    }
}

#[test]
fn every_damaged_bit_is_noticed() {
    let (_, bytes) = segment();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(!checksum_is_valid(A, B, &damaged), "bit {bit}");
    }
}

#[test]
fn flags_print_as_tcpdump_prints_them() {
    assert_eq!((Flags::SYN | Flags::ACK).to_string(), "S.");
    assert_eq!(Flags::NONE.to_string(), "none");
    assert_eq!(Flags::from_bits(0xff).to_string(), "FSRP.UEW");
    assert!(!Flags::SYN.contains(Flags::SYN | Flags::ACK));
    assert!(Flags::SYN.intersects(Flags::SYN | Flags::ACK));
}
