//! What a guest set on a socket by `wnet:stack/socket-options`, kept so that the socket can be made again.

use super::super::answer::StackAnswer;
use crate::gate::convert::octets;
use crate::kernel::Entered;
use crate::kernel::bindings::exports::wasi::sockets::network::IpAddress;
use crate::kernel::bindings::exports::wnet::stack::socket_options::{BpfInstruction, TcpOption};
use std::mem::discriminant;
use wasmtime::component::ResourceAny;

/// Options, keys and the filter of a socket. A listener must not come back without what protects it.
#[derive(Debug, Default)]
pub(super) struct Extras {
    options: Vec<TcpOption>,
    /// By the peers' prefix.
    keys: Vec<(IpAddress, u8, Vec<u8>)>,
    filter: Option<Vec<BpfInstruction>>,
    filter_locked: bool,
}

impl Extras {
    /// Remembers an option that the stack accepted.
    pub(super) fn remember(&mut self, option: TcpOption) {
        self.options.retain(|earlier| discriminant(earlier) != discriminant(&option));
        self.options.push(option);
    }

    /// Remembers a key.
    pub(super) fn remember_key(&mut self, peer: IpAddress, prefix_length: u8, key: Vec<u8>) {
        self.forget_key(peer, prefix_length);
        self.keys.push((peer, prefix_length, key));
    }

    /// Forgets a key that was taken away.
    pub(super) fn forget_key(&mut self, peer: IpAddress, prefix_length: u8) {
        self.keys.retain(|(other, length, _)| (octets(other), *length) != (octets(&peer), prefix_length));
    }

    /// Remembers the filter, or that there is none.
    pub(super) fn remember_filter(&mut self, filter: Option<Vec<BpfInstruction>>) {
        self.filter = filter;
    }

    /// Remembers that the filter is locked.
    pub(super) fn lock_filter(&mut self) {
        self.filter_locked = true;
    }

    /// Sets all of it on a new socket of the stack's.
    pub(super) fn apply(&self, entered: &mut Entered<'_>, socket: ResourceAny) -> StackAnswer<()> {
        let Some(options) = entered.stack.socket_options() else { return Ok(Ok(())) };
        let store = &mut *entered.store;
        for option in &self.options {
            if let Err(code) = options.call_set(&mut *store, socket, option)? {
                return Ok(Err(code));
            }
        }
        for (peer, prefix_length, key) in &self.keys {
            if let Err(code) = options.call_add_md5_key(&mut *store, socket, *peer, *prefix_length, key)? {
                return Ok(Err(code));
            }
        }
        if let Some(program) = &self.filter
            && let Err(code) = options.call_attach_filter(&mut *store, socket, program)?
        {
            return Ok(Err(code));
        }
        if self.filter_locked { options.call_lock_filter(&mut *store, socket) } else { Ok(Ok(())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_option_and_key_is_kept() {
        let mut extras = Extras::default();
        for option in [TcpOption::Nodelay(true), TcpOption::Tos(8), TcpOption::Nodelay(false)] {
            extras.remember(option);
        }
        assert!(matches!(extras.options[..], [TcpOption::Tos(8), TcpOption::Nodelay(false)]));
        let peer = IpAddress::Ipv4((192, 0, 2, 1));
        extras.remember_key(peer, 32, vec![1]);
        extras.remember_key(peer, 24, vec![2]);
        extras.remember_key(peer, 32, vec![3]);
        extras.forget_key(peer, 24);
        assert_eq!(extras.keys.len(), 1);
        assert_eq!(extras.keys[0].2, [3]);
    }
}
