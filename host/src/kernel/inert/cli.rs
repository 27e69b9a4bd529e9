//! `wasi:cli`, the wall clock, seeds and preopens: an empty world.

use super::super::random;
use super::super::state::StackState;
use super::Absent;
use super::io::{exit, output, stdin};
use std::time::{SystemTime, UNIX_EPOCH};
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceType};

/// `wasi:clocks/wall-clock.datetime`.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    #[component(name = "seconds")]
    seconds: u64,
    #[component(name = "nanoseconds")]
    nanoseconds: u32,
}

pub(super) fn add_to_linker(linker: &mut Linker<StackState>) -> Result<()> {
    add_process(linker)?;
    add_standard_streams(linker)?;

    let mut clock = linker.instance("wasi:clocks/wall-clock@0.2.12")?;
    clock.func_wrap("now", |_, (): ()| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok((Datetime { seconds: since.as_secs(), nanoseconds: since.subsec_nanos() },))
    })?;
    clock.func_wrap("resolution", |_, (): ()| Ok((Datetime { seconds: 0, nanoseconds: 1 },)))?;

    linker.instance("wasi:random/insecure-seed@0.2.12")?.func_wrap("insecure-seed", |_, (): ()| {
        let mut seed = [[0; 8]; 2];
        random::fill(seed.as_flattened_mut())?;
        Ok((seed.map(u64::from_le_bytes).into(),)) as Result<((u64, u64),)>
    })?;

    linker
        .instance("wasi:filesystem/preopens@0.2.12")?
        .func_wrap("get-directories", |_, (): ()| Ok((Vec::<(Resource<Absent>, String)>::new(),)))
}

fn add_process(linker: &mut Linker<StackState>) -> Result<()> {
    let mut environment = linker.instance("wasi:cli/environment@0.2.12")?;
    environment.func_wrap("get-environment", |_, (): ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_, (): ()| Ok((vec![String::from("stack")],)))?;
    environment.func_wrap("initial-cwd", |_, (): ()| Ok((None::<String>,)))?;

    let mut process = linker.instance("wasi:cli/exit@0.2.12")?;
    process.func_wrap("exit", |_, _: (std::result::Result<(), ()>,)| exit())?;
    process.func_wrap("exit-with-code", |_, _: (u8,)| exit())
}

fn add_standard_streams(linker: &mut Linker<StackState>) -> Result<()> {
    linker.instance("wasi:cli/stdin@0.2.12")?.func_wrap("get-stdin", |_, (): ()| Ok((stdin(),)))?;
    linker.instance("wasi:cli/stdout@0.2.12")?.func_wrap("get-stdout", |_, (): ()| Ok((output(0),)))?;
    linker.instance("wasi:cli/stderr@0.2.12")?.func_wrap("get-stderr", |_, (): ()| Ok((output(1),)))?;
    for name in ["stdin", "stdout", "stderr"] {
        let interface = format!("wasi:cli/terminal-{name}@0.2.12");
        let mut terminal = linker.instance(&interface)?;
        terminal.func_wrap(&format!("get-terminal-{name}"), |_, (): ()| Ok((None::<Resource<Absent>>,)))?;
    }
    for name in ["input", "output"] {
        let interface = format!("wasi:cli/terminal-{name}@0.2.12");
        let mut terminal = linker.instance(&interface)?;
        terminal.resource(&format!("terminal-{name}"), ResourceType::host::<Absent>(), |_, _| Ok(()))?;
    }
    Ok(())
}
