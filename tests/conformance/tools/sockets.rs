//! `ss`.

use anyhow::{Result, ensure};
use conformance::deadline::wait_for;
use conformance::needs;

use super::pair::{Pair, Shown};

crate::cases! {
    ss_shows_what_linuxs_does,
    ss_names_the_guests,
}

const SS: &[&str] =
    &["-tln", "-tlnH", "-tan", "-tan state listening", "-tan sport = :7", "-tan not sport = :7"];

fn ss_shows_what_linuxs_does() -> Result<()> {
    needs::program("ss", "iproute2")?;
    needs::program("nc", "netcat-openbsd")?;
    let pair = Pair::new()?;
    let mut server = pair.linux.command("nc")?.args(["-l", "0.0.0.0", "7"]).spawn()?;
    let listening = || pair.linuxs("ss", "-tlnH").is_ok_and(|ss| ss.lines.iter().any(|l| l.contains(":7")));
    wait_for("nc to listen", || listening().then_some(()))?;
    let compared = SS.iter().try_for_each(|line| {
        let ended = pair.ours("ss", line)?;
        // How many connections may wait is the server's choice.
        let backlog = |shown: Shown| Shown {
            lines: shown.lines.iter().map(|line| without_backlog(line)).collect(),
            ..shown
        };
        let ours = backlog(Shown::new(&ended.output, ended.error.as_bytes(), ended.code));
        let linuxs = backlog(pair.linuxs("ss", line)?);
        ensure!(ours == linuxs, "ss {line}:\nours   {ours:#?}\nLinux's {linuxs:#?}");
        Ok(())
    });
    server.kill()?;
    server.wait()?;
    compared
}

fn ss_names_the_guests() -> Result<()> {
    let pair = Pair::new()?;
    let ended = pair.ours("ss", "-tlnpH")?;
    let shown = String::from_utf8_lossy(&ended.output).into_owned();
    ensure!(shown.contains("users:((\"echo-server\",pid=1,fd=3))"), "{shown}: {}", ended.error);
    Ok(())
}

fn without_backlog(line: &str) -> String {
    line.replace(" 128 ", " 1   ")
}
