//! TCP, segment by segment, with a peer that breaks the rules. A second connection has to go on throughout.

use anyhow::{Result, ensure};
use conformance::deadline::wait_for;
use conformance::traffic::bytes;
use conformance::wire_peer::{Connection, Segment, WirePeer};
use conformance::world::{Guest, World};
use stack_core::wire::tcp::{Fields, Flags};
use wnet::guest::GuestExit;

crate::cases! {
    all_combinations_of_flags_do_no_harm,
    a_reset_ends_only_its_own_connection,
    blind_resets_are_challenged,
    a_syn_on_a_connection_is_challenged,
    acknowledgements_of_what_was_never_sent_are_dropped,
    data_beyond_the_window_is_dropped_and_the_rest_kept,
    a_peer_that_takes_its_window_back_is_borne_with,
    connections_that_are_never_completed_do_not_shut_others_out,
    newcomers_get_in_by_cookies_during_a_flood,
}

/// The port of the echo server.
const PORT: u16 = 7;

/// A stack with an echo server, and a connection that has to go on whatever happens to others.
struct Scene {
    world: World,
    _server: Guest,
    peer: WirePeer,
    bystander: Connection,
}

impl Scene {
    fn new(sysctls: &[(&str, &str)]) -> Result<Self> {
        let (world, mut peer) = World::with_peer(sysctls)?;
        let server = world.spawn("echo-server-raw", &[&PORT.to_string()])?;
        let bystander = Connection::open(&mut peer, PORT)?;
        Ok(Scene { world, _server: server, peer, bystander })
    }

    fn connect(&mut self) -> Result<Connection> {
        Connection::open(&mut self.peer, PORT)
    }

    /// Sends a segment and answers what comes back on its connection at once.
    fn provoke(&mut self, connection: &Connection, fields: Fields, data: &[u8]) -> Result<Vec<Segment>> {
        self.peer.transmit(&self.peer.segment(&fields, data))?;
        let answers = self.peer.settle()?;
        Ok(answers.iter().filter_map(|f| f.segment()).filter(|s| connection.is_ours(s)).collect())
    }

    /// The bystander is still served, and so are newcomers.
    fn goes_on(mut self) -> Result<()> {
        self.bystander.echo(&mut self.peer, &bytes(1, 4000))?;
        self.connect()?.echo(&mut self.peer, b"a newcomer")?;
        self.bystander.close(&mut self.peer)?;
        ensure!(self.world.failure().is_none(), "{:?}", self.world.failure());
        Ok(())
    }
}

fn all_combinations_of_flags_do_no_harm() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    for bits in 0..=255 {
        let flags = Flags::from_bits(bits);
        // To a port that listens, to one that is closed, and on a connection.
        for stack_port in [PORT, 9] {
            let fields = Fields { flags, ..Connection::new(&mut scene.peer, stack_port).fields() };
            scene.peer.transmit(&scene.peer.segment(&fields, b""))?;
            scene.peer.transmit(&scene.peer.segment(&fields, b"data"))?;
        }
        if bits % 16 == 0 {
            let connection = scene.connect()?;
            for low in 0..16 {
                let flags = Flags::from_bits(bits | low);
                let fields = Fields { flags, ..connection.fields() };
                scene.provoke(&connection, fields, b"data")?;
            }
            scene.bystander.echo(&mut scene.peer, b"still there")?;
        }
    }
    ensure!(scene.world.counter("Drop:TcpFlags") > 0, "{:?}", scene.world.drops());
    scene.goes_on()
}

fn a_reset_ends_only_its_own_connection() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    let connection = scene.connect()?;
    let reset = Fields { flags: Flags::RST, ..connection.fields() };
    let answers = scene.provoke(&connection, reset, b"")?;
    ensure!(answers.is_empty(), "{answers:?}");
    ensure!(scene.world.counter("Tcp:EstabResets") == 1, "it is counted");
    // What follows belongs to no connection any more.
    let answers = scene.provoke(&connection, connection.fields(), b"data")?;
    ensure!(matches!(&answers[..], [reset] if reset.flags == Flags::RST), "{answers:?}");
    scene.goes_on()
}

fn blind_resets_are_challenged() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    let mut connection = scene.connect()?;
    let fields = connection.fields();
    // RFC 5961 section 3.2: in the window but not at its edge.
    let blind = Fields { flags: Flags::RST, sequence: fields.sequence.wrapping_add(1000), ..fields };
    let answers = scene.provoke(&connection, blind, b"")?;
    let challenged =
        |segment: &Segment| segment.flags == Flags::ACK && segment.acknowledgement == connection.send_next;
    ensure!(matches!(&answers[..], [challenge] if challenged(challenge)), "{answers:?}");
    ensure!(scene.world.counter("TcpExt:TCPChallengeACK") == 1, "it is counted");
    // Outside of the window: nothing at all.
    let far = Fields { sequence: fields.sequence.wrapping_sub(100_000), ..blind };
    let answers = scene.provoke(&connection, far, b"")?;
    ensure!(answers.is_empty(), "{answers:?}");
    connection.echo(&mut scene.peer, b"still alive")?;
    scene.goes_on()
}

fn a_syn_on_a_connection_is_challenged() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    let mut connection = scene.connect()?;
    let syn = Fields { flags: Flags::SYN, acknowledgement: 0, ..connection.fields() };
    let answers = scene.provoke(&connection, syn, b"")?;
    // RFC 5961 section 4.2.
    let challenged = |segment: &Segment| segment.flags == Flags::ACK;
    ensure!(matches!(&answers[..], [challenge] if challenged(challenge)), "{answers:?}");
    ensure!(scene.world.counter("TcpExt:TCPSYNChallenge") == 1, "it is counted");
    connection.echo(&mut scene.peer, b"still alive")?;
    scene.goes_on()
}

fn acknowledgements_of_what_was_never_sent_are_dropped() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    let mut connection = scene.connect()?;
    let fields = connection.fields();
    for ahead in [1, 1000, 0x4000_0000] {
        let bold = Fields { acknowledgement: fields.acknowledgement.wrapping_add(ahead), ..fields };
        scene.provoke(&connection, bold, b"must not count")?;
    }
    ensure!(scene.world.counter("Drop:TcpAcknowledgement") == 3, "{:?}", scene.world.drops());
    connection.echo(&mut scene.peer, b"counts")?;
    scene.goes_on()
}

fn data_beyond_the_window_is_dropped_and_the_rest_kept() -> Result<()> {
    const READER: u16 = 8;
    let mut scene = Scene::new(&[])?;
    let reader = scene.world.spawn("test/patient-reader", &[&READER.to_string()])?;
    let mut data = Connection::open(&mut scene.peer, READER)?;
    let mut starter = Connection::open(&mut scene.peer, READER)?;
    // Fill the window, for as long as it is one, and say nothing of what lies beyond.
    let mut sent = Vec::new();
    wait_for("a closed window", || {
        let piece = bytes(sent.len() as u64, 1000.min(usize::from(data.stack_window)));
        if piece.is_empty() {
            return Some(Ok(()));
        }
        sent.extend_from_slice(&piece);
        let step = data.transmit(&mut scene.peer, Flags::ACK, &piece).and_then(|()| {
            let all = data.send_next;
            data.expect(&mut scene.peer, "an acknowledgement", |segment| segment.acknowledgement == all)
        });
        step.err().map(Err)
    })??;
    ensure!(sent.len() > 10_000, "the window closed after {} bytes", sent.len());
    for ahead in [0, 1000, 1 << 20] {
        let fields = data.fields();
        let bold = Fields { sequence: fields.sequence.wrapping_add(ahead), ..fields };
        let answers = scene.provoke(&data, bold, b"must not count")?;
        let refused = |segment: &Segment| segment.acknowledgement == data.send_next;
        ensure!(answers.iter().all(refused), "{answers:?}");
    }
    ensure!(drops_beyond_window(&scene.world) >= 3, "{:?}", scene.world.drops());
    scene.bystander.echo(&mut scene.peer, b"meanwhile")?;

    starter.transmit(&mut scene.peer, Flags::FIN | Flags::ACK, b"")?;
    let opened = |segment: &Segment| segment.window > 0 && segment.payload.is_empty();
    data.expect(&mut scene.peer, "an open window", opened)?;
    data.transmit(&mut scene.peer, Flags::FIN | Flags::ACK, b"")?;
    let back = data.receive_exactly(&mut scene.peer, sent.len())?;
    ensure!(back == sent, "what was within the window is what counts");
    ensure!(reader.wait()? == GuestExit::Code(0), "the guest was content");
    scene.goes_on()
}

fn drops_beyond_window(world: &World) -> u64 {
    let reasons = ["Drop:TcpOverWindow", "Drop:TcpZeroWindow", "Drop:TcpSequence"];
    reasons.iter().map(|reason| world.counter(reason)).sum()
}

fn a_peer_that_takes_its_window_back_is_borne_with() -> Result<()> {
    let mut scene = Scene::new(&[])?;
    let mut connection = scene.connect()?;
    connection.transmit(&mut scene.peer, Flags::ACK | Flags::PSH, &bytes(2, 1400))?;
    let next = connection.receive_next;
    connection.expect(&mut scene.peer, "data", |s| s.sequence == next && !s.payload.is_empty())?;
    // It is on its way already; now the window is said to have been smaller (RFC 9293 section 3.8.6).
    for window in [10, 0, 700, 0, 1] {
        connection.window = window;
        connection.transmit(&mut scene.peer, Flags::ACK, b"")?;
    }
    scene.bystander.echo(&mut scene.peer, b"meanwhile")?;
    connection.window = u16::MAX;
    connection.transmit(&mut scene.peer, Flags::ACK, b"")?;
    let back = connection.receive_exactly(&mut scene.peer, 1400)?;
    ensure!(back == bytes(2, 1400), "other bytes came back");
    scene.goes_on()
}

fn connections_that_are_never_completed_do_not_shut_others_out() -> Result<()> {
    let mut scene = Scene::new(&[
        ("net.ipv4.tcp_syncookies", "0"),
        ("net.ipv4.tcp_max_syn_backlog", "64"),
        ("net.ipv4.tcp_synack_retries", "1"),
    ])?;
    // A SYN flood; nothing of what comes back is answered.
    for _ in 0..2000 {
        Connection::new(&mut scene.peer, PORT).send_syn(&mut scene.peer)?;
    }
    scene.peer.settle()?;
    scene.bystander.echo(&mut scene.peer, b"meanwhile")?;
    let turned_away = scene.world.counter("Drop:TcpSynQueueFull");
    ensure!(turned_away >= 1900, "the queue has a limit: {turned_away} turned away");
    // Half-open connections are forgotten after their last SYN-ACK, and there is room again.
    let mut connection = wait_for("room for a newcomer", || {
        let mut connection = Connection::new(&mut scene.peer, PORT);
        let before = scene.world.counter("Drop:TcpSynQueueFull");
        if let Err(error) = connection.send_syn(&mut scene.peer).and_then(|()| scene.peer.settle()) {
            return Some(Err(error));
        }
        (scene.world.counter("Drop:TcpSynQueueFull") == before).then_some(Ok(connection))
    })??;
    let answer = connection.expect(&mut scene.peer, "a SYN-ACK", |segment| segment.flags.syn())?;
    connection.receive_next = answer.sequence.wrapping_add(1);
    connection.transmit(&mut scene.peer, Flags::ACK, b"")?;
    connection.echo(&mut scene.peer, b"there is room")?;
    scene.goes_on()
}

fn newcomers_get_in_by_cookies_during_a_flood() -> Result<()> {
    let mut scene = Scene::new(&[("net.core.somaxconn", "64")])?;
    for _ in 0..2000 {
        Connection::new(&mut scene.peer, PORT).send_syn(&mut scene.peer)?;
    }
    scene.peer.settle()?;
    let sent = scene.world.counter("TcpExt:SyncookiesSent");
    ensure!(sent >= 1900, "the queue is full: {sent} cookies");
    scene.connect()?.echo(&mut scene.peer, b"by cookie")?;
    ensure!(scene.world.counter("TcpExt:SyncookiesRecv") == 1, "one came back");
    scene.goes_on()
}
