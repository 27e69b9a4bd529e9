use super::*;
use crate::gate::{Grant, Grants, Limits};
use crate::gateway::{GatewayConfig, Subnet};
use crate::kernel::NameSettings;
use crate::policy::{Mode, Rules, Transport, Unruled};
use std::net::Ipv4Addr;
use std::net::SocketAddr;

/// Parses the words of `line` behind `wnet`.
fn parse_line(line: &str) -> Result<Config, clap::Error> {
    match order(line)? {
        Order::Run(config) => Ok(*config),
        Order::Up(_) | Order::Exec(_) | Order::Packetdrill(_) => panic!("{line}: is no run"),
    }
}

fn order(line: &str) -> Result<Order, clap::Error> {
    parse(std::iter::once("wnet").chain(line.split_whitespace()).map(OsString::from))
}

#[test]
fn packetdrill_gets_its_arguments_as_they_are() {
    for line in ["-v --mtu=9000 a.pkt dir", "--help", ""] {
        let words = line.split_whitespace().map(OsString::from).collect();
        assert_eq!(order(&format!("packetdrill {line}")).unwrap(), Order::Packetdrill(words));
    }
}

fn exec(line: &str) -> ExecConfig {
    match order(line).unwrap_or_else(|error| panic!("{line}: {error}")) {
        Order::Exec(config) => *config,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn tools_get_their_arguments_as_they_are() {
    let config = exec("exec --on web --grant raw,control --env A=b --dir /srv::/ t.wasm --on x -h");
    assert_eq!(config.on, Some("web".parse().unwrap()));
    assert_eq!(config.tool, ToolSource::File("t.wasm".into()));
    assert_eq!(config.arguments, ["--on", "x", "-h"]);
    assert_eq!(config.grants, [Grant::Raw, Grant::Control].into_iter().collect());
    assert_eq!(config.environment, [("A".into(), Some("b".into()))]);
    assert_eq!(config.directories, [("/srv".into(), "/".to_string())]);
    let short = exec("ping --on web -c 3 --help 10.0.2.2");
    assert_eq!(short.tool, ToolSource::BuiltIn(&crate::tools::PING));
    assert_eq!(short.arguments, ["-c", "3", "--help", "10.0.2.2"]);
    assert_eq!(short.grants, [Grant::Ping].into_iter().collect());
    assert_eq!(exec("ip -h addr").on, None);
}

#[test]
fn what_was_perhaps_meant_is_said() {
    for (line, part) in [
        ("pign --on web 10.0.2.2", "'ping'"),
        ("ping -c 3 --on web 10.0.2.2", "wnet ping --on NAME"),
        ("exec --on ../x t.wasm", "expected 1 to 32 letters"),
        ("exec --grant rwa t.wasm", "expected one of control, raw, ping, packet"),
        ("run --name a/b g.wasm", "expected 1 to 32 letters"),
    ] {
        let error = order(line).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains(part), "{line}: {error}");
    }
}

fn config(line: &str) -> Config {
    parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn card(line: &str) -> Card {
    config(line).cards.remove(0)
}

fn cidr(text: &str) -> Cidr {
    values::cidr(text).unwrap()
}

#[test]
fn without_options_the_guest_is_on_the_user_wire() {
    let expected = Config {
        name: None,
        stack: None,
        cards: vec![Card {
            wire: WireConfig::User(GatewayConfig {
                subnets: vec![
                    subnet("10.0.2.2", 24, "10.0.2.15", false),
                    subnet("fd24:6c63:dd76::2", 64, "fd24:6c63:dd76::15", false),
                ],
                publish: vec![],
            }),
            mac: Some([0x52, 0x54, 10, 0, 2, 15]),
            addresses: vec![cidr("10.0.2.15/24"), cidr("fd24:6c63:dd76::15/64")],
            dhcp: false,
            link_local: false,
            ipv6: false,
            gateways: ["10.0.2.2", "fd24:6c63:dd76::2"].map(|ip| ip.parse().unwrap()).to_vec(),
            mtu: None,
        }],
        sysctls: vec![],
        names: None,
        hosts_file: None,
        rules: Rules {
            unruled: Unruled::Inward,
            own: ["10.0.2.15", "fd24:6c63:dd76::15"].map(|ip| ip.parse().unwrap()).to_vec(),
            gateways: ["10.0.2.2", "fd24:6c63:dd76::2"].map(|ip| ip.parse().unwrap()).to_vec(),
            ..Rules::default()
        },
        pcap: None,
        guests: vec![Guest { file: "guest.wasm".into(), ..Guest::default() }],
    };
    assert_eq!(config("run guest.wasm"), expected);
    assert_eq!(config("run --nic user guest.wasm"), expected);
    let both = "run --ip 10.0.2.15/24 --ip fd24:6c63:dd76::15/64 --gateway 10.0.2.2 guest.wasm";
    assert_eq!(config(both), expected);
}

fn subnet(gateway: &str, prefix_length: u8, guest: &str, asked_for: bool) -> Subnet {
    let (gateway, guest) = (gateway.parse().unwrap(), guest.parse().unwrap());
    Subnet { gateway, prefix_length, guest, asked_for }
}

/// The networks on the user wire.
fn subnets(line: &str) -> Vec<Subnet> {
    match card(line).wire {
        WireConfig::User(gateway) => gateway.subnets,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn on_the_user_wire_there_is_what_was_asked_for() {
    let (v4, v6) = ("10.0.2.2", "fd24:6c63:dd76::2");
    let made = "fd24:6c63:dd76:0:5054:aff:fe00:20f";
    let table = [
        ("--ip 192.0.2.7/24", vec![subnet("192.0.2.2", 24, "192.0.2.7", false)]),
        ("--ip 2001:db8::7/64", vec![subnet("2001:db8::2", 64, "2001:db8::7", false)]),
        (
            "--ip 2001:db8::2/120 --gateway 2001:db8::9",
            vec![subnet("2001:db8::9", 120, "2001:db8::2", false)],
        ),
        ("--ip dhcp", vec![subnet(v4, 24, "10.0.2.15", true)]),
        ("--ip auto", vec![subnet(v6, 64, made, true)]),
        ("--ip auto --ip dhcp", vec![subnet(v4, 24, "10.0.2.15", true), subnet(v6, 64, made, true)]),
        ("--mtu 1279", vec![subnet(v4, 24, "10.0.2.15", false)]),
    ];
    for (options, expected) in table {
        assert_eq!(subnets(&format!("run {options} g.wasm")), expected, "{options}");
    }
    let asking = card("run --ip auto --ip dhcp g.wasm");
    assert_eq!((asking.dhcp, asking.ipv6, asking.addresses, asking.gateways), (true, true, vec![], vec![]));
    let own: Vec<IpAddr> = ["10.0.2.15", made].map(|ip| ip.parse().unwrap()).to_vec();
    assert_eq!(config("run --ip auto --ip dhcp g.wasm").rules.own, own);
}

#[test]
fn what_is_allowed_depends_on_the_wire_and_the_flags() {
    let rules = |line: &str| config(line).rules;
    assert_eq!(rules("run --nic none g.wasm").unruled, Unruled::Allowed);
    assert_eq!(rules("run g.wasm").unruled, Unruled::Inward);
    assert_eq!(rules("run --nic none --policy enforce g.wasm").unruled, Unruled::Denied);
    let ruled = rules(
        "run -p 8080:80 --policy count --allow-outbound tcp://a.test:443 --allow-resolve=*.b.test g.wasm",
    );
    assert_eq!((ruled.unruled, ruled.mode), (Unruled::Denied, Mode::Count));
    assert_eq!((ruled.outbound.len(), ruled.inbound.len(), ruled.resolve.len()), (1, 1, 1));
}

#[test]
fn what_names_are_looked_up_by() {
    let names = |line: &str| config(line).names;
    let all = "run --dns 192.0.2.53 --dns [2001:db8::53]:5353 --dns-search a.test --dns-option ndots:2 \
         --dns-option timeout:1 --add-host db:10.0.0.7 --add-host db:fd00::7 --add-host v6=[::1] g.wasm";
    let host = |name: &str, address: &str| (name.to_owned(), address.parse().unwrap());
    let expected = NameSettings {
        servers: ["192.0.2.53:53", "[2001:db8::53]:5353"].map(|server| server.parse().unwrap()).to_vec(),
        search: vec!["a.test".into()],
        dots: 2,
        timeout: 1,
        attempts: 3,
        hosts: vec![host("db", "10.0.0.7"), host("db", "fd00::7"), host("v6", "::1")],
    };
    assert_eq!(names(all), Some(expected));
    assert_eq!(names("run g.wasm"), None);
}

#[test]
fn all_options_together() {
    let config = config(
        "run --name one --stack my.wasm --nic tap:tap0 --mac 02:00:00:00:00:0f --mtu 9000 --ip 192.0.2.15/24 \
         --ip 198.51.100.7/28 --gateway 192.0.2.1 --gateway 198.51.100.1 --dir /srv::/ --dir data --env A=b=c \
         --env HOME --sysctl net.ipv4.tcp_syn_retries=3 --grant control,ping --max-sockets 9 \
         --max-memory 64M --max-buffers 1024K --hosts-file hosts --pcap out.pcapng g.wasm -p 1 --name=x -- -q",
    );
    assert_eq!(
        config,
        Config {
            name: Some("one".parse().unwrap()),
            stack: Some("my.wasm".into()),
            cards: vec![Card {
                wire: WireConfig::Tap("tap0".into()),
                mac: Some([2, 0, 0, 0, 0, 15]),
                addresses: vec![cidr("192.0.2.15/24"), cidr("198.51.100.7/28")],
                dhcp: false,
                link_local: false,
                ipv6: false,
                gateways: vec![Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::new(198, 51, 100, 1).into()],
                mtu: Some(9000),
            }],
            sysctls: vec![("net.ipv4.tcp_syn_retries".into(), "3".into())],
            names: None,
            hosts_file: Some("hosts".into()),
            rules: Rules {
                own: ["192.0.2.15", "198.51.100.7"].map(|ip| ip.parse().unwrap()).to_vec(),
                ..Rules::default()
            },
            pcap: Some("out.pcapng".into()),
            guests: vec![Guest {
                file: "g.wasm".into(),
                arguments: ["-p", "1", "--name=x", "--", "-q"].map(String::from).into(),
                environment: vec![("A".into(), Some("b=c".into())), ("HOME".into(), None)],
                directories: vec![("/srv".into(), "/".into()), ("data".into(), "data".into())],
                grants: Grants { control: true, ping: true, ..Grants::default() },
                limits: Limits { sockets: 9, memory: 64 << 20, buffers: Some(1 << 20) },
                rules: None,
            }],
        }
    );
}

#[test]
fn a_plus_stands_between_guests() {
    let guests = config(r"run --env A=b a.wasm 1 --x + b.wasm + c.wasm \+ \\+ \\\+ \x a+b ++").guests;
    let [a, b, c] = &guests[..] else { panic!("{guests:?}") };
    assert_eq!(
        (a.file.to_str(), &a.arguments[..]),
        (Some("a.wasm"), &["1".to_owned(), "--x".to_owned()][..])
    );
    assert_eq!((b.file.to_str(), b.arguments.len()), (Some("b.wasm"), 0));
    assert_eq!(c.arguments, ["+", r"\+", r"\\+", r"\x", "a+b", "++"]);
    assert!(guests.iter().all(|guest| guest.environment == [("A".into(), Some("b".into()))]));
}

#[test]
fn a_network_is_in_a_file() {
    assert_eq!(order("up net.toml").unwrap(), Order::Up("net.toml".into()));
    assert_eq!(order("up").unwrap_err().exit_code(), 2);
}

#[test]
fn published_ports() {
    let table = [
        ("8080:80", "127.0.0.1:8080", 80, Transport::Tcp),
        ("0:7/tcp", "127.0.0.1:0", 7, Transport::Tcp),
        ("5353:53/udp", "127.0.0.1:5353", 53, Transport::Udp),
        ("0.0.0.0:65535:65535", "0.0.0.0:65535", 65535, Transport::Tcp),
        ("[::1]:8080:80", "[::1]:8080", 80, Transport::Tcp),
        ("::1:8080:80", "[::1]:8080", 80, Transport::Tcp),
    ];
    for (text, listen, guest_port, transport) in table {
        let listen: SocketAddr = listen.parse().unwrap();
        assert_eq!(values::publish(text), Ok(Publish { listen, guest_port, transport }), "{text}");
    }
    let WireConfig::User(gateway) = card("run -p 8080:80 --publish 7:7 g.wasm").wire else { panic!() };
    assert_eq!(gateway.publish.len(), 2);
}

#[test]
fn the_user_wires_gateway_finds_room() {
    let table = [
        ("192.0.2.15/24", "192.0.2.2/24"),
        ("192.0.2.2/24", "192.0.2.1/24"),
        ("192.0.2.2/30", "192.0.2.1/30"),
        ("192.0.2.1/30", "192.0.2.2/30"),
        ("192.0.2.9/31", "192.0.2.8/31"),
        ("192.0.2.8/31", "192.0.2.9/31"),
        ("172.16.5.4/12", "172.16.0.2/12"),
        ("2001:db8::2/64", "2001:db8::1/64"),
        ("2001:db8::1/127", "2001:db8::/127"),
    ];
    for (guest, expected) in table {
        let found = subnets(&format!("run --ip {guest} g.wasm"));
        let Subnet { gateway, prefix_length, .. } = found[0];
        assert_eq!(format!("{gateway}/{prefix_length}"), expected, "{guest}");
    }
}

#[test]
fn options_belong_to_the_card_before_them() {
    let cards = config(
        "run --nic tap:a --mac 02:00:00:00:00:0a --mtu 9000 --ip 192.0.2.1/24 --ip fd77::1/64 --gateway fe80::1 \
         --nic user -p 80:80 --nic tap:b --ip 198.51.100.1/24 --gateway 198.51.100.9 g.wasm",
    )
    .cards;
    let [a, user, b] = &cards[..] else { panic!("{cards:?}") };
    assert_eq!((&a.wire, a.mac.unwrap()[5]), (&WireConfig::Tap("a".into()), 0xa));
    assert_eq!(a.addresses, [cidr("192.0.2.1/24"), cidr("fd77::1/64")]);
    assert_eq!(a.gateways, ["fe80::1".parse::<IpAddr>().unwrap()]);
    assert!(matches!(&user.wire, WireConfig::User(gateway) if gateway.publish.len() == 1));
    assert_eq!((a.mtu, user.mtu, b.mtu), (Some(9000), None, None));
    assert_eq!((&b.addresses[..], b.gateways.len()), (&[cidr("198.51.100.1/24")][..], 1));
    assert_eq!(b.mac.unwrap(), [0x52, 0x54, 198, 51, 100, 1]);
    let found = card("run --nic tap:a --ip dhcp --ip auto g.wasm");
    assert_eq!((found.mac, found.dhcp, found.ipv6, found.link_local), (None, true, true, false));
    let found = card("run --nic tap:a --ip link-local g.wasm");
    assert_eq!((found.mac, found.dhcp, found.link_local), (None, false, true));
    let before = config("run --ip 192.0.2.1/24 --nic tap:a g.wasm").cards;
    assert_eq!(before[0].addresses, [cidr("192.0.2.1/24")], "with one card any order will do");
    let of_v6 = config("run --nic tap:a --ip fd77::a:b/64 g.wasm").cards;
    assert_eq!(of_v6[0].mac.unwrap(), [0x52, 0x54, 0, 10, 0, 11]);
}

#[test]
fn a_guest_without_a_card() {
    assert_eq!(config("run --nic none g.wasm").cards, []);
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let table = [
        ("run --nic tap:tap0 g.wasm", "needs an address: --ip ADDRESS/PREFIX"),
        ("run --nic tap: g.wasm", "expected user, tap:NAME or none"),
        ("run --nic tun:x g.wasm", "expected user, tap:NAME or none"),
        ("run --nic stream:/run/x g.wasm", "this wire is not supported yet"),
        ("run --nic switch:x g.wasm", "this wire is not supported yet"),
        ("run --nic user --nic none g.wasm", "leaves out all network cards"),
        ("run --nic user --nic user g.wasm", "there is one such wire"),
        ("run --nic tap:a --nic tap:b --ip 192.0.2.1/24 g.wasm", "--nic tap:a needs an address"),
        ("run --nic tap:a --ip 192.0.2.1/24 --nic tap:a --ip 192.0.2.2/24 g.wasm", "cannot have one TAP"),
        ("run --nic tap:a --ip 192.0.2.1/24 --nic tap:b --ip 192.0.2.1/24 g.wasm", "cannot have one address"),
        ("run --mac 02:00:00:00:00:01 --mac 02:00:00:00:00:02 g.wasm", "a network card has one address"),
        ("run --nic tap:t --ip 192.0.2.1/24 -p 1:1 g.wasm", "--publish needs --nic user"),
        ("run --nic none -p 1:1 g.wasm", "--publish needs a network card"),
        ("run --nic none --ip 192.0.2.1/24 g.wasm", "--ip needs a network card"),
        ("run --nic none --gateway 192.0.2.1 g.wasm", "--gateway needs a network card"),
        ("run --nic none --mac 02:00:00:00:00:01 g.wasm", "--mac needs a network card"),
        ("run --nic none --mtu 1400 g.wasm", "--mtu needs a network card"),
        ("run --mtu 1501 g.wasm", "carries packets of up to 1500 bytes"),
        ("run --mtu 1400 --mtu 1300 g.wasm", "a network card has one"),
        ("run --nic tap:t --ip 192.0.2.1/24 --mtu 16111 g.wasm", "from 68 to 16110"),
        ("run --nic none --pcap f g.wasm", "nothing to capture"),
        ("run --ip link-local g.wasm", "nobody needs that on the user wire"),
        ("run --ip dhcp --ip 192.0.2.1/24 g.wasm", "there is one IPv4 address"),
        ("run --ip auto --ip 2001:db8::1/120 g.wasm", "addresses are made in networks of 64 bits"),
        ("run --ip 2001:db8::1/128 g.wasm", "no room for the user wire's gateway"),
        ("run --ip 192.0.2.1/24 --gateway fe80::1 g.wasm", "no address of its version"),
        ("run --nic tap:t --ip fd00::1/129 g.wasm", "as 192.0.2.15/24 or 2001:db8::15/64"),
        ("run --nic tap:t --ip ::1/128 g.wasm", "cannot be the address of one station"),
        ("run --nic tap:t --ip ff02::1/128 g.wasm", "cannot be the address of one station"),
        ("run --nic tap:t --ip ::ffff:192.0.2.1/128 g.wasm", "cannot be the address of one station"),
        ("run --nic tap:t --ip fd00::1/64 --gateway fd01::1 g.wasm", "is no station in the network of any"),
        ("run --ip 192.0.2.1 g.wasm", "as 192.0.2.15/24"),
        ("run --ip 192.0.2.1/33 g.wasm", "as 192.0.2.15/24"),
        ("run --ip 192.0.2.1/+24 g.wasm", "as 192.0.2.15/24"),
        ("run --ip 192.0.2.0/24 g.wasm", "cannot be the address of one station"),
        ("run --ip 192.0.2.255/24 g.wasm", "cannot be the address of one station"),
        ("run --ip 224.0.0.1/24 g.wasm", "cannot be the address of one station"),
        ("run --ip 127.0.0.1/8 g.wasm", "cannot be the address of one station"),
        ("run --ip 192.0.2.1/32 g.wasm", "no room for the user wire's gateway"),
        ("run --gateway 192.0.2.1 g.wasm", "is not in the network of 10.0.2.15/24"),
        ("run --gateway 10.0.2.15 g.wasm", "is the guest's own address"),
        ("run --gateway 10.0.2.255 g.wasm", "is no station in the network"),
        ("run --gateway 10.0.2.1 --gateway 10.0.2.2 g.wasm", "has one gateway"),
        ("run --gateway fd00::1 g.wasm", "is not in the network of fd24:6c63:dd76::15/64"),
        (
            "run --nic tap:t --ip 192.0.2.1/24 --gateway 10.0.0.1 g.wasm",
            "is no station in the network of any",
        ),
        ("run --dns example.org g.wasm", "expected an address, as 192.0.2.53"),
        ("run --allow-outbound example.org:80 g.wasm", "expected tcp://HOST:PORT"),
        ("run --allow-resolve a..b g.wasm", "is no name"),
        ("run --policy maybe g.wasm", "expected enforce or count"),
        ("run --dns-option ndots:16 g.wasm", "ndots wants a number from 0 to 15"),
        ("run --dns-option rotate g.wasm", "expected ndots:N, timeout:SECONDS or attempts:N"),
        ("run --add-host db g.wasm", "expected NAME:ADDRESS"),
        ("run --add-host :10.0.0.7 g.wasm", "expected NAME:ADDRESS"),
        ("run --mac 01:00:5e:00:00:01 g.wasm", "cannot have a group's address"),
        ("run --mac 52:54:00:12:34 g.wasm", "as 52:54:00:12:34:56"),
        ("run --mac 52:54:00:12:34:56:78 g.wasm", "as 52:54:00:12:34:56"),
        ("run -p 80 g.wasm", "expected [IP:]HOST:GUEST"),
        ("run -p 80:0 g.wasm", "expected [IP:]HOST:GUEST"),
        ("run -p 80:+7 g.wasm", "expected [IP:]HOST:GUEST"),
        ("run -p 80:70000 g.wasm", "expected [IP:]HOST:GUEST"),
        ("run -p here:80:80 g.wasm", "expected [IP:]HOST:GUEST"),
        ("run -p 53:53/sctp g.wasm", "expected /tcp, /udp or nothing"),
        ("run -p 53:53/sctp g.wasm", "expected /tcp"),
        ("run --dir ::/x g.wasm", "expected HOST::GUEST"),
        ("run --env =x g.wasm", "expected NAME=VALUE"),
        ("run --sysctl net.ipv4.ip_forward g.wasm", "expected KEY=VALUE"),
        ("run --max-memory 1T g.wasm", "expected a number of bytes"),
        ("run --max-sockets many g.wasm", "--max-sockets <N>"),
        ("run g.wasm +", "before and behind a lone +"),
        ("run g.wasm + + h.wasm", "before and behind a lone +"),
        ("run + h.wasm", "before and behind a lone +"),
        ("run --publsh 1:1 g.wasm", "a similar argument exists: '--publish'"),
        ("run", "GUEST.wasm"),
        ("rnu g.wasm", "unrecognized subcommand"),
        ("rnu g.wasm", "a similar subcommand exists: 'run'"),
        ("run --nic usr g.wasm", "expected user, tap:NAME or none; did you mean user?"),
        ("run --nic tpa:x g.wasm", "or none; did you mean tap?"),
        ("run --ip dchp g.wasm", "or dhcp, link-local or auto; did you mean dhcp?"),
        ("run --grant contol g.wasm", "; did you mean control?"),
        ("run --policy enfroce g.wasm", "expected enforce or count; did you mean enforce?"),
        ("run --dns-option ndot:1 g.wasm", "or attempts:N; did you mean ndots?"),
    ];
    for (line, expected) in table {
        let error = parse_line(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        let text = error.to_string();
        assert!(text.starts_with("error: ") && text.contains(expected), "{line}: {text}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (line, expected) in
        [("--version", "wnet 0."), ("--help", "run"), ("run --help", "--sysctl <KEY=VALUE>")]
    {
        let error = parse_line(line).unwrap_err();
        assert_eq!(error.exit_code(), 0, "{line}");
        assert!(error.to_string().contains(expected), "{line}: {error}");
    }
}

#[test]
fn the_argument_table_is_consistent() {
    use clap::CommandFactory;
    Arguments::command().debug_assert();
}
