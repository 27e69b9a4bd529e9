//! The command line: what is wrong is said in a line, with the exit code that docs/command-line.md promises.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use anyhow::{Result, ensure};
use conformance::namespace::{Namespace, TAP};
use conformance::needs::{self, Skip};
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet, run};
use conformance::{artifacts, odd_components};

crate::cases! {
    wrong_usage_is_2,
    what_is_not_supported_yet_says_so,
    help_and_version_are_0,
    settings_that_the_stack_refuses_are_125,
    a_card_with_ipv6_that_is_turned_off_is_125,
    a_bad_log_filter_is_125,
    a_guest_that_does_not_exist_is_127,
    a_guest_that_cannot_be_read_is_125,
    guests_that_are_no_components_are_126,
    a_guest_with_a_missing_import_is_126,
    a_component_that_is_no_program_is_126,
    a_folder_that_does_not_exist_is_125,
    a_tap_that_does_not_exist_is_125_and_is_not_made,
    a_tap_that_is_in_use_is_125,
    a_tap_of_somebody_else_is_125,
    standard_output_is_the_guests_alone,
}

/// Runs `wnet run` with these words; GUEST stands for the echo server.
fn run_words(words: &[&str]) -> Result<Ended> {
    let guest = artifacts::component("echo-server")?;
    run(words.iter().map(|word| if *word == "GUEST" { guest.as_os_str() } else { OsStr::new(*word) }))
}

/// Expects this exit code and one line of `wnet`'s with these words.
fn expect(ended: &Ended, code: i32, words: &[&str]) -> Result<()> {
    ensure!(ended.code == Some(code), "{code} is expected: {ended:?}");
    ensure!(ended.output.is_empty(), "standard output is the guest's: {ended:?}");
    ensure!(ended.error.lines().count() == 1, "one line is expected: {ended:?}");
    ensure!(ended.error.starts_with("wnet: "), "it says who speaks: {ended:?}");
    ensure!(words.iter().all(|word| ended.error.contains(word)), "{words:?} are expected: {ended:?}");
    Ok(())
}

fn wrong_usage_is_2() -> Result<()> {
    let table: [(&[&str], &str); 14] = [
        (&[], "GUEST.wasm"),
        (&["--no-such-option", "GUEST"], "--no-such-option"),
        (&["--nic", "ethernet", "GUEST"], "expected user, tap:NAME or none"),
        (&["--nic", "tap:tap0", "GUEST"], "--ip"),
        (&["--nic", "tap:tap0", "--ip", "198.51.100.2/24", "-p", "8007:7", "GUEST"], "--publish"),
        (&["--nic", "none", "--ip", "198.51.100.2/24", "GUEST"], "--ip"),
        (&["--nic", "none", "--pcap", "x", "GUEST"], "--pcap"),
        (&["--ip", "198.51.100.2", "GUEST"], "--ip"),
        (&["--ip", "198.51.100.2/33", "GUEST"], "--ip"),
        (&["--ip", "10.0.0.300/24", "GUEST"], "--ip"),
        (&["--gateway", "198.51.100.1", "GUEST"], "--gateway"),
        (&["--mac", "52:54:00:12:34", "GUEST"], "--mac"),
        (&["-p", "99999:7", "GUEST"], "--publish"),
        (&["--sysctl", "net.ipv4.ip_forward", "GUEST"], "--sysctl"),
    ];
    for (words, part) in table {
        let ended = run_words(words)?;
        ensure!(ended.code == Some(2), "{words:?}: {ended:?}");
        ensure!(ended.error.contains(part) && ended.output.is_empty(), "{words:?}: {ended:?}");
    }
    Ok(())
}

fn what_is_not_supported_yet_says_so() -> Result<()> {
    let table: [&[&str]; 2] =
        [&["--nic", "stream:somewhere", "GUEST"], &["--nic", "switch:somewhere", "GUEST"]];
    for words in table {
        let ended = run_words(words)?;
        ensure!(ended.code == Some(2) && ended.error.contains("not supported yet"), "{words:?}: {ended:?}");
    }
    Ok(())
}

fn help_and_version_are_0() -> Result<()> {
    for words in [&["--version"][..], &["--help"], &["run", "--help"]] {
        let ended = Wnet::spawn(Command::new(artifacts::wnet()?).args(words))?.wait()?;
        ensure!(ended.code == Some(0) && !ended.output.is_empty() && ended.error.is_empty(), "{ended:?}");
    }
    Ok(())
}

fn settings_that_the_stack_refuses_are_125() -> Result<()> {
    expect(
        &run_words(&["--sysctl", "net.ipv4.no_such_thing=1", "GUEST"])?,
        125,
        &["net.ipv4.no_such_thing"],
    )?;
    let ended = run_words(&["--sysctl", "net.ipv4.ip_default_ttl=0", "GUEST"])?;
    expect(&ended, 125, &["net.ipv4.ip_default_ttl", "1 to 255"])
}

fn a_card_with_ipv6_that_is_turned_off_is_125() -> Result<()> {
    for addresses in [&["--ip", "fd24:6c63:dd76::15/64"][..], &["--ip", "10.0.2.15/24", "--ip", "auto"], &[]]
    {
        for device in ["eth0", "all", "default"] {
            let setting = format!("net.ipv6.conf.{device}.disable_ipv6=1");
            let words = [addresses, &["--sysctl", &setting, "GUEST"]].concat();
            expect(&run_words(&words)?, 125, &["eth0", "disable_ipv6", "--ip"])?;
        }
    }
    Ok(())
}

fn a_bad_log_filter_is_125() -> Result<()> {
    let mut command = Command::new(artifacts::wnet()?);
    command.env("WNET_LOG", "wnet=loud").arg("run").arg(artifacts::component("test/exit")?).arg("0");
    expect(&Wnet::spawn_with_log(&mut command)?.wait()?, 125, &["WNET_LOG=wnet=loud"])
}

fn a_guest_that_does_not_exist_is_127() -> Result<()> {
    let file = Scratch::new()?.file("absent.wasm");
    expect(&run([&file])?, 127, &["absent.wasm"])
}

fn a_guest_that_cannot_be_read_is_125() -> Result<()> {
    let scratch = Scratch::new()?;
    expect(&run([scratch.folder()])?, 125, &[&scratch.folder().display().to_string()])?;
    // The superuser can read everything.
    if !rustix::process::geteuid().is_root() {
        let file = scratch.write("locked.wasm", odd_components::empty_component())?;
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o000))?;
        expect(&run([&file])?, 125, &["locked.wasm"])?;
    }
    Ok(())
}

fn guests_that_are_no_components_are_126() -> Result<()> {
    let scratch = Scratch::new()?;
    let text = scratch.write("text.wasm", "#!/bin/sh\necho not WebAssembly at all\n")?;
    expect(&run([text])?, 126, &["text.wasm"])?;
    let empty = scratch.write("empty.wasm", "")?;
    expect(&run([empty])?, 126, &["empty.wasm"])?;
    let module = scratch.write("module.wasm", odd_components::core_module())?;
    expect(&run([module])?, 126, &["module.wasm", "core", "wasm32-wasip2"])?;
    let whole = artifacts::component_bytes("echo-server")?;
    let half = scratch.write("half.wasm", &whole[..whole.len() / 2])?;
    expect(&run([half])?, 126, &["half.wasm"])
}

fn a_guest_with_a_missing_import_is_126() -> Result<()> {
    let scratch = Scratch::new()?;
    let guest = scratch.write("strange.wasm", odd_components::guest_with_a_strange_import())?;
    expect(&run([guest])?, 126, &["strange.wasm", "example:strange/thing@1.2.3"])?;
    let future = r#"(component (import "wasi:sockets/tcp@0.9.0" (instance)))"#;
    let guest = scratch.write("future.wasm", odd_components::from_text(future)?)?;
    // Both versions, so that it is clear which side is too old.
    expect(&run([guest])?, 126, &["wasi:sockets/tcp@0.9.0", "wasi:sockets/tcp@0.2.12"])
}

fn a_component_that_is_no_program_is_126() -> Result<()> {
    let scratch = Scratch::new()?;
    let guest = scratch.write("empty.wasm", odd_components::empty_component())?;
    expect(&run([guest])?, 126, &["wasi:cli/run"])
}

fn a_folder_that_does_not_exist_is_125() -> Result<()> {
    expect(&run_words(&["--dir", "/no/such/folder::/data", "GUEST"])?, 125, &["/no/such/folder"])
}

/// Runs the echo server on the TAP `name` of the namespace.
fn run_on_tap(linux: &Namespace, name: &str) -> Result<Ended> {
    let mut command = linux.command(artifacts::wnet()?)?;
    command.args(["run", "--nic", &format!("tap:{name}"), "--ip", "198.51.100.2/24"]);
    Wnet::spawn(command.arg(artifacts::component("echo-server")?))?.wait()
}

fn a_tap_that_does_not_exist_is_125_and_is_not_made() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let ended = run_on_tap(&linux, "tap7")?;
    expect(&ended, 125, &["tap7", "ip tuntap add dev tap7"])?;
    ensure!(linux.run("ip", &["link", "show", "tap7"]).is_err(), "it was made");
    Ok(())
}

fn a_tap_that_is_in_use_is_125() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let _server = Wnet::serve_on_tap(&linux, &[], "echo-server", 7)?;
    expect(&run_on_tap(&linux, TAP)?, 125, &[TAP, "another process"])
}

fn a_tap_of_somebody_else_is_125() -> Result<()> {
    /// Linux's user and group "nobody".
    const NOBODY: &str = "65534";
    let setpriv = needs::program("setpriv", "util-linux")?;
    if !rustix::process::geteuid().is_root() {
        return Err(Skip::because("needs root, to be somebody else"));
    }
    let linux = Namespace::with_tap()?;
    let nobody = |program: &OsStr| -> Result<Command> {
        let mut command = linux.command(&setpriv)?;
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
        Ok(command)
    };
    let wnet = artifacts::wnet()?;
    let mut version = nobody(wnet.as_os_str())?;
    if !version.arg("--version").output()?.status.success() {
        return Err(Skip::because("needs a target folder that everybody can read"));
    }
    let mut command = nobody(wnet.as_os_str())?;
    // Nobody has no home to keep compiled components in.
    command.args(["run", "--nic", &format!("tap:{TAP}"), "--ip", "198.51.100.2/24"]);
    let ended = Wnet::spawn(command.arg(artifacts::component("echo-server")?))?.wait()?;
    expect(&ended, 125, &["not allowed to open", "sudo "])
}

fn standard_output_is_the_guests_alone() -> Result<()> {
    let mut command = Command::new(artifacts::wnet()?);
    command.env("WNET_LOG", "debug").args(["run", "-p", "0:7"]);
    let ended = Wnet::spawn_with_log(command.arg(artifacts::component("test/exit")?).arg("0"))?.wait()?;
    ensure!(ended.code == Some(0) && ended.output.is_empty(), "{:?}", String::from_utf8_lossy(&ended.output));
    ensure!(ended.error.contains("DEBUG"), "the log is on standard error: {}", ended.error);
    Ok(())
}
