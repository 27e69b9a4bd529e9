//! How far the search for the path MTU is (RFC 4821).

use super::super::sequence::Sequence;
use crate::time::Instant;

/// The search for the path MTU. Linux: `icsk_mtup`, `mtu_probe`.
#[derive(Debug, Default)]
pub(in crate::tcp) struct MtuProbe {
    /// It goes on.
    pub enabled: bool,
    /// Packets of this many bytes pass.
    pub low: u32,
    /// Larger ones do not.
    pub high: u32,
    /// The probe on its way: its packet in bytes, and its numbers.
    pub probe: Option<(u32, Sequence, Sequence)>,
    /// When the search began, or found what there is to find.
    pub since: Instant,
}
