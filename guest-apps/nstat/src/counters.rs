//! Counters, their history, and how they are shown.

use crate::options::Options;
use tool_common::json::Json;

/// What the table and a history file begin with. iproute2 writes the name of the source, and numbers of its own.
const HEAD: &str = "#kernel\n";

/// A counter under nstat's name: that of its group and its own in one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) name: String,
    pub(crate) value: u64,
}

impl Counter {
    /// Linux's counters: `Tcp:RetransSegs` is TcpRetransSegs. Those that count drops by reason are not Linux's: they are
    /// shown under the name of the reason.
    pub(crate) fn of(name: &str, value: u64) -> Option<Self> {
        let (group, own) = name.split_once(':')?;
        Some(Counter { name: format!("{group}{own}"), value })
    }
}

/// Counters in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table(pub(crate) Vec<Counter>);

impl Table {
    /// What a history file says; lines that say nothing are passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let counter = |line: &str| {
            let mut words = line.split_whitespace();
            let (name, value) = (words.next()?, words.next()?.parse().ok()?);
            Some(Counter { name: name.into(), value })
        };
        Table(text.lines().filter(|line| !line.starts_with('#')).filter_map(counter).collect())
    }

    /// The history file; counters that are 0 are in it if `zeros` says so. iproute2: `dump_kern_db`.
    pub(crate) fn write(&self, zeros: bool) -> String {
        let rows = self.0.iter().filter(|counter| zeros || counter.value != 0);
        HEAD.to_owned() + &rows.map(|counter| line(&counter.name, counter.value)).collect::<String>()
    }

    fn value(&self, name: &str) -> u64 {
        self.0.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value)
    }

    /// Whether this is what became of `before`: counters of one stack never go down.
    pub(crate) fn follows(&self, before: &Table) -> bool {
        before.0.iter().all(|counter| self.value(&counter.name) >= counter.value)
    }

    /// What changed since `before`. iproute2: `dump_incr_db`.
    pub(crate) fn show(&self, before: &Table, options: &Options) -> String {
        if options.silent {
            return String::new();
        }
        let changed = |counter: &Counter| counter.value.saturating_sub(before.value(&counter.name));
        let rows = self.0.iter().filter(|counter| options.is_meant(&counter.name));
        let rows = rows.map(|counter| (&counter.name, changed(counter)));
        let rows: Vec<_> = rows.filter(|(_, value)| options.zeros || *value != 0).collect();
        if options.json {
            let values = rows.into_iter().map(|(name, value)| (name.clone(), Json::from(value))).collect();
            let kernel = Json::Object(vec![("kernel", Json::Map(values))]);
            return if options.pretty { kernel.pretty() } else { kernel.compact() } + "\n";
        }
        HEAD.to_owned() + &rows.into_iter().map(|(name, value)| line(name, value)).collect::<String>()
    }
}

/// A counter's line. Rates over time are not known.
fn line(name: &str, value: u64) -> String {
    format!("{name:<32}{value:<16}{:6.1}\n", 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64)]) -> Table {
        Table(rows.iter().filter_map(|(name, value)| Counter::of(name, *value)).collect())
    }

    fn options(line: &str) -> Options {
        Options::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn changes_are_shown() {
        let before = table(&[("Tcp:InSegs", 5), ("Tcp:OutSegs", 7)]);
        let now = table(&[("Tcp:InSegs", 8), ("Tcp:OutSegs", 7)]);
        assert_eq!(Table::parse(&before.write(false)), before);
        let zero = table(&[("Tcp:InSegs", 0)]);
        assert_eq!((zero.write(false).as_str(), Table::parse(&zero.write(true))), (HEAD, zero));
        assert!(now.follows(&before) && !before.follows(&now));
        assert_eq!(
            now.show(&before, &options("")),
            "#kernel\nTcpInSegs                       3                  0.0\n"
        );
        assert_eq!(now.show(&before, &options("-jz")), "{\"kernel\":{\"TcpInSegs\":3,\"TcpOutSegs\":0}}\n");
        assert_eq!(now.show(&before, &options("-jz *Out*")), "{\"kernel\":{\"TcpOutSegs\":0}}\n");
        assert_eq!(now.show(&before, &options("-n")), "");
    }
}
