//! `nstat`.

use anyhow::{Result, ensure};
use conformance::needs;

use super::pair::{Pair, Shown};

crate::cases! {
    nstat_has_the_form_of_linuxs,
}

/// The counters differ, but a line for each has the same form.
fn nstat_has_the_form_of_linuxs() -> Result<()> {
    needs::program("nstat", "iproute2")?;
    let pair = Pair::new()?;
    for line in [
        "-asz IpForwDatagrams",
        "-asz UdpNoPorts IpForw*",
        "-as nothing",
        "-asjz IpForwDatagrams",
        "-asjz nothing",
        "-asn",
        "-Q",
    ] {
        let ended = pair.ours("nstat", line)?;
        let ours = Shown::new(&ended.output, ended.error.as_bytes(), ended.code);
        let linuxs = pair.linuxs("nstat", line)?;
        // The usage has only the options that there are; that nothing fits is said by ours alone.
        let hint = |said: &&String| said.starts_with("nstat: no counter fits ");
        let first = |shown: &Shown| shown.said.iter().find(|said| !hint(said)).cloned();
        ensure!(
            (&ours.lines, ours.code, first(&ours)) == (&linuxs.lines, linuxs.code, first(&linuxs)),
            "nstat {line}:\nours    {ours:?}\nLinux's {linuxs:?}"
        );
    }
    Ok(())
}
