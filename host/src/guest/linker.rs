//! What a guest may import: WASI 0.2, its sockets by way of the gate.

use super::process::Process;
use crate::gate::{self, Grants};
use crate::kernel::LinkProblem;
use crate::kernel::component::{
    imports, is_wasi_0_2, missing_exports, missing_imports, one_line, split_version,
};
use wasmtime::Result;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::random::WasiRandom;

/// What makes a component a program.
const RUN: &str = "wasi:cli/run@0.2.12";

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

/// The interfaces of our own that need no grant of control.
const OUR_INTERFACES: [&str; 7] = [
    gate::tcp::socket_options::INTERFACE,
    gate::udp::groups::INTERFACE,
    gate::raw::INTERFACE,
    gate::raw::HEADERS,
    gate::raw_groups::INTERFACE,
    gate::packet::INTERFACE,
    gate::interrupt::INTERFACE,
];

/// Links a program, or says what keeps it from being linked.
pub(super) fn link(
    component: &Component,
    grants: Grants,
) -> std::result::Result<CommandPre<Process>, Vec<LinkProblem>> {
    let provided = |name: &str| {
        let base = split_version(name).0;
        let wasi = is_wasi_0_2(name) && INTERFACES.iter().any(|known| split_version(known).0 == base);
        wasi || [&OUR_INTERFACES[..], &gate::control::INTERFACES, &gate::control::TYPES]
            .concat()
            .contains(&name)
    };
    let available = [&INTERFACES[..], &OUR_INTERFACES, &gate::control::INTERFACES].concat();
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
    problems.extend(missing_exports(component, &[RUN]));
    if !problems.is_empty() {
        return Err(problems);
    }
    let linked = || {
        let mut linker = Linker::new(component.engine());
        add_to_linker(&mut linker)?;
        CommandPre::new(linker.instantiate_pre(component)?)
    };
    linked().map_err(|error: wasmtime::Error| vec![LinkProblem::Mismatch(one_line(&error))])
}

/// WASI without its sockets, and the gate.
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
    gate::packet::add_to_linker(linker)?;
    gate::interrupt::add_to_linker(linker)?;
    gate::control::add_to_linker(linker)
}
