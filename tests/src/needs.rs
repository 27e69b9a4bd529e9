//! What a case needs of the machine, and how it says that it was not there.

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;

/// The reason for which a case did not run: not its failure.
#[derive(Debug)]
pub struct Skip(String);

impl Skip {
    /// Skips for `reason`, which names what would make the case run.
    pub fn because(reason: impl Into<String>) -> anyhow::Error {
        Skip(reason.into()).into()
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skip {}

/// The program `name`, which the Debian package `package` has.
///
/// # Errors
/// [`Skip`] if it is not installed.
pub fn program(name: &str, package: &str) -> Result<PathBuf> {
    find_program(name).ok_or_else(|| Skip::because(format!("needs {name} (Debian package {package})")))
}

/// The programs that [`Namespace::run`](crate::namespace::Namespace::run) runs, with their packages.
const RUN: [(&str, &str); 5] = [
    ("ip", "iproute2"),
    ("bridge", "iproute2"),
    ("ping", "iputils-ping"),
    ("python3", "python3"),
    ("traceroute", "traceroute"),
];

/// Whether `program` is there, if it is one that may be missing.
///
/// # Errors
/// [`Skip`] if it is not installed.
pub fn in_package(name: &str) -> Result<()> {
    let known = RUN.iter().find(|(known, _)| *known == name);
    known.map_or(Ok(()), |(name, package)| program(name, package).map(drop))
}

/// Looks the program up in `PATH` and the administrator's folders, which an ordinary user's `PATH` lacks.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administration = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(administration)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        assert!(program("sh", "dash").is_ok());
        let error = program("no-such-program", "no-such-package").unwrap_err();
        assert!(error.is::<Skip>());
        assert_eq!(error.to_string(), "needs no-such-program (Debian package no-such-package)");
    }
}
