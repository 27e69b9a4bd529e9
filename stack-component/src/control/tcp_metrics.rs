//! Interface `wnet:stack/tcp-metrics`.

use crate::Component;
use crate::bindings::exports::wnet::stack::tcp_metrics::Guest;
use crate::entry::enter;

impl Guest for Component {
    fn forget_peers() {
        enter(|state, _| state.stack.forget_peers());
    }
}
