//! How long the packets of an interface of this network namespace may be, asked of rtnetlink: `/sys/class/net` may show
//! another namespace.

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Bytes of `struct nlmsghdr`, and of `struct ifinfomsg` behind it.
const HEADER_LEN: usize = 16;
/// Linux: `RTM_GETLINK`.
const GET_LINK: u16 = 18;
/// Linux: `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// Linux: `IFLA_MTU`.
const MTU: u16 = 4;
/// Enough for all that Linux tells of one link. Linux: `NLMSG_GOODSIZE`, at most 8192.
const ANSWER_LEN: usize = 32_768;

/// The MTU of the interface of this number, in bytes; none if the answer does not say.
pub(super) fn link_mtu(index: u32) -> Result<Option<u32>, Errno> {
    let socket =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    rustix::net::send(&socket, &request(index), SendFlags::empty())?;
    let mut answer = vec![0; ANSWER_LEN];
    let (_, len) = rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
    Ok(mtu_in(&answer[..len.min(ANSWER_LEN)]))
}

fn request(index: u32) -> [u8; 2 * HEADER_LEN] {
    let mut request = [0; 2 * HEADER_LEN];
    request[..4].copy_from_slice(&(2 * HEADER_LEN as u32).to_ne_bytes());
    request[4..6].copy_from_slice(&GET_LINK.to_ne_bytes());
    request[6..8].copy_from_slice(&REQUEST.to_ne_bytes());
    request[HEADER_LEN + 4..HEADER_LEN + 8].copy_from_slice(&index.to_ne_bytes());
    request
}

/// Looks through the attributes behind both headers. An answer that is an error has none.
fn mtu_in(answer: &[u8]) -> Option<u32> {
    let mut attributes = answer.get(2 * HEADER_LEN..)?;
    loop {
        let ([a, b, c, d], value) = attributes.split_first_chunk()?;
        let (len, kind) = (u16::from_ne_bytes([*a, *b]), u16::from_ne_bytes([*c, *d]));
        if kind == MTU {
            return value.first_chunk().copied().map(u32::from_ne_bytes);
        }
        attributes = attributes.get(usize::from(len).next_multiple_of(4).max(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mtu_is_found_among_other_attributes() {
        let attribute = |kind: u16, value: &[u8]| {
            let mut bytes = [(4 + value.len() as u16).to_ne_bytes(), kind.to_ne_bytes()].concat();
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let headers = [0; 2 * HEADER_LEN];
        let name = attribute(3, b"tap0\0");
        let mtu = attribute(MTU, &9000u32.to_ne_bytes());
        assert_eq!(mtu_in(&[&headers[..], &name, &mtu, &name].concat()), Some(9000));
        assert_eq!(mtu_in(&[&headers[..], &name].concat()), None);
        assert_eq!(mtu_in(&[&headers[..], &[0; 64]].concat()), None, "lengths of zero come to an end");
        assert_eq!(mtu_in(&headers[..20]), None);
    }

    #[test]
    fn the_loopback_interface_has_one() {
        assert!(matches!(link_mtu(1), Ok(Some(mtu)) if mtu >= 1280));
    }
}
