//! Other stack components in the place of ours (`--stack`), and ours when it fails.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::odd_components::{self, sabotaged};
use conformance::scratch::Scratch;
use conformance::traffic::{self, bytes};
use conformance::wnet_process::{Ended, run};
use conformance::world::World;
use conformance::{artifacts, deadline};
use wnet::guest::GuestExit;

use crate::ports_published::published;

crate::cases! {
    the_same_stack_from_a_file_serves,
    a_stack_with_needless_imports_serves,
    a_program_is_no_stack,
    an_empty_component_is_no_stack,
    a_stack_that_wants_more_than_there_is_is_refused,
    files_that_are_no_components_are_refused,
    a_stack_that_traps_when_it_starts_is_a_failure_of_the_host,
    a_stack_that_traps_on_every_socket_gives_errors_and_no_crash,
    a_stack_that_traps_in_the_middle_is_started_again,
    guests_of_wasi_0_3_outlive_a_stack_that_traps,
}

/// Runs the echo server on the stack in `file`.
fn run_on(file: &Path) -> Result<Ended> {
    let guest = artifacts::component("echo-server")?;
    run(["--stack".as_ref(), file.as_os_str(), guest.as_os_str()])
}

/// Expects this exit code and one line with these words.
fn expect(ended: &Ended, code: i32, words: &[&str]) -> Result<()> {
    ensure!(ended.code == Some(code), "{code} is expected: {ended:?}");
    ensure!(ended.error.lines().count() == 1 && ended.output.is_empty(), "one line is expected: {ended:?}");
    ensure!(words.iter().all(|word| ended.error.contains(word)), "{words:?} are expected: {ended:?}");
    Ok(())
}

fn the_same_stack_from_a_file_serves() -> Result<()> {
    let stack = artifacts::component("stack")?;
    let file = stack.to_str().expect("target folders have plain names");
    let (wnet, port) = published("echo-server", &["--stack", file])?;
    traffic::echo(&traffic::connect(("127.0.0.1", port))?, &bytes(1, 1 << 20))?;
    wnet.terminate()?;
    Ok(())
}

fn a_stack_with_needless_imports_serves() -> Result<()> {
    let stack = odd_components::with_needless_imports(&artifacts::component_bytes("stack")?)?;
    let scratch = Scratch::new()?;
    let file = scratch.write("needy.wasm", stack)?;
    let (wnet, port) = published("echo-server", &["--stack", file.to_str().context("a plain name")?])?;
    traffic::echo(&traffic::connect(("127.0.0.1", port))?, &bytes(2, 1 << 20))?;
    wnet.terminate()?;
    Ok(())
}

fn a_program_is_no_stack() -> Result<()> {
    let ended = run_on(&artifacts::component("echo-server")?)?;
    expect(&ended, 126, &["echo-server.wasm", "wnet:stack/stack", "does not export wasi:io/streams@0.2.12"])
}

fn an_empty_component_is_no_stack() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.write("empty.wasm", odd_components::empty_component())?;
    expect(
        &run_on(&file)?,
        126,
        &["empty.wasm", "wnet:stack/stack", "does not export wasi:io/streams@0.2.12"],
    )
}

fn a_stack_that_wants_more_than_there_is_is_refused() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.write("strange.wasm", odd_components::guest_with_a_strange_import())?;
    expect(&run_on(&file)?, 126, &["strange.wasm", "example:strange/thing@1.2.3"])
}

fn files_that_are_no_components_are_refused() -> Result<()> {
    let scratch = Scratch::new()?;
    let text = scratch.write("text.wasm", "not WebAssembly at all")?;
    expect(&run_on(&text)?, 126, &["text.wasm"])?;
    let module = scratch.write("module.wasm", odd_components::core_module())?;
    expect(&run_on(&module)?, 126, &["module.wasm", "core"])?;
    expect(&run_on(&scratch.file("absent.wasm"))?, 127, &["absent.wasm"])?;
    expect(&run_on(scratch.folder())?, 125, &["wnet: "])
}

fn a_stack_that_traps_when_it_starts_is_a_failure_of_the_host() -> Result<()> {
    let stack = artifacts::component_bytes("stack")?;
    let stack = sabotaged(&stack, &["wnet:stack/reactor@0.1.0#configure"])?;
    let scratch = Scratch::new()?;
    let file = scratch.write("stillborn.wasm", stack)?;
    expect(&run_on(&file)?, 125, &["stillborn.wasm"])
}

fn a_stack_that_traps_on_every_socket_gives_errors_and_no_crash() -> Result<()> {
    let stack = artifacts::component_bytes("stack")?;
    let stack = sabotaged(&stack, &["wasi:sockets/tcp-create-socket@0.2.12#create-tcp-socket"])?;
    let scratch = Scratch::new()?;
    let file = scratch.write("sore.wasm", stack)?;
    let ended = run_on(&file)?;
    ensure!(
        matches!(ended.code, Some(1 | 125)),
        "an error of the guest, or the stack is given up: {ended:?}"
    );
    ensure!(!ended.error.contains("panicked"), "{ended:?}");
    Ok(())
}

fn a_stack_that_traps_in_the_middle_is_started_again() -> Result<()> {
    dies_under("echo-server-raw", &["7"])
}

fn guests_of_wasi_0_3_outlive_a_stack_that_traps() -> Result<()> {
    dies_under("test/wasi-0-3", &["serve", "7"])
}

/// A server goes on with the next stack, until there is none.
fn dies_under(server: &str, arguments: &[&str]) -> Result<()> {
    let stack = artifacts::component_bytes("stack")?;
    let stack = sabotaged(&stack, &["wasi:io/streams@0.2.12#[method]output-stream.write"])?;
    let (world, _gateway, address) = World::with_gateway(stack, 7)?;
    let server = world.spawn(server, arguments)?;
    // Each answer that the server wants to give kills the stack. The server does not notice: it listens on the
    // next stack.
    for number in 0..3 {
        kill(&world, address).with_context(|| format!("death {number}"))?;
        ensure!(world.failure().is_none(), "{number}: {:?}", world.failure());
        ensure!(!server.has_ended(), "the server lives on");
    }
    // When that happens too often within a minute the stack is given up, and the server with it.
    deadline::wait_for("the stack to be given up", || match kill(&world, address) {
        Ok(()) => world.failure().map(|_| Ok(())),
        Err(error) => Some(Err(error)),
    })??;
    let ended = server.wait();
    ensure!(!matches!(ended, Ok(GuestExit::Code(0) | GuestExit::Trap(_))), "{ended:?}");
    Ok(())
}

/// Has the server send an answer. Answers when the connection has ended, or nobody is there any more.
fn kill(world: &World, address: SocketAddr) -> Result<()> {
    /// Who is silent may have forgotten the connection, and says so when more comes.
    const SILENCE: Duration = Duration::from_millis(50);
    let stream = traffic::connect(address)?;
    stream.set_read_timeout(Some(SILENCE))?;
    deadline::wait_for("the end of the connection", || {
        if (&stream).write_all(b"hello").is_err() || world.failure().is_some() {
            return Some(Ok(()));
        }
        match (&stream).read(&mut [0; 5]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            Ok(0) | Err(_) => Some(Ok(())),
            Ok(_) => Some(Err(anyhow::anyhow!("an answer came"))),
        }
    })?
}
