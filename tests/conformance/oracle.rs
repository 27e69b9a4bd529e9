//! What a guest is answered is what wasmtime-wasi answers with this machine's kernel, but for differences that are meant.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use conformance::oracle;
use conformance::world::{Told, World};
use wnet::guest::GuestExit;

crate::cases! {
    tcp_sockets_answer_in_every_state_as_with_a_kernel,
    tcp_sockets_take_the_addresses_that_a_kernel_takes,
    tcp_options_are_refused_clamped_and_inherited_as_by_a_kernel,
    tcp_streams_carry_and_end_as_a_kernels,
    udp_sockets_answer_in_every_state_as_with_a_kernel,
    datagrams_come_and_go_as_with_a_kernel,
    names_that_need_no_server_are_answered_as_by_a_kernel,
    who_breaks_a_rule_ends_as_with_a_kernel,
    calls_at_random_answer_as_the_standard_says_and_leave_nothing,
}

/// How many sequences of calls are made at random. `cargo xtask soak` sets it.
const SEQUENCES: &str = "WNET_SEQUENCES";

/// Sequences that one guest makes: they have to end in time on a busy machine, too.
const AT_ONCE: u64 = 200;

/// A difference that is meant: docs/wasi-sockets.md gives the reasons.
pub(crate) struct Difference {
    about: &'static str,
    /// What the questions begin with.
    questions: &'static str,
    /// Our answer; nothing means whatever it is.
    ours: &'static str,
    theirs: &'static str,
}

const DIFFERENCES: [Difference; 9] = [
    // A socket that is closed has nothing to tell; wasmtime tells again why it was closed.
    differs("tcp-states", "closed, ", "invalid-state", "connection-refused"),
    // Only what has begun to connect has an address and options.
    differs("tcp-states", "connect-in-progress, ", "", "invalid-state"),
    // wasmtime does all at the start, and shows it.
    differs("tcp-states", "bind-in-progress, local-address", "invalid-state", "ok"),
    differs("tcp-states", "listen-in-progress, accept", "invalid-state", "would-block"),
    differs("tcp-states", "listen-in-progress, is-listening", "false", "true"),
    differs("udp-states", "bind-in-progress, local-address", "invalid-state", "ok"),
    differs("udp-states", "bind-in-progress, stream", "concurrency-conflict", "ok"),
    // No name at all, rather than one that nobody has; theirs at once if their look-up is quick.
    differs("names", "\"a..b\"", "refused: invalid-argument", "name-unresolvable"),
    differs("names", "\"a..b\"", "refused: invalid-argument", "refused: name-unresolvable"),
];

pub(crate) const fn differs(
    about: &'static str,
    questions: &'static str,
    ours: &'static str,
    theirs: &'static str,
) -> Difference {
    Difference { about, questions, ours, theirs }
}

impl Difference {
    fn is_this(&self, question: &str, ours: &str, theirs: &str) -> bool {
        let as_ours = self.ours.is_empty() || self.ours == ours;
        question.starts_with(self.questions) && as_ours && self.theirs == theirs
    }
}

fn tcp_sockets_answer_in_every_state_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "tcp-states")
}

fn tcp_sockets_take_the_addresses_that_a_kernel_takes() -> Result<()> {
    both_versions(&ASKER, "tcp-addresses")
}

fn tcp_options_are_refused_clamped_and_inherited_as_by_a_kernel() -> Result<()> {
    both_versions(&ASKER, "tcp-options")
}

fn tcp_streams_carry_and_end_as_a_kernels() -> Result<()> {
    both_versions(&ASKER, "tcp-streams")
}

fn udp_sockets_answer_in_every_state_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "udp-states")
}

fn datagrams_come_and_go_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "udp-datagrams")
}

fn names_that_need_no_server_are_answered_as_by_a_kernel() -> Result<()> {
    compare(&ASKER, "names", "")
}

/// A guest that asks, with words in front of what it is asked about, and the differences that are meant.
pub(crate) struct Asker {
    pub(crate) guest: &'static str,
    pub(crate) words: &'static str,
    pub(crate) meant: &'static [Difference],
}

const ASKER: Asker = Asker { guest: "test/questions", words: "", meant: &DIFFERENCES };

/// Asks about both versions of IP.
pub(crate) fn both_versions(asker: &Asker, about: &str) -> Result<()> {
    compare(asker, about, "4")?;
    compare(asker, about, "6")
}

/// Asks both hosts the same.
pub(crate) fn compare(asker: &Asker, about: &str, version: &str) -> Result<()> {
    let (world, _peer) = World::with_peer(&[])?;
    let words = format!("{} {about} {version}", asker.words);
    let ours = answers(&world.ask(asker.guest, &words)?).context("here")?;
    let theirs = answers(&oracle::ask(asker.guest, &words)?).context("with wasmtime-wasi")?;
    let meant: Vec<_> = asker.meant.iter().filter(|difference| difference.about == about).collect();
    let mut wrong = Vec::new();
    for (question, theirs) in &theirs {
        let ours = ours.get(question).map_or("nothing", String::as_str);
        if ours != theirs && !meant.iter().any(|difference| difference.is_this(question, ours, theirs)) {
            wrong.push(format!("{question}: {ours}, with wasmtime-wasi {theirs}"));
        }
    }
    ensure!(wrong.is_empty(), "{words}:\n{}", wrong.join("\n"));
    ensure!(ours.len() == theirs.len(), "{} answers, with wasmtime-wasi {}", ours.len(), theirs.len());
    Ok(())
}

/// Answers by question.
fn answers(told: &Told) -> Result<BTreeMap<String, String>> {
    ensure!(told.exit == GuestExit::Code(0), "{told:?}");
    let line = |line: &str| {
        let (question, answer) = line.split_once(": ").with_context(|| format!("not an answer: {line}"))?;
        Ok((question.to_owned(), answer.to_owned()))
    };
    told.output.lines().map(line).collect()
}

fn who_breaks_a_rule_ends_as_with_a_kernel() -> Result<()> {
    for rule in ["overwrite", "long-blocking-write", "poll-nothing", "parent-first"] {
        let (world, _peer) = World::with_peer(&[])?;
        let (ours, theirs) = (world.ask("test/misuse", rule)?, oracle::ask("test/misuse", rule)?);
        let trapped = |told: &Told| matches!(told.exit, GuestExit::Trap(_)) && told.output.is_empty();
        ensure!(trapped(&ours) && trapped(&theirs), "{rule}: {ours:?}, with wasmtime-wasi {theirs:?}");
    }
    Ok(())
}

fn calls_at_random_answer_as_the_standard_says_and_leave_nothing() -> Result<()> {
    random_calls("test/model", "")
}

/// Sequences of calls by a guest with these words in front of their numbers; how many, [`SEQUENCES`] says in a soak.
pub(crate) fn random_calls(guest: &str, words: &str) -> Result<()> {
    let count = std::env::var(SEQUENCES).ok().and_then(|count| count.parse().ok()).unwrap_or(1000);
    let (world, _peer) = World::with_peer(&[])?;
    for first in (0..count).step_by(AT_ONCE as usize) {
        let told = world.ask(guest, &format!("{words} {first} {}", (count - first).min(AT_ONCE)))?;
        ensure!(told.exit == GuestExit::Code(0), "{told:?}");
        world.expect_no_sockets().with_context(|| format!("after the sequences from {first} on"))?;
    }
    Ok(())
}
