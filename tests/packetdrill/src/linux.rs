//! Symbols of Linux that scripts use, with their values on x86-64.

use crate::errno::Errno;

mod symbols;
pub mod tcp_info;

/// The value of a symbol: a constant of the socket API or an error's number.
pub fn symbol(name: &str) -> Option<i64> {
    let listed = symbols::TABLE.iter().find(|(known, _)| *known == name).map(|&(_, value)| value);
    listed.or_else(|| Errno::from_name(name).map(|errno| i64::from(errno.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_found_once() {
        assert_eq!(symbol("SOL_TCP"), Some(6));
        assert_eq!(symbol("ECONNRESET"), Some(104));
        assert_eq!(symbol("NO_SUCH_SYMBOL"), None);
        for (at, (name, _)) in symbols::TABLE.iter().enumerate() {
            assert!(symbols::TABLE[..at].iter().all(|(other, _)| other != name), "{name} is there twice");
        }
    }
}
