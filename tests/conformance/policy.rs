//! What guests may reach, be reached by and look up.

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::wnet_process::{Ended, Wnet};
use std::process::{Command, Stdio};

crate::cases! {
    nothing_leaves_by_the_user_wire_without_a_rule,
    rules_deny_what_they_do_not_name,
    counting_lets_through_and_tells,
    a_server_that_may_not_listen_is_told_so_as_soon_as_it_is_bound,
    a_denial_that_nobody_reads_is_one_all_the_same,
}

/// Runs a guest with these words before and behind its file.
fn run(options: &str, guest: &str, words: &str) -> Result<Ended> {
    let mut command = Command::new(artifacts::wnet()?);
    command.arg("run").args(options.split_whitespace()).arg(artifacts::component(guest)?);
    Wnet::spawn(command.args(words.split_whitespace()))?.wait()
}

fn ensure_denied(ended: &Ended, what: &str, flag: &str) -> Result<()> {
    let line = format!("wnet: denied: {what}: {flag} would allow it");
    ensure!(ended.error.lines().filter(|said| *said == line).count() == 1, "{line}: {ended:?}");
    Ok(())
}

fn nothing_leaves_by_the_user_wire_without_a_rule() -> Result<()> {
    let ended = run("", "echo-client", "192.0.2.1 7")?;
    ensure!(ended.code != Some(0), "{ended:?}");
    ensure_denied(&ended, "tcp to 192.0.2.1:7", "--allow-outbound=tcp://192.0.2.1:7")?;
    // Nobody can be there, so that no flag would help.
    let ended = run("", "echo-client", "0.0.0.0 7")?;
    ensure!(ended.code != Some(0) && !ended.error.contains("denied"), "{ended:?}");
    let ended = run("", "test/names", "localhost a.test a.test (none) \u{1b}[2J")?;
    let said = String::from_utf8(ended.output.clone())?;
    let lines: Vec<&str> = said.lines().collect();
    ensure!(lines.len() == 5 && lines[1..].iter().all(|line| line.contains("error: ")), "{said}");
    ensure!(lines[0] == "localhost: ::1 127.0.0.1", "{said}");
    ensure_denied(&ended, "looking up a.test", "--allow-resolve=a.test")?;
    ensure!(ended.error.lines().count() == 1, "what is no name is not told of: {ended:?}");
    let ended = run("", "test/udp-questions", "")?;
    ensure!(ended.code == Some(0) && ended.error.is_empty(), "loopback is its own: {ended:?}");
    Ok(())
}

fn rules_deny_what_they_do_not_name() -> Result<()> {
    let ended = run("--nic none --allow-resolve=*", "test/udp-questions", "")?;
    ensure!(ended.code != Some(0), "{ended:?}");
    ensure!(ended.error.contains("wnet: denied: udp "), "{ended:?}");
    let rules = "--nic none --allow-inbound=udp://*:* --allow-outbound=udp://localhost:*";
    let ended = run(rules, "test/udp-questions", "")?;
    ensure!(ended.code == Some(0) && ended.error.is_empty(), "{ended:?}");
    Ok(())
}

fn counting_lets_through_and_tells() -> Result<()> {
    let ended = run("--nic none --policy count", "test/udp-questions", "")?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let counted = |line: &&str| line.contains(" times without a rule: udp to 127.0.0.1:");
    let line = ended.error.lines().find(counted).with_context(|| format!("{ended:?}"))?;
    ensure!(line.contains("--allow-outbound=udp://127.0.0.1:"), "{line}");
    Ok(())
}

fn a_server_that_may_not_listen_is_told_so_as_soon_as_it_is_bound() -> Result<()> {
    for (rules, fails_at) in
        [("--allow-resolve=*", "bind"), ("--allow-outbound=tcp://192.0.2.1:80", "listen")]
    {
        let ended = run(&format!("--nic none {rules}"), "test/bind-listen", "80")?;
        let said = String::from_utf8_lossy(&ended.output).into_owned();
        ensure!(said.trim() == format!("{fails_at}: access-denied"), "{rules}: {ended:?}");
        ensure_denied(&ended, "tcp at 0.0.0.0:80", "--allow-inbound=tcp://*:80")?;
    }
    let ended = run("--nic none --allow-inbound=tcp://*:80", "test/bind-listen", "80")?;
    ensure!(ended.output == b"listening\n" && ended.error.is_empty(), "{ended:?}");
    Ok(())
}

fn a_denial_that_nobody_reads_is_one_all_the_same() -> Result<()> {
    let (reader, nobody) = std::io::pipe()?;
    drop(reader);
    let mut command = Command::new(artifacts::wnet()?);
    command.arg("run").arg(artifacts::component("test/names")?).args(["a.test", "localhost"]);
    let ended = command.stdin(Stdio::null()).stderr(nobody).output()?;
    let said = String::from_utf8(ended.stdout)?;
    ensure!(ended.status.code() == Some(0) && said.ends_with("localhost: ::1 127.0.0.1\n"), "{said}");
    Ok(())
}
