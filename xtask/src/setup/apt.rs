//! Packages of the Debian archive, looked up and unpacked without installing anything.
//!
//! All of apt's state (sources, lists, cache) is private, so neither root nor the machine's own configuration
//! is touched; what is read of that configuration is where the archive is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{read_output, run_logged};
use crate::workspace::find_program;

/// The archive's signing keys, in Debian's package of that name.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Suites that may hold a version which the machine's own release does not.
const OTHER_SUITES: [&str; 5] = ["trixie-backports", "trixie", "forky", "sid", "bookworm-backports"];

/// Longest time for the archive's indexes, on a slow line.
const UPDATE_LIMIT: Duration = Duration::from_secs(300);

/// Longest time for one round of downloads and for unpacking one package.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(1200);

/// Which parts of the archive to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suites {
    /// The machine's own release: programs from there run here.
    Own,
    /// Other releases as well: for sources and other files that run nowhere.
    All,
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The suite that has it; empty where that was not asked.
    pub(crate) suite: String,
}

impl Package {
    /// The version of the packaged program: `1.95.0` of `1.95.0+dfsg1-2~bpo13+1`.
    pub(crate) fn upstream(&self) -> &str {
        let version = self.version.split_once(':').map_or(self.version.as_str(), |(_epoch, rest)| rest);
        version.split(['+', '-', '~']).next().unwrap_or_default()
    }
}

/// A private view of the Debian archive.
#[derive(Debug)]
pub(crate) struct Archive {
    folder: PathBuf,
}

impl Archive {
    /// Fetches the indexes of `suites` into `folder`.
    ///
    /// # Errors
    /// If this machine has no apt or no Debian sources, or none of the suites can be reached.
    pub(crate) fn open(folder: PathBuf, suites: Suites) -> Result<Self> {
        for program in ["apt-get", "apt-cache", "dpkg-deb"] {
            ensure!(find_program(program).is_some(), "there is no {program} on this machine");
        }
        ensure!(Path::new(KEYRING).is_file(), "the archive's keys are missing ({KEYRING})");
        for part in ["lists/partial", "cache/archives/partial", "packages"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let sources = source_lines(&configured_suites()?, &own_release()?, suites)?;
        fs::write(folder.join("sources.list"), sources)?;
        let archive = Self { folder };
        // A suite that is gone makes apt-get fail though the others were read: the lists decide, not the status.
        let update = run_logged(archive.apt("apt-get").arg("update"), UPDATE_LIMIT, &archive.log("update"));
        if fs::read_dir(archive.folder.join("lists"))?.count() <= 2 {
            update?;
            bail!("the archive's indexes could not be fetched");
        }
        Ok(archive)
    }

    /// All versions of the package `name`, newest first.
    ///
    /// # Errors
    /// If apt cannot be asked.
    pub(crate) fn versions(&self, name: &str) -> Result<Vec<Package>> {
        Ok(parse_versions(&read_output(self.apt("apt-cache").args(["madison", name]))?))
    }

    /// What installing `package` would add to this machine, itself included.
    ///
    /// # Errors
    /// If it cannot be installed beside what the machine has.
    pub(crate) fn closure(&self, package: &Package) -> Result<Vec<Package>> {
        let mut simulation = self.apt("apt-get");
        simulation.args(["--simulate", "--no-install-recommends", "install"]).arg(exactly(package));
        Ok(parse_simulation(&read_output(&mut simulation)?))
    }

    /// Downloads `packages` and unpacks them into the folder `root`.
    ///
    /// # Errors
    /// If a download or an unpacking fails.
    pub(crate) fn unpack(&self, packages: &[Package], root: &Path) -> Result<()> {
        let folder = self.folder.join("packages");
        let mut download = self.apt("apt-get");
        download.arg("download").args(packages.iter().map(exactly)).current_dir(&folder);
        run_logged(&mut download, DOWNLOAD_LIMIT, &self.log("download"))?;
        for entry in fs::read_dir(&folder)? {
            let file = entry?.path();
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("-x").arg(&file).arg(root);
            run_logged(&mut unpack, DOWNLOAD_LIMIT, &self.log("unpack"))?;
            fs::remove_file(file)?;
        }
        Ok(())
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// An apt program that sees our private state alone.
    fn apt(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
        for option in [
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            // Our folders need not be readable for the user that apt, when root, downloads as.
            "APT::Sandbox::User=root".into(),
            "Acquire::Languages=none".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "Acquire::Retries=1".into(),
            "Acquire::http::Timeout=20".into(),
            "Acquire::https::Timeout=20".into(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

fn exactly(package: &Package) -> String {
    format!("{}={}", package.name, package.version)
}

/// What the machine's apt configuration names: suite, component and address, one a line. It need not have
/// fetched any index yet.
fn configured_suites() -> Result<String> {
    let format = "$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)";
    read_output(Command::new("apt-get").args(["indextargets", "--no-release-info", "--format", format]))
        .context("cannot read the machine's apt configuration")
}

/// The codename of the release that runs here.
fn own_release() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(line.context("/etc/os-release names no release")?.trim_matches('"').to_owned())
}

/// Our private sources.list: the machine's own suites of its `release` and, if wanted, others of the archive.
fn source_lines(configured: &str, release: &str, suites: Suites) -> Result<String> {
    let mut lines = Vec::new();
    let mut archive = None;
    for line in configured.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let ["Packages", suite, "main", address] = fields[..] else { continue };
        let Some(part) = suite.strip_prefix(release) else { continue };
        if part.is_empty() && archive.is_none() {
            archive = Some(address);
        }
        if ["", "-updates", "-security", "-backports"].contains(&part) {
            lines.push(source_line(address, suite));
        }
    }
    let archive = archive.with_context(|| {
        format!("the machine's apt configuration names no archive of the release {release}")
    })?;
    if suites == Suites::All {
        lines.extend(OTHER_SUITES.iter().map(|suite| source_line(archive, suite)));
    }
    lines.sort();
    lines.dedup();
    Ok(lines.concat())
}

fn source_line(address: &str, suite: &str) -> String {
    format!("deb [signed-by={KEYRING}] {address} {suite} main\n")
}

/// Reads `NAME | VERSION | ADDRESS SUITE/main ARCHITECTURE Packages`.
fn parse_versions(madison: &str) -> Vec<Package> {
    let package = |line: &str| {
        let mut columns = line.split('|').map(str::trim);
        let (name, version, origin) = (columns.next()?, columns.next()?, columns.next()?);
        let suite = origin.split(' ').nth(1)?.split('/').next()?;
        Some(Package { name: name.into(), version: version.into(), suite: suite.into() })
    };
    madison.lines().filter_map(package).collect()
}

/// Reads `Inst NAME (VERSION ...)` and `Inst NAME [OLD] (VERSION ...)`.
fn parse_simulation(simulation: &str) -> Vec<Package> {
    let package = |line: &str| {
        let rest = line.strip_prefix("Inst ")?;
        let name = rest.split(' ').next()?;
        let version = rest.split_once('(')?.1.split(' ').next()?;
        Some(Package { name: name.into(), version: version.into(), suite: String::new() })
    };
    simulation.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, suite: &str) -> Package {
        Package { name: name.into(), version: version.into(), suite: suite.into() }
    }

    #[test]
    fn upstream_versions() {
        for (version, upstream) in [
            ("1.95.0+dfsg1-2~bpo13+1", "1.95.0"),
            ("1.96.0+dfsg1-1~deb13u1+b1", "1.96.0"),
            ("1:22.1.8-3", "22.1.8"),
            ("4.13.3-1", "4.13.3"),
            ("2.0~rc1-1", "2.0"),
        ] {
            assert_eq!(package("p", version, "").upstream(), upstream);
        }
    }

    const CONFIGURED: &str = "Packages bookworm main http://archive.invalid/debian/\n\
                              DEP-11 bookworm main http://archive.invalid/debian/\n\
                              Packages bookworm contrib http://archive.invalid/debian/\n\
                              Packages bookworm-security main http://archive.invalid/security/\n\
                              Packages bookworm-tool main http://tool.invalid/\n\
                              Packages nodistro main http://other.invalid/\n";

    #[test]
    fn own_suites_are_those_of_the_release() {
        let lines = source_lines(CONFIGURED, "bookworm", Suites::Own).unwrap();
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.contains("http://archive.invalid/debian/ bookworm main\n"));
        assert!(lines.contains("http://archive.invalid/security/ bookworm-security main\n"));
    }

    #[test]
    fn other_suites_come_from_the_same_archive() {
        let lines = source_lines(CONFIGURED, "bookworm", Suites::All).unwrap();
        assert_eq!(lines.lines().count(), 2 + OTHER_SUITES.len(), "{lines}");
        assert!(lines.contains("http://archive.invalid/debian/ trixie-backports main\n"));
        assert!(!lines.contains("other.invalid") && !lines.contains("tool.invalid"));
    }

    #[test]
    fn a_machine_without_its_release_is_told() {
        assert!(source_lines(CONFIGURED, "jammy", Suites::All).is_err());
    }

    #[test]
    fn versions_with_their_suites() {
        let madison = "  rust-src | 1.97.1+dfsg1-1 | http://archive.invalid/debian forky/main amd64 Packages\n\
                       \x20rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://a.invalid/d trixie-backports/main amd64 Packages\n";
        let expected = [
            package("rust-src", "1.97.1+dfsg1-1", "forky"),
            package("rust-src", "1.95.0+dfsg1-2~bpo13+1", "trixie-backports"),
        ];
        assert_eq!(parse_versions(madison), expected);
        assert_eq!(parse_versions(""), []);
    }

    #[test]
    fn simulated_installations() {
        let simulation = "Reading state information...\n\
                          Inst libllvm22 (1:22.1.8-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n\
                          Inst libc6 [2.36-1] (2.36-2 Debian:12/oldstable [amd64]) []\n\
                          Conf libllvm22 (1:22.1.8-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n";
        let expected = [package("libllvm22", "1:22.1.8-1~deb12u1", ""), package("libc6", "2.36-2", "")];
        assert_eq!(parse_simulation(simulation), expected);
    }
}
