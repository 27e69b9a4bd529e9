//! TCP, segment by segment, with a peer that keeps the rules (RFC 9293).

use anyhow::{Result, ensure};
use conformance::traffic::bytes;
use conformance::wire_peer::{Connection, Segment, WirePeer};
use conformance::world::World;
use stack_core::wire::tcp::{Fields, Flags, Options, Timestamps};

crate::cases! {
    a_connection_from_handshake_to_last_acknowledgement,
    a_syn_to_a_closed_port_is_reset,
    an_acknowledgement_to_a_closed_port_is_reset,
    options_that_are_offered_are_taken,
    segments_out_of_order_are_put_in_order,
    segments_that_come_twice_count_once,
    what_is_not_acknowledged_is_sent_again,
    a_closed_window_is_probed_until_it_opens,
    both_ends_may_close_at_the_same_time,
    fifty_connections_by_hand_at_once,
}

/// The port of the echo server.
const PORT: u16 = 7;

/// A stack with an echo server for many clients.
fn echo_world() -> Result<(World, conformance::world::Guest, WirePeer)> {
    let (world, peer) = World::with_peer(&[])?;
    let server = world.spawn("echo-server-raw", &[&PORT.to_string()])?;
    Ok((world, server, peer))
}

fn a_connection_from_handshake_to_last_acknowledgement() -> Result<()> {
    let (world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    let Options { mss, window_scale, timestamps, sack_permitted, .. } = connection.stack_options;
    ensure!(mss == Some(1460), "the MSS is the MTU less 40: {mss:?}");
    ensure!(
        window_scale.is_none() && timestamps.is_none() && !sack_permitted,
        "nothing that we did not offer"
    );
    connection.echo(&mut peer, b"hello")?;
    ensure!(world.counter("Tcp:PassiveOpens") == 1, "it is counted");
    connection.echo(&mut peer, &bytes(1, 20_000))?;
    connection.close(&mut peer)?;
    ensure!(world.counter("Tcp:RetransSegs") == 0, "nothing was sent twice");
    Ok(())
}

/// The answers of the stack to a single segment to `port`.
fn answers(peer: &mut WirePeer, fields: Fields, data: &[u8]) -> Result<Vec<Segment>> {
    peer.transmit(&peer.segment(&fields, data))?;
    Ok(peer.settle()?.iter().filter_map(|frame| frame.segment()).collect())
}

fn a_syn_to_a_closed_port_is_reset() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let syn = Fields { flags: Flags::SYN, sequence: 0xffff_ffff, ..Connection::new(&mut peer, 9).fields() };
    let answers = answers(&mut peer, syn, b"")?;
    let [reset] = &answers[..] else { anyhow::bail!("one answer is expected: {answers:?}") };
    // RFC 9293 section 3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
    ensure!(reset.flags == Flags::RST | Flags::ACK, "{reset:?}");
    ensure!((reset.sequence, reset.acknowledgement) == (0, 0), "{reset:?}");
    ensure!((reset.source_port, reset.destination_port) == (9, syn.source_port), "{reset:?}");
    ensure!(world.counter("Tcp:OutRsts") == 1, "it is counted");
    Ok(())
}

fn an_acknowledgement_to_a_closed_port_is_reset() -> Result<()> {
    let (_world, mut peer) = World::with_peer(&[])?;
    let fields = Connection::new(&mut peer, 9).fields();
    let sent = Fields { acknowledgement: 123_456, ..fields };
    let answered = answers(&mut peer, sent, b"data")?;
    let [reset] = &answered[..] else { anyhow::bail!("one answer is expected: {answered:?}") };
    // The same: <SEQ=SEG.ACK><CTL=RST>.
    ensure!(reset.flags == Flags::RST && reset.sequence == 123_456, "{reset:?}");
    let answered = answers(&mut peer, Fields { flags: Flags::RST, ..fields }, b"")?;
    ensure!(answered.is_empty(), "a reset is never answered: {answered:?}");
    Ok(())
}

fn options_that_are_offered_are_taken() -> Result<()> {
    let (_world, _server, mut peer) = echo_world()?;
    Connection::open(&mut peer, PORT)?.close(&mut peer)?;
    let mut connection = Connection::new(&mut peer, PORT);
    let timestamps = Timestamps { value: 1000, echo: 0 };
    let offered = Options {
        mss: Some(1000),
        window_scale: Some(7),
        timestamps: Some(timestamps),
        ..Options::default()
    };
    let syn = Fields { flags: Flags::SYN, acknowledgement: 0, options: offered, ..connection.fields() };
    peer.transmit(&peer.segment(&syn, b""))?;
    connection.send_next = connection.send_next.wrapping_add(1);
    let answer =
        connection.expect(&mut peer, "a SYN-ACK", |segment| segment.flags == Flags::SYN | Flags::ACK)?;
    let taken = answer.options;
    ensure!(taken.window_scale.is_some() && taken.timestamps.is_some_and(|t| t.echo == 1000), "{taken:?}");
    connection.receive_next = answer.sequence.wrapping_add(1);
    // Segments that are no longer than the MSS, and carry timestamps.
    let mut value = 1001;
    let mut segment = |connection: &Connection, peer: &mut WirePeer, data: &[u8]| {
        let echo = answer.options.timestamps.map_or(0, |timestamps| timestamps.value);
        let options = Options { timestamps: Some(Timestamps { value, echo }), ..Options::default() };
        value += 1;
        peer.transmit(&peer.segment(&Fields { options, ..connection.fields() }, data))
    };
    segment(&connection, &mut peer, b"")?;
    let data = bytes(2, 1400);
    for piece in data.chunks(700) {
        segment(&connection, &mut peer, piece)?;
        connection.send_next = connection.send_next.wrapping_add(piece.len() as u32);
    }
    let mut back = Vec::new();
    while back.len() < data.len() {
        let next = connection.receive_next;
        let wanted = |segment: &Segment| segment.sequence == next && !segment.payload.is_empty();
        let piece = connection.expect(&mut peer, "the data", wanted)?;
        ensure!(piece.options.timestamps.is_some(), "every segment has timestamps: {piece:?}");
        ensure!(piece.payload.len() <= 988, "the MSS counts options: {} bytes", piece.payload.len());
        connection.receive_next = next.wrapping_add(piece.payload.len() as u32);
        segment(&connection, &mut peer, b"")?;
        back.extend(piece.payload);
    }
    ensure!(back == data, "other bytes came back");
    Ok(())
}

fn segments_out_of_order_are_put_in_order() -> Result<()> {
    let (world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    let data = bytes(3, 10 * 1000);
    let start = connection.send_next;
    for index in [3, 1, 9, 4, 2, 8, 0, 7, 5, 6_u32] {
        connection.send_next = start.wrapping_add(index * 1000);
        connection.transmit(&mut peer, Flags::ACK, &data[index as usize * 1000..][..1000])?;
    }
    connection.send_next = start.wrapping_add(10 * 1000);
    let back = connection.receive_exactly(&mut peer, data.len())?;
    ensure!(back == data, "the bytes are out of order");
    ensure!(world.counter("TcpExt:TCPOFOQueue") >= 6, "what came early was kept");
    Ok(())
}

fn segments_that_come_twice_count_once() -> Result<()> {
    let (_world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    let data = bytes(4, 5000);
    let start = connection.send_next;
    // Overlapping pieces, each byte three times and more.
    for at in (0..data.len()).step_by(250) {
        let piece = &data[at..data.len().min(at + 1000)];
        connection.send_next = start.wrapping_add(at as u32);
        connection.transmit(&mut peer, Flags::ACK, piece)?;
    }
    connection.send_next = start.wrapping_add(data.len() as u32);
    let back = connection.receive_exactly(&mut peer, data.len())?;
    ensure!(back == data, "the bytes were changed");
    connection.echo(&mut peer, b"and no more than these")?;
    Ok(())
}

fn what_is_not_acknowledged_is_sent_again() -> Result<()> {
    let (world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    connection.transmit(&mut peer, Flags::ACK | Flags::PSH, b"hello")?;
    for time in 0..3 {
        let segment = connection.expect(&mut peer, "the data", |segment| !segment.payload.is_empty())?;
        ensure!(
            segment.payload == b"hello" && segment.sequence == connection.receive_next,
            "{time}: {segment:?}"
        );
    }
    ensure!(world.counter("Tcp:RetransSegs") >= 2, "it is counted");
    ensure!(world.counter("TcpExt:TCPTimeouts") >= 2, "it is counted");
    connection.receive_next = connection.receive_next.wrapping_add(5);
    connection.transmit(&mut peer, Flags::ACK, b"")?;
    connection.echo(&mut peer, b"it goes on")?;
    Ok(())
}

fn a_closed_window_is_probed_until_it_opens() -> Result<()> {
    let (world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    connection.window = 0;
    connection.transmit(&mut peer, Flags::ACK | Flags::PSH, b"hello")?;
    for _ in 0..2 {
        // Linux: tcp_xmit_probe_skb repeats the last byte that was acknowledged, without data.
        let before = connection.receive_next.wrapping_sub(1);
        let probe = connection.expect(&mut peer, "a probe", |segment| segment.sequence == before)?;
        ensure!(probe.payload.len() <= 1, "{probe:?}");
        connection.transmit(&mut peer, Flags::ACK, b"")?;
    }
    ensure!(world.counter("TcpExt:TCPWinProbe") >= 2, "they are counted");
    connection.window = u16::MAX;
    connection.transmit(&mut peer, Flags::ACK, b"")?;
    ensure!(connection.receive_exactly(&mut peer, 5)? == b"hello", "what waited comes");
    connection.echo(&mut peer, &bytes(5, 3000))?;
    Ok(())
}

fn both_ends_may_close_at_the_same_time() -> Result<()> {
    let (_world, _server, mut peer) = echo_world()?;
    let mut connection = Connection::open(&mut peer, PORT)?;
    connection.echo(&mut peer, b"hello")?;
    // The server closes when it has read our end; its FIN is answered with one that has crossed it.
    let crossing = connection.fields();
    connection.transmit(&mut peer, Flags::FIN | Flags::ACK, b"")?;
    let next = connection.receive_next;
    let theirs = connection.expect(&mut peer, "a FIN", |s| s.sequence == next && s.flags.fin())?;
    peer.transmit(&peer.segment(&Fields { flags: Flags::FIN | Flags::ACK, ..crossing }, b""))?;
    connection.receive_next = theirs.sequence.wrapping_add(1);
    connection.transmit(&mut peer, Flags::ACK, b"")?;
    // The port serves others as before.
    Connection::open(&mut peer, PORT)?.echo(&mut peer, b"next")?;
    Ok(())
}

fn fifty_connections_by_hand_at_once() -> Result<()> {
    let (world, _server, mut peer) = echo_world()?;
    let mut connections = Vec::new();
    for _ in 0..50 {
        connections.push(Connection::open(&mut peer, PORT)?);
    }
    let data = |connection: &Connection| bytes(connection.port.into(), 1000);
    for connection in &mut connections {
        connection.transmit(&mut peer, Flags::ACK | Flags::PSH, &data(connection))?;
    }
    for connection in connections.iter_mut().rev() {
        let expected = data(connection);
        ensure!(connection.receive_exactly(&mut peer, expected.len())? == expected, "other bytes came back");
    }
    for connection in connections {
        connection.close(&mut peer)?;
    }
    ensure!(world.counter("Tcp:PassiveOpens") >= 50, "they are counted");
    Ok(())
}
