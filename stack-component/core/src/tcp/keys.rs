//! Keys that segments are signed with (RFC 2385), and what they make of a segment. Linux: `struct tcp_md5sig_info`.

use super::{Output, SocketError};
use crate::wire::address::Octets;
use crate::wire::cidr::IpCidr;
use crate::wire::protocol::Protocol;
use crate::wire::tcp::{HEADER_LEN, SIGNATURE_LEN, SIGNATURE_OFFSET};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use md5::{Digest, Md5};

/// Bytes of the longest key. Linux: `TCP_MD5SIG_MAXKEYLEN`.
pub(super) const MAX_KEY: usize = 80;
/// Most keys of a socket. Linux bounds them by `optmem_max`.
const MAX_KEYS: usize = 256;

/// A secret that both ends know. Linux: `struct tcp_md5sig_key`.
pub(super) struct Key(Vec<u8>);

/// The key is a secret and is not shown.
impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The signature of the segment `bytes` (RFC 2385 section 2.0): pseudo-header, header without options and
    /// with a checksum of zero, data, key. Linux: `tcp_v4_md5_hash_skb`, `tcp_v6_md5_hash_skb`.
    pub(super) fn signature(&self, source: IpAddr, destination: IpAddr, bytes: &[u8]) -> [u8; SIGNATURE_LEN] {
        let mut hash = Md5::new();
        hash.update(&*Octets::of(source));
        hash.update(&*Octets::of(destination));
        // The pseudo-header of IPv6 has the length first (RFC 8200 section 8.1).
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        match source {
            IpAddr::V4(_) => hash.update([0, Protocol::TCP.0, length[2], length[3]]),
            IpAddr::V6(_) => {
                hash.update(length);
                hash.update([0, 0, 0, Protocol::TCP.0]);
            }
        }
        let header_len = bytes.get(12).map_or(0, |offset| usize::from(offset >> 4) * 4);
        if let Some(fixed) = bytes.first_chunk::<HEADER_LEN>() {
            let mut fixed = *fixed;
            fixed[16..18].fill(0);
            hash.update(fixed);
        }
        hash.update(bytes.get(header_len..).unwrap_or_default());
        hash.update(&self.0);
        hash.finalize().into()
    }

    /// Writes the signature into a segment whose options have room for it.
    pub(super) fn sign(&self, output: &mut Output) {
        let signature = self.signature(output.source, output.destination, output.packet.data());
        let at = HEADER_LEN + SIGNATURE_OFFSET;
        if let Some(place) = output.packet.data_mut().get_mut(at..at + SIGNATURE_LEN) {
            place.copy_from_slice(&signature);
        }
    }
}

/// The keys of a socket by peer. Linux: `struct tcp_md5sig_info`.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<(IpCidr, Arc<Key>)>);

impl Keys {
    /// Sets the key for `peers`; an empty one removes it. Linux: `tcp_md5_do_add`, `tcp_md5_do_del`.
    pub(super) fn set(&mut self, peers: IpCidr, key: &[u8]) -> Result<(), SocketError> {
        let peers = peers.network();
        let before = self.0.len();
        self.0.retain(|(other, _)| *other != peers);
        if key.is_empty() {
            // Linux: `ENOENT`.
            return if self.0.len() < before { Ok(()) } else { Err(SocketError::InvalidArgument) };
        }
        if self.0.len() >= MAX_KEYS {
            return Err(SocketError::OutOfMemory);
        }
        self.0.push((peers, Arc::new(Key(key.to_vec()))));
        Ok(())
    }

    /// Shares `key` with this one peer, as a connection that a listener accepted does.
    pub(super) fn only(peer: IpAddr, key: Option<Arc<Key>>) -> Self {
        Keys(key.into_iter().map(|key| (IpCidr::host(peer), key)).collect())
    }

    /// The key for `peer`: the one of the longest prefix. Linux: `tcp_md5_do_lookup`.
    pub(super) fn get(&self, peer: IpAddr) -> Option<&Arc<Key>> {
        let fitting = self.0.iter().filter(|(peers, _)| peers.contains(peer));
        fitting.max_by_key(|(peers, _)| peers.prefix_len()).map(|(_, key)| key)
    }
}
