//! How large may be what guests hand over. The standard gives lists no bound, and all that goes into the stack is copied
//! there while nobody else gets in: what it would refuse or take a part of is refused or cut before.

use super::bindings::wasi::sockets::network::ErrorCode;
use crate::kernel::bindings::exports::wnet::stack::groups::{GroupOption, GroupPlace, MembershipChange};

/// Most packets, frames or datagrams that go in together. Linux: UIO_MAXIOV is 1024, of whom each enters by itself.
const MAX_BATCH: usize = 256;

/// Most bytes that go in together: no packet is as large.
const MAX_BYTES: usize = 256 << 10;

/// Most bytes of an argument that is no data: filters of 4096 instructions are the largest that the stack takes.
const MAX_ARGUMENT: usize = 64 << 10;

/// Most bytes of a name that is looked up: the stack reads no longer one. Linux: NI_MAXHOST is 1025, with its end.
const MAX_NAME: usize = 1024;

/// As many of `all`, from the first on, as go in together. `len`: bytes of one.
///
/// # Errors
/// The first of them is larger than any packet.
pub(super) fn batch<T>(mut all: Vec<T>, len: impl Fn(&T) -> usize) -> Result<Vec<T>, ErrorCode> {
    let mut bytes = 0_usize;
    let fits = |one: &T| {
        bytes = bytes.saturating_add(len(one));
        bytes <= MAX_BYTES
    };
    let count = all.iter().take(MAX_BATCH).map(fits).take_while(|fits| *fits).count();
    if count == 0 && !all.is_empty() {
        return Err(ErrorCode::DatagramTooLarge);
    }
    all.truncate(count);
    Ok(all)
}

/// Whether a datagram may go in. Linux: EMSGSIZE of `udp_sendmsg`.
pub(super) fn datagram(data: &[u8]) -> Result<(), ErrorCode> {
    if data.len() <= MAX_BYTES { Ok(()) } else { Err(ErrorCode::DatagramTooLarge) }
}

/// As much of a connection's data as goes in together.
pub(super) fn piece(data: &[u8]) -> &[u8] {
    data.get(..MAX_BYTES).unwrap_or(data)
}

/// Whether an argument may go in.
pub(super) fn argument<T>(list: &[T]) -> Result<(), ErrorCode> {
    if size_of_val(list) <= MAX_ARGUMENT { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
}

/// Whether a change of a membership may go in.
pub(super) fn membership(place: &GroupPlace, change: &MembershipChange) -> Result<(), ErrorCode> {
    argument(place.device.as_bytes())?;
    match change {
        MembershipChange::SetFilter(filter) => argument(&filter.sources),
        _ => Ok(()),
    }
}

/// Whether an option about groups may go in.
pub(super) fn group_option(option: &GroupOption) -> Result<(), ErrorCode> {
    match option {
        GroupOption::Device(name) => argument(name.as_bytes()),
        _ => Ok(()),
    }
}

/// Whether a name may go in.
pub(super) fn name(name: &str) -> Result<(), ErrorCode> {
    if name.len() <= MAX_NAME { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sizes: Vec<usize>) -> Result<usize, ErrorCode> {
        batch(sizes, |size| *size).map(|batch| batch.len())
    }

    #[test]
    fn a_batch_ends_at_its_number_and_at_its_bytes() {
        assert_eq!(counted(vec![]), Ok(0));
        assert_eq!(counted(vec![0; 2_000_000]), Ok(MAX_BATCH));
        assert_eq!(counted(vec![65_535; 64]), Ok(4));
        assert_eq!(counted(vec![8, 1 << 40, 8]), Ok(1));
        assert_eq!(counted(vec![MAX_BYTES, 1]), Ok(1));
        assert_eq!(counted(vec![8, usize::MAX, 8]), Ok(1));
    }

    #[test]
    fn what_is_larger_than_any_packet_is_refused() {
        assert_eq!(counted(vec![MAX_BYTES + 1]), Err(ErrorCode::DatagramTooLarge));
    }

    #[test]
    fn data_is_cut_and_arguments_are_refused() {
        assert_eq!(piece(&vec![0; MAX_BYTES + 1]).len(), MAX_BYTES);
        assert_eq!(piece(&[1, 2]), [1, 2]);
        assert_eq!(argument(&[0_u64; 8192]), Ok(()));
        assert_eq!(argument(&[0_u64; 8193]), Err(ErrorCode::InvalidArgument));
        assert_eq!(name(&"a".repeat(1024)), Ok(()));
        assert_eq!(name(&"a".repeat(1025)), Err(ErrorCode::InvalidArgument));
    }
}
