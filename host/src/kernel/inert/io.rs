//! `wasi:io/error` and `wasi:io/streams`: input that has ended, and output that goes to the log.

use super::super::bindings::wnet::stack::notify::Level;
use super::super::imports::notify::log;
use super::super::resources::Pollable;
use super::super::state::StackState;
use super::only;
use wasmtime::component::{ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut, bail};

/// Longest line, in bytes, that is put together before it is logged.
const MAX_LINE: usize = 4096;

/// What `check-write` permits.
const PERMIT: u64 = 64 << 10;

/// Resource `input-stream`: standard input, which has ended.
pub(super) enum Input {}
/// Resource `output-stream`: represented by the index of its unfinished line.
pub(super) enum Output {}
/// Resource `error`: no stream here fails, so there is none.
pub(super) enum Failure {}

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code, reason = "part of the type, never made")]
    LastOperationFailed(Resource<Failure>),
    #[component(name = "closed")]
    Closed,
}

type Answer<T> = Result<(std::result::Result<T, StreamError>,)>;

pub(super) fn add_to_linker(linker: &mut Linker<StackState>) -> Result<()> {
    let mut error = linker.instance("wasi:io/error@0.2.12")?;
    error.resource("error", ResourceType::host::<Failure>(), |_, _| Ok(()))?;
    error.func_wrap("[method]error.to-debug-string", |_, _: (Resource<Failure>,)| Ok((String::new(),)))?;
    let mut streams = linker.instance("wasi:io/streams@0.2.12")?;
    streams.resource("input-stream", ResourceType::host::<Input>(), |_, _| Ok(()))?;
    streams.resource("output-stream", ResourceType::host::<Output>(), |_, _| Ok(()))?;
    add_input(&mut streams)?;
    add_output(&mut streams)
}

fn add_input(streams: &mut LinkerInstance<'_, StackState>) -> Result<()> {
    for name in ["[method]input-stream.read", "[method]input-stream.blocking-read"] {
        streams.func_wrap(name, |_, _: (Resource<Input>, u64)| -> Answer<Vec<u8>> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    for name in ["[method]input-stream.skip", "[method]input-stream.blocking-skip"] {
        streams.func_wrap(name, |_, _: (Resource<Input>, u64)| -> Answer<u64> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    streams.func_wrap("[method]input-stream.subscribe", |store, _: (Resource<Input>,)| always(store))
}

fn add_output(streams: &mut LinkerInstance<'_, StackState>) -> Result<()> {
    streams.func_wrap("[method]output-stream.check-write", |_, _: (Resource<Output>,)| -> Answer<u64> {
        Ok((Ok(PERMIT),))
    })?;
    for name in ["[method]output-stream.write", "[method]output-stream.blocking-write-and-flush"] {
        streams.func_wrap(name, |mut store, (stream, bytes): (Resource<Output>, Vec<u8>)| -> Answer<()> {
            write(store.data_mut(), &stream, &bytes);
            Ok((Ok(()),))
        })?;
    }
    for name in ["[method]output-stream.flush", "[method]output-stream.blocking-flush"] {
        streams.func_wrap(name, |_, _: (Resource<Output>,)| -> Answer<()> { Ok((Ok(()),)) })?;
    }
    for name in ["write-zeroes", "blocking-write-zeroes-and-flush"] {
        let name = format!("[method]output-stream.{name}");
        streams.func_wrap(&name, |_, _: (Resource<Output>, u64)| -> Answer<()> { Ok((Ok(()),)) })?;
    }
    for name in ["[method]output-stream.splice", "[method]output-stream.blocking-splice"] {
        streams.func_wrap(name, |_, _: (Resource<Output>, Resource<Input>, u64)| -> Answer<u64> {
            Ok((Err(StreamError::Closed),))
        })?;
    }
    streams.func_wrap("[method]output-stream.subscribe", |store, _: (Resource<Output>,)| always(store))
}

/// A pollable that is ready.
fn always(mut store: StoreContextMut<'_, StackState>) -> Result<(Resource<Pollable>,)> {
    Ok((store.data_mut().table.push(Pollable::Always)?,))
}

/// Logs whole lines of standard output and standard error, and keeps the rest.
fn write(state: &mut StackState, stream: &Resource<Output>, bytes: &[u8]) {
    let index = stream.rep() as usize;
    let level = if index == 0 { Level::Info } else { Level::Warn };
    let Some(line) = state.inert.lines.get_mut(index) else { return };
    for byte in bytes {
        if *byte != b'\n' {
            line.push(*byte);
        }
        if *byte == b'\n' || line.len() >= MAX_LINE {
            log(level, &String::from_utf8_lossy(line));
            line.clear();
        }
    }
}

/// Standard input.
pub(super) fn stdin() -> Resource<Input> {
    only()
}

/// Standard output (0) or standard error (1).
pub(super) fn output(index: u32) -> Resource<Output> {
    Resource::new_own(index)
}

/// What `exit` does: a stack has no end.
pub(super) fn exit() -> Result<()> {
    bail!("the stack called exit")
}
