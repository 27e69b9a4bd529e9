use super::*;
use crate::random::{Random, SeededRandom};
use crate::wire::Malformed;
use alloc::string::ToString;
use alloc::vec::Vec;

fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

/// A message with header, one question for `www.example.org` A, and what is given behind.
fn answer(flags: u16, counts: [u16; 3], rest: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    for word in [7, flags, 1, counts[0], counts[1], counts[2]] {
        message.extend_from_slice(&word.to_be_bytes());
    }
    message.extend_from_slice(b"\x03www\x07eXample\x03org\0\0\x01\0\x01");
    message.extend_from_slice(rest);
    message
}

#[test]
fn names_are_read_from_text() {
    for (text, shown) in [("www.Example.ORG", "www.example.org"), ("a.", "a"), ("_x._tcp.b", "_x._tcp.b")] {
        assert_eq!(name(text).to_string(), shown);
    }
    let long = "a".repeat(64);
    let many = "a.".repeat(128);
    for text in ["", ".", "a..b", ".a", &long, &many, "ä.de"] {
        assert_eq!(Name::from_text(text), None, "{text}");
    }
    assert_eq!(Name::from_text(&"a.".repeat(127)).unwrap().as_bytes().len(), MAX_NAME);
    assert_eq!(name("www.example.org").dots(), 2);
    assert_eq!(name("www").below(&name("example.org")), Some(name("www.example.org")));
    assert_eq!(name(&"a.".repeat(126)).below(&name("bc")), None);
}

#[test]
fn a_question_is_written_as_rfc_1035_and_6891_say() {
    let asked = name("www.example.org");
    let query =
        Query { id: 0x1234, name: &asked, kind: Kind::Aaaa, capitals: &[0b0000_0010, 0], extended: true };
    let expected = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01\x03Www\x07example\x03org\0\0\x1c\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0";
    assert_eq!(query.emit(), expected);
    let plain = Query { extended: false, ..query };
    assert_eq!(plain.emit().len(), expected.len() - 11);
    assert_eq!(&plain.emit()[12..], plain.question());
}

#[test]
fn addresses_aliases_and_compression_are_read() {
    let records = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03web\xc0\x10\
        \xc0\x2d\0\x01\0\x01\0\0\0\x1e\0\x04\xc6\x33\x64\x07\
        \xc0\x2d\0\x10\0\x01\0\0\0\x1e\0\x02\x01x";
    let message = answer(0x8180, [3, 0, 0], records);
    let response = Response::parse(&message).unwrap();
    assert_eq!(
        (response.id, response.code, response.truncated, response.is_of_use),
        (7, Code::NoError, false, true)
    );
    assert_eq!(response.question, b"\x03www\x07eXample\x03org\0\0\x01\0\x01", "as it was written");
    let web = name("web.example.org");
    let alias = Record { owner: name("www.example.org"), ttl: 60, data: Data::Alias(web.clone()) };
    let address = Record { owner: web, ttl: 30, data: Data::Address([198, 51, 100, 7].into()) };
    assert_eq!(response.records, [alias, address]);
    assert_eq!(response.negative_ttl, None);
}

#[test]
fn what_is_not_there_says_for_how_long() {
    let numbers = [1, 2, 3, 4, 300_u32].map(u32::to_be_bytes).concat();
    let mut soa = b"\xc0\x10\0\x06\0\x01\0\0\x02\x58\0\x18\xc0\x10\xc0\x10".to_vec();
    soa.extend_from_slice(&numbers);
    let message = answer(0x8183, [0, 1, 0], &soa);
    let response = Response::parse(&message).unwrap();
    assert_eq!((response.code, response.negative_ttl), (Code::NoSuchName, Some(300)));
    soa[8] = 0;
    soa[9] = 9;
    let message = answer(0x8183, [0, 1, 0], &soa);
    assert_eq!(Response::parse(&message).unwrap().negative_ttl, Some(9), "no longer than the record itself");
}

#[test]
fn malformed_messages_are_refused() {
    let circle = answer(0x8180, [1, 0, 0], b"\xc0\x21\0\x01\0\x01\0\0\0\x1e\0\x04\xc6\x33\x64\x07");
    assert_eq!(Response::parse(&circle), Err(Malformed::AddressFormat), "a name that points to itself");
    let forward = answer(0x8180, [1, 0, 0], b"\xc0\xff\0\x01\0\x01\0\0\0\x1e\0\x04\xc6\x33\x64\x07");
    assert_eq!(Response::parse(&forward), Err(Malformed::AddressFormat));
    let short_address = answer(0x8180, [1, 0, 0], b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x03\xc6\x33\x64");
    assert_eq!(Response::parse(&short_address), Err(Malformed::AddressFormat));
    let missing = answer(0x8180, [2, 0, 0], b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc6\x33\x64\x07");
    assert_eq!(Response::parse(&missing), Err(Malformed::Truncated));
    assert_eq!(Response::parse(&answer(0x0100, [0; 3], b"")), Err(Malformed::AddressFormat), "a question");
    assert_eq!(Response::parse(&[0; 11]), Err(Malformed::Truncated));
    assert!(Response::parse(&answer(0x8380, [9, 9, 9], b"")).unwrap().truncated, "the rest is not looked at");
}

#[test]
fn no_message_makes_it_panic() {
    let mut random = SeededRandom::new(53);
    let good = answer(
        0x8180,
        [1, 1, 0],
        b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03web\xc0\x10\0\0\x06\0\x01\0\0\0\0\0\0",
    );
    for _ in 0..20_000 {
        let mut message = good.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(message.len() as u32) as usize;
            message[at] = random.next_u32() as u8;
        }
        message.truncate(random.below(message.len() as u32 + 1) as usize);
        let _ = Response::parse(&message);
    }
}
