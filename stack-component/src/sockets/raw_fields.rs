//! Interface `wnet:stack/raw-fields`.

use super::errors::run;
use super::raw::{RawSocket, incoming};
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::bindings::exports::wnet::stack::raw_fields::{
    Guest, PacketWithOptions, RawField, RawSocketBorrow,
};
use alloc::vec::Vec;
use stack_core::ip::v4::OwnOptions;
use stack_core::raw::{Incoming, RawOption};

impl Guest for Component {
    fn set(socket: RawSocketBorrow<'_>, value: RawField) -> Result<(), ErrorCode> {
        let handle = socket.get::<RawSocket>().handle();
        let option = match value {
            RawField::HeaderOptions(options) => {
                RawOption::Header(OwnOptions::new(&options).ok_or(ErrorCode::InvalidArgument)?)
            }
            RawField::FlowLabel(label) => RawOption::FlowLabel(label),
            RawField::NeighboursAlone(alone) => RawOption::Neighbours(alone),
            RawField::SendBuffer(bytes) => {
                RawOption::SendBuffer(usize::try_from(bytes).unwrap_or(usize::MAX))
            }
        };
        run(|state, _| state.stack.raw_set(handle, option))
    }

    fn receive(socket: RawSocketBorrow<'_>, max: u64) -> Result<Vec<PacketWithOptions>, ErrorCode> {
        let handle = socket.get::<RawSocket>().handle();
        let (packets, now) = run(|state, now| Ok((state.receive_raw(handle, max)?, now)))?;
        let with_options = |mut packet: Incoming| {
            let options = core::mem::take(&mut packet.options);
            PacketWithOptions { packet: incoming(packet, now), options }
        };
        Ok(packets.into_iter().map(with_options).collect())
    }
}
