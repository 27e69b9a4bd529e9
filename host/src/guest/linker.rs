//! What a guest may import: WASI 0.2 and 0.3, their sockets by way of the gate.

use super::process::Process;
use crate::gate::{self, Grants};
use crate::kernel::LinkProblem;
use crate::kernel::component::{
    imports, is_wasi_0_2, is_wasi_0_3, knows_wasi_0_3, missing_exports, missing_imports, one_line,
    split_version,
};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{p2, p3};

/// What makes a component a program.
const RUN: &str = "wasi:cli/run@0.2.12";

/// The same in WASI 0.3. A program that has both is started through this one.
const RUN_0_3: &str = "wasi:cli/run@0.3.0";

/// A program that was linked, by what it is started through.
pub(super) enum Command {
    Wasi02(p2::bindings::CommandPre<Process>),
    Wasi03(p3::bindings::CommandPre<Process>),
}

impl Command {
    pub(super) fn engine(&self) -> &Engine {
        match self {
            Command::Wasi02(command) => command.engine(),
            Command::Wasi03(command) => command.engine(),
        }
    }
}

/// The interfaces that there are for guests, all in version 0.2.12, which serves every 0.2.
const INTERFACES: [&str; 27] = [
    "wasi:cli/environment@0.2.12",
    "wasi:cli/exit@0.2.12",
    "wasi:cli/stderr@0.2.12",
    "wasi:cli/stdin@0.2.12",
    "wasi:cli/stdout@0.2.12",
    "wasi:cli/terminal-input@0.2.12",
    "wasi:cli/terminal-output@0.2.12",
    "wasi:cli/terminal-stderr@0.2.12",
    "wasi:cli/terminal-stdin@0.2.12",
    "wasi:cli/terminal-stdout@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:filesystem/types@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:random/insecure-seed@0.2.12",
    "wasi:random/insecure@0.2.12",
    "wasi:random/random@0.2.12",
    "wasi:sockets/instance-network@0.2.12",
    "wasi:sockets/ip-name-lookup@0.2.12",
    "wasi:sockets/network@0.2.12",
    "wasi:sockets/tcp-create-socket@0.2.12",
    "wasi:sockets/tcp@0.2.12",
    "wasi:sockets/udp-create-socket@0.2.12",
    "wasi:sockets/udp@0.2.12",
];

/// The interfaces of WASI 0.3, all in version 0.3.0, which serves every 0.3.
const INTERFACES_0_3: [&str; 21] = [
    "wasi:cli/environment@0.3.0",
    "wasi:cli/exit@0.3.0",
    "wasi:cli/stderr@0.3.0",
    "wasi:cli/stdin@0.3.0",
    "wasi:cli/stdout@0.3.0",
    "wasi:cli/terminal-input@0.3.0",
    "wasi:cli/terminal-output@0.3.0",
    "wasi:cli/terminal-stderr@0.3.0",
    "wasi:cli/terminal-stdin@0.3.0",
    "wasi:cli/terminal-stdout@0.3.0",
    "wasi:cli/types@0.3.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:clocks/types@0.3.0",
    "wasi:filesystem/preopens@0.3.0",
    "wasi:filesystem/types@0.3.0",
    "wasi:random/insecure-seed@0.3.0",
    "wasi:random/insecure@0.3.0",
    "wasi:random/random@0.3.0",
    "wasi:sockets/ip-name-lookup@0.3.0",
    "wasi:sockets/types@0.3.0",
];

/// The interfaces of our own that need no grant of control.
const OUR_INTERFACES: [&str; 9] = [
    gate::tcp::socket_options::INTERFACE,
    gate::udp::groups::INTERFACE,
    gate::raw::INTERFACE,
    gate::raw::HEADERS,
    gate::raw::FIELDS,
    gate::raw_groups::INTERFACE,
    gate::packet::INTERFACE,
    gate::reverse_names::INTERFACE,
    gate::interrupt::INTERFACE,
];

/// Links a program, or says what keeps it from being linked.
pub(super) fn link(component: &Component, grants: Grants) -> std::result::Result<Command, Vec<LinkProblem>> {
    let provided = |name: &str| {
        let base = split_version(name).0;
        let is_among = |known: &[&str]| known.iter().any(|known| split_version(known).0 == base);
        (is_wasi_0_2(name) && is_among(&INTERFACES))
            || (is_wasi_0_3(name) && is_among(&INTERFACES_0_3))
            || [&OUR_INTERFACES[..], &gate::control::INTERFACES, &gate::control::TYPES]
                .concat()
                .contains(&name)
    };
    let available = [&INTERFACES[..], &INTERFACES_0_3, &OUR_INTERFACES, &gate::control::INTERFACES].concat();
    let mut problems = missing_imports(component, &available, provided);
    let imported = imports(component);
    let controlling = imported.iter().find(|(name, _)| gate::control::INTERFACES.contains(&name.as_str()));
    if let Some((wanted, _)) = controlling.filter(|_| !grants.control) {
        problems.push(LinkProblem::NotGranted { wanted: wanted.clone(), grants: &["control"] });
    }
    let needed: [(_, _, &[&str]); 3] = [
        (gate::raw::INTERFACE, grants.raw || grants.ping, &["raw", "ping"]),
        (gate::raw::HEADERS, grants.raw, &["raw"]),
        (gate::packet::INTERFACE, grants.packet, &["packet"]),
    ];
    for (wanted, granted, grants) in needed {
        if !granted && imported.iter().any(|(name, _)| name == wanted) {
            problems.push(LinkProblem::NotGranted { wanted: wanted.into(), grants });
        }
    }
    let starts_through_0_3 = component.get_export_index(None, RUN_0_3).is_some();
    if !starts_through_0_3 {
        problems.extend(missing_exports(component, &[RUN]));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let linked = || {
        let mut linker = Linker::new(component.engine());
        add_to_linker(&mut linker)?;
        if knows_wasi_0_3(component) {
            add_0_3_to_linker(&mut linker)?;
        }
        let instance = linker.instantiate_pre(component)?;
        Ok(match starts_through_0_3 {
            true => Command::Wasi03(p3::bindings::CommandPre::new(instance)?),
            false => Command::Wasi02(p2::bindings::CommandPre::new(instance)?),
        })
    };
    linked().map_err(|error: wasmtime::Error| vec![LinkProblem::Mismatch(one_line(&error))])
}

/// WASI 0.3 without its sockets, and the gate's.
fn add_0_3_to_linker(linker: &mut Linker<Process>) -> Result<()> {
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::filesystem::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    gate::p3::add_to_linker(linker)
}

/// WASI 0.2 without its sockets, and the gate.
fn add_to_linker(linker: &mut Linker<Process>) -> Result<()> {
    use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
    // wasi:io, the clocks, random, and the standard streams.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::exit::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::terminal_input::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::terminal_output::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::terminal_stdin::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::terminal_stdout::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    cli::terminal_stderr::add_to_linker::<Process, WasiCli>(linker, Process::cli)?;
    filesystem::types::add_to_linker::<Process, WasiFilesystem>(linker, Process::filesystem)?;
    filesystem::preopens::add_to_linker::<Process, WasiFilesystem>(linker, Process::filesystem)?;
    random::insecure::add_to_linker::<Process, WasiRandom>(linker, |process| process.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<Process, WasiRandom>(linker, |process| {
        process.ctx().ctx.random()
    })?;
    gate::add_to_linker(linker)?;
    // Who was not granted it and imports it does not come this far.
    gate::raw::add_to_linker(linker)?;
    gate::raw_groups::add_to_linker(linker)?;
    gate::reverse_names::add_to_linker(linker)?;
    gate::packet::add_to_linker(linker)?;
    gate::interrupt::add_to_linker(linker)?;
    gate::control::add_to_linker(linker)
}
