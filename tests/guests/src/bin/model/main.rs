//! `model FIRST COUNT`: calls wasi:sockets at random, `COUNT` sequences of calls from number `FIRST` on, and knows what each
//! call must answer. Panics at the first answer that is another; its number plays the sequence again.

#[cfg(target_os = "wasi")]
mod connection;
#[cfg(target_os = "wasi")]
mod random;
#[cfg(target_os = "wasi")]
mod tcp;
#[cfg(target_os = "wasi")]
mod udp;

/// Calls of one sequence.
#[cfg(target_os = "wasi")]
const CALLS: usize = 60;

#[cfg(target_os = "wasi")]
fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (first, count) = (numbers.next().expect("FIRST"), numbers.next().expect("COUNT"));
    for number in first..first + count {
        let mut random = random::Random::new(number);
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

test_guests::component_only!();
