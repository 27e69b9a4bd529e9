//! The sequences, and what is known of the sockets.

mod connection;
mod tcp;
mod udp;

use test_guests::random::Random;
use test_guests::sockets::Family;
use wasi::sockets::network::IpSocketAddress;

/// Calls of one sequence.
const CALLS: usize = 100;

/// Makes the sequences that the arguments name.
pub(crate) fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (first, count) = (numbers.next().expect("FIRST"), numbers.next().expect("COUNT"));
    for number in first..first + count {
        let mut random = Random::new(number);
        let mut tcp = tcp::Model::new(number, &mut random);
        let mut udp = udp::Model::new(number, &mut random);
        for _ in 0..CALLS {
            match random.one_in(4) {
                true => udp.call(&mut random),
                false => tcp.call(&mut random),
            }
        }
        tcp.end(&mut random);
    }
    println!("{count} sequences");
}

/// An address to bind a socket to, and whether it is of the wrong family.
fn address_to_bind(family: Family, random: &mut Random) -> (IpSocketAddress, bool) {
    let wrong = random.one_in(6);
    (if wrong { family.other() } else { family }.loopback(0), wrong)
}
