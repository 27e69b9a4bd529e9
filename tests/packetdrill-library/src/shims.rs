//! The commands of scripts, which the tool gives to a shell.
//!
//! They must not reach this computer's settings. Programs first in PATH stand in for `sysctl`, `ip`, `tc`,
//! `ethtool`, `nstat` and `sleep` and ask here. Programs that open files below `/proc/sys` themselves get those of a
//! tree of our own (see `proc_sys`), and what they wrote is taken over before the machine is used again.

use crate::killed;
use crate::proc_sys::Tree;
use crate::world::World;
use packetdrill::run::commands::shell::Place;
use packetdrill::run::commands::shim::{SOCKET, decode_request, encode_reply};
use packetdrill::run::commands::{Memory, Reply, answer};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The program that stands in for others; it lies beside this library.
const PROGRAM: &str = "wnet-packetdrill";

/// This library among the stand-ins: LD_PRELOAD is a list, whose entries end at blanks and colons.
const PRELOADED: &str = "library.so";

/// The directories; taken away at the end.
static PLACE: Mutex<Option<(Place, Tree)>> = Mutex::new(None);

/// What has to be in the environment of commands: names and values.
type Variables = [(&'static str, String); 4];

/// Whether commands find stand-ins now.
pub(crate) fn are_up() -> bool {
    PLACE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// PATH and LD_PRELOAD as the tool was given them; several scripts on one command line have stand-ins each.
static GIVEN: OnceLock<[String; 2]> = OnceLock::new();

/// Puts the stand-ins up, and answers them from a thread of its own.
pub(crate) fn begin(world: &'static World, library: &Path) -> io::Result<Variables> {
    let program = library.with_file_name(PROGRAM);
    if !program.exists() {
        return Err(io::Error::other(format!(
            "{} is not there; it belongs beside the library",
            program.display()
        )));
    }
    let place = Place::new(&program)?;
    let preloaded = place.directory().join(PRELOADED);
    std::os::unix::fs::symlink(library, &preloaded)?;
    let tree = Tree::new(place.directory(), &world.lock().sysctls())?;
    let listener = UnixListener::bind(place.socket())?;
    let [path, preload] = GIVEN.get_or_init(|| {
        let given = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        [given("PATH", "/usr/bin:/bin"), given("LD_PRELOAD", "")]
    });
    let variables = [
        ("PATH", format!("{}:{path}", as_list_entry(place.directory())?)),
        (SOCKET, place.socket().display().to_string()),
        (crate::proc_sys::VARIABLE, tree.root().display().to_string()),
        ("LD_PRELOAD", format!("{}:{preload}", as_list_entry(&preloaded)?)),
    ];
    killed::remove(place.directory());
    world.lock().settings = Some(tree.clone());
    std::thread::Builder::new().name("shims".into()).spawn(move || serve(world, &listener))?;
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, tree));
    Ok(variables)
}

/// The path as an entry of PATH and LD_PRELOAD. Without the latter a command would reach this computer's settings.
fn as_list_entry(path: &Path) -> io::Result<&str> {
    let text = path.to_str().filter(|text| !text.contains(|c: char| c == ':' || c.is_whitespace()));
    text.ok_or_else(|| {
        io::Error::other(format!("TMPDIR must have neither blanks nor colons: {}", path.display()))
    })
}

/// Takes the directories away, and lets the thread that answers end.
pub(crate) fn end() {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((place, _)) = &place {
        drop(UnixStream::connect(place.socket()));
    }
    killed::forget();
}

/// Answers until somebody comes who asks nothing.
fn serve(world: &World, listener: &UnixListener) {
    let mut memory = Memory::default();
    for mut stream in listener.incoming().flatten() {
        let mut request = Vec::new();
        let read = stream.read_to_end(&mut request);
        if request.is_empty() {
            return;
        }
        // A stand-in that went away needs no answer.
        let _ = read.and_then(|_| serve_one(world, &mut memory, &request, &mut stream));
    }
}

fn serve_one(world: &World, memory: &mut Memory, request: &[u8], stream: &mut UnixStream) -> io::Result<()> {
    let words = decode_request(request);
    let reply = match words.first().map(String::as_str) {
        Some("sleep") => sleep(world, words.get(1).map_or("0", String::as_str)),
        _ => {
            let mut state = world.lock();
            state.take_settings();
            let reply = answer(&mut state.stage, memory, words);
            state.show_settings();
            reply
        }
    };
    stream.write_all(&encode_reply(&reply))
}

fn sleep(world: &World, seconds: &str) -> Reply {
    match seconds.trim_end_matches('s').parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => {
            world.sleep((seconds * 1e6) as u64);
            Reply::default()
        }
        _ => Reply { status: 1, errors: format!("sleep: '{seconds}'\n"), ..Reply::default() },
    }
}
