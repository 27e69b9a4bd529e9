//! Much at once: sockets of one guest, guests on one stack, connections over time, and guests that behave badly beside one that
//! does not.

use anyhow::{Result, ensure};
use conformance::world::{Guest, World};
use wnet::guest::GuestExit;

crate::cases! {
    ten_thousand_accepted_connections_leave_memory_as_it_was,
    a_thousand_sockets_of_one_guest_work_at_once,
    twenty_guests_talk_to_each_other_at_once,
    a_guest_works_beside_those_that_spin_pour_and_do_not_read,
}

const GUEST: &str = "test/stress";

/// Connections after which memory has its size.
const WARM: u64 = 2000;

/// Connections in all.
const MANY: u64 = 10_000;

/// How much more memory the stack may have after all of them: 32 bytes for each, where a socket takes a kilobyte. (Memory is taken
/// in pieces of 64 KiB; what was free then is in other places now.)
const GROWTH: u64 = 256 << 10;

/// Connections that wait after their end (Linux: TIME-WAIT) are limited, so that the first ones need not go before the last ones
/// come.
const FEW_WAIT: [(&str, &str); 1] = [("net.ipv4.tcp_max_tw_buckets", "500")];

fn ten_thousand_accepted_connections_leave_memory_as_it_was() -> Result<()> {
    let (world, _peer) = World::with_peer(&FEW_WAIT)?;
    let server = world.spawn("echo-server-raw", &["7"])?;
    let connections =
        |count: u64| expect(&world, &format!("turns 7 {count}"), &format!("{count} connections"));
    connections(WARM)?;
    let before = world.stack_memory();
    connections(MANY - WARM)?;
    let after = world.stack_memory();
    ensure!(before > 0 && after - before <= GROWTH, "from {} KiB to {} KiB", before >> 10, after >> 10);
    ensure!(world.counter("Tcp:PassiveOpens") >= MANY, "{}", world.counter("Tcp:PassiveOpens"));
    drop(server);
    world.expect_no_sockets()
}

fn a_thousand_sockets_of_one_guest_work_at_once() -> Result<()> {
    let (world, _peer) = World::with_peer(&[])?;
    expect(&world, "many 400 200", "1000 sockets")?;
    world.expect_no_sockets()
}

fn twenty_guests_talk_to_each_other_at_once() -> Result<()> {
    const GUESTS: u16 = 20;
    let (world, _peer) = World::with_peer(&[])?;
    let words = |own: u16| ["crowd".into(), "100".into(), GUESTS.to_string(), own.to_string(), "5".into()];
    let start = |own| world.spawn(GUEST, &words(own).each_ref().map(String::as_str));
    let guests = (0..GUESTS).map(start).collect::<Result<Vec<Guest>>>()?;
    for (number, guest) in guests.into_iter().enumerate() {
        let exit = guest.wait()?;
        ensure!(exit == GuestExit::Code(0), "guest {number}: {exit:?}");
    }
    world.expect_no_sockets()
}

fn a_guest_works_beside_those_that_spin_pour_and_do_not_read() -> Result<()> {
    let (world, _peer) = World::with_peer(&[])?;
    let bad = [
        ("test/spin", &[][..]),
        ("test/patient-reader", &["8"]),
        (GUEST, &["pour", "8"]),
        ("test/udp-flood", &["127.0.0.1", "9"]),
    ];
    let bad =
        bad.map(|(name, words)| world.spawn(name, words)).into_iter().collect::<Result<Vec<Guest>>>()?;
    let server = world.spawn("echo-server-raw", &["7"])?;
    expect(&world, "turns 7 200", "200 connections")?;
    expect(&world, "many 20 20", "60 sockets")?;
    ensure!(!bad.iter().any(Guest::has_ended), "who behaves badly is let");
    drop((bad, server));
    world.expect_no_sockets()
}

/// Runs the guest, and expects it to say this at its end.
fn expect(world: &World, words: &str, said: &str) -> Result<()> {
    let told = world.ask(GUEST, words)?;
    ensure!(told.exit == GuestExit::Code(0) && told.output.trim() == said, "{words}: {told:?}");
    Ok(())
}
