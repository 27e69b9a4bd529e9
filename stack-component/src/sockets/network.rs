//! Interface `network`.

use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{Guest, GuestNetwork};

impl Guest for Component {
    type Network = Network;
}

/// A `network`: there is one, and every handle stands for it.
pub(crate) struct Network;

impl GuestNetwork for Network {}
