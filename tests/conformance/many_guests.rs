//! Several guests on one stack: `wnet run A + B`, `wnet up FILE`, what each may take, and what is left of those that end.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::deadline::wait_for;
use conformance::odd_components::from_text;
use conformance::scratch::Scratch;
use conformance::traffic::{self, bytes};
use conformance::wire_peer::Connection;
use conformance::wnet_process::{Ended, Wnet, run};
use conformance::world::World;
use rustix::process::Signal;
use stack_core::wire::tcp::Flags;
use wnet::guest::GuestExit;

crate::cases! {
    the_first_code_that_is_not_0_is_passed_on,
    codes_of_a_guests_own_are_passed_on,
    who_traps_is_named_and_leaves_the_others,
    a_plus_may_be_an_argument,
    one_port_is_for_one_guest,
    guests_reach_each_other,
    a_signal_ends_all,
    a_file_says_what_runs,
    the_example_file_runs,
    what_is_wrong_in_a_file_is_2_with_its_line,
    sockets_end_at_their_limit,
    memory_ends_at_its_limit,
    buffers_end_at_their_limit,
    an_end_with_unread_data_is_a_reset_and_one_without_is_none,
    nothing_is_left_of_guests_that_ended,
    guests_that_compute_do_not_slow_the_others,
    a_guest_that_floods_does_not_slow_the_others,
    a_guest_that_never_reads_does_not_slow_the_others,
}

/// Fifty exchanges take a few milliseconds each on a machine that does nothing else.
const ROUNDS: u64 = 50;

/// How long they may take where others want the processors, too.
const SLOW: Duration = Duration::from_secs(15);

/// `wnet run` with these words, of which those with a slash or of an example stand for the guests' files.
fn command(words: &[&str]) -> Result<Command> {
    let mut command = Command::new(artifacts::wnet()?);
    command.arg("run");
    for word in words {
        match word.starts_with("test/") || word.starts_with("echo-") {
            true => command.arg(artifacts::component(word)?),
            false => command.arg(word),
        };
    }
    Ok(command)
}

pub(crate) fn start(words: &[&str]) -> Result<Wnet> {
    Wnet::spawn(&mut command(words)?)
}

/// Runs to the end, without input.
pub(crate) fn ended(words: &[&str]) -> Result<Ended> {
    let mut wnet = start(words)?;
    drop(wnet.input());
    wnet.wait()
}

fn the_first_code_that_is_not_0_is_passed_on() -> Result<()> {
    let table: [(&[&str], i32); 4] = [
        (&["test/exit", "0", "+", "test/exit", "0"], 0),
        (&["test/exit", "0", "+", "test/exit", "1", "+", "test/trap"], 1),
        (&["test/exit", "0", "+", "test/trap", "+", "test/exit", "1"], 134),
        (&["test/exit", "1", "+", "test/exit", "0"], 1),
    ];
    for (words, code) in table {
        let ended = ended(&[&["--nic", "none"], words].concat())?;
        ensure!(ended.code == Some(code), "{words:?}: {ended:?}");
    }
    Ok(())
}

/// A program that ends with the code 42, as WASI 0.2.12 has it.
const EXIT_WITH_CODE: &str = r#"(component
    (import "wasi:cli/exit@0.2.12" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
    (core func $lowered (canon lower (func $exit "exit-with-code")))
    (core module $program
        (import "exit" "exit-with-code" (func $exit (param i32)))
        (func (export "run") (result i32) (call $exit (i32.const 42)) (i32.const 0)))
    (core instance $exits (export "exit-with-code" (func $lowered)))
    (core instance $running (instantiate $program (with "exit" (instance $exits))))
    (func $run (result (result)) (canon lift (core func $running "run")))
    (instance $runs (export "run" (func $run)))
    (export "wasi:cli/run@0.2.12" (instance $runs)))"#;

fn codes_of_a_guests_own_are_passed_on() -> Result<()> {
    let scratch = Scratch::new()?;
    let guest = scratch.write("exits.wasm", from_text(EXIT_WITH_CODE)?)?;
    let ended = run([Path::new("--nic"), Path::new("none"), &guest])?;
    ensure!(ended.code == Some(42) && ended.error.is_empty(), "{ended:?}");
    Ok(())
}

fn who_traps_is_named_and_leaves_the_others() -> Result<()> {
    let wnet = start(&["-p", "0:7", "test/trap", "+", "echo-server", "7", "+", "test/trap"])?;
    wnet.wait_for_line("wnet: trap.wasm #1 trapped: ")?;
    wnet.wait_for_line("wnet: trap.wasm #2 trapped: ")?;
    wnet.wait_for_line("listening on ")?;
    traffic::echo(&connect(wnet.published_port()?)?, &bytes(1, 100_000))?;
    wnet.terminate()?;
    Ok(())
}

fn a_plus_may_be_an_argument() -> Result<()> {
    let ended = ended(&["--nic", "none", "test/exit", "0", "+", "test/surroundings", r"\+", r"\\+", "a+b"])?;
    let printed = String::from_utf8_lossy(&ended.output);
    for line in ["argument +", r"argument \+", "argument a+b"] {
        ensure!(printed.lines().any(|printed| printed == line), "{line}: {ended:?}");
    }
    Ok(())
}

fn one_port_is_for_one_guest() -> Result<()> {
    let wnet =
        start(&["--nic", "none", "echo-server", "7", "+", "echo-server", "7", "+", "echo-server", "8"])?;
    wnet.wait_for_line("listening on 0.0.0.0:8")?;
    wnet.wait_for_line("listening on 0.0.0.0:7")?;
    let error = wait_for("a refusal", || Some(wnet.error_so_far()).filter(|error| error.contains("in use")))?;
    ensure!(error.lines().count() == 1, "{error}");
    wnet.terminate()?;
    Ok(())
}

fn guests_reach_each_other() -> Result<()> {
    let (world, _peer) = World::with_peer(&[])?;
    let _server = world.spawn("echo-server-raw", &["7"])?;
    for address in ["127.0.0.1", "198.51.100.2"] {
        let served = || match world.spawn("echo-client", &[address, "7"]).and_then(|client| client.wait()) {
            Ok(GuestExit::Code(0)) => Some(Ok(())),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        };
        wait_for("an answer of the other guest", served)?.context(address)?;
    }
    Ok(())
}

fn a_signal_ends_all() -> Result<()> {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let wnet = start(&["--nic", "none", "test/spin", "+", "echo-server", "7", "+", "test/exit", "0"])?;
        wnet.wait_for_line("spinning")?;
        wnet.wait_for_line("listening on ")?;
        let begun = Instant::now();
        wnet.signal(signal)?;
        let ended = wnet.wait()?;
        ensure!(ended.code == Some(code) && ended.error.is_empty(), "{ended:?}");
        ensure!(begun.elapsed().as_secs() < 5, "it took {:?}", begun.elapsed());
    }
    Ok(())
}

/// The folder of the components that users have.
fn components() -> Result<PathBuf> {
    Ok(artifacts::component("echo-server")?.parent().context("a folder")?.to_owned())
}

fn up(file: &Path) -> Result<Wnet> {
    let mut command = Command::new(artifacts::wnet()?);
    // Where it listens if it has a name.
    command.env("XDG_RUNTIME_DIR", file.parent().context("a folder")?);
    Wnet::spawn(command.arg("up").arg(file))
}

fn a_file_says_what_runs() -> Result<()> {
    let scratch = Scratch::new()?;
    fs::copy(artifacts::component("test/exit")?, scratch.file("exit.wasm"))?;
    let file = scratch.write(
        "net.toml",
        "[network]\nnic.wire = 'none'\n[[guest]]\nfile = 'exit.wasm'\nargs = [0]\n[[guest]]\nfile = 'exit.wasm'\nargs = '1'\n",
    )?;
    let ended = up(&file)?.wait()?;
    ensure!(ended.code == Some(1) && ended.error.is_empty(), "{ended:?}");
    Ok(())
}

fn the_example_file_runs() -> Result<()> {
    let scratch = Scratch::new()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-apps/net.toml");
    let text = fs::read_to_string(example)?;
    let text = text.replace("../target/components", components()?.to_str().context("a plain name")?);
    let text = text.replace("8007:7", "0:7");
    let wnet = up(&scratch.write("net.toml", text)?)?;
    wnet.wait_for_line("listening on 0.0.0.0:7")?;
    traffic::echo(&connect(wnet.published_port()?)?, &bytes(2, 100_000))?;
    wnet.terminate()?;
    Ok(())
}

fn what_is_wrong_in_a_file_is_2_with_its_line() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.write("net.toml", "[[guest]]\nfile = 'g.wasm'\narg = 1\n")?;
    let ended = up(&file)?.wait()?;
    let expected = "net.toml:3: there is no key \"arg\" here; did you mean args?";
    ensure!(ended.code == Some(2) && ended.error.lines().count() == 1, "{ended:?}");
    ensure!(ended.error.starts_with("wnet: ") && ended.error.contains(expected), "{ended:?}");
    let ended = up(&scratch.file("absent.toml"))?.wait()?;
    ensure!(ended.code == Some(125) && ended.error.contains("absent.toml"), "{ended:?}");
    Ok(())
}

/// What `limits` prints with this option of `wnet run`, in words.
/// What a guest with a limit says of what it could take.
pub(crate) fn limited(option: &str, value: &str, [guest, what]: [&str; 2]) -> Result<Vec<String>> {
    let ended = ended(&["--nic", "none", option, value, guest, what])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    Ok(String::from_utf8(ended.output)?.split_whitespace().map(str::to_owned).collect())
}

fn sockets_end_at_their_limit() -> Result<()> {
    let words = limited("--max-sockets", "5", ["test/limits", "sockets"])?.join(" ");
    ensure!(words.starts_with("5 sockets, then ") && words.contains("new-socket-limit"), "{words}");
    Ok(())
}

fn memory_ends_at_its_limit() -> Result<()> {
    let words = limited("--max-memory", "32M", ["test/limits", "memory"])?;
    let taken: u32 = words.first().context("a number")?.parse()?;
    ensure!((24..32).contains(&taken), "{words:?}");
    // Not even what it begins with.
    let ended = ended(&["--nic", "none", "--max-memory", "64K", "test/limits", "memory"])?;
    ensure!(ended.code == Some(134) && ended.error.contains("memory"), "{ended:?}");
    Ok(())
}

fn buffers_end_at_their_limit() -> Result<()> {
    const LIMIT: u64 = 1 << 20;
    for what in ["tcp-buffers", "udp-buffers"] {
        let words = limited("--max-buffers", "1M", ["test/limits", what])?;
        let taken: u64 = words.first().context("a number")?.parse()?;
        ensure!((LIMIT / 2..=LIMIT).contains(&taken), "{what}: {words:?}");
        ensure!(words.join(" ").contains("out-of-memory"), "{what}: {words:?}");
    }
    Ok(())
}

fn an_end_with_unread_data_is_a_reset_and_one_without_is_none() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for (data, resets) in [(&b"x"[..], false), (b"xyz", true)] {
        let guest = world.spawn("test/leave", &["8"])?;
        let mut connection = wait_for("the guest to listen", || Connection::open(&mut peer, 8).ok())?;
        connection.transmit(&mut peer, Flags::ACK | Flags::PSH, data)?;
        let end =
            connection.expect(&mut peer, "the end", |segment| segment.flags.rst() || segment.flags.fin())?;
        ensure!(end.flags.rst() == resets, "{data:?}: {:?}", end.flags);
        // WASI 0.2's `exit` knows success and failure.
        ensure!(guest.wait()? == GuestExit::Code(1));
        connection.transmit(&mut peer, Flags::RST | Flags::ACK, b"")?;
    }
    Ok(())
}

fn nothing_is_left_of_guests_that_ended() -> Result<()> {
    let (world, mut peer) = World::with_peer(&[])?;
    for round in 0..10 {
        let guests = [("test/leave", "8"), ("test/trap", "9"), ("echo-server-raw", "7")];
        let guests = guests.map(|(name, port)| world.spawn(name, &[port]));
        for port in [8, 9, 7] {
            let mut connection = wait_for("a guest to listen", || Connection::open(&mut peer, port).ok())?;
            connection.transmit(&mut peer, Flags::ACK | Flags::PSH, b"xyz")?;
            if port != 7 {
                connection.expect(&mut peer, "a reset", |segment| segment.flags.rst())?;
            }
            connection.transmit(&mut peer, Flags::RST | Flags::ACK, b"")?;
        }
        // The one that goes on is ended from outside.
        guests.into_iter().try_for_each(|guest| guest.map(drop))?;
        let left = world.tool("ss", "-a -n -H")?;
        ensure!(left.trim().is_empty(), "round {round}: {left}");
    }
    Ok(())
}

fn connect(port: u16) -> Result<TcpStream> {
    traffic::connect((Ipv4Addr::LOCALHOST, port))
}

/// Expects that an echo server among these guests answers in time.
pub(crate) fn expect_progress(wnet: &Wnet) -> Result<()> {
    wnet.wait_for_line("listening on 0.0.0.0:7")?;
    let port = wnet.published_port()?;
    let begun = Instant::now();
    let stream = connect(port)?;
    for round in 0..ROUNDS {
        let sent = bytes(round, 1000);
        (&stream).write_all(&sent)?;
        let mut received = vec![0; sent.len()];
        (&stream).read_exact(&mut received)?;
        ensure!(received == sent, "round {round}");
    }
    ensure!(begun.elapsed() < SLOW, "{ROUNDS} exchanges took {:?}", begun.elapsed());
    Ok(())
}

fn guests_that_compute_do_not_slow_the_others() -> Result<()> {
    let spinning = ["test/spin", "+", "test/spin", "+", "test/spin", "+"];
    let wnet = start(&[&["-p", "0:7"], &spinning[..], &["echo-server", "7"]].concat())?;
    wnet.wait_for_line("spinning")?;
    expect_progress(&wnet)?;
    wnet.terminate()?;
    Ok(())
}

fn a_guest_that_floods_does_not_slow_the_others() -> Result<()> {
    let wnet = start(&["-p", "0:7", "test/udp-flood", "127.0.0.1", "9", "+", "echo-server", "7"])?;
    wnet.wait_for_line("flooding")?;
    expect_progress(&wnet)?;
    wnet.terminate()?;
    Ok(())
}

fn a_guest_that_never_reads_does_not_slow_the_others() -> Result<()> {
    let wnet = start(&["-p", "0:7", "-p", "0:8", "echo-server", "7", "+", "test/patient-reader", "8"])?;
    wnet.wait_for_line("listening on 0.0.0.0:8")?;
    let line = wnet.wait_for_line(" is port 8 of the guest")?;
    let port = line.split_once("127.0.0.1:").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    let mut unread = connect(port.context("a port")?)?;
    unread.set_nonblocking(true)?;
    let chunk = [0; 64 * 1024];
    let mut sent = 0;
    while let Ok(count) = unread.write(&chunk) {
        sent += count;
        ensure!(sent < 1 << 30, "it reads");
    }
    let port = wnet.wait_for_line(" is port 7 of the guest")?;
    ensure!(port.contains("127.0.0.1:"), "{port}");
    expect_progress(&wnet)?;
    wnet.terminate()?;
    Ok(())
}
