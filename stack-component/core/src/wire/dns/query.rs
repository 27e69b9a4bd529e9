//! Questions.

use super::{INTERNET, Kind, Name, record_type};
use alloc::vec::Vec;

/// Most bytes of an answer over UDP that we want, so that it is not cut into fragments on the way (RFC 9715).
pub(super) const UDP_PAYLOAD: u16 = 1232;

/// Of the flags: answer what you do not know by asking others.
const RECURSION_DESIRED: u16 = 0x0100;

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// What the answer has to repeat.
    pub id: u16,
    /// Whose records are asked for.
    pub name: &'a Name,
    /// Which records.
    pub kind: Kind,
    /// Bits of chance, one for each letter: whether it is sent as a capital. An answer has to repeat the name as it was
    /// sent, which someone who only guesses cannot (draft-vixie-dnsext-dns0x20).
    pub capitals: &'a [u8],
    /// Whether more is said in an OPT record: how large an answer may be (RFC 6891).
    pub extended: bool,
}

impl Query<'_> {
    /// The message.
    pub fn emit(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(12 + self.name.as_bytes().len() + 15);
        let additional = u16::from(self.extended);
        for word in [self.id, RECURSION_DESIRED, 1, 0, 0, additional] {
            message.extend_from_slice(&word.to_be_bytes());
        }
        message.extend_from_slice(&self.question());
        if self.extended {
            message.push(0);
            for word in [record_type::OPT, UDP_PAYLOAD, 0, 0, 0] {
                message.extend_from_slice(&word.to_be_bytes());
            }
        }
        message
    }

    /// The question alone, which an answer has to repeat byte by byte.
    pub fn question(&self) -> Vec<u8> {
        let chance = |at: usize| self.capitals.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        let letter = |(at, &byte): (usize, &u8)| if chance(at) { byte.to_ascii_uppercase() } else { byte };
        let mut question: Vec<u8> = self.name.as_bytes().iter().enumerate().map(letter).collect();
        question.extend_from_slice(&self.kind.record_type().to_be_bytes());
        question.extend_from_slice(&INTERNET.to_be_bytes());
        question
    }
}
