use super::ast::{Action, Body, Direction, Expression, Flags, Icmp, Packet, Quote, Segment, Time, Tos};
use super::{ParseError, Script, parse};
use crate::packet::option::TcpOption;

fn script(text: &str) -> Result<Script, ParseError> {
    parse("t.pkt", text, &[], &[])
}

fn event(text: &str) -> (Time, Action) {
    let script = script(text).unwrap_or_else(|error| panic!("{error}"));
    (script.events[0].time, script.events[0].action.clone())
}

fn packet(text: &str) -> Packet {
    match event(&format!("0 {text}")).1 {
        Action::Packet(packet) => *packet,
        other => panic!("{other:?}"),
    }
}

fn segment(text: &str) -> Segment {
    match packet(text).body {
        Body::Tcp(segment) => segment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn times() {
    const MS: u64 = 1_000_000;
    for (text, time) in [
        ("0", Time::Absolute(0)),
        ("1.5", Time::Absolute(1500 * MS)),
        ("+0", Time::Relative(0)),
        ("+.1", Time::Relative(100 * MS)),
        ("*", Time::Any),
        ("0.1~0.2", Time::AbsoluteRange(100 * MS, 200 * MS)),
        ("+.1~+.25", Time::RelativeRange(100 * MS, 250 * MS)),
    ] {
        assert_eq!(event(&format!("{text} > . 1:1(0)")).0, time, "{text}");
    }
}

#[test]
fn flags_of_segments() {
    let none = Flags::default();
    let ack = Flags { ack: true, ..none };
    for (text, flags) in [
        ("S", Flags { syn: true, ..none }),
        ("S.", Flags { syn: true, ..ack }),
        ("FP.", Flags { fin: true, psh: true, ..ack }),
        ("R", Flags { rst: true, ..none }),
        ("P.U", Flags { psh: true, urg: true, ..ack }),
        ("-", none),
        ("SEWA", Flags { syn: true, ece: true, cwr: true, ae: true, ..none }),
        ("SW.", Flags { syn: true, cwr: true, ..ack }),
        (".5", Flags { ece: true, ae: true, is_ace: true, ..ack }),
        ("P.2", Flags { psh: true, cwr: true, is_ace: true, ..ack }),
        (".0", ack),
    ] {
        assert_eq!(segment(&format!("> {text} 1:1(0)")).flags, flags, "{text}");
    }
}

#[test]
fn options_of_segments() {
    let sack = TcpOption::Sack(vec![(1, 2), (4_294_967_295, 5)]);
    for (text, options) in [
        ("mss 1460", vec![TcpOption::Mss(1460)]),
        ("nop,nop,sackOK", vec![TcpOption::Nop, TcpOption::Nop, TcpOption::SackOk]),
        ("nop,wscale 8", vec![TcpOption::Nop, TcpOption::WindowScale(8)]),
        ("nop,nop,sack 1:2 4294967295:5", vec![TcpOption::Nop, TcpOption::Nop, sack]),
        (
            "nop,nop,TS val 100 ecr 0",
            vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamp { val: 100, ecr: 0 }],
        ),
        ("FO,eol,eol", vec![TcpOption::FastOpen(vec![]), TcpOption::Eol, TcpOption::Eol]),
        ("FO 0102,", vec![]),
        ("FO 3021b9d88901", vec![TcpOption::FastOpen(vec![0x30, 0x21, 0xb9, 0xd8, 0x89, 1])]),
        (
            "FO 11223344556677889900",
            vec![TcpOption::FastOpen(vec![0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0])],
        ),
        ("FO 012345678901", vec![TcpOption::FastOpen(vec![1, 0x23, 0x45, 0x67, 0x89, 1])]),
        ("FOEXP", vec![TcpOption::FastOpenExp(vec![])]),
        ("md5 0a0b,", vec![]),
        ("nop,ECN e1b 1 ceb 2 e0b 3", {
            vec![TcpOption::Nop, TcpOption::AccEcn { e1_first: true, fields: vec![1, 2, 3] }]
        }),
        ("nop,nop,nop,ECN e0b 9", {
            let counters = TcpOption::AccEcn { e1_first: false, fields: vec![9] };
            vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Nop, counters]
        }),
        ("kind 200 0102", vec![TcpOption::Other { kind: 200, data: vec![1, 2] }]),
    ] {
        let text = format!("0 > . 1:1(0) ack 1 <{text}>");
        match script(&text) {
            Ok(_) if text.contains("kind 200") || !options.is_empty() => {
                let Body::Tcp(segment) = packet(&text[2..]).body else { panic!("{text}") };
                assert_eq!(segment.options, Some(options), "{text}");
            }
            outcome => assert!(outcome.is_err() && options.is_empty(), "{text}: {outcome:?}"),
        }
    }
    assert_eq!(segment("> . 1:1(0) <...>").options, None);
    assert_eq!(segment("> . 1:1(0)").options, Some(vec![]));
}

#[test]
fn packets() {
    let whole = segment("< P. 1:1001(1000) ack 2 win 257 urg 3");
    assert_eq!((whole.seq, whole.len, whole.ack, whole.window, whole.urgent), (1, 1000, 2, Some(257), 3));
    assert_eq!(packet("> [ect0] . 1:1(0)").ip.tos, Tos::Ecn(2));
    assert_eq!(packet("> (tos 0x10) . 1:1(0)").ip.tos, Tos::Byte(16));
    assert_eq!(packet("> [ect01] . 1:1(0)").ip.tos, Tos::Ect01);
    assert_eq!(packet("< [ttl 3] . 1:1(0) win 1").ip.ttl, Some(3));
    assert_eq!(packet("> [noecn,flowlabel 0x1] . 1:1(0)").ip.flow_label, Some(1));
    assert_eq!(packet("> 8080 > 1234 S. 0:0(0)").ports, Some((8080, 1234)));
    assert_eq!(packet("< udp (100)").body, Body::Udp(100));
    assert_eq!(packet("< udp 53 > 1234 (100)").ports, Some((53, 1234)));
    assert_eq!(packet("> ipv4 10.0.0.1 > 10.0.0.2: gre: . 1:1(0)").outer.len(), 2);
    assert_eq!(packet("> ipv6 ::1 > fd3d:fa7b:d17d::2 : . 1:1(0)").outer.len(), 1);
    let icmp = |text: &str| match packet(text).body {
        Body::Icmp(icmp) => icmp,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        icmp("< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]"),
        Icmp {
            kind: "unreachable".to_owned(),
            code: Some("frag_needed".to_owned()),
            mtu: Some(1200),
            id: 0,
            quote: Some(Quote::Tcp { seq: 1, len: 1460 }),
        }
    );
    assert_eq!(icmp("< icmp unreachable port_unreachable [udp (8)]").quote, Some(Quote::Udp(8)));
    assert_eq!(icmp("< icmp echo_request id 7").id, 7);
}

#[test]
fn calls() {
    let call = |text: &str| match event(text).1 {
        Action::Call(call) => *call,
        other => panic!("{other:?}"),
    };
    let read = call("+0...0.250 read(4, ..., 1000) = -1 ECONNRESET (Connection reset by peer)");
    assert_eq!((read.end, read.errno.as_deref()), (Some(250_000_000), Some("ECONNRESET")));
    assert_eq!(read.note.as_deref(), Some("Connection reset by peer"));
    let or = call("0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0x2 (flags O_RDWR)");
    let words = ["O_RDWR", "O_NONBLOCK"].map(|word| Expression::Word(word.to_owned())).to_vec();
    assert_eq!((&or.arguments[2], &or.result), (&Expression::Or(words), &Expression::Integer(2)));
    let text = call(r#"0 setsockopt(3, SOL_TCP, TCP_CONGESTION, "a\x62" "c", 3) = 0"#);
    assert_eq!(text.arguments[3], Expression::Text(b"abc".to_vec()));
    for text in [
        "0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 1000}], msg_flags=0, msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=1000}]}, 0) = 1000",
        "0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT|EPOLLET, fd=4}) = 0",
        "0 connect(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr(\"192.0.2.1\")}, 16) = 0",
        "0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
        "0 setsockopt(3, SOL_IPV6, 1, {(label 1, tc 0, [S], ttl 3)}, 4) = 0",
        "0 pipe([5, 6]) = 0",
        "0 read(4, ..., 1) = 1\n1 read(4, ..., 1) = 1",
    ] {
        script(text).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn symbols_are_replaced() {
    let define = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let text = "--define=MSS=1000\n--define=CC=\"reno\"\n0 > . 1:1(0) <mss MSS>\n+0 f(CC, WEAK, OTHER) = 0";
    let weak = [define("WEAK", "1"), define("MSS", "9")];
    let symbols = |strong: &[(String, String)]| {
        let script = parse("t", text, &weak, strong).unwrap();
        let (Action::Packet(packet), Action::Call(call)) =
            (&script.events[0].action, &script.events[1].action)
        else {
            panic!()
        };
        (packet.body.clone(), call.arguments.clone())
    };
    let (body, arguments) = symbols(&[]);
    assert!(matches!(body, Body::Tcp(Segment { options: Some(o), .. }) if o == [TcpOption::Mss(1000)]));
    let expected =
        [Expression::Text(b"reno".to_vec()), Expression::Integer(1), Expression::Word("OTHER".to_owned())];
    assert_eq!(arguments, expected);
    let (body, _) = symbols(&[define("MSS", "0x10")]);
    assert!(matches!(body, Body::Tcp(Segment { options: Some(o), .. }) if o == [TcpOption::Mss(16)]));
}

#[test]
fn the_parts_of_a_script() {
    let text = "// remark\n--mss=1000 --strict_segments\n`first\nsecond`\n/* remark\n*/\n0 close(3) = 0\n+1 `middle`\n+0 %{\nassert 1\n}%\n`last`\n";
    let script = script(text).unwrap();
    assert_eq!(script.options.len(), 2);
    assert_eq!(script.init.as_ref().map(|command| command.text.as_str()), Some("first\nsecond"));
    assert_eq!(script.events.iter().map(|event| event.span.line).collect::<Vec<_>>(), [7, 8, 9]);
    assert_eq!(script.events[2].action, Action::Code("\nassert 1\n".to_owned()));
    assert_eq!(script.cleanup.map(|command| command.text).as_deref(), Some("last"));
    assert_eq!(packet("< S 0:0(0) win 1").direction, Direction::In);
}

#[test]
fn errors_say_where_and_what() {
    for (text, place, message) in [
        (
            "0 < . 1:1(0)",
            (1, 13),
            "expected 'win N', which an inbound segment needs, found the end of the script",
        ),
        ("0 > . 1:5(3)", (1, 12), "1 and 3 bytes do not make 5"),
        ("0 > X 1:1(0)", (1, 5), "'X' in 'X' is not a TCP flag (FSRP.UEWA and one ACE digit are)"),
        (
            "0 > .5 1:1(0) <mss 1460,nop>",
            (1, 28),
            "the TCP options have 5 bytes, not a multiple of 4: nops are missing",
        ),
        ("0 > . 1:1(0) <mss>", (1, 18), "expected an MSS, found '>'"),
        ("* close(3) = 0", (1, 1), "only outbound packets can have '*' or a range as their time"),
        ("0 close(3 = 0", (1, 11), "expected ',' or ')', found '='"),
        ("\n\n  0 frobnicate", (3, 15), "expected '(', found the end of the script"),
        (
            "0 close(3) = 0\n#ifdef LINUX",
            (2, 1),
            "expected a time in seconds (#ifdef is for cpp, which runs before), found '#'",
        ),
        (
            "0 > . 1:1(0)/udp(1 > 2)",
            (1, 13),
            "expected a time in seconds (FreeBSD's TCP in UDP is not there), found '/'",
        ),
        ("0 < . 1:1(0) win 99999999999999999999", (1, 18), "expected a window, found '99999999999999999999'"),
        ("0 `abc", (1, 3), "this command has no end, expected `"),
        ("", (1, 1), "expected an event, found the end of the script"),
    ] {
        let error = script(text).expect_err(text);
        assert_eq!(((error.line, error.column), error.message.as_str()), (place, message), "{text}");
    }
    let shown = script("0 > . 1:5(3)").unwrap_err().to_string();
    assert_eq!(shown, "t.pkt:1:12: 1 and 3 bytes do not make 5\n    0 > . 1:5(3)\n               ^");
}
