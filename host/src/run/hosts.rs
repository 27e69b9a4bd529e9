//! A file of names with their addresses, as `/etc/hosts` is one.

use crate::failure::Failure;
use crate::files;
use std::net::IpAddr;
use std::path::Path;

/// The names of the file with their addresses, in its order.
///
/// # Errors
/// The file cannot be read, or a line of it has no address; the message says which.
pub(super) fn read(file: &Path) -> Result<Vec<(String, IpAddr)>, Failure> {
    let name = file.display();
    let bytes = files::read(file).map_err(|error| Failure::host(format!("--hosts-file {name}: {error}")))?;
    parse(&String::from_utf8_lossy(&bytes)).map_err(|wrong| Failure::host(format!("{name}:{wrong}")))
}

/// On each line an address, its names, and perhaps `#` and words for people. Linux: hosts(5). An address of a link may name
/// its device (`fe80::1%eth0`), which look-ups do not tell.
fn parse(text: &str) -> Result<Vec<(String, IpAddr)>, String> {
    let mut hosts = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(word) = words.next() else { continue };
        let address = word.split_once('%').map_or(word, |(address, _)| address);
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("{number}: expected an address and its names, found {word:?}"))?;
        hosts.extend(words.map(|name| (name.to_owned(), address)));
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_hosts() {
        let host = |name: &str, address: &str| (name.to_owned(), address.parse().unwrap());
        let text = "# mine\n10.0.0.7 db Db.example # the data\n\nfd00::7\tdb\r\nfe80::1%eth0 near\n::1";
        let expected = [
            host("db", "10.0.0.7"),
            host("Db.example", "10.0.0.7"),
            host("db", "fd00::7"),
            host("near", "fe80::1"),
        ];
        assert_eq!(parse(text).unwrap(), expected);
        assert_eq!(
            parse("::1 a\n1.2.3 b").unwrap_err(),
            "2: expected an address and its names, found \"1.2.3\""
        );
    }
}
