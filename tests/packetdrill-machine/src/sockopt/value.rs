//! Values of options in the kernel's layout.

use packetdrill::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MICRO: u64 = 1_000;

/// An int. Longer values are taken, as Linux takes them; shorter ones are `EINVAL`.
pub(super) fn int(value: &[u8]) -> Result<i32, Errno> {
    value.first_chunk().map(|bytes| i32::from_le_bytes(*bytes)).ok_or(Errno::EINVAL)
}

/// An int that is a truth value.
pub(super) fn flag(value: &[u8]) -> Result<bool, Errno> {
    Ok(int(value)? != 0)
}

/// An int that may not be negative.
pub(super) fn unsigned(value: &[u8]) -> Result<u32, Errno> {
    u32::try_from(int(value)?).map_err(|_| Errno::EINVAL)
}

/// An int that has to fit in a narrower type.
pub(super) fn narrow<T: TryFrom<i32>>(value: &[u8]) -> Result<T, Errno> {
    T::try_from(int(value)?).map_err(|_| Errno::EINVAL)
}

/// A string that ends at a NUL or with the value.
pub(super) fn text(value: &[u8]) -> Result<String, Errno> {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8(value[..end].to_vec()).map_err(|_| Errno::EINVAL)
}

/// `struct linger`: nanoseconds, if it is on.
pub(super) fn linger(value: &[u8]) -> Result<Option<u64>, Errno> {
    let on = flag(value)?;
    let seconds = int(value.get(4..).ok_or(Errno::EINVAL)?)?;
    Ok(on.then(|| u64::from(seconds.cast_unsigned()).saturating_mul(NANOS_PER_SECOND)))
}

/// `struct timeval` as nanoseconds; 0 is none.
pub(super) fn timeval(value: &[u8]) -> Result<Option<u64>, Errno> {
    let long = |at: usize| {
        let bytes = value.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Errno::EINVAL)?;
        u64::try_from(i64::from_le_bytes(*bytes)).map_err(|_| Errno::EDOM)
    };
    let (seconds, micros) = (long(0)?, long(8)?);
    if micros >= 1_000_000 {
        return Err(Errno::EDOM);
    }
    let nanos = seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(micros * NANOS_PER_MICRO);
    Ok((nanos != 0).then_some(nanos))
}

/// `struct timeval` of nanoseconds.
pub(super) fn to_timeval(nanos: Option<u64>) -> Vec<u8> {
    let nanos = nanos.unwrap_or(0);
    let (seconds, micros) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND / NANOS_PER_MICRO);
    [seconds.to_le_bytes(), micros.to_le_bytes()].concat()
}

/// `struct linger` of nanoseconds.
pub(super) fn to_linger(nanos: Option<u64>) -> Vec<u8> {
    let seconds = nanos.unwrap_or(0).div_ceil(NANOS_PER_SECOND);
    [i32::from(nanos.is_some()).to_le_bytes(), saturating_int(seconds).to_le_bytes()].concat()
}

/// An int of whatever fits.
pub(super) fn to_int(value: impl TryInto<i32>) -> Vec<u8> {
    value.try_into().unwrap_or(i32::MAX).to_le_bytes().to_vec()
}

/// A name of 16 bytes, NUL at its end.
pub(super) fn to_name(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}

fn saturating_int(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// `struct tcp_md5sig`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Md5Signature {
    pub(super) peer: IpAddr,
    pub(super) prefix_len: u8,
    /// Empty: the key is taken away.
    pub(super) key: Vec<u8>,
}

/// Reads a `struct tcp_md5sig`; `extended`: with its flags and prefix (TCP_MD5SIG_EXT).
pub(super) fn md5_signature(value: &[u8], extended: bool) -> Result<Md5Signature, Errno> {
    /// `TCP_MD5SIG_FLAG_PREFIX`.
    const PREFIX: u8 = 1;
    /// `TCP_MD5SIG_MAXKEYLEN`.
    const MAX_KEY: usize = 80;
    // struct sockaddr_storage, u8 flags, u8 prefixlen, u16 keylen, int ifindex, u8 key[80]
    let value: &[u8; 128 + 8 + MAX_KEY] = value.first_chunk().ok_or(Errno::EINVAL)?;
    let peer = match u16::from_le_bytes([value[0], value[1]]) {
        2 => IpAddr::V4(Ipv4Addr::new(value[4], value[5], value[6], value[7])),
        10 => {
            let mut octets = [0; 16];
            octets.copy_from_slice(&value[8..24]);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return Err(Errno::EINVAL),
    };
    let whole = if peer.is_ipv4() { 32 } else { 128 };
    let prefix_len = if extended && value[128] & PREFIX != 0 { value[129] } else { whole };
    let len = usize::from(u16::from_le_bytes([value[130], value[131]]));
    if len > MAX_KEY || prefix_len > whole {
        return Err(Errno::EINVAL);
    }
    Ok(Md5Signature { peer, prefix_len, key: value[136..136 + len].to_vec() })
}

/// Instructions of `struct sock_filter`, one after the other: code, jt, jf, k.
pub(super) fn filter(value: &[u8]) -> Result<Vec<(u16, u8, u8, u32)>, Errno> {
    if !value.len().is_multiple_of(8) {
        return Err(Errno::EINVAL);
    }
    let instruction = |bytes: &[u8]| {
        let k = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        (u16::from_le_bytes([bytes[0], bytes[1]]), bytes[2], bytes[3], k)
    };
    Ok(value.chunks_exact(8).map(instruction).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_read_as_the_kernel_reads_them() {
        assert_eq!(int(&[1, 0, 0]), Err(Errno::EINVAL));
        assert_eq!(unsigned(&[0xff; 4]), Err(Errno::EINVAL));
        assert_eq!(text(b"cubic\0junk"), Ok("cubic".into()));
        assert_eq!(linger(&[1, 0, 0, 0, 2, 0, 0, 0]), Ok(Some(2 * NANOS_PER_SECOND)));
        assert_eq!(linger(&[0, 0, 0, 0, 2, 0, 0, 0]), Ok(None));
        let half = to_timeval(Some(NANOS_PER_SECOND / 2));
        assert_eq!(timeval(&half), Ok(Some(NANOS_PER_SECOND / 2)));
        assert_eq!(timeval(&to_timeval(None)), Ok(None));
    }

    #[test]
    fn signatures_have_a_prefix_if_they_say_so() {
        let mut value = [0; 216];
        value[..8].copy_from_slice(&[2, 0, 0, 0, 192, 0, 2, 1]);
        (value[128], value[129], value[130]) = (1, 24, 3);
        value[136..139].copy_from_slice(b"key");
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let expected = |prefix_len| Ok(Md5Signature { peer, prefix_len, key: b"key".to_vec() });
        assert_eq!(md5_signature(&value, true), expected(24));
        assert_eq!(md5_signature(&value, false), expected(32));
        value[130] = 81;
        assert_eq!(md5_signature(&value, false), Err(Errno::EINVAL));
    }
}
