//! One datagram of which fragments are there.

use super::Fragment;
use crate::drop_reason::DropReason;
use crate::packet::{Checksum, Packet};
use crate::wire::ecn::Codepoint;
use alloc::collections::BTreeMap;

/// What the length field of either version can say. Linux: the 65535 of `ip_frag_reasm`, `IPV6_MAXPLEN`.
const MAX_LENGTH: u32 = 65_535;

/// What a piece costs beside its packet: its place in the tree.
const PIECE_MEMORY: usize = 64;

/// A fragment that is kept: the packet from its IP header on.
#[derive(Debug)]
struct Piece {
    packet: Packet,
    header_len: usize,
    /// Where in the datagram's payload it ends.
    end: u32,
}

impl Piece {
    fn payload(&self) -> &[u8] {
        self.packet.data().get(self.header_len..).unwrap_or_default()
    }
}

/// What a fragment did to its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is kept; others are missing.
    Kept,
    /// It was the last that was missing.
    Complete,
    /// Its bytes were all there. Linux: `IPFRAG_DUP`.
    Duplicate,
}

/// Why a fragment condemns its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condemned {
    /// It says something else of the bytes of another. Linux: `IPFRAG_OVERLAP`.
    Overlap,
    /// It is empty, lies beyond the end, moves the end, or goes beyond the largest packet.
    Contradiction,
}

/// How a fragment lies to those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    Covered,
    Overlapping,
}

/// A datagram of which fragments are there. Linux: `struct ipq`, `struct frag_queue`.
#[derive(Debug, Default)]
pub(super) struct Datagram {
    /// By where they begin; no two overlap.
    pieces: BTreeMap<u32, Piece>,
    /// Payload bytes that are there. Linux: `meat`.
    present: u32,
    /// Payload bytes as far as known. Linux: `len`.
    end: u32,
    /// Whether the fragment that ends it is there. Linux: `INET_FRAG_LAST_IN`.
    ended: bool,
    /// A bit for each code point that a fragment had. Linux: `ecn`.
    ecn: u8,
    /// Bytes of the largest fragment, header included. Linux: `max_size`.
    largest: u32,
    /// Bytes of the largest fragment that must not be cut itself. Linux: `max_df_size`.
    largest_uncuttable: u32,
    /// Bytes of memory in all pieces.
    pub(super) memory: usize,
    /// Up to which fragment of its source it has heard. Linux: `rid`.
    pub(super) heard: u32,
}

impl Datagram {
    /// Nothing is there; its source has sent so many fragments.
    pub(super) fn new(heard: u32) -> Self {
        Datagram { heard, ..Datagram::default() }
    }

    /// How many fragments are there.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Takes a fragment in; what is no multiple of eight bytes long is cut to one, but for the last. Linux:
    /// `ip_frag_queue`, `inet_frag_queue_insert`.
    pub(super) fn insert(&mut self, fragment: Fragment) -> Result<Taken, Condemned> {
        let Fragment { mut packet, header_len, offset, more, ecn, dont_fragment, .. } = fragment;
        let size = packet.len() as u32;
        let payload = size.saturating_sub(header_len as u32);
        let end = offset.saturating_add(payload);
        let end = if more { end & !7 } else { end };
        if end <= offset || end > MAX_LENGTH {
            return Err(Condemned::Contradiction);
        }
        self.note_end(end, more)?;
        match self.place(offset, end) {
            Place::Free => {}
            Place::Covered => return Ok(Taken::Duplicate),
            Place::Overlapping => return Err(Condemned::Overlap),
        }
        packet.truncate(header_len + (end - offset) as usize);
        self.present += end - offset;
        self.ecn |= 1 << ecn as u8;
        self.largest = self.largest.max(size);
        if dont_fragment {
            self.largest_uncuttable = self.largest_uncuttable.max(size);
        }
        self.memory += packet.memory() + PIECE_MEMORY;
        self.pieces.insert(offset, Piece { packet, header_len, end });
        let complete = self.ended && self.present == self.end;
        Ok(if complete { Taken::Complete } else { Taken::Kept })
    }

    /// Learns where the payload ends, or that it goes on.
    fn note_end(&mut self, end: u32, more: bool) -> Result<(), Condemned> {
        let contradicts = if more { self.ended && end > self.end } else { end < self.end };
        let moves = !more && self.ended && end != self.end;
        if contradicts || moves {
            return Err(Condemned::Contradiction);
        }
        self.ended |= !more;
        self.end = self.end.max(end);
        Ok(())
    }

    /// How the bytes from `offset` to `end` lie to those that are there. Looks at no more pieces than there are
    /// multiples of eight bytes between the two.
    fn place(&self, offset: u32, end: u32) -> Place {
        // The bytes from here to `end` are there.
        let mut covered_from = end;
        for (start, piece) in self.pieces.range(..end).rev() {
            if piece.end <= offset {
                break;
            }
            if piece.end < covered_from {
                return Place::Overlapping;
            }
            covered_from = *start;
        }
        match covered_from {
            from if from == end => Place::Free,
            from if from <= offset => Place::Covered,
            _ => Place::Overlapping,
        }
    }

    /// The mark that the whole has: congestion if one fragment met it, an error if senders who answer to marks and
    /// who do not seem to have sent together (RFC 3168 section 5.3). Linux: `ip_frag_ecn_table`.
    fn congestion(&self) -> Option<bool> {
        let has = |codepoint: Codepoint| self.ecn & (1 << codepoint as u8) != 0;
        let capable = has(Codepoint::Ect0) || has(Codepoint::Ect1);
        let marked = has(Codepoint::Ce);
        if has(Codepoint::NotEct) && (capable || marked) {
            return None;
        }
        Some(marked && capable)
    }

    /// The whole of a complete datagram: the headers of its first fragment and the payload of all, of which all but
    /// `uncounted` bytes of the headers must fit into a packet's length field. Linux: `ip_frag_reasm`.
    pub(super) fn assemble(self, uncounted: usize) -> Result<super::Whole, DropReason> {
        let congestion = self.congestion().ok_or(DropReason::FragmentEcn)?;
        let first = self.pieces.get(&0).ok_or(DropReason::FragmentMalformed)?;
        let len = first.header_len + self.end as usize;
        if len.saturating_sub(uncounted) > MAX_LENGTH as usize {
            return Err(DropReason::FragmentMalformed);
        }
        let mut packet = Packet::with_capacity(len);
        packet.append(first.packet.data().get(..first.header_len).unwrap_or_default());
        self.pieces.values().for_each(|piece| packet.append(piece.payload()));
        packet.meta = first.packet.meta;
        // A device that sees a fragment cannot vouch for what is in all.
        packet.meta.checksum = Checksum::None;
        let dont_fragment = self.largest_uncuttable == self.largest;
        let header_len = first.header_len;
        Ok(super::Whole { packet, header_len, congestion, largest: self.largest, dont_fragment })
    }

    /// The first fragment, from its IP header on, if it is there.
    pub(super) fn into_first(mut self) -> Option<Packet> {
        self.pieces.remove(&0).map(|piece| piece.packet)
    }
}
