//! Errors about packets of ours, on their way to the protocol that sent them.

use super::Context;
use crate::icmp::IcmpError;
use crate::wire::protocol::Protocol;

/// Tells TCP or UDP that a packet of ours could not be delivered.
pub(super) fn tell(cx: &mut Context<'_>, error: &IcmpError) {
    match error.protocol {
        Protocol::TCP => cx.with_tcp(|tcp, env| tcp.icmp_error(env, error)),
        Protocol::UDP => cx.udp.icmp_error(error),
        _ => {}
    }
}
