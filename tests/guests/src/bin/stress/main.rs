//! `stress WHAT ...`: much at once, over the loopback device.
//!
//! `many CONNECTIONS DATAGRAMS`: so many connections with itself and so many UDP sockets, all of them open and used at the same
//! time, half of them of each version of IP. `turns PORT COUNT`: so many connections to an echo server, one after another.
//! `crowd FIRST COUNT OWN ROUNDS`: number `OWN` of `COUNT` guests at the ports from `FIRST` on, each of which has all others echo
//! what it says. `pour PORT`: writes to who listens there for as long as it is let.

#[cfg(target_os = "wasi")]
mod program;

#[cfg(target_os = "wasi")]
fn main() {
    program::main();
}

test_guests::component_only!();
