//! Interface `instance-network`.

use super::network;
use crate::Component;
use crate::bindings::exports::wasi::sockets::instance_network::{Guest, Network};

impl Guest for Component {
    fn instance_network() -> Network {
        Network::new(network::Network)
    }
}
