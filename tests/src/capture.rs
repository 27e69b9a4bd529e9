//! Wireshark's opinion of a capture.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::needs;
use crate::scratch::Scratch;

/// What makes Wireshark verify the checksums that it takes on trust otherwise; ICMP's it never does.
const VERIFY: [&str; 3] = ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE"];

/// Frames that no stack should send. Linux alone may send a TCP checksum of 0 in its other form, 0xffff, as
/// it does where no device sums: the two mean the same, but Wireshark objects.
const UNSOUND: &str = "_ws.malformed || ip.checksum.status == 0 || \
                       (tcp.checksum.status == 0 && !(tcp.checksum == 0xffff && \
                       (ip.src == 198.51.100.1 || ipv6.src == fd77::1))) || \
                       udp.checksum.status == 0 || icmp.checksum.status == 0 || \
                       icmpv6.checksum.status == 0";

/// `tshark` and a place for what it writes.
#[derive(Debug)]
pub struct Tshark {
    program: PathBuf,
    home: Scratch,
}

impl Tshark {
    /// Finds it. Cases do this before anything that takes long.
    ///
    /// # Errors
    /// [`needs::Skip`] if it is not installed.
    pub fn find() -> Result<Self> {
        Ok(Tshark { program: needs::program("tshark", "tshark")?, home: Scratch::new()? })
    }

    /// One line about each frame of the capture `file` that matches the display filter.
    ///
    /// # Errors
    /// If `tshark` does not like the file or the filter.
    pub fn frames(&self, file: &Path, filter: &str) -> Result<Vec<String>> {
        let mut tshark = Command::new(&self.program);
        tshark.args(["-n", "-r"]).arg(file).args(["-Y", filter]);
        // Nobody's own preferences.
        tshark.env("HOME", self.home.folder()).env("XDG_CONFIG_HOME", self.home.folder());
        for preference in VERIFY {
            tshark.args(["-o", preference]);
        }
        let output = tshark.stdin(Stdio::null()).output().context("cannot run tshark")?;
        if !output.status.success() {
            bail!("tshark cannot read {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// Expects the capture to have frames, all of them well formed and with right checksums.
    ///
    /// # Errors
    /// The first frames that are not.
    pub fn expect_sound(&self, file: &Path) -> Result<()> {
        ensure!(!self.frames(file, "frame.number == 1")?.is_empty(), "the capture is empty");
        expect_none("are malformed or have a wrong checksum", &self.frames(file, UNSOUND)?)
    }

    /// Expects that of the frames of the capture those that `station` sent are well formed and with right checksums.
    ///
    /// # Errors
    /// The first frames that are not.
    pub fn expect_sound_from(&self, file: &Path, station: &str) -> Result<()> {
        let unsound = format!("eth.src == {station} && ({UNSOUND})");
        expect_none("are malformed or have a wrong checksum", &self.frames(file, &unsound)?)
    }

    /// Expects that `source` sent nothing twice.
    ///
    /// # Errors
    /// The first frames that it did.
    pub fn expect_no_retransmission(&self, file: &Path, source: impl Into<IpAddr>) -> Result<()> {
        let kinds = ["retransmission", "fast_retransmission", "spurious_retransmission"];
        let any = kinds.map(|kind| format!("tcp.analysis.{kind}")).join(" || ");
        let source = source.into();
        let header = if source.is_ipv4() { "ip" } else { "ipv6" };
        let filter = format!("{header}.src == {source} && ({any})");
        expect_none("are retransmissions", &self.frames(file, &filter)?)
    }
}

fn expect_none(what: &str, frames: &[String]) -> Result<()> {
    if frames.is_empty() {
        return Ok(());
    }
    let first = frames.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    bail!("{} frames {what}, the first ones:\n{first}", frames.len())
}
