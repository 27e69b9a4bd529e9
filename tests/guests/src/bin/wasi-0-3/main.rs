//! Asks `wasi:sockets` 0.3 what programs would, over loopback and in both families; panics at a wrong answer. It exports
//! `wasi:cli/run` of both generations, and fails when it is started through 0.2.
//!
//! `wasi-0-3 tcp|udp|names|denied`: the questions; `sockets|tcp-buffers|udp-buffers|memory`: how much there is;
//! `ask PORT`: is echoed by who listens there; `serve PORT`:
//! sends back what comes; `trap PORT`, `leave PORT`: traps or exits with the code 7 once a byte came; `give-up ADDRESS PORT`:
//! a connection to that port of an IPv4 address, and then serves `PORT`; `spin`: never waits; `questions ABOUT
//! 4|6`: asks what every host answers alike, and prints the answers; `model FIRST
//! COUNT`: calls at random.

#[cfg(target_os = "wasi")]
mod program;

fn main() {
    eprintln!("wasi-0-3 was not started through WASI 0.3");
    std::process::exit(1);
}
