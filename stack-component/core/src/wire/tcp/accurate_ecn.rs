//! The option of accurate ECN (RFC 9768 section 3.2.3): how many bytes arrived with which mark.

use core::fmt;

/// The kind whose fields are ECT(0), CE, ECT(1). Linux: `TCPOPT_ACCECN0`.
pub(super) const ORDER_0: u8 = 172;
/// The kind whose fields are ECT(1), CE, ECT(0). Linux: `TCPOPT_ACCECN1`.
pub(super) const ORDER_1: u8 = 174;
/// Bytes of a field. Linux: `TCPOLEN_ACCECN_PERFIELD`.
const FIELD_LEN: usize = 3;
/// Bytes of the option with all fields. Linux: `TCP_ACCECN_MAXSIZE`.
const MAX_LEN: usize = 2 + 3 * FIELD_LEN;

/// The option: up to three counters of 24 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccurateEcn {
    /// Whether the fields begin with ECT(1), not with ECT(0).
    pub order_1: bool,
    /// How many fields there are, at most 3; the others are 0.
    pub count: u8,
    /// Bytes modulo 2^24, as on the wire.
    pub fields: [u32; 3],
}

impl AccurateEcn {
    /// The option of this kind with this value; none if its length is not of whole fields.
    pub(super) fn parse(kind: u8, value: &[u8]) -> Option<Self> {
        let whole = value.len() <= 3 * FIELD_LEN && value.len().is_multiple_of(FIELD_LEN);
        let mut option = AccurateEcn { order_1: kind == ORDER_1, ..AccurateEcn::default() };
        for (field, bytes) in option.fields.iter_mut().zip(value.chunks_exact(FIELD_LEN)) {
            *field = bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
            option.count += 1;
        }
        whole.then_some(option)
    }

    /// Bytes without padding.
    pub(super) fn len(&self) -> usize {
        2 + FIELD_LEN * usize::from(self.count.min(3))
    }

    /// Its bytes, of which [`AccurateEcn::len`] count.
    pub(super) fn bytes(&self) -> [u8; MAX_LEN] {
        let mut bytes = [0; MAX_LEN];
        bytes[0] = if self.order_1 { ORDER_1 } else { ORDER_0 };
        bytes[1] = self.len() as u8;
        for (place, field) in bytes[2..].chunks_exact_mut(FIELD_LEN).zip(self.fields) {
            place.copy_from_slice(&field.to_be_bytes()[1..]);
        }
        bytes
    }

    /// Bytes it takes among other options if `spare` bytes of their padding can be used. Linux: the first half of
    /// the loop in `tcp_options_fit_accecn`.
    pub(super) fn padded_len(&self, spare: usize) -> usize {
        let beyond = self.len() % 4;
        if beyond > spare { self.len() + 4 - beyond } else { self.len() - beyond }
    }
}

/// As packetdrill writes it.
impl fmt::Display for AccurateEcn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ECN")?;
        let names = if self.order_1 { ["e1b", "ceb", "e0b"] } else { ["e0b", "ceb", "e1b"] };
        let fields = names.iter().zip(self.fields).take(self.count.into());
        fields.into_iter().try_for_each(|(name, field)| write!(f, " {name} {field}"))
    }
}
