//! What guests can do by the interfaces of our own: `wnet:stack/socket-options`, and `wnet:stack/control` with a
//! grant.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Result, ensure};
use conformance::artifacts;
use conformance::wnet_process::{Wnet, run};

crate::cases! {
    a_guest_sets_options_of_its_own_sockets,
    a_guest_with_the_grant_changes_settings,
    a_guest_without_the_grant_is_126_and_the_message_names_the_flag,
    state_changes_are_in_the_log,
}

fn a_guest_sets_options_of_its_own_sockets() -> Result<()> {
    let guest = artifacts::component("test/socket-options")?;
    let ended = run([guest.as_os_str()])?;
    ensure!(ended.code == Some(0) && ended.output == b"done\n", "{ended:?}");
    Ok(())
}

fn a_guest_with_the_grant_changes_settings() -> Result<()> {
    let guest = artifacts::component("test/control")?;
    let ended = run([OsStr::new("--grant"), OsStr::new("control"), guest.as_os_str()])?;
    let expected = "net.ipv4.tcp_fin_timeout 60\n\
                    net.ipv4.tcp_fin_timeout 7\n\
                    unknown, perhaps net.ipv4.tcp_fin_timeout\n\
                    Err(SysctlError::ReadOnly)\n\
                    Err(SysctlError::Invalid(\"0 or 1\"))\n\
                    true\ntrue\ntrue\n";
    ensure!(ended.code == Some(0), "{ended:?}");
    ensure!(ended.output == expected.as_bytes(), "{}", String::from_utf8_lossy(&ended.output));
    Ok(())
}

fn a_guest_without_the_grant_is_126_and_the_message_names_the_flag() -> Result<()> {
    let guest = artifacts::component("test/control")?;
    let ended = run([guest.as_os_str()])?;
    ensure!(ended.code == Some(126) && ended.output.is_empty(), "{ended:?}");
    for word in ["wnet:stack/control@0.1.0", "--grant control"] {
        ensure!(ended.error.contains(word), "{word} is expected: {ended:?}");
    }
    Ok(())
}

fn state_changes_are_in_the_log() -> Result<()> {
    let mut command = Command::new(artifacts::wnet()?);
    command.env("WNET_LOG", "stack=debug").arg("run").arg(artifacts::component("test/socket-options")?);
    let ended = Wnet::spawn_with_log(&mut command)?.wait()?;
    for change in ["UNCONN -> LISTEN", "LISTEN -> SYN-RECV", "UNCONN -> SYN-SENT", "SYN-SENT -> ESTAB"] {
        ensure!(ended.error.contains(change), "{change} is expected: {ended:?}");
    }
    Ok(())
}
