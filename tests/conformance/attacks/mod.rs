//! What attackers of the link try, one group after another: each is dropped for its reason, and a connection, pings of both
//! versions and newcomers are served all the same.

pub(crate) mod memory;
pub(crate) mod scapy;
pub(crate) mod v4;
pub(crate) mod v6;

use anyhow::{Result, ensure};
use conformance::wire_peer::{Connection, Frame, WirePeer};
use conformance::world::{Guest, PEER, PEER_V6, World};
use stack_core::wire::ethernet::MacAddress;

/// The port of the echo server.
const PORT: u16 = 7;

/// Frames of a flood between two looks at the connection.
const LOOK: usize = 1000;

/// Most neighbours of a version in the floods of them.
const NEIGHBOURS: usize = 64;

/// A stack with addresses of both versions, an echo server, and a connection to it.
struct Scene {
    world: World,
    _server: Guest,
    peer: WirePeer,
    connection: Connection,
}

impl Scene {
    fn new() -> Result<Self> {
        Self::with(&[])
    }

    /// With these settings of the stack.
    fn with(sysctls: &[(&str, &str)]) -> Result<Self> {
        let (world, mut peer) = World::with_peer_of_both(sysctls)?;
        let server = world.spawn("echo-server-raw", &[&PORT.to_string()])?;
        let connection = Connection::open(&mut peer, PORT)?;
        let mut scene = Scene { world, _server: server, peer, connection };
        scene.goes_on()?;
        Ok(scene)
    }

    /// The connection is served, so are newcomers, and pings of both versions are answered.
    fn goes_on(&mut self) -> Result<()> {
        self.peer.settle()?;
        self.peer.ping_v6()?;
        self.connection.echo(&mut self.peer, b"still there")?;
        let mut newcomer = Connection::open(&mut self.peer, PORT)?;
        newcomer.echo(&mut self.peer, b"a newcomer")?;
        newcomer.close(&mut self.peer)?;
        ensure!(self.world.failure().is_none(), "{:?}", self.world.failure());
        Ok(())
    }

    /// Expects the stack to know so many neighbours of a version (`-4`, `-6`) and not more than `most`, the peer among
    /// them.
    fn expect_neighbours(&self, version: &str, least: usize, most: usize) -> Result<()> {
        let shown = self.world.tool("ip", &format!("{version} neigh show nud all dev eth0"))?;
        let count = shown.lines().count();
        ensure!((least..=most).contains(&count), "{count} neighbours: {shown}");
        let peer = if version == "-6" { PEER_V6.to_string() } else { PEER.to_string() };
        let known = shown.lines().any(|line| line.starts_with(&format!("{peer} lladdr ")));
        ensure!(known, "who is in use is not known: {shown}");
        Ok(())
    }

    /// Expects that no neighbour is believed to be at this station.
    fn expect_unknown(&self, station: MacAddress) -> Result<()> {
        let shown = self.world.tool("ip", "neigh show nud all dev eth0")?;
        let text = station.0.map(|byte| format!("{byte:02x}")).join(":");
        ensure!(!shown.contains(&text), "a thief is believed: {shown}");
        Ok(())
    }

    /// Sends frames and answers what came back at once.
    fn send(&mut self, frames: &[Vec<u8>]) -> Result<Vec<Frame>> {
        self.peer.settle()?;
        for frame in frames {
            self.peer.transmit(frame)?;
        }
        let mut answers = self.peer.settle()?;
        answers.retain(|frame| frame.segment().is_none_or(|segment| !self.connection.is_ours(&segment)));
        Ok(answers)
    }

    /// Sends frames, of which `counter` has to count `count`; answers what came back at once.
    fn expect(&mut self, counter: &str, count: u64, frames: &[Vec<u8>]) -> Result<Vec<Frame>> {
        self.peer.settle()?;
        let before = self.world.counter(counter);
        let answers = self.send(frames)?;
        let counted = self.world.counter(counter) - before;
        ensure!(counted == count, "{counter}: {counted}, not {count}: {:?}", self.world.drops());
        self.goes_on()?;
        Ok(answers)
    }

    /// The same for frames that are not answered.
    fn expect_silence(&mut self, counter: &str, frames: &[Vec<u8>]) -> Result<()> {
        let answers = self.expect(counter, frames.len() as u64, frames)?;
        ensure!(answers.is_empty(), "{counter}: {}", answers[0]);
        Ok(())
    }

    /// Sends what `make` makes of 0, 1, ... and looks at the connection now and then. `counter` has to say in the end that
    /// the stack defended itself.
    fn flood(
        &mut self,
        counter: &str,
        count: usize,
        mut make: impl FnMut(&WirePeer, usize) -> Vec<u8>,
    ) -> Result<()> {
        let before = self.world.counter(counter);
        for number in 0..count {
            let frame = make(&self.peer, number);
            self.peer.transmit(&frame)?;
            if number % LOOK == LOOK - 1 {
                self.goes_on()?;
            }
        }
        self.goes_on()?;
        let counted = self.world.counter(counter) - before;
        ensure!(counted > 0, "{counter} did not rise: {:?}", self.world.drops());
        Ok(())
    }
}
