//! `ss`.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use conformance::deadline::wait_for;
use conformance::needs;

use super::pair::{Pair, Shown};

crate::cases! {
    ss_shows_what_linuxs_does,
    ss_tells_of_connections_as_linuxs_does,
    ss_names_the_guests,
    ss_names_whose_raw_and_packet_sockets_they_are,
}

/// With a server alone.
const SS: &[&str] = &[
    "-tln",
    "-tlnH",
    "-tan",
    "-tan state listening",
    "-tln --tos",
    "-tan sport = :7",
    "-tan not sport = :7",
    "-tan fwmark = 0",
    "-tan dev = lo",
    "-tan dev = foo",
    "-tan sport = :frob",
    "-x",
    "-tx",
    "-S",
    "state",
    "-F /nonexistent/filter",
];

/// With a connection and a UDP socket, but for the order of connections, which no one promises.
const CONNECTED: &[&str] = &[
    "-tan",
    "-tn",
    "-tno",
    "-tn state established",
    "-tan state connected",
    "-tan exclude listening",
    "-tn sport = :7",
    "-tn sport = 7",
    "-tn dport = :7 or sport = :7",
    "-tn dport > :1024",
    "-tn src 127.0.0.1",
    "-tn ( dst 127.0.0.0/8 and not dport = :7 )",
    "-tn dst [::1]:7",
    "-tnO",
    "-tnr",
    "-tr",
    "-tn --tos",
    "-uan --tos",
    "-nH -A tcp",
    "-uan",
    "-uani",
    "-uanH -4",
    "-uan6",
];

/// Behind the columns stand words with values, of which the words are compared.
const TOLD: &[&str] = &["-tni", "-tnm", "-tnmi", "-tne", "-tnmieo", "-tln -i", "-uanm", "-uane"];

fn ss_shows_what_linuxs_does() -> Result<()> {
    needs::program("ss", "iproute2")?;
    needs::program("nc", "netcat-openbsd")?;
    let pair = Pair::new()?;
    let mut server = serve(&pair)?;
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

/// A server at Linux's port 7.
fn serve(pair: &Pair) -> Result<Child> {
    let mut nc = pair.linux.command("nc")?;
    let server = nc.args(["-lk", "0.0.0.0", "7"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let listening = || pair.linuxs("ss", "-tlnH").is_ok_and(|ss| ss.lines.iter().any(|l| l.contains(":7")));
    wait_for("nc to listen", || listening().then_some(()))?;
    Ok(server)
}

fn ss_tells_of_connections_as_linuxs_does() -> Result<()> {
    needs::program("ss", "iproute2")?;
    needs::program("nc", "netcat-openbsd")?;
    let pair = Pair::new()?;
    // A line goes each way on both.
    let mut server = serve(&pair)?;
    let mut client = pair.linux.connect(SocketAddr::from(([127, 0, 0, 1], 7)))?;
    client.write_all(b"hello\n")?;
    let mut voice = server.stdin.take().context("nc's standard input")?;
    voice.write_all(b"hello\n")?;
    client.read_exact(&mut [0; 6])?;
    let _datagrams = pair.linux.udp(SocketAddr::from(([0, 0, 0, 0], 9)))?;
    let mut ours = pair.start_guest("echo-client", &["127.0.0.1", "7"])?;
    let mut input = ours.input();
    input.write_all(b"hello\n")?;
    ours.wait_for_line("hello")?;
    let echo = pair.start_guest("test/udp-echo", &["0.0.0.0:9"])?;
    echo.wait_for_line("receiving on ")?;
    let compared = CONNECTED.iter().try_for_each(|line| {
        let (ours, linuxs) = (without_ports(shown(&pair, line)?), without_ports(pair.linuxs("ss", line)?));
        ensure!(ours == linuxs, "ss {line}:\nours   {ours:#?}\nLinux's {linuxs:#?}");
        Ok(())
    });
    let compared = compared.and_then(|()| compare_counts(&pair));
    let compared = compared.and_then(|()| TOLD.iter().try_for_each(|line| compare_words(&pair, line)));
    server.kill()?;
    server.wait()?;
    compared
}

/// What is counted, but for what Linux counts of all namespaces: sockets of other kinds, and those that no packet finds.
fn compare_counts(pair: &Pair) -> Result<()> {
    let own = |shown: Shown| -> Vec<String> {
        let own = shown.lines.iter().skip(1).map(|line| match line.split_once("(estab") {
            Some((_, counts)) => {
                let of_all = |count: &&str| ["closed", "orphaned"].iter().any(|name| count.starts_with(name));
                let counts = counts.split(", ").filter(|count| !of_all(count));
                counts.collect::<Vec<_>>().join(", ")
            }
            None => line.clone(),
        });
        own.collect()
    };
    let (ours, linuxs) = (own(shown(pair, "-s")?), own(pair.linuxs("ss", "-s")?));
    ensure!(ours == linuxs, "ss -s:\nours   {ours:#?}\nLinux's {linuxs:#?}");
    Ok(())
}

fn shown(pair: &Pair, line: &str) -> Result<Shown> {
    let ended = pair.ours("ss", line)?;
    Ok(Shown::new(&ended.output, ended.error.as_bytes(), ended.code))
}

/// Lines without the port that a client got and the room that a column has for it, in an order of their own.
fn without_ports(mut shown: Shown) -> Shown {
    for line in &mut shown.lines {
        let words = without_backlog(line);
        let words: Vec<_> = words.split_whitespace().map(without_port).collect();
        *line = words.join(" ").replace("Port Process", "PortProcess");
    }
    shown.lines.sort();
    shown
}

fn without_port(word: &str) -> String {
    match word.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 1024) => format!("{host}:PORT"),
        _ => word.to_owned(),
    }
}

/// The words that we have are Linux's, in its order. It may have more: it measures what passes in no time at all here.
fn compare_words(pair: &Pair, line: &str) -> Result<()> {
    let (ours, linuxs) = (words(&shown(pair, line)?), words(&pair.linuxs("ss", line)?));
    let mut rest = linuxs.iter();
    let missing: Vec<_> = ours.iter().filter(|word| !rest.any(|known| known == *word)).collect();
    let least = if line.contains('i') && line.starts_with("-tn") { 40 } else { 1 };
    ensure!(
        missing.is_empty() && ours.len() >= least,
        "ss {line}: {missing:?}\nours    {ours:?}\nLinux's {linuxs:?}"
    );
    Ok(())
}

/// The names of what stands behind the columns, of all lines.
fn words(shown: &Shown) -> Vec<String> {
    let names = shown.lines.iter().flat_map(|line| line.split_whitespace());
    let names = names.map(|word| word.split(':').next().unwrap_or(word));
    names
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|name| !["cubic", "bbr", "reno", "dctcp"].contains(name))
        .map(str::to_owned)
        .collect()
}

fn ss_names_whose_raw_and_packet_sockets_they_are() -> Result<()> {
    let pair = Pair::new()?;
    let mut ping = pair.start_guest("ping", &["-i", "1000", "127.0.0.1"])?;
    let _input = ping.input();
    ping.wait_for_line("64 bytes from ")?;
    let dump = pair.start_guest("tcpdump", &["-i", "lo", "udp"])?;
    dump.wait_for_line("listening on ")?;
    for (options, user) in
        [("-wanpH", "users:((\"ping\",pid=2,fd=3))"), ("-0anpH", "users:((\"tcpdump\",pid=3,fd=3))")]
    {
        let ended = pair.ours("ss", options)?;
        let shown = String::from_utf8_lossy(&ended.output).into_owned();
        ensure!(shown.lines().count() == 1 && shown.contains(user), "{shown}: {}", ended.error);
    }
    Ok(())
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
