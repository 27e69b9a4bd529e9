use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::words::{Simple, simple};
use super::{Reply, shim};
use crate::language;
use crate::machine::DeviceChange;
use crate::run::fake::Fake;
use crate::run::{Config, Failure, run};

fn words(text: &str) -> Option<Vec<Vec<String>>> {
    simple(text).map(|all| all.into_iter().map(|Simple { words, .. }| words).collect())
}

#[test]
fn simple_lines_are_words() {
    for (text, expected) in [
        ("sysctl -q a=1", vec![vec!["sysctl", "-q", "a=1"]]),
        ("a 'b c' \"d $((15*1024))\" e\\ f", vec![vec!["a", "b c", "d 15360", "e f"]]),
        ("a; b && c\n# remark\nd > /dev/null 2>&1", vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"]]),
        ("N=4\na $N ${N}k $((N * (1 + 2)))", vec![vec!["a", "4", "4k", "12"]]),
        ("sysctl a=\"1 2 3\" \\\n  b=2", vec![vec!["sysctl", "a=1 2 3", "b=2"]]),
    ] {
        let expected: Vec<Vec<String>> =
            expected.into_iter().map(|line| line.into_iter().map(str::to_owned).collect()).collect();
        assert_eq!(words(text), Some(expected), "{text}");
    }
    for text in [
        "a | b",
        "for i in 1 2; do a; done",
        "a > file",
        "a $(b)",
        "a $UNSET",
        "a || b",
        "a &",
        "if a; then b; fi",
    ] {
        assert_eq!(words(text), None, "{text}");
    }
}

fn settings(commands: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let mut fake = Fake { counters: vec![("TcpExtTCPTimeouts".to_owned(), 3)], ..Fake::default() };
    let script = language::parse("test", &format!("`{commands}`\n0 `true`"), &[], &[]).unwrap();
    let passed = run(&script, &Config::default(), Path::new("."), &mut fake)?;
    Ok((fake.settings, passed.output))
}

#[test]
fn commands_act_on_the_machine() {
    let (done, _) = settings(
        "sysctl -q -w net.ipv4.tcp_sack=0 net.ipv4.tcp_ecn=\"1\"
         sysctl net/ipv4/tcp_rmem=\"4096 540000 $((15*1024*1024))\" > /dev/null
         echo 3 > /proc/sys/net/ipv4/tcp_reordering
         ../common/set_sysctls.py /proc/sys/net/ipv4/tcp_fastopen=0x402
         ip tcp_metrics flush all > /dev/null 2>&1
         ip link set dev tun0 mtu 1400
         tc qdisc add dev tun0 root pfifo; ethtool -K tun0 tso off gso on",
    )
    .unwrap();
    let expected = [
        "net.ipv4.tcp_sack=0".to_owned(),
        "net.ipv4.tcp_ecn=1".to_owned(),
        "net.ipv4.tcp_rmem=4096 540000 15728640".to_owned(),
        "net.ipv4.tcp_reordering=3".to_owned(),
        "net.ipv4.tcp_fastopen=0x402".to_owned(),
        "flush".to_owned(),
        format!("{:?}", DeviceChange::Mtu(1400)),
        format!(
            "{:?}",
            DeviceChange::Qdisc(["add", "dev", "tun0", "root", "pfifo"].map(str::to_owned).to_vec())
        ),
        format!("{:?}", DeviceChange::Offload("tso".to_owned(), false)),
        format!("{:?}", DeviceChange::Offload("gso".to_owned(), true)),
    ];
    assert_eq!(done, expected);
}

#[test]
fn routes_are_read() {
    let (done, _) = settings(
        "ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 1460 mtu lock 1500 initcwnd 20 rto_min 5ms features ecn",
    )
    .unwrap();
    for part in [
        "verb: Change",
        "(192.0.2.1, 32)",
        "mtu: Some(1500)",
        "mtu_lock: true",
        "advmss: Some(1460)",
        "initcwnd: Some(20)",
        "rto_min: Some(5000000)",
        "ecn: true",
    ] {
        assert!(done[0].contains(part), "{part}: {}", done[0]);
    }
}

#[test]
fn the_last_status_counts() {
    let (_, output) =
        settings("sysctl -q net.ipv4.nonsense=1; sysctl -q net.ipv4.tcp_sack=1; sysctl -n net.ipv4.tcp_sack")
            .unwrap();
    assert_eq!(output, ["1", "warning: sysctl: net.ipv4.nonsense=1: no such name"]);
    let failure = settings("sysctl -q net.ipv4.nonsense=1").unwrap_err();
    assert!(failure.message.starts_with("the command ended with status 255"), "{}", failure.message);
    settings("nstat -az TcpExtTCP* ; nstat > /dev/null").unwrap();
}

#[test]
fn a_shell_runs_what_is_not_simple() {
    let (_, output) = settings("for i in 1 2; do echo $i; done | sort -r").unwrap();
    assert_eq!(output, ["2", "1"]);
    let failure = settings("test 1 = 2 || exit 3").unwrap_err();
    assert_eq!(failure.message, "the command ended with status 3");
    let (done, output) =
        settings("./set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0\nprintf 'a\\nb\\n' | wc -l").unwrap();
    assert_eq!((done.len(), output.len()), (1, 1), "a shell for the second line alone");
    let missing = settings("./no-such-file.sh").unwrap_err();
    assert!(missing.message.ends_with("./no-such-file.sh: not found"), "{}", missing.message);
    assert!(settings("cat x | tee /proc/sys/net/ipv4/tcp_sack").is_err(), "the computer's own settings");
}

#[test]
fn shims_ask_over_a_socket() {
    let path = std::env::temp_dir().join(format!("packetdrill-test-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let words = ["sysctl".to_owned(), "-n".to_owned(), String::new()];
    let client = std::thread::spawn({
        let (path, words) = (path.clone(), words.clone());
        move || shim::ask(UnixStream::connect(path).ok(), &words)
    });
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut request).unwrap();
    assert_eq!(shim::decode_request(&request), words);
    let reply = Reply { status: 3, output: "out\n".to_owned(), errors: "err\n".to_owned() };
    std::io::Write::write_all(&mut stream, &shim::encode_reply(&reply)).unwrap();
    drop(stream);
    assert_eq!(client.join().unwrap(), reply);
    std::fs::remove_file(path).unwrap();
    assert_eq!(shim::ask(None, &words).status, 126);
}

#[test]
fn sysctls_of_other_systems_are_named() {
    for text in
        ["sysctl -w net.inet.tcp.rfc1323=1", "sysctl -q net.ipv4.tcp_sack=1; sysctl net.inet.tcp.rfc1323"]
    {
        let failure = settings(text).unwrap_err();
        assert!(failure.skip);
        assert_eq!(failure.message, "needs FreeBSD's sysctl net.inet.tcp.rfc1323");
    }
}
