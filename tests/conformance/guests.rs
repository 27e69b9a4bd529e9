//! Guests and what becomes of them: exit codes, surroundings, traps, and several on one stack.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use conformance::namespace::Namespace;
use conformance::scratch::Scratch;
use conformance::traffic::bytes;
use conformance::wire_peer::Connection;
use conformance::wnet_process::{Wnet, run};
use conformance::world::World;
use conformance::{artifacts, deadline};
use rustix::process::Signal;
use stack_core::wire::tcp::Flags;
use wnet::guest::GuestExit;

use crate::linux::ECHO;

crate::cases! {
    the_guests_exit_code_is_passed_on,
    arguments_environment_and_files_are_the_given_ones_alone,
    the_second_start_compiles_nothing,
    a_guest_that_traps_at_once_ends_with_134,
    a_trap_ends_the_guests_connections_for_the_peer,
    a_guest_that_traps_leaves_the_stack_to_others,
    rules_that_a_guest_breaks_are_its_own_end,
    a_signal_ends_a_guest_that_waits,
    a_signal_ends_a_guest_that_computes,
    a_guest_that_computes_does_not_stop_the_stack,
    a_guest_without_a_network_card_has_the_loopback_device,
}

fn the_guests_exit_code_is_passed_on() -> Result<()> {
    let guest = artifacts::component("test/exit")?;
    // WASI 0.2 knows success and failure; a program's other codes are failures before they reach the host.
    for (code, passed_on) in [(0, 0), (1, 1), (3, 1), (255, 1)] {
        let ended = run([guest.as_os_str(), code.to_string().as_ref()])?;
        ensure!(ended.code == Some(passed_on), "{code}: {ended:?}");
        ensure!(ended.error.is_empty(), "nothing is to be said about that: {ended:?}");
    }
    Ok(())
}

fn arguments_environment_and_files_are_the_given_ones_alone() -> Result<()> {
    let scratch = Scratch::new()?;
    scratch.write("outside", "secret")?;
    let data = scratch.file("data");
    std::fs::create_dir(&data)?;
    std::fs::write(data.join("note"), "hello")?;
    let mapping = format!("{}::/data", data.display());
    let mut command = Command::new(artifacts::wnet()?);
    command.args(["run", "--dir", &mapping, "--env", "COLOUR=green", "--env", "FROM_OUTSIDE"]);
    command.env("FROM_OUTSIDE", "yes").env("NOT_GIVEN", "no");
    command.arg(artifacts::component("test/surroundings")?).args(["--nic", "two words"]);
    let ended = Wnet::spawn(&mut command)?.wait()?;
    let printed = String::from_utf8_lossy(&ended.output).into_owned();
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    let expected = [
        "argument --nic",
        "argument surroundings.wasm",
        "argument two words",
        "file note hello",
        "variable COLOUR=green",
        "variable FROM_OUTSIDE=yes",
    ];
    let (outside, rest): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.starts_with("outside "));
    ensure!(rest == expected, "{printed}\n{}", ended.error);
    ensure!(outside.len() == 1, "the folder's surroundings are out of reach: {printed}");
    Ok(())
}

/// What makes it quick; how long it takes is the machine's matter.
fn the_second_start_compiles_nothing() -> Result<()> {
    let guest = artifacts::component("test/exit")?;
    let cache = Scratch::new()?;
    let start = || -> Result<Vec<Compiled>> {
        let mut command = Command::new(artifacts::wnet()?);
        command.env("XDG_CACHE_HOME", cache.folder()).arg("run").arg(&guest).arg("0");
        let ended = Wnet::spawn(&mut command)?.wait()?;
        ensure!(ended.code == Some(0), "{ended:?}");
        let mut compiled = Vec::new();
        find_compiled(cache.folder(), &mut compiled)?;
        compiled.sort();
        Ok(compiled)
    };
    let (first, second) = (start()?, start()?);
    ensure!(first.len() == 2, "the stack and the guest: {first:#?}");
    ensure!(first == second, "first {first:#?}, then {second:#?}");
    Ok(())
}

/// What was compiled and when, with the number of its file: one that is written anew has another.
type Compiled = (PathBuf, SystemTime, u64);

/// Adds what a cache has of wasmtime's. Beside each component it keeps how often that was wanted.
fn find_compiled(folder: &Path, compiled: &mut Vec<Compiled>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."));
        if path.is_dir() {
            find_compiled(&path, compiled)?;
        } else if path.extension().is_none() && !hidden {
            let about = path.metadata()?;
            compiled.push((path, about.modified()?, about.ino()));
        }
    }
    Ok(())
}

fn a_guest_that_traps_at_once_ends_with_134() -> Result<()> {
    let ended = run([artifacts::component("test/trap")?])?;
    ensure!(ended.code == Some(134), "{ended:?}");
    ensure!(ended.error.contains("wnet: the guest trapped: "), "{ended:?}");
    ensure!(ended.error.contains("unreachable"), "the trap is named: {ended:?}");
    Ok(())
}

fn a_trap_ends_the_guests_connections_for_the_peer() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let guest = artifacts::component("test/trap")?;
    let wnet = Wnet::start_on_tap(&linux, [guest.as_os_str(), OsStr::new("7")])?;
    let stream = deadline::wait_for("the guest to listen", || linux.connect(ECHO).ok())?;
    std::io::Write::write_all(&mut &stream, b"x")?;
    let end = (&stream).read(&mut [0]).expect_err("the guest did not end in order");
    ensure!(end.kind() == ErrorKind::ConnectionReset, "{end}");
    let ended = wnet.wait()?;
    ensure!(ended.code == Some(134), "{ended:?}");
    Ok(())
}

fn a_guest_that_traps_leaves_the_stack_to_others() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _server = world.spawn("echo-server-raw", &["7"])?;
    let trapping = world.spawn("test/trap", &["8"])?;
    let mut bystander = Connection::open(&mut peer, 7)?;
    let mut victim = Connection::open(&mut peer, 8)?;
    victim.transmit(&mut peer, Flags::ACK | Flags::PSH, b"x")?;
    victim.expect(&mut peer, "a reset", |segment| segment.flags.rst())?;
    let exit = trapping.wait()?;
    ensure!(matches!(exit, GuestExit::Trap(_)), "{exit:?}");
    bystander.echo(&mut peer, &bytes(1, 10_000))?;
    // Its port is free again.
    let again = world.spawn("echo-server-raw", &["8"])?;
    Connection::open(&mut peer, 8)?.echo(&mut peer, b"the next one")?;
    ensure!(!again.has_ended() && world.failure().is_none(), "{:?}", world.failure());
    Ok(())
}

fn rules_that_a_guest_breaks_are_its_own_end() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _server = world.spawn("echo-server-raw", &["7"])?;
    let mut bystander = Connection::open(&mut peer, 7)?;
    for rule in ["overwrite", "unpermitted", "long-blocking-write", "poll-nothing", "parent-first"] {
        let exit = world.spawn("test/misuse", &[rule])?.wait().with_context(|| rule.to_owned())?;
        ensure!(matches!(exit, GuestExit::Trap(_)), "{rule}: {exit:?}");
        // The same connection: the stack that it was made on has lived on.
        bystander.echo(&mut peer, rule.as_bytes()).with_context(|| rule.to_owned())?;
    }
    Ok(())
}

/// Starts a guest, and expects it to end with this code after this signal.
fn expect_end(guest: &str, arguments: &[&str], line: &str, signal: Signal, code: i32) -> Result<()> {
    let guest = artifacts::component(guest)?;
    let wnet = Wnet::start([guest.as_os_str()].into_iter().chain(arguments.iter().map(OsStr::new)))?;
    wnet.wait_for_line(line)?;
    let begun = Instant::now();
    wnet.signal(signal)?;
    let ended = wnet.wait()?;
    ensure!(ended.code == Some(code), "{ended:?}");
    ensure!(begun.elapsed().as_secs() < 5, "it took {:?}", begun.elapsed());
    ensure!(ended.error.is_empty(), "nothing is to be said about that: {ended:?}");
    Ok(())
}

fn a_signal_ends_a_guest_that_waits() -> Result<()> {
    expect_end("echo-server", &["7"], "listening on ", Signal::TERM, 143)?;
    expect_end("echo-server-raw", &["7"], "listening on ", Signal::INT, 130)
}

fn a_signal_ends_a_guest_that_computes() -> Result<()> {
    expect_end("test/spin", &[], "spinning", Signal::TERM, 143)?;
    expect_end("test/spin", &[], "spinning", Signal::INT, 130)
}

fn a_guest_that_computes_does_not_stop_the_stack() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    let _server = world.spawn("echo-server-raw", &["7"])?;
    let _spinning = world.spawn("test/spin", &[])?;
    let mut connection = Connection::open(&mut peer, 7)?;
    for round in 0..50 {
        connection.echo(&mut peer, &bytes(round, 1000))?;
    }
    connection.close(&mut peer)
}

fn a_guest_without_a_network_card_has_the_loopback_device() -> Result<()> {
    // It connects to itself over 127.0.0.1 before it breaks the rule.
    let guest = artifacts::component("test/misuse")?;
    let ended = run(["--nic".as_ref(), "none".as_ref(), guest.as_os_str(), "poll-nothing".as_ref()])?;
    ensure!(ended.code == Some(134), "{ended:?}");
    let client = artifacts::component("echo-client")?;
    let ended = run(["--nic", "none"].map(OsStr::new).into_iter().chain([
        client.as_os_str(),
        "192.0.2.1".as_ref(),
        "9".as_ref(),
    ]))?;
    ensure!(ended.code == Some(1) && ended.error.contains("unreachable"), "{ended:?}");
    Ok(())
}
