//! A real shell for commands that are not simple, with shims first in its PATH.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::known::PROGRAMS;
use super::shim::{SOCKET, decode_request, encode_reply};
use super::words::Simple;
use super::{Reply, known};
use crate::run::failure::Failure;
use crate::run::runner::Runner;

impl Runner<'_> {
    /// Runs a text with `/bin/sh -c` in the script's directory.
    pub(super) fn shell(&mut self, text: &str) -> Result<Reply, Failure> {
        if self.writes_settings(text) {
            return Err(Failure::new(
                "a shell would write the computer's own /proc/sys; only lines like 'echo 1 > /proc/sys/NAME' are understood",
            ));
        }
        if text.contains("/proc/net") {
            return Err(Failure::skip("needs the machine's /proc/net"));
        }
        // A shim that runs scripts would start itself for ever: its program forgot to call shim_main.
        if std::env::var_os(SOCKET).is_some() {
            return Err(Failure::new("a script of a script cannot have a shell"));
        }
        let place = std::env::current_exe().and_then(|program| Place::new(&program));
        let place = place.map_err(|error| Failure::new(format!("no place for the shims: {error}")))?;
        let outcome = self.shell_in(text, &place);
        outcome.map_err(|error| Failure::new(format!("the shell could not be run: {error}")))
    }

    /// Whether a text, or a file that it names, has to do with `/proc/sys`, which no shim stands before.
    fn writes_settings(&self, text: &str) -> bool {
        let named = |word: &str| std::fs::read(self.directory_of(word).join(word)).unwrap_or_default();
        let settings = b"/proc/sys";
        let has = |bytes: &[u8]| bytes.windows(settings.len()).any(|part| part == settings);
        has(text.as_bytes())
            || text.split_whitespace().filter(|word| word.contains('/')).any(|word| has(&named(word)))
    }

    fn shell_in(&mut self, text: &str, place: &Place) -> std::io::Result<Reply> {
        let listener = UnixListener::bind(place.socket())?;
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        let child = Command::new("/bin/sh")
            .args(["-c", text])
            .current_dir(self.directory_of(text))
            .env("PATH", format!("{}:{path}", place.directory.display()))
            .env(SOCKET, place.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let waiting = wait(child, place.socket());
        // The thread that waits for the shell connects as well, and says nothing: then it is over.
        for stream in listener.incoming() {
            if !self.serve(stream?)? {
                break;
            }
        }
        waiting.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread that waited is gone")))
    }

    /// Answers one shim. False if it was none.
    fn serve(&mut self, mut stream: UnixStream) -> std::io::Result<bool> {
        let mut request = Vec::new();
        stream.read_to_end(&mut request)?;
        if request.is_empty() {
            return Ok(false);
        }
        let simple = Simple { words: decode_request(&request), ..Simple::default() };
        let reply = match known::is_known(&simple) {
            true => self.known(&simple),
            false => Reply::error(127, format!("{:?} is not understood\n", simple.words)),
        };
        stream.write_all(&encode_reply(&reply))?;
        Ok(true)
    }
}

fn wait(child: Child, socket: PathBuf) -> JoinHandle<std::io::Result<Reply>> {
    std::thread::spawn(move || {
        let outcome = child.wait_with_output();
        drop(UnixStream::connect(socket));
        let outcome = outcome?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Reply {
            status: outcome.status.code().unwrap_or(128),
            output: text(&outcome.stdout),
            errors: text(&outcome.stderr),
        })
    })
}

/// A directory with the shims and their socket; gone when it is dropped.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    /// The directory, locked as long as somebody uses it.
    _lock: File,
}

/// What the names of places begin with.
const NAME: &str = "packetdrill-";

/// From this age on a place that nobody has locked was left by somebody who was killed.
const OLD: Duration = Duration::from_secs(60);

static PLACES: AtomicU32 = AtomicU32::new(0);

impl Place {
    /// A directory where `executable`, which calls [`shim_main`](super::shim::shim_main), has the shims' names.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn new(executable: &Path) -> std::io::Result<Place> {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            clear(&std::env::temp_dir());
        }
        let directory = std::env::temp_dir().join(format!("{NAME}{}-{number}", std::process::id()));
        std::fs::create_dir(&directory)?;
        let lock = File::open(&directory)?;
        lock.lock()?;
        let place = Place { directory, _lock: lock };
        for program in PROGRAMS {
            std::os::unix::fs::symlink(executable, place.directory.join(program))?;
        }
        Ok(place)
    }

    /// What stands first in `PATH`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the shims' questions arrive.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }
}

/// Takes away what others left who were killed.
fn clear(parent: &Path) {
    for entry in parent.read_dir().into_iter().flatten().flatten() {
        let is_place = entry.file_name().to_string_lossy().starts_with(NAME);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OLD));
        let unused = || File::open(entry.path()).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_place && is_old && entry.path().join("sysctl").is_symlink() && unused() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn what_the_killed_left_is_taken_away() {
        let parent = std::env::temp_dir().join(format!("places-{}", std::process::id()));
        let make = |name: &str| {
            let directory = parent.join(name);
            std::fs::create_dir_all(&directory).expect("a directory of its own");
            std::os::unix::fs::symlink("/bin/true", directory.join("sysctl")).expect("it is empty");
            let file = File::open(&directory).expect("it is there");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("it is ours");
            file
        };
        let used = make("packetdrill-1-0");
        used.lock().expect("nobody else has it");
        drop((make("packetdrill-2-0"), make("something-else")));
        clear(&parent);
        let mut left: Vec<_> =
            parent.read_dir().expect("it is there").flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left, ["packetdrill-1-0", "something-else"]);
        std::fs::remove_dir_all(parent).expect("it was made here");
    }
}
