//! All scripts of the repository, on the component, played by the program: what scripts run by the shell finds the
//! program again under other names.

use std::path::Path;
use std::process::Command;

#[test]
fn every_script_passes() {
    play(&[]);
}

/// TCP is one, whatever carries it: the same scripts, but for those that say that they are for IPv4 alone.
#[test]
fn every_script_passes_over_ipv6() {
    play(&["--ip_version=ipv6"]);
}

fn play(options: &[&str]) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packetdrill/scripts");
    let program = Command::new(env!("CARGO_BIN_EXE_wnet-packetdrill")).args(options).arg(scripts).output();
    let output = program.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let failures: Vec<&str> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.status.success(), "{}\n{}", failures.join("\n"), String::from_utf8_lossy(&output.stderr));
}
