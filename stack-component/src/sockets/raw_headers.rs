//! Interface `wnet:stack/raw-headers`.

use super::errors::error_code;
use super::raw::RawSocket;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::ErrorCode;
use crate::bindings::exports::wnet::stack::raw_headers::{Guest, RawSocketBorrow};
use crate::entry::enter;
use stack_core::raw::RawOption;

impl Guest for Component {
    fn set_header_included(socket: RawSocketBorrow<'_>, included: bool) -> Result<(), ErrorCode> {
        let handle = socket.get::<RawSocket>().handle();
        enter(|state, _| state.stack.raw_set(handle, RawOption::HeaderIncluded(included))).map_err(error_code)
    }
}
