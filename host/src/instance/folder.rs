//! Where the sockets of named instances lie.

use super::{InstanceError, InstanceName};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// What the socket of an instance ends with.
const SOCKET: &str = ".sock";

/// A folder that only its owner, who runs this process, can enter.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of this user: `wnet` in `$XDG_RUNTIME_DIR`; else, for root, `/run/wnet`; else `wnet-UID` in
    /// `$TMPDIR` or `/tmp`. It is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or others may enter it.
    pub fn of_user() -> Result<Self, InstanceError> {
        let user = rustix::process::geteuid();
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        Folder::open(&place(variable, user.as_raw()))
    }

    /// The folder at `path`, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or others may enter it.
    pub fn open(path: &Path) -> Result<Self, InstanceError> {
        let refuse = |why: String| InstanceError::Folder { path: path.to_owned(), why };
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refuse(error.to_string())),
        }
        // A link is refused: whoever made it may turn it elsewhere.
        let found = fs::symlink_metadata(path).map_err(|error| refuse(error.to_string()))?;
        if !found.is_dir() {
            return Err(refuse("it is no folder".into()));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(refuse("it is another user's".into()));
        }
        match found.mode() & 0o077 {
            0 => Ok(Folder(path.to_owned())),
            _ => Err(refuse("others than its owner may enter it (mode 0700 is expected)".into())),
        }
    }

    /// The path of an instance's socket.
    pub(super) fn socket(&self, name: &InstanceName) -> PathBuf {
        self.0.join(format!("{name}{SOCKET}"))
    }

    /// The path of the file whose lock a running instance holds.
    pub(super) fn lock(&self, name: &InstanceName) -> PathBuf {
        self.0.join(format!("{name}.lock"))
    }

    /// The folder for what tools remember of an instance, made if it is not there. It goes with the instance.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn memory(&self, name: &InstanceName) -> Result<PathBuf, InstanceError> {
        let path = self.memory_path(name);
        Folder::open(&path)?;
        Ok(path)
    }

    pub(super) fn memory_path(&self, name: &InstanceName) -> PathBuf {
        self.0.join(format!("{name}.memory"))
    }

    /// The instances that run: those whose sockets can be connected to. In order of their names.
    pub fn running(&self) -> Vec<InstanceName> {
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = files.filter_map(|file| {
            let file = file.file_name();
            file.to_str()?.strip_suffix(SOCKET)?.parse::<InstanceName>().ok()
        });
        let mut running: Vec<_> =
            names.filter(|name| UnixStream::connect(self.socket(name)).is_ok()).collect();
        running.sort();
        running
    }
}

/// The path of a user's folder.
fn place(variable: impl Fn(&str) -> Option<PathBuf>, user: u32) -> PathBuf {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    match absolute("XDG_RUNTIME_DIR") {
        Some(runtime) => runtime.join("wnet"),
        None if user == 0 => "/run/wnet".into(),
        None => absolute("TMPDIR").unwrap_or_else(|| "/tmp".into()).join(format!("wnet-{user}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder(variables: &[(&str, &str)], user: u32) -> String {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value))
        };
        place(variable, user).display().to_string()
    }

    #[test]
    fn each_user_has_a_folder() {
        let (runtime, temporary) = (("XDG_RUNTIME_DIR", "/run/user/7"), ("TMPDIR", "/var/tmp"));
        assert_eq!(folder(&[runtime, temporary], 7), "/run/user/7/wnet");
        assert_eq!(folder(&[("XDG_RUNTIME_DIR", "relative"), temporary], 7), "/var/tmp/wnet-7");
        assert_eq!(folder(&[("TMPDIR", "")], 7), "/tmp/wnet-7");
        assert_eq!(folder(&[temporary], 0), "/run/wnet");
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let scratch = std::env::temp_dir().join(format!("wnet-folder-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&scratch).unwrap();
        let (path, link, file) = (scratch.join("folder"), scratch.join("link"), scratch.join("file"));
        assert!(Folder::open(&path).unwrap().running().is_empty());
        symlink(&path, &link).unwrap();
        fs::write(&file, "").unwrap();
        for wrong in [&link, &file, &scratch.join("not/there")] {
            assert!(Folder::open(wrong).is_err(), "{wrong:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let refused = Folder::open(&path).unwrap_err().to_string();
        fs::remove_dir_all(&scratch).unwrap();
        assert!(refused.contains("0700"), "{refused}");
    }
}
