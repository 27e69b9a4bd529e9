//! The commands of scripts, which the tool gives to a shell.
//!
//! They must not reach this computer's settings. Programs first in PATH stand in for `sysctl`, `ip`, `tc`,
//! `ethtool`, `nstat` and `sleep` and ask here. Programs that open files below `/proc/sys` themselves get those of a
//! tree of our own (see `proc_sys`), and what they wrote is taken over before the machine is used again.

use crate::proc_sys::Tree;
use crate::world::World;
use packetdrill::run::commands::shell::Place;
use packetdrill::run::commands::shim::{SOCKET, decode_request, encode_reply};
use packetdrill::run::commands::{Memory, Reply, answer};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The program that stands in for others; it lies beside this library.
const PROGRAM: &str = "wnet-packetdrill";

/// The directories; taken away at the end.
static PLACE: Mutex<Option<(Place, Tree)>> = Mutex::new(None);

/// What has to be in the environment of commands.
pub(crate) struct Environment {
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// Puts the stand-ins up, and answers them from a thread of its own.
pub(crate) fn begin(world: &'static World, library: &Path) -> io::Result<Environment> {
    let program = library.with_file_name(PROGRAM);
    if !program.exists() {
        return Err(io::Error::other(format!("{} is not there", program.display())));
    }
    let place = Place::new(&program)?;
    let tree = Tree::new(place.directory(), &world.lock().sysctls())?;
    let listener = UnixListener::bind(place.socket())?;
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
    let text = |path: PathBuf| path.display().to_string();
    let variables = vec![
        ("PATH", format!("{}:{path}", place.directory().display())),
        (SOCKET, text(place.socket())),
        (crate::proc_sys::VARIABLE, text(tree.root().to_path_buf())),
        ("LD_PRELOAD", text(library.to_path_buf())),
    ];
    world.lock().settings = Some(tree.clone());
    std::thread::Builder::new().name("shims".into()).spawn(move || serve(world, &listener))?;
    *PLACE.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((place, tree));
    Ok(Environment { variables })
}

/// Takes the directories away.
pub(crate) fn end() {
    drop(PLACE.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
}

fn serve(world: &World, listener: &UnixListener) {
    let mut memory = Memory::default();
    for mut stream in listener.incoming().flatten() {
        // A stand-in that went away needs no answer.
        let _ = serve_one(world, &mut memory, &mut stream);
    }
}

fn serve_one(world: &World, memory: &mut Memory, stream: &mut UnixStream) -> io::Result<()> {
    let mut request = Vec::new();
    stream.read_to_end(&mut request)?;
    let words = decode_request(&request);
    let reply = match words.first().map(String::as_str) {
        Some("sleep") => sleep(world, words.get(1).map_or("0", String::as_str)),
        _ => {
            let mut state = world.lock();
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
