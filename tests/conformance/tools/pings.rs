//! `ping` and `traceroute`.

use anyhow::Result;
use conformance::needs;

use super::pair::{Pair, Shown};

crate::cases! {
    ping_shows_what_linuxs_does,
    ping_shows_times_on_the_way_as_linuxs_does,
    traceroute_shows_what_linuxs_does,
}

const PING: &[&str] = &[
    "-c 2 -i 0.01 127.0.0.1",
    "-c 1 -q 127.0.0.1",
    "-c 1 -s 0 127.0.0.1",
    "-c 1 -s 1000 -t 7 127.0.0.1",
    "-c 1 -n -Q 0x10 127.0.0.1",
    "-c 1 -I 127.0.0.2 127.0.0.1",
    "-c 1 -I lo 127.0.0.1",
    "-c 1 -I eth0 10.0.2.15",
    "-c 1 -D 127.0.0.1",
    "-c 1 -a 127.0.0.1",
    "-c 1 -B 127.0.0.1",
    "-c 1 -B -I 127.0.0.2 127.0.0.1",
    "-c 1 -m 5 127.0.0.1",
    "-c 1 -m x 127.0.0.1",
    "-c 1 -L 127.0.0.1",
    "-c 1 -S 100000 -U 127.0.0.1",
    "-c 3 -q -i 0 127.0.0.1",
    "-4 -c 1 localhost",
    "-4 -c 1 -n localhost",
    "-c 2 -i 0.01 -R 127.0.0.1",
    "-4 -c 1 -R localhost",
    "-c 1 -C -R 10.0.2.15",
    "-c 1 -q -R 127.0.0.1",
    "-c 1 -R ::1",
    "-c 1 -T tsprespec 10.0.2.15",
    "-R -T tsonly 127.0.0.1",
    "-T never 127.0.0.1",
    "-c 1 -C 127.0.0.1",
    "-c 1 -C ::1",
    "-c 1 -F 0x12345 ::1",
    "-c 1 -F 7 -I ::1 ::1",
    "-c 1 -F 7 127.0.0.1",
    "-F 99x ::1",
    "-F 0x100000 ::1",
    "-c 1 -r 127.0.0.1",
    "-c 1 -r 10.0.2.15",
    "-c 1 -r ::1",
    "-c 1 -r -W 0.1 198.51.100.1",
    "-c 1 -S 1 -s 65000 127.0.0.1",
    "-c 1 -S 1 -s 3000 -W 0.1 10.0.2.9",
    "-c 1 -S 1 -s 10000 -W 0.1 10.0.2.9",
    "-c 1 -q -S 1 -s 10000 -W 0.1 10.0.2.9",
    "-c 1 -p ff 127.0.0.1",
    "-c 3 -q -f 127.0.0.1",
    "-c 3 -q -A 127.0.0.1",
    "-c 3 -q -l 3 127.0.0.1",
    "-c 1 ::1",
    "-c 1 -6 -s 10 ::1",
    "-c 1 -W 0.1 10.0.2.255",
    "-c 1 -W 0.1 -b 10.0.2.255",
    "-c 1 198.51.100.1%nowhere",
    "-c 1 -I eth9 127.0.0.1",
    "-c 0 127.0.0.1",
    "-c x 127.0.0.1",
    "-t 256 127.0.0.1",
    "-p zz 127.0.0.1",
    "-6 -c 1 127.0.0.1",
    "-4 -c 1 ::1",
];

/// Requests in whose headers hosts leave their times, of which ours count no day.
const TIMES: &[&str] = &[
    "-c 1 -T tsonly 127.0.0.1",
    "-c 1 -T tsandaddr 10.0.2.15",
    "-c 1 -T tsprespec 127.0.0.1 10.0.2.15 127.0.0.1",
];

const TRACEROUTE: &[&str] = &[
    "-n 127.0.0.1",
    "-q 1 127.0.0.1",
    "-4 -q 1 localhost",
    "-n -q 1 127.0.0.1",
    "-n -m 1 -q 2 127.0.0.1 100",
    "-n -I -q 1 127.0.0.1",
    "-n -q 1 ::1",
    "-n -T -q 1 127.0.0.1",
    "-n -T -q 1 -p 7 127.0.0.1",
    "-n -T -q 1 ::1",
    "-n -T -q 1 -w 0.1 -m 2 10.0.2.99",
    "-n -N 1 -q 2 127.0.0.1",
    "-n -q 2 -w 0.1 -f 2 -m 3 10.0.2.99",
];

fn ping_shows_what_linuxs_does() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    Pair::new()?.compare("ping", PING, Shown::without_numbers)
}

fn ping_shows_times_on_the_way_as_linuxs_does() -> Result<()> {
    needs::program("ping", "iputils-ping")?;
    Pair::new()?.compare("ping", TIMES, |shown| without_times(shown.without_numbers()))
}

/// Without the times that hosts left, which stand alone in a field.
fn without_times(mut shown: Shown) -> Shown {
    let is_time =
        |field: &str| field.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !field.contains('.');
    for line in &mut shown.lines {
        let fields = line.split('\t').map(|field| if is_time(field) { "TIME" } else { field });
        *line = fields.collect::<Vec<_>>().join("\t");
    }
    shown
}

fn traceroute_shows_what_linuxs_does() -> Result<()> {
    needs::program("traceroute", "traceroute")?;
    Pair::new()?.compare("traceroute", TRACEROUTE, Shown::without_numbers)
}
