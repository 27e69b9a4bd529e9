//! Where things lie: the checkout, cargo's target folder and what we keep in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Folders that every command works with.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The checkout: the folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, `CARGO_TARGET_DIR` and cargo's configuration considered.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the checkout this command belongs to and asks cargo for its target folder.
    ///
    /// # Errors
    /// If cargo cannot be asked.
    pub(crate) fn find() -> Result<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
        let mut cargo = cargo(root);
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = cargo.output().context("cannot run cargo")?;
        if !output.status.success() {
            bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        let metadata = String::from_utf8_lossy(&output.stdout);
        let target =
            json_string(&metadata, "target_directory").context("cargo metadata names no target folder")?;
        Ok(Self { root: root.to_owned(), target: target.into() })
    }

    /// Where finished components go: `NAME.wasm`.
    pub(crate) fn components(&self) -> PathBuf {
        self.target.join("components")
    }

    /// Path of the finished component `name` (`stack`, `echo-server`, ...).
    pub(crate) fn component(&self, name: &str) -> PathBuf {
        self.components().join(name).with_extension("wasm")
    }

    /// Downloads, private toolchains and notes of the set-up.
    pub(crate) fn setup(&self) -> PathBuf {
        self.target.join("setup")
    }

    /// A cargo command in the checkout.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// `--locked`, where the lock file belongs to the checkout: everybody builds the same versions.
    pub(crate) fn locked(&self) -> Option<&'static str> {
        let tracked = Command::new("git")
            .args(["ls-files", "--error-unmatch", "Cargo.lock"])
            .current_dir(&self.root)
            .output()
            .is_ok_and(|output| output.status.success());
        tracked.then_some("--locked")
    }

    /// `path` as a reader in the checkout would type it.
    pub(crate) fn display(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// The cargo that runs us, in `folder`, without what it set for us alone.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    forget_our_cargo(&mut command);
    command
}

/// Takes away the variables that `cargo run` sets for the program it runs: inherited by another build
/// they are wrong at best, and make build scripts that watch them run again.
pub(crate) fn forget_our_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// The value of the first string field `name` in `json`, unescaped as far as paths need it.
pub(crate) fn json_string(json: &str, name: &str) -> Option<String> {
    let start = json.find(&format!("\"{name}\":\""))? + name.len() + 4;
    let mut value = String::new();
    let mut characters = json.get(start..)?.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// The full path of `program`, looked up in `PATH` and the administrator's folders.
pub(crate) fn find_program(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administration = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(administration)
        .map(|folder| folder.join(program.as_ref()))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::json_string;

    #[test]
    fn strings_are_found_and_unescaped() {
        let json = r#"{"a":1,"target_directory":"/a \"b\"\\c","x":"y"}"#;
        assert_eq!(json_string(json, "target_directory").as_deref(), Some(r#"/a "b"\c"#));
        assert_eq!(json_string(json, "x").as_deref(), Some("y"));
        assert_eq!(json_string(json, "absent"), None);
        assert_eq!(json_string(r#"{"open":"end"#, "open"), None);
    }
}
