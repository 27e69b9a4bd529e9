//! `/proc/sys` for the commands of scripts: files in a tree of our own.
//!
//! Commands run with this library preloaded (LD_PRELOAD). In them, opening a file below `/proc/sys` opens the one of
//! the same name in the tree. The machine's process looks at the tree before it makes a call: what was written is
//! set.
#![allow(unsafe_code)]

use libc::{FILE, c_char, c_int, c_void, mode_t};
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// The variable that tells commands where the tree is.
pub(crate) const VARIABLE: &str = "WNET_PACKETDRILL_PROC_SYS";

/// Where the computer's own settings are.
const REAL: &str = "/proc/sys";

/// The tree. Its files are as old as can be, until somebody writes them: the clock of the file system is too coarse
/// to tell two times of writing apart.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    /// The settings that there are, by dotted name.
    names: Vec<String>,
}

impl Tree {
    /// A tree below `place` with these settings, by dotted name.
    pub(crate) fn new(place: &Path, settings: &[(String, String)]) -> io::Result<Self> {
        let names = settings.iter().map(|(name, _)| name.clone()).collect();
        let tree = Tree { root: place.join("proc-sys"), names };
        tree.show(settings)?;
        Ok(tree)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes the settings into the tree.
    pub(crate) fn show(&self, settings: &[(String, String)]) -> io::Result<()> {
        for (name, value) in settings {
            let file = self.file(name);
            let line = format!("{value}\n");
            if std::fs::read_to_string(&file).is_ok_and(|text| text == line) {
                continue;
            }
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&file, line)?;
            make_old(&file)?;
        }
        Ok(())
    }

    /// What was written since.
    pub(crate) fn changes(&self) -> Vec<(String, String)> {
        let is_new = |name: &&String| {
            let written = self.file(name).metadata().and_then(|metadata| metadata.modified());
            written.is_ok_and(|written| written != SystemTime::UNIX_EPOCH)
        };
        let take = |name: &String| {
            let file = self.file(name);
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            // If it cannot be made old it is taken once more, which changes nothing.
            let _ = make_old(&file);
            (name.clone(), text.trim().to_string())
        };
        self.names.iter().filter(is_new).map(take).collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.join(name.replace('.', "/"))
    }
}

fn make_old(file: &Path) -> io::Result<()> {
    std::fs::File::options().write(true).open(file)?.set_modified(SystemTime::UNIX_EPOCH)
}

/// The file of the tree that stands for `path`, in a command of a script. `directory` is where a path that is
/// relative begins: a descriptor, or `AT_FDCWD`.
fn replaced(directory: c_int, path: *const c_char) -> Option<CString> {
    let root = std::env::var_os(VARIABLE)?;
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller of open(2) hands in a C string.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    let base = match directory {
        _ if path.is_absolute() => PathBuf::new(),
        libc::AT_FDCWD => std::env::current_dir().ok()?,
        _ => std::fs::read_link(format!("/proc/self/fd/{directory}")).ok()?,
    };
    let file = stand_in(Path::new(&root), &base.join(path))?;
    CString::new(file.into_os_string().into_encoded_bytes()).ok()
}

/// The file below `root` that stands for `path`, if that lies below `/proc/sys`. What is not there cannot be made
/// there either: its stand-in lies in a folder that is not.
fn stand_in(root: &Path, path: &Path) -> Option<PathBuf> {
    let path = without_dots(path);
    let name = path.strip_prefix(REAL).ok()?;
    let file = root.join(name);
    Some(if file.exists() { file } else { root.join("not-there").join(name) })
}

/// The path without `.` and `..`, symbolic links not looked at.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The C library's function of this name.
pub(crate) fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name is a C string.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }
}

/// Defines a function that opens files, in the place of the C library's.
macro_rules! opener {
    ($name:ident, $symbol:literal, $directory:expr, ($($before:ident: $before_type:ty),*), ($($after:ident: $after_type:ty),*), $result:ty) => {
        /// The C library's, but for what lies below `/proc/sys`. Its variable argument is passed like a fixed one
        /// where this runs.
        ///
        /// # Safety
        /// As the C library's.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name($($before: $before_type,)* path: *const c_char $(, $after: $after_type)*) -> $result {
            type Function = unsafe extern "C" fn($($before_type,)* *const c_char $(, $after_type)*) -> $result;
            let found = next($symbol);
            assert!(!found.is_null(), "the C library has no such function");
            // SAFETY: what goes by that name is a function of that type.
            let open = unsafe { std::mem::transmute::<*mut c_void, Function>(found) };
            let replaced = replaced($directory, path);
            let path = replaced.as_ref().map_or(path, |path| path.as_ptr());
            // SAFETY: the caller's promise; the path is the caller's or ours, which lives until the call is done.
            unsafe { open($($before,)* path $(, $after)*) }
        }
    };
}

opener!(open, c"open", libc::AT_FDCWD, (), (flags: c_int, mode: mode_t), c_int);
opener!(open64, c"open64", libc::AT_FDCWD, (), (flags: c_int, mode: mode_t), c_int);
opener!(openat, c"openat", directory, (directory: c_int), (flags: c_int, mode: mode_t), c_int);
opener!(openat64, c"openat64", directory, (directory: c_int), (flags: c_int, mode: mode_t), c_int);
opener!(creat, c"creat", libc::AT_FDCWD, (), (mode: mode_t), c_int);
opener!(creat64, c"creat64", libc::AT_FDCWD, (), (mode: mode_t), c_int);
opener!(fopen, c"fopen", libc::AT_FDCWD, (), (mode: *const c_char), *mut FILE);
opener!(fopen64, c"fopen64", libc::AT_FDCWD, (), (mode: *const c_char), *mut FILE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_however_they_are_named() {
        let root = std::env::temp_dir().join(format!("proc-sys-{}", std::process::id()));
        let tree =
            Tree::new(&root, &[("net.ipv4.tcp_sack".into(), "1".into())]).expect("a folder of its own");
        for path in [
            "/proc/sys/net/ipv4/tcp_sack",
            "/proc/./sys/net//ipv4/tcp_sack",
            "/proc/sys/net/core/../ipv4/tcp_sack",
        ] {
            let file = stand_in(tree.root(), Path::new(path)).expect(path);
            assert_eq!(std::fs::read_to_string(file).expect(path), "1\n");
        }
        let unknown =
            stand_in(tree.root(), Path::new("/proc/sys/net/ipv4/tcp_none")).expect("it is a setting");
        assert!(std::fs::write(unknown, "1").is_err());
        assert_eq!(stand_in(tree.root(), Path::new("/proc/net/../self/stat")), None);
        std::fs::remove_dir_all(root).expect("it was made here");
    }
}
