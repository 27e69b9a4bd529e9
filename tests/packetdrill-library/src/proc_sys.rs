//! `/proc/sys` for the commands of scripts: files in a tree of our own.
//!
//! Commands run with this library preloaded (LD_PRELOAD). In them, opening a file below `/proc/sys` opens the one of
//! the same name in the tree. The machine's process looks at the tree before it makes a call: what was written is
//! set.
#![allow(unsafe_code)]

use libc::{FILE, c_char, c_int, c_void, mode_t};
use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The variable that tells commands where the tree is.
pub(crate) const VARIABLE: &str = "WNET_PACKETDRILL_PROC_SYS";

/// Where the computer's own settings are.
const REAL: &str = "/proc/sys/";

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

/// The file of the tree that stands for `path`, in a command of a script.
fn replaced(path: *const c_char) -> Option<CString> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller of open(2) hands in a C string.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    let name = path.strip_prefix(REAL)?;
    let root = std::env::var_os(VARIABLE)?;
    CString::new(Path::new(&root).join(name).into_os_string().into_encoded_bytes()).ok()
}

/// The C library's function of this name.
fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name is a C string.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) }
}

/// Defines a function that opens files, in the place of the C library's.
macro_rules! opener {
    ($name:ident, $symbol:literal, ($($before:ident: $before_type:ty),*), ($($after:ident: $after_type:ty),*), $result:ty) => {
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
            let replaced = replaced(path);
            let path = replaced.as_ref().map_or(path, |path| path.as_ptr());
            // SAFETY: the caller's promise; the path is the caller's or ours, which lives until the call is done.
            unsafe { open($($before,)* path $(, $after)*) }
        }
    };
}

opener!(open, c"open", (), (flags: c_int, mode: mode_t), c_int);
opener!(open64, c"open64", (), (flags: c_int, mode: mode_t), c_int);
opener!(openat, c"openat", (directory: c_int), (flags: c_int, mode: mode_t), c_int);
opener!(openat64, c"openat64", (directory: c_int), (flags: c_int, mode: mode_t), c_int);
opener!(fopen, c"fopen", (), (mode: *const c_char), *mut FILE);
opener!(fopen64, c"fopen64", (), (mode: *const c_char), *mut FILE);
