//! What the gateway hears requests for echoes with, and replies.

use stack_core::Stack;
use stack_core::raw::{Family, IcmpFilter, Kind, RawHandle, RawOption};
use stack_core::socket::SocketError;
use stack_core::wire::{icmpv4, icmpv6};

/// The sockets of the gateway's stack for echoes of one version.
#[derive(Debug)]
pub(super) struct EchoSockets {
    pub(super) family: Family,
    /// Hears requests, whoever they are for.
    pub(super) ear: RawHandle,
    /// Replies, in the name of whoever was asked.
    pub(super) mouth: RawHandle,
}

impl EchoSockets {
    /// Sockets that hear and reply in the stack's place.
    pub(super) fn open(stack: &mut Stack, family: Family) -> Result<Self, SocketError> {
        let request = match family {
            Family::V4 => icmpv4::Type::ECHO_REQUEST.0,
            Family::V6 => icmpv6::Type::ECHO_REQUEST.0,
        };
        let kind = Kind::Raw(family.icmp());
        let (ear, mouth) = (stack.raw_open(family, kind)?, stack.raw_open(family, kind)?);
        let others = IcmpFilter::blocking((0..=u8::MAX).filter(|kind| *kind != request));
        stack.raw_set(ear, RawOption::IcmpFilter(others))?;
        stack.raw_set(mouth, RawOption::IcmpFilter(IcmpFilter::blocking(0..=u8::MAX)))?;
        Ok(EchoSockets { family, ear, mouth })
    }
}
