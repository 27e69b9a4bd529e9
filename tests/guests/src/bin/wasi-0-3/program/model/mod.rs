//! `model FIRST COUNT`: what `model` does with WASI 0.2, with 0.3: `COUNT` sequences of calls at random from number `FIRST` on.

mod connection;
mod tcp;
mod udp;

use super::addresses::{at, other};
use super::bindings::wasi::sockets::types::{IpAddressFamily, IpSocketAddress};
use test_guests::random::Random;

/// Calls of one sequence.
const CALLS: usize = 100;

/// Makes these sequences.
pub(crate) async fn run(first: u64, count: u64) {
    for number in first..first + count {
        let mut random = Random::new(number);
        let mut tcp = tcp::Model::new(number, &mut random);
        let mut udp = udp::Model::new(number, &mut random);
        for _ in 0..CALLS {
            match random.one_in(4) {
                true => udp.call(&mut random).await,
                false => tcp.call(&mut random).await,
            }
        }
    }
    println!("{count} sequences");
}

/// An address to bind a socket to, and whether it is of the wrong family.
fn address_to_bind(family: IpAddressFamily, random: &mut Random) -> (IpSocketAddress, bool) {
    let wrong = random.one_in(6);
    (at(if wrong { other(family) } else { family }, 1, 0), wrong)
}
