//! Linux as the peer, and between the two a wire that delays and loses. What is fast on it is measured by
//! `cargo xtask bench linux`; here bytes only have to arrive.

use std::net::SocketAddrV4;

use anyhow::{Result, ensure};
use conformance::impaired::{Impairment, Path, Subject, use_congestion};
use conformance::namespace::{self, GUEST};
use conformance::traffic::{self, bytes};
use conformance::wnet_process::Wnet;

crate::cases! {
    a_megabyte_comes_back_through_a_wire_that_loses,
}

fn a_megabyte_comes_back_through_a_wire_that_loses() -> Result<()> {
    // 1 % each way and 20 ms there and back.
    let impairment = Impairment { delay: 10_000_000, loss: 10_000, rate: 100_000_000, queue: 200, seed: 1 };
    let path = Path::new(Subject::Wnet, impairment)?;
    let cubic = ["--sysctl", "net.ipv4.tcp_congestion_control=cubic"];
    let server = Wnet::serve_on_tap(&path.far, &cubic, "echo-server", 7)?;
    let socket = use_congestion(path.near.socket()?, "cubic")?;
    let stream = namespace::connect(socket, None, SocketAddrV4::new(GUEST, 7).into())?;
    traffic::echo(&stream, &bytes(7, 1 << 20))?;
    server.terminate()?;
    for direction in path.end()? {
        // A megabyte is 725 segments; not one of a hundred lost would be a wire that loses nothing.
        ensure!(direction.lost > 0, "nothing was lost: {direction:?}");
    }
    Ok(())
}
