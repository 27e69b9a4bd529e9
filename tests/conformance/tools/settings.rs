//! `sysctl` and `nstat`.

use anyhow::{Result, ensure};
use conformance::needs;

use super::pair::{Pair, Shown};

crate::cases! {
    sysctl_shows_and_says_what_linuxs_does,
    settings_have_linuxs_names,
    nstat_has_the_form_of_linuxs,
    the_short_form_of_nstat_remembers,
}

/// What is shown, set and refused, in this order. The machine's own `/etc/sysctl.d` is nothing to compare.
const SYSCTL: &[&str] = &[
    "net.ipv4.ip_forward",
    "net/ipv4/ip_forward",
    "-n net.ipv4.ip_forward",
    "-b net.ipv4.ip_forward",
    "-N net.ipv4.ip_forward",
    "-w net.ipv4.ip_forward=1",
    "-q -w net.ipv4.ip_forward=0",
    "net.ipv4.ip_forward=0 net.ipv4.ip_forward",
    "--dry-run net.ipv4.ip_forward=1",
    "net.ipv4.ip_forward",
    "net/ipv4/conf/eth0/rp_filter",
    "net.ipv4.ip_local_port_range",
    "-w net.ipv4.ip_local_port_range=60000 50000",
    "-w net.ipv4.ip_default_ttl=0",
    "-w net.ipv4.ip_default_ttl=256",
    "-w net.ipv4.ip_default_ttl=65 net.ipv4.ip_forward=x",
    "net.ipv4.ip_default_ttl",
    "-w net.ipv4.ip_forward",
    "-w net.ipv4.ip_forward=",
    "-w net.ipv4.ip_forward=x net.ipv4.frob=1",
    "net.ipv4.frob",
    "net.ipv4.frob net.x net.ipv4.ip_forward",
    "-e net.ipv4.frob",
    "-n -e net.ipv4.ip_forward net.x",
    "-w net.ipv4.frob=1",
    "-e -w net.ipv4.frob=1",
    "-w net.ipv4.conf.eth9.rp_filter=1",
    "net.ipv4.conf.*.rp_filter",
    "=1",
    "-a -r ^net.ipv4.ip_forward$",
    "-a --pattern=ipv4.conf.(lo|all)\\.rp_f",
    "-aN -r tcp_[rw]mem",
    "-aN -r ^net.ipv6.conf.(all|lo).forw",
    "-X -N -r neigh.(lo|eth0).*(stale|locktime)",
    "-r ip_f net.ipv4.ip_forward net.ipv4.tcp_sack",
    "-n",
    "-w",
    "-p -",
];

/// Settings that Linux has for the whole machine alone, and so not in a namespace.
const OF_THE_MACHINE: &[&str] = &[
    "net.core.netdev_budget",
    "net.core.netdev_max_backlog",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_mem",
    "net.ipv4.udp_mem",
    "net.ipv6.mld_max_msf",
    "net.ipv6.mld_qrv",
];

fn sysctl_shows_and_says_what_linuxs_does() -> Result<()> {
    needs::program("sysctl", "procps")?;
    Pair::new()?.compare("sysctl", SYSCTL, without_hints)
}

/// What a refusal of ours says more, in brackets: what is expected, or was perhaps meant.
fn without_hints(mut shown: Shown) -> Shown {
    for line in &mut shown.said {
        if let Some((said, _)) = line.split_once(" (").filter(|_| line.ends_with(')')) {
            *line = said.to_owned();
        }
    }
    shown
}

/// Each name of ours is one of Linux's, but for two that stand for what Linux leaves to programs or does not have.
fn settings_have_linuxs_names() -> Result<()> {
    needs::program("sysctl", "procps")?;
    let pair = Pair::new()?;
    let linuxs = pair.linuxs("sysctl", "-aN")?.lines;
    let ours = pair.ours("sysctl", "-aN")?;
    let is_known = |name: &str| {
        linuxs.iter().any(|known| known == name)
            || OF_THE_MACHINE.contains(&name)
            // The neighbours' defaults are a namespace's own for its devices, and not shown there.
            || name.contains(".neigh.default.")
            || name == "net.ipv4.tcp_hystart_plus_plus"
            || name.ends_with(".link_local")
    };
    let ours = String::from_utf8_lossy(&ours.output).into_owned();
    let unknown: Vec<_> = ours.lines().filter(|name| !is_known(name)).collect();
    ensure!(unknown.is_empty() && ours.lines().count() > 200, "{unknown:?}");
    Ok(())
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

/// Each instance has a history of its own, which ends with it.
fn the_short_form_of_nstat_remembers() -> Result<()> {
    let pair = Pair::new()?;
    let news = || -> Result<String> {
        let ended = pair.short(&["nstat", "--on", "pair", "IcmpInEchos"])?;
        ensure!(ended.code == Some(0), "{ended:?}");
        Ok(String::from_utf8_lossy(&ended.output).into_owned())
    };
    let ping = |count: &str| pair.ours("ping", &format!("-q -i 0.01 -c {count} 127.0.0.1"));
    for count in ["2", "3"] {
        ping(count)?;
        let shown = news()?;
        ensure!(shown.contains(&format!("IcmpInEchos                     {count} ")), "{shown}");
    }
    ensure!(news()?.lines().count() == 1, "nothing is new");
    let memory = pair.runtime_folder().join("wnet/pair.memory");
    ensure!(memory.join("nstat.history").is_file(), "the history lies in {}", memory.display());
    let folder = pair.stop()?;
    ensure!(!folder.folder().join("wnet/pair.memory").exists(), "it goes with the instance");
    Ok(())
}
