use super::{Interpreter, Value};

fn interpreter() -> Interpreter {
    let mut interpreter = Interpreter::default();
    interpreter.set("tcpi_snd_cwnd", Value::Int(10));
    interpreter.set("tcpi_rtt", Value::Int(20_000));
    interpreter.set("tcpi_options", Value::Int(0x27));
    interpreter
}

#[test]
fn blocks_that_hold() {
    for text in [
        "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd",
        "assert 15000 <= tcpi_rtt <= 25000, 'rtt=%d us' % tcpi_rtt",
        "assert (tcpi_options & TCPI_OPT_SYN_DATA) != 0, tcpi_options",
        "assert tcpi_snd_cwnd == 10; assert tcpi_rtt > 1",
        "\nassert tcpi_snd_cwnd == 10, \\\n   tcpi_snd_cwnd\nassert TCP_CA_Recovery == 3\n",
        "cwnd = 8; cwnd += 2; assert tcpi_snd_cwnd == cwnd, cwnd",
        "assert tcpi_snd_cwnd in (9, 10, 11) and not tcpi_rtt < 0 or False",
        "assert 5 not in [1, 2]  # a remark",
        "assert -7 // 2 == -4 and -7 % 2 == 1 and 7 / 2 == 3.5 and 2 ** 10 == 1 << 10",
        "assert abs(tcpi_rtt - 20010) <= 10 and max(1, 5, 3) == 5 and min([4, 2]) == 2",
        "if tcpi_snd_cwnd == 10: pass\nelse: assert False",
        "\n  if tcpi_snd_cwnd > 10:\n    assert False\n  elif tcpi_snd_cwnd == 10:\n    x = 1\n  assert x == 1\n",
        "def near(a, b):\n  d = abs(a - b)\n  return d < 5\nassert near(tcpi_snd_cwnd, 12)",
        "n = 0\nfor i in range(4):\n  n += i\nassert n == 6 and sum([1, 2]) == 3",
        "assert 'a%03d%%' % 7 == 'a007%' and '{}-{}'.format(1, 2) == '1-2' and f'{tcpi_rtt}us' == '20000us'",
        "a, b = 1, 2; assert (a, b) == (1, 2) and (1 if a > b else 0) == 0",
    ] {
        assert_eq!(interpreter().run(text), Ok(()), "{text}");
    }
}

#[test]
fn failures_say_what_is() {
    for (text, message) in [
        (
            "assert tcpi_snd_cwnd == 7, tcpi_snd_cwnd",
            "assert tcpi_snd_cwnd == 7, tcpi_snd_cwnd does not hold: 10 (tcpi_snd_cwnd = 10)",
        ),
        (
            "assert tcpi_rtt < 5, 'rtt=%d' % tcpi_rtt",
            "assert tcpi_rtt < 5, 'rtt=%d' % tcpi_rtt does not hold: rtt=20000 (tcpi_rtt = 20000)",
        ),
        ("assert tcpi_no_such_thing", "code: the name 'tcpi_no_such_thing' is not known"),
        ("while True: pass", "code: this runs for ever"),
        ("assert 1 / 0", "code: division by zero"),
        ("assert (1", "code: expected ')' at ''"),
    ] {
        assert_eq!(interpreter().run(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn variables_and_functions_live_on() {
    let mut interpreter = interpreter();
    for text in ["cwnd = 9\ndef next():\n  return cwnd + 1", "assert next() == 10", "print(cwnd, 'x')"] {
        interpreter.run(text).unwrap();
    }
    assert_eq!(interpreter.printed, ["9 x"]);
}
