//! Temporary folders for this crate's tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of a test's own, removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Creates it; `name` must be unique among the tests.
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be created");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A program in it that is a shell script.
    ///
    /// Another process writes it: were the file open in this one while another test starts a program, that
    /// program would hold it open, and a file that is open for writing cannot be executed.
    pub(crate) fn program(&self, name: &str, script: &str) -> PathBuf {
        let file = self.0.join(name);
        let mut shell = Command::new("sh");
        shell.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh"]);
        let status = shell.arg(&file).arg(script).status().expect("there is a shell");
        assert!(status.success());
        file
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
