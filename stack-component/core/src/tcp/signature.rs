//! Signed segments (RFC 2385): keys, and what they make of a segment. Linux: `CONFIG_TCP_MD5SIG`,
//! `tcp_v4_md5_hash_skb`.

use super::handle::TcpHandle;
use super::keys::{Key, MAX_KEY};
use super::segment::Segment;
use super::table::{Entry, Role, Tcp};
use super::{Env, FourTuple, SocketError};
use crate::counters::Counter;
use crate::drop_reason::DropReason;
use crate::wire::cidr::IpCidr;
use alloc::sync::Arc;
use core::net::IpAddr;

impl Tcp {
    /// Sets the key of a socket for the peers in `peer`/`prefix_len`: at most 80 bytes, none of which means
    /// that their segments are not signed any more. [`SocketError::InvalidArgument`] for a longer key or
    /// prefix, or if there is no key to remove. Linux: `TCP_MD5SIG_EXT`.
    pub fn add_md5_key(
        &mut self,
        handle: TcpHandle,
        peer: IpAddr,
        prefix_len: u8,
        key: &[u8],
    ) -> Result<(), SocketError> {
        let peers = IpCidr::new(peer, prefix_len).ok_or(SocketError::InvalidArgument)?;
        if key.len() > MAX_KEY {
            return Err(SocketError::InvalidArgument);
        }
        let socket = self.sockets.get_mut(handle).ok_or(SocketError::InvalidState)?;
        socket.keys.set(peers, key)?;
        if let Role::Connection(connection) = &mut socket.role {
            connection.key = socket.keys.get(connection.tuple.remote.ip()).cloned();
        }
        self.signs = true;
        Ok(())
    }

    /// The key that segments of these two ends are signed with.
    pub(super) fn key_of(&self, tuple: &FourTuple) -> Option<Arc<Key>> {
        if !self.signs {
            return None;
        }
        match self.connections.get(tuple) {
            Some(&Entry::Connection(handle)) => self.sockets.get(handle)?.connection()?.key.clone(),
            Some(&Entry::Request(handle)) => self.requests.get(handle)?.key.clone(),
            Some(&Entry::TimeWait(handle)) => self.time_waits.get(handle)?.key.clone(),
            None => {
                let listener = self.listener(tuple, None)?;
                self.sockets.get(listener)?.keys.get(tuple.remote.ip()).cloned()
            }
        }
    }

    /// Refuses a segment that is not signed as its connection demands, before anything else is made of it.
    /// Linux: `tcp_v4_inbound_md5_hash`.
    pub(super) fn check_signature(&mut self, env: &mut Env<'_>, segment: &Segment) -> Result<(), DropReason> {
        if !self.signs && segment.options.md5.is_none() {
            return Ok(());
        }
        // What is over is left to its own rules.
        if let Some(Entry::TimeWait(_)) = self.connections.get(&segment.tuple) {
            return Ok(());
        }
        let (counter, reason) = match (self.key_of(&segment.tuple), segment.options.md5) {
            (None, None) => return Ok(()),
            (None, Some(_)) => (Counter::TcpExtTCPMD5Unexpected, DropReason::TcpMd5Unexpected),
            (Some(_), None) => (Counter::TcpExtTCPMD5NotFound, DropReason::TcpMd5NotFound),
            (Some(key), Some(signature)) => {
                let FourTuple { local, remote } = segment.tuple;
                if key.signature(remote.ip(), local.ip(), segment.bytes()) == signature {
                    return Ok(());
                }
                (Counter::TcpExtTCPMD5Failure, DropReason::TcpMd5Failure)
            }
        };
        env.counters.increment(counter);
        Err(reason)
    }
}
