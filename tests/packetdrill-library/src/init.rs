//! `packetdrill_interface_init`: where the tool begins.
#![allow(unsafe_code)]

use crate::abi::{Init, Interface};
use crate::arguments::Arguments;
use crate::functions;
use crate::stage::Stage;
use crate::{proc_sys, shims, world};
use libc::c_char;
use packetdrill::run::Config;
use packetdrill_machine::stack_component;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use wnet::lab::Blueprint;

/// The type that the tool expects.
const _: Init = packetdrill_interface_init;

/// Scripts that this process has played or plays.
static SCRIPTS: AtomicUsize = AtomicUsize::new(0);

/// Makes the machine, and fills in the table. `flags` is what the tool was given as `--so_flags`: options as on its
/// own command line (`--mtu=9000`), and `--stack=FILE` for another stack component. The tool is ended, with a line
/// that says why, if that is not possible.
///
/// # Safety
/// `flags` is null or a C string, `table` is the tool's struct.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn packetdrill_interface_init(flags: *const c_char, table: *mut Interface) {
    let flags = if flags.is_null() {
        String::new()
    } else {
        // SAFETY: not null, so it is a C string, as the caller promises.
        unsafe { CStr::from_ptr(flags) }.to_string_lossy().into_owned()
    };
    // The tool locks all memory, that to come included: pages that nobody has touched would not stay away.
    // SAFETY: it has no arguments, and nobody relies on locked memory in virtual time.
    unsafe { libc::munlockall() };
    begin(&Arguments::of_process(), &flags);
    // SAFETY: the caller's promise.
    unsafe { table.write(functions::table()) };
}

/// The tool is about to run a command, which may be before it loads this library (`--init_scripts`): a command finds
/// the stand-ins in any case.
pub(crate) fn before_command() {
    let arguments = Arguments::of_process();
    let is_tool = SCRIPTS.load(Ordering::Relaxed) > 0 || std::env::var_os(proc_sys::VARIABLE).is_none();
    if is_tool && arguments.value("so_filename").is_some() {
        begin(&arguments, arguments.value("so_flags").unwrap_or_default());
    }
}

/// Makes the machine for the next script, unless it is there.
fn begin(arguments: &Arguments, flags: &str) {
    if shims::are_up() {
        return;
    }
    let script = SCRIPTS.fetch_add(1, Ordering::Relaxed);
    if script == 0 {
        // The tool ends with exit(), and without a word to us, when a script fails.
        // SAFETY: the function takes nothing and does nothing that must not be done at the end.
        unsafe { libc::atexit(at_exit) };
    }
    if let Err(error) = arguments.config(script, flags).and_then(|config| make(config, flags)) {
        eprintln!("libwnet_packetdrill: {error}");
        std::process::exit(1);
    }
}

extern "C" fn at_exit() {
    shims::end();
}

fn make(config: Config, flags: &str) -> Result<(), String> {
    let file = flags.split_whitespace().find_map(|flag| flag.strip_prefix("--stack=")).map(Path::new);
    let component = stack_component(file).map_err(|error| error.to_string())?;
    let blueprint = Blueprint::load(component, true).map_err(|error| error.to_string())?;
    let stage = Stage::new(blueprint, config).map_err(|error| error.to_string())?;
    let world = world::begin(stage);
    let library = library().ok_or("cannot tell where this library lies")?;
    let variables = shims::begin(world, &library)
        .map_err(|error| format!("no stand-ins for the commands of scripts: {error}"))?;
    for (name, value) in variables {
        // SAFETY: the tool's other thread does not look at the environment, nor do ours.
        unsafe { std::env::set_var(name, value) };
    }
    Ok(())
}

/// The file that this library was loaded from.
fn library() -> Option<PathBuf> {
    let here = packetdrill_interface_init as *const libc::c_void;
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is one of this library, and the struct is ours to be filled in.
    let found = unsafe { libc::dladdr(here, info.as_mut_ptr()) };
    // SAFETY: it was zeroed, and every value of its fields is one.
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's string, which lives as long as the library.
    let name: CString = unsafe { CStr::from_ptr(info.dli_fname) }.to_owned();
    std::path::absolute(OsStr::from_bytes(name.as_bytes())).ok()
}
