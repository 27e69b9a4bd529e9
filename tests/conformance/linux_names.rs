//! Guests look names up; dnsmasq answers.

use std::fmt::Write;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use conformance::namespace::Namespace;
use conformance::scratch::Scratch;
use conformance::wnet_process::Wnet;
use conformance::{artifacts, needs};

use crate::linux_ip::Killed;

crate::cases! {
    names_are_looked_up_over_both_versions,
    a_server_is_learnt_by_dhcp,
    what_needs_no_server,
}

/// dnsmasq as name server of a namespace, with `options`.
pub(crate) fn dnsmasq(linux: &Namespace, options: &[String]) -> Result<Killed> {
    let program = needs::program("dnsmasq", "dnsmasq-base")?;
    let mut server = linux.command(program)?;
    server.args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--interface=tap0"]);
    server.args(["--bind-interfaces", "--leasefile-ro", "--user=root", "--local=/test/", "--domain=a.test"]);
    server.args([
        "--address=/both.test/192.0.2.1",
        "--address=/both.test/2001:db8::1",
        "--host-record=www.a.test,192.0.2.2",
    ]);
    server.args(["--cname=alias.test,www.a.test", "--address=/xn--bcher-kva.test/192.0.2.3"]);
    server.args(options);
    Ok(Killed(server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
}

/// What the guest prints, a line for each name.
fn look_up(linux: &Namespace, options: &str, names: &[&str]) -> Result<Vec<String>> {
    let mut command = linux.command(artifacts::wnet()?)?;
    command.args(["run", "--nic", "tap:tap0"]).args(options.split_whitespace());
    command.arg(artifacts::component("test/names")?).args(names);
    let ended = Wnet::spawn(&mut command)?.wait()?;
    ensure!(ended.code == Some(0), "{ended:?}");
    Ok(String::from_utf8(ended.output)?.lines().map(str::to_owned).collect())
}

fn names_are_looked_up_over_both_versions() -> Result<()> {
    let linux = Namespace::with_both()?;
    let folder = Scratch::new()?;
    // More than fit a datagram, so that the answer comes over TCP.
    let mut many = String::new();
    for number in 1..=100 {
        writeln!(many, "203.0.113.{number} many.test")?;
    }
    let hosts = folder.write("hosts", many)?;
    let _server = dnsmasq(&linux, &[format!("--addn-hosts={}", hosts.display())])?;
    for (ip, server) in [("198.51.100.2/24", "198.51.100.1"), ("fd77::2/64", "fd77::1")] {
        let options = format!("--ip {ip} --dns {server} --dns-search a.test");
        let names = [
            "--wait",
            "both.test",
            "www",
            "alias.test",
            "bücher.test",
            "WWW.A.Test.",
            "no.test",
            "many.test",
        ];
        let said = look_up(&linux, &options, &names)?;
        let [both, www, alias, books, capitals, no, many] = &said[..] else { anyhow::bail!("{said:?}") };
        let mut addresses: Vec<&str> = both.split_whitespace().skip(1).collect();
        // What can be reached comes first, which here is nothing: no order is to be held.
        addresses.sort_unstable();
        ensure!(addresses == ["192.0.2.1", "2001:db8::1"], "{both}");
        ensure!(www == "www: 192.0.2.2", "{www}");
        ensure!(alias == "alias.test: 192.0.2.2", "{alias}");
        ensure!(books == "bücher.test: 192.0.2.3", "{books}");
        ensure!(capitals == "WWW.A.Test.: 192.0.2.2", "{capitals}");
        ensure!(no.starts_with("no.test: error: "), "{no}");
        ensure!(many.split_whitespace().count() == 1 + 64, "{many}");
    }
    Ok(())
}

fn a_server_is_learnt_by_dhcp() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let range = "--dhcp-range=198.51.100.77,198.51.100.77,255.255.255.0,1h".to_owned();
    let _server = dnsmasq(&linux, &[range])?;
    let said = look_up(&linux, "--ip dhcp", &["--wait", "www.a.test"])?;
    ensure!(said == ["www.a.test: 192.0.2.2"], "{said:?}");
    Ok(())
}

fn what_needs_no_server() -> Result<()> {
    let linux = Namespace::with_tap()?;
    let folder = Scratch::new()?;
    let hosts = folder.write("hosts", "192.0.2.8\tprinter printer.test # in the hall\n")?;
    let options = "--ip 198.51.100.2/24 --add-host db:198.51.100.9 --add-host db:fd77::9";
    let options = format!("{options} --hosts-file {}", hosts.display());
    let names = ["localhost", "192.0.2.7", "::1", "DB", "Printer.test", "x.invalid", "nobody.to.ask"];
    let said = look_up(&linux, &options, &names)?;
    let [localhost, literal, loopback, db, printer, invalid, nobody] = &said[..] else {
        anyhow::bail!("{said:?}")
    };
    ensure!(localhost == "localhost: ::1 127.0.0.1", "{localhost}");
    ensure!(literal == "192.0.2.7: 192.0.2.7" && loopback == "::1: ::1", "{said:?}");
    ensure!(printer == "Printer.test: 192.0.2.8", "{printer}");
    ensure!(db == "DB: 198.51.100.9 fd77::9", "what can be reached comes first: {db}");
    ensure!(invalid.contains(": error: ") && nobody.contains(": error: "), "{said:?}");
    let error = |line: &str| line.split(": error: ").nth(1).map(str::to_owned).context("no error");
    ensure!(error(invalid)? != error(nobody)?, "nobody has it, nobody knows: {said:?}");
    Ok(())
}
