//! What a file says is what the command line would say.

use super::*;
use crate::gate::Limits;
use crate::policy::{Mode, Unruled};
use std::ffi::OsString;

fn parsed(text: &str) -> Result<Config, String> {
    parse(&Source { name: "net.toml", text }, Path::new("/etc/wnet"))
}

fn config(text: &str) -> Config {
    parsed(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn on_the_command_line(line: &str) -> Config {
    let words = std::iter::once("wnet").chain(line.split_whitespace()).map(OsString::from);
    match crate::cli::parse(words) {
        Ok(crate::cli::Order::Run(config)) => *config,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_guest_alone_is_on_the_user_wire() {
    assert_eq!(config("guest.file = 'g.wasm'"), on_the_command_line("run /etc/wnet/g.wasm"));
}

#[test]
fn all_keys_together() {
    let text = r#"
        [network]
        name = "one"
        stack = "my.wasm"
        publish = ["8080:80", "0:7"]
        dns = "192.0.2.53"
        dns-search = ["a.test", "b.test"]
        dns-option = "ndots:2"
        add-host = "db:10.0.0.7"
        hosts-file = "hosts"
        allow-inbound = "tcp://*:80"
        allow-outbound = "tcp://*:443"
        allow-resolve = "*.c.test"
        policy = "count"
        pcap = "/tmp/out.pcapng"
        [network.sysctl]
        net.ipv4.tcp_syn_retries = 3
        "net.ipv4.conf.all.rp_filter" = "2"
        [[network.nic]]
        wire = "tap:tap0"
        mac = "02:00:00:00:00:0f"
        mtu = 9000
        ip = ["192.0.2.15/24", "dhcp"]
        gateway = "192.0.2.1"
        [[network.nic]]
        [[guest]]
        file = "a.wasm"
        args = ["-p", 1]
        env = ["A=b=c", "HOME"]
        dir = ["/srv::/", "data"]
        grant = ["control", "ping"]
        max-sockets = 9
        max-memory = "64M"
        max-buffers = 1048576
    "#;
    let mut expected = on_the_command_line(
        "run --name one --stack /etc/wnet/my.wasm -p 8080:80 -p 0:7 --dns 192.0.2.53 --dns-search a.test \
         --dns-search b.test --dns-option ndots:2 --add-host db:10.0.0.7 --hosts-file /etc/wnet/hosts --allow-inbound tcp://*:80 \
         --allow-outbound tcp://*:443 --allow-resolve *.c.test --policy count --pcap /tmp/out.pcapng \
         --sysctl net.ipv4.tcp_syn_retries=3 --sysctl net.ipv4.conf.all.rp_filter=2 --nic tap:tap0 \
         --mac 02:00:00:00:00:0f --mtu 9000 --ip 192.0.2.15/24 --ip dhcp --gateway 192.0.2.1 --nic user \
         --env A=b=c --env HOME --dir /srv::/ --dir /etc/wnet/data::data --grant control,ping --max-sockets 9 \
         --max-memory 64M --max-buffers 1M /etc/wnet/a.wasm -p 1",
    );
    let mut config = config(text);
    // Tables have no order.
    config.sysctls.sort();
    expected.sysctls.sort();
    assert_eq!(config, expected);
    assert_eq!(config.guests[0].limits, Limits { sockets: 9, memory: 64 << 20, buffers: Some(1 << 20) });
}

#[test]
fn each_guest_may_have_rules_and_the_network_allows_what_any_of_them_may() {
    let text = "[[guest]]\nfile = 'a'\nallow-outbound = 'tcp://192.0.2.1:443'\n[[guest]]\nfile = 'b'\n";
    let mixed = config(text);
    let [a, b] = &mixed.guests[..] else { panic!() };
    assert_eq!(a.rules.as_ref().map(|rules| rules.unruled), Some(Unruled::Denied));
    let unsaid = b.rules.as_ref().map(|rules| (rules.mode, rules.unruled, rules.outbound.len()));
    assert_eq!(unsaid, Some((Mode::Enforce, Unruled::Inward, 0)), "what others may it may not");
    assert_eq!((mixed.rules.unruled, mixed.rules.outbound.len()), (Unruled::Inward, 1), "the gateway's");
    let counted = config("[[guest]]\nfile = 'a'\npolicy = 'count'\n[[guest]]\nfile = 'b'\n");
    assert_eq!((counted.rules.mode, counted.rules.unruled), (Mode::Enforce, Unruled::Allowed));
    assert_eq!(counted.guests[1].rules.as_ref().map(|rules| rules.unruled), Some(Unruled::Inward));
    let unruled = config("[[guest]]\nfile = 'a'\n[[guest]]\nfile = 'b'\n");
    assert!(unruled.guests.iter().all(|guest| guest.rules.is_none()), "the network's are theirs");
    let both = config(&format!("network.allow-resolve = '*'\n{text}"));
    assert_eq!((both.rules.unruled, both.rules.outbound.len()), (Unruled::Denied, 0), "as it says itself");
    assert_eq!(config("network.nic.wire = 'none'\nguest.file = 'a'").cards, []);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let guest = "[[guest]]\nfile = 'g'\n";
    let table = [
        ("", "net.toml:1: there is no guest"),
        ("[network]\nname = 'x'\n", "net.toml:1: there is no guest"),
        ("[[guest]]\n", "net.toml:1: this guest has no file"),
        ("[[guest]]\nfile = \n", "net.toml:2: "),
        (
            "[[guest]]\nfile = 'g'\narg = ['x']\n",
            "net.toml:3: there is no key \"arg\" here; did you mean args?",
        ),
        (
            "[netwrok]\n[[guest]]\nfile = 'g'\n",
            "net.toml:1: there is no key \"netwrok\" here; did you mean network?",
        ),
        ("[network]\nzzz = 1\n", "net.toml:2: there is no key \"zzz\" here"),
        ("[network]\ndns = ['192.0.2.1',\n 'x']\n", "net.toml:3: dns = \"x\": expected an address"),
        ("[network]\nname = 'a/b'\n", "net.toml:2: name = \"a/b\": expected 1 to 32 letters"),
        ("[network]\nname = true\n", "net.toml:2: name: expected a text or a number"),
        ("[network]\nnic = 3\n", "net.toml:2: nic: expected a table"),
        ("[[network.nic]]\nmtu = 67\n", "net.toml:2: mtu = \"67\": "),
        ("[[network.nic]]\nwire = 'tap:t'\n", "--nic tap:t needs an address"),
        (
            "[[network.nic]]\nwires = 'none'\n",
            "net.toml:2: there is no key \"wires\" here; did you mean wire?",
        ),
        ("[[network.nic]]\nwire = 'none'\nmtu = 1400\n", "net.toml:1: wire = \"none\" stands alone"),
        ("[network]\nnic = []\npublish = '1:1'\npublsh = 1\n", "did you mean publish?"),
        ("[network]\npcap = 'x'\nnic.wire = 'none'\n", "nothing to capture"),
        ("[[network]]\n[[network]]\n", "net.toml:2: there is one network"),
    ];
    for (text, expected) in table {
        let whole = if text.contains("guest") || text.is_empty() || expected.contains("no guest") {
            text.to_owned()
        } else {
            format!("{text}{guest}")
        };
        let error = parsed(&whole).unwrap_err();
        assert!(error.contains(expected) && !error.contains('\n'), "{whole}: {error}");
    }
}
