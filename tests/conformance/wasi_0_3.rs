//! Guests of WASI 0.3. The guest asks the questions; it exports `wasi:cli/run` of both generations and fails when it is
//! started through 0.2, so that each case says that 0.3 was taken.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::namespace::Namespace;
use conformance::traffic::{self, bytes};
use conformance::wire_peer::{Connection, Segment};
use conformance::wnet_process::{Wnet, run};
use conformance::world::{PEER, World};
use conformance::{artifacts, deadline};
use stack_core::wire::tcp::Flags;
use wnet::guest::GuestExit;

use crate::linux::ECHO;
use crate::many_guests::{ended, expect_progress, limited, start};

crate::cases! {
    tcp_sockets_of_wasi_0_3_are_as_the_standard_says,
    udp_sockets_of_wasi_0_3_are_as_the_standard_says,
    names_are_looked_up_in_wasi_0_3,
    what_is_denied_is_denied_in_wasi_0_3,
    both_generations_of_wasi_share_a_stack,
    a_trap_resets_connections_of_which_there_are_only_streams,
    an_end_with_unread_data_is_a_reset_in_wasi_0_3_too,
    who_is_ended_resets_connections_with_unread_data_in_wasi_0_3_too,
    an_attempt_that_is_given_up_is_over,
    exit_codes_of_wasi_0_3_are_passed_on,
    sockets_and_buffers_of_wasi_0_3_end_at_their_limits,
    a_guest_of_wasi_0_3_that_computes_does_not_slow_the_others,
    a_guest_of_wasi_0_3_serves_linux,
    guests_of_both_generations_are_started_together_and_talk,
    limits_are_for_each_guest_of_either_generation,
}

const GUEST: &str = "test/wasi-0-3";

/// Has the guest ask about `topic`, on a machine that has the loopback device alone.
fn ask(topic: &str) -> Result<()> {
    let guest = artifacts::component(GUEST)?;
    let ended = run(["--nic".as_ref(), "none".as_ref(), guest.as_os_str(), topic.as_ref()])?;
    ensure!(ended.code == Some(0) && ended.output == b"asked\n", "{ended:?}");
    Ok(())
}

fn tcp_sockets_of_wasi_0_3_are_as_the_standard_says() -> Result<()> {
    ask("tcp")
}

fn udp_sockets_of_wasi_0_3_are_as_the_standard_says() -> Result<()> {
    ask("udp")
}

fn names_are_looked_up_in_wasi_0_3() -> Result<()> {
    ask("names")
}

fn what_is_denied_is_denied_in_wasi_0_3() -> Result<()> {
    let guest = artifacts::component(GUEST)?;
    let rule = "--allow-outbound=tcp://127.0.0.1:*";
    let words = ["--nic".as_ref(), "none".as_ref(), rule.as_ref(), guest.as_os_str(), "denied".as_ref()];
    let ended = run(words)?;
    ensure!(ended.code == Some(0) && ended.output == b"asked\n", "{ended:?}");
    for flag in ["--allow-inbound=", "--allow-outbound=", "--allow-resolve="] {
        ensure!(ended.error.contains(flag), "{flag}: {ended:?}");
    }
    Ok(())
}

fn both_generations_of_wasi_share_a_stack() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _newer = world.spawn(GUEST, &["serve", "8"])?;
    let _older = world.spawn("echo-server-raw", &["7"])?;
    let mut new = Connection::open(&mut peer, 8)?;
    let mut old = Connection::open(&mut peer, 7)?;
    for round in 0..10 {
        new.echo(&mut peer, &bytes(round, 1000))?;
        old.echo(&mut peer, &bytes(round, 1000))?;
    }
    new.close(&mut peer)?;
    // Its streams were one; the next connection is served.
    Connection::open(&mut peer, 8)?.echo(&mut peer, b"the next one")?;
    ensure!(world.failure().is_none(), "{:?}", world.failure());
    Ok(())
}

fn a_trap_resets_connections_of_which_there_are_only_streams() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let trapping = world.spawn(GUEST, &["trap", "8"])?;
    let mut victim = Connection::open(&mut peer, 8)?;
    victim.transmit(&mut peer, Flags::ACK | Flags::PSH, b"x")?;
    victim.expect(&mut peer, "a reset", |segment| segment.flags.rst())?;
    let exit = trapping.wait()?;
    ensure!(matches!(exit, GuestExit::Trap(_)), "{exit:?}");
    // Its port is free again.
    let again = world.spawn("echo-server-raw", &["8"])?;
    Connection::open(&mut peer, 8)?.echo(&mut peer, b"the next one")?;
    ensure!(!again.has_ended() && world.failure().is_none(), "{:?}", world.failure());
    Ok(())
}

fn an_end_with_unread_data_is_a_reset_in_wasi_0_3_too() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for (data, resets) in [(&b"x"[..], false), (b"xyz", true)] {
        let guest = world.spawn(GUEST, &["leave", "8"])?;
        let mut connection = Connection::open(&mut peer, 8)?;
        connection.transmit(&mut peer, Flags::ACK | Flags::PSH, data)?;
        let ends = |segment: &Segment| segment.flags.rst() || segment.flags.fin();
        let end = connection.expect(&mut peer, "the end", ends)?;
        ensure!(end.flags.rst() == resets, "{data:?}: {:?}", end.flags);
        ensure!(guest.wait()? == GuestExit::Code(7));
        connection.transmit(&mut peer, Flags::RST | Flags::ACK, b"")?;
    }
    Ok(())
}

fn who_is_ended_resets_connections_with_unread_data_in_wasi_0_3_too() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for (data, resets) in [(&b"h"[..], false), (b"hyz", true)] {
        let guest = world.spawn(GUEST, &["leave", "8"])?;
        let mut connection = Connection::open(&mut peer, 8)?;
        connection.transmit(&mut peer, Flags::ACK | Flags::PSH, data)?;
        connection.expect(&mut peer, "the first byte", |segment| segment.payload == b"h")?;
        drop(guest);
        let ends = |segment: &Segment| segment.flags.rst() || segment.flags.fin();
        let end = connection.expect(&mut peer, "the end", ends)?;
        ensure!(end.flags.rst() == resets, "{data:?}: {:?}", end.flags);
        connection.transmit(&mut peer, Flags::RST | Flags::ACK, b"")?;
    }
    Ok(())
}

fn an_attempt_that_is_given_up_is_over() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _guest = world.spawn(GUEST, &["give-up", &PEER.to_string(), "8"])?;
    let syn = peer.expect("a SYN", |frame| frame.segment().filter(|segment| segment.flags.syn()))?;
    // Its socket is still there, and the guest serves by now.
    Connection::open(&mut peer, 8)?.echo(&mut peer, b"hello")?;
    let mut late = Connection::new(&mut peer, syn.source_port);
    (late.port, late.receive_next) = (syn.destination_port, syn.sequence.wrapping_add(1));
    late.transmit(&mut peer, Flags::SYN | Flags::ACK, b"")?;
    late.expect(&mut peer, "a reset", |segment| segment.flags.rst())?;
    Ok(())
}

fn exit_codes_of_wasi_0_3_are_passed_on() -> Result<()> {
    let mut wnet = start(&["-p", "0:8", GUEST, "leave", "8", "+", "test/exit", "0"])?;
    drop(wnet.input());
    wnet.wait_for_line("listening on 8")?;
    (&traffic::connect((Ipv4Addr::LOCALHOST, wnet.published_port()?))?).write_all(b"x")?;
    let ended = wnet.wait()?;
    ensure!(ended.code == Some(7), "{ended:?}");
    Ok(())
}

fn sockets_and_buffers_of_wasi_0_3_end_at_their_limits() -> Result<()> {
    const LIMIT: u64 = 1 << 20;
    let sockets = limited("--max-sockets", "5", [GUEST, "sockets"])?.join(" ");
    ensure!(sockets.starts_with("5 sockets, then ") && sockets.contains("new-socket-limit"), "{sockets}");
    for what in ["tcp-buffers", "udp-buffers"] {
        let words = limited("--max-buffers", "1M", [GUEST, what])?;
        let taken: u64 = words.first().context("a number")?.parse()?;
        ensure!((LIMIT / 2..=LIMIT).contains(&taken), "{what}: {words:?}");
        ensure!(words.join(" ").contains("OutOfMemory"), "{what}: {words:?}");
    }
    Ok(())
}

fn a_guest_of_wasi_0_3_that_computes_does_not_slow_the_others() -> Result<()> {
    let wnet = start(&["-p", "0:7", GUEST, "spin", "+", GUEST, "spin", "+", "echo-server", "7"])?;
    wnet.wait_for_line("spinning")?;
    expect_progress(&wnet)?;
    wnet.terminate()?;
    Ok(())
}

fn a_guest_of_wasi_0_3_serves_linux() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let guest = artifacts::component(GUEST)?;
    let _wnet = Wnet::start_on_tap(&linux, [guest.as_os_str(), "serve".as_ref(), "7".as_ref()])?;
    let stream = deadline::wait_for("the guest to listen", || linux.connect(ECHO).ok())?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let data = bytes(3, 5_000_000);
    let echoed = std::thread::scope(|scope| {
        scope.spawn(|| {
            let sent = (&stream).write_all(&data);
            sent.and_then(|()| stream.shutdown(std::net::Shutdown::Write))
        });
        let mut echoed = Vec::new();
        (&stream).read_to_end(&mut echoed).map(|_| echoed)
    })?;
    ensure!(echoed == data, "{} of {} bytes", echoed.len(), data.len());
    Ok(())
}

fn guests_of_both_generations_are_started_together_and_talk() -> Result<()> {
    let newer = |words: &[&str]| -> Result<()> {
        let mut wnet = start(&[&["--nic", "none"], words].concat())?;
        drop(wnet.input());
        wnet.wait_for_line("asked")?;
        wnet.terminate()?;
        Ok(())
    };
    newer(&["echo-server-raw", "7", "+", GUEST, "ask", "7"])?;
    newer(&[GUEST, "serve", "7", "+", GUEST, "ask", "7"])?;
    // The older one asks.
    let wnet = start(&["--nic", "none", GUEST, "serve", "7", "+", "test/stress", "turns", "7", "10"])?;
    wnet.wait_for_line("10 connections")?;
    wnet.terminate()?;
    Ok(())
}

fn limits_are_for_each_guest_of_either_generation() -> Result<()> {
    let both = |option: &[&str], what: &str| -> Result<Vec<String>> {
        let guests = ["test/limits", what, "+", GUEST, what];
        let ended = ended(&[&["--nic", "none"], option, &guests].concat())?;
        ensure!(ended.code == Some(0), "{what}: {ended:?}");
        let lines = String::from_utf8(ended.output)?;
        Ok(lines.lines().filter(|line| line.contains(", then ")).map(str::to_owned).collect())
    };
    let sockets = both(&["--max-sockets", "5"], "sockets")?;
    ensure!(sockets.len() == 2 && sockets.iter().all(|line| line.starts_with("5 sockets")), "{sockets:?}");
    for (option, what, range) in
        [("--max-memory", "memory", 24..32), ("--max-buffers", "tcp-buffers", 16 << 20..33 << 20)]
    {
        let taken = both(&[option, "32M"], what)?;
        let numbers: Vec<u64> =
            taken.iter().filter_map(|line| line.split(' ').next()?.parse().ok()).collect();
        ensure!(numbers.len() == 2 && numbers.iter().all(|number| range.contains(number)), "{taken:?}");
    }
    Ok(())
}
