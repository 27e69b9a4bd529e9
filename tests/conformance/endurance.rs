//! Many connections one after another: nothing may be left of them.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use conformance::traffic::{self, bytes};
use conformance::wire_peer::Connection;
use conformance::world::World;
use stack_core::wire::tcp::{Fields, Flags};

use crate::ports_published::published;

crate::cases! {
    five_thousand_connections_leave_no_memory_behind,
    five_thousand_refusals_leave_nothing_behind,
    a_thousand_resets_leave_the_listener_as_it_was,
}

/// Connections after which memory has its size.
const WARM: u64 = 1000;

/// Connections that are judged.
const MANY: u64 = 5000;

/// How much memory may grow over them: less than 2 KiB for each, a small part of what a connection takes.
const GROWTH: u64 = 10 << 20;

fn five_thousand_connections_leave_no_memory_behind() -> Result<()> {
    let (wnet, port) = published("echo-server", &[])?;
    let connections = |numbers: std::ops::Range<u64>| {
        numbers.into_iter().try_for_each(|number| {
            let stream = traffic::connect((Ipv4Addr::LOCALHOST, port))?;
            traffic::echo(&stream, &bytes(number, 100)).with_context(|| format!("connection {number}"))
        })
    };
    connections(0..WARM)?;
    let before = wnet.peak_memory()?;
    connections(WARM..WARM + MANY)?;
    let after = wnet.peak_memory()?;
    ensure!(after - before < GROWTH, "from {} KiB to {} KiB", before >> 10, after >> 10);
    wnet.terminate()?;
    Ok(())
}

fn five_thousand_refusals_leave_nothing_behind() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for _ in 0..MANY {
        let fields = Connection::new(&mut peer, 9).fields();
        peer.transmit(&peer.segment(&Fields { flags: Flags::SYN, acknowledgement: 0, ..fields }, b""))?;
    }
    let answers = peer.settle()?;
    let resets = answers.iter().filter_map(|frame| frame.segment()).filter(|segment| segment.flags.rst());
    ensure!(resets.count() > 0, "they are refused");
    ensure!(world.counter("Drop:TcpNoSocket") == MANY, "{:?}", world.drops());
    ensure!(world.counter("Tcp:OutRsts") == MANY, "each is refused: {}", world.counter("Tcp:OutRsts"));
    Ok(())
}

fn a_thousand_resets_leave_the_listener_as_it_was() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _server = world.spawn("echo-server-raw", &["7"])?;
    for _ in 0..1000 {
        let connection = Connection::open(&mut peer, 7)?;
        let reset = Fields { flags: Flags::RST, ..connection.fields() };
        peer.transmit(&peer.segment(&reset, b""))?;
    }
    let mut newcomer = Connection::open(&mut peer, 7)?;
    newcomer.echo(&mut peer, b"hello")?;
    newcomer.close(&mut peer)
}
