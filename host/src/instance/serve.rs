//! The instance's end: tools of clients, run as guests of its kernel.

use super::Listener;
use super::descriptors::receive_header;
use super::request::{self, INTERRUPT, Reply, Request};
use crate::failure;
use crate::guest::{GuestConfig, Interrupt, Limits, StandardPipes, StandardStreams, run_guest};
use crate::kernel::Kernel;
use crate::signals::Ending;
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// Tools that run at a time.
const MAX_TOOLS: usize = 64;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of a tool's file.
const MAX_COMPONENT: u64 = 64 << 20;

/// How long to wait after the system refused a connection, as when no descriptors are left.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs clients' tools until it is dropped, which ends all of them.
pub async fn serve(listener: Listener, kernel: Arc<Kernel>) {
    let mut tools = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(connection) => {
                while tools.try_join_next().is_some() {}
                let room = tools.len() < MAX_TOOLS;
                tools.spawn(attend(connection, Arc::clone(&kernel), room));
            }
            Err(error) => {
                tracing::warn!("the control socket: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection. What a client does wrong is its own matter.
async fn attend(mut connection: UnixStream, kernel: Arc<Kernel>, room: bool) {
    let order = match tokio::time::timeout(PATIENCE, receive(&mut connection)).await {
        Err(_) | Ok(Ok(None)) => return,
        Ok(Ok(Some(_))) if !room => Err(format!("{MAX_TOOLS} tools are running already")),
        Ok(Ok(Some(order))) => Ok(order),
        Ok(Err(refusal)) => Err(refusal),
    };
    let reply = match order {
        Ok((guest, pipes)) => tokio::select! {
            ended = end_by_client(&mut connection, guest.interrupt.clone()) => match ended {
                true => Reply { exit_code: Ending::Interrupt.exit_code(), text: String::new() },
                // Nobody waits for an answer.
                false => return,
            },
            reply = run(kernel, guest, pipes) => reply,
        },
        Err(refusal) => Reply::failure(refusal),
    };
    if let Err(error) = connection.write_all(&reply.encode()).await {
        tracing::debug!("a client of the control socket went: {error}");
    }
}

/// Runs a tool to its end, until all that it printed was taken.
async fn run(kernel: Arc<Kernel>, guest: GuestConfig, pipes: StandardPipes) -> Reply {
    let outputs = pipes.outputs();
    let guest = GuestConfig { streams: StandardStreams::Pipes(pipes), ..guest };
    let ended = failure::exit_code("the guest", run_guest(kernel, guest).await);
    for output in outputs {
        output.written().await;
    }
    match ended {
        Ok(exit_code) => Reply { exit_code, text: String::new() },
        Err(failure) => Reply { exit_code: failure.exit_code, text: failure.to_string() },
    }
}

/// Waits until the client wants the tool to end and the tool does not see to it itself (true), or the client is gone
/// (false).
async fn end_by_client(connection: &mut UnixStream, interrupt: Interrupt) -> bool {
    loop {
        match connection.read_u8().await {
            Ok(INTERRUPT) if !interrupt.interrupt() => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// Receives what a client wants; none if it went away. The error is a line for it.
async fn receive(connection: &mut UnixStream) -> Result<Option<(GuestConfig, StandardPipes)>, String> {
    let broken = |error: io::Error| format!("the request did not arrive: {error}");
    let Some((header, descriptors)) = receive_header(connection).await.map_err(broken)? else {
        return Ok(None);
    };
    let length = request::body_length(header).map_err(|error| error.to_string())?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.map_err(broken)?;
    let request = Request::decode(&body).map_err(|error| error.to_string())?;
    accept(request, descriptors).await.map(Some)
}

/// Fits a request and its descriptors together.
async fn accept(request: Request, descriptors: Vec<OwnedFd>) -> Result<(GuestConfig, StandardPipes), String> {
    let mut descriptors = descriptors.into_iter();
    let (Some(file), Some(input), Some(output), Some(error)) =
        (descriptors.next(), descriptors.next(), descriptors.next(), descriptors.next())
    else {
        return Err("the request lacks a file or a stream".into());
    };
    if descriptors.len() != request.directories.len() {
        return Err("the request lacks a directory".into());
    }
    let pipes = StandardPipes::new([input, output, error], request.terminals)
        .map_err(|error| format!("the request's streams are no pipes: {error}"))?;
    // A file's system may be slow.
    let component = tokio::task::spawn_blocking(|| read(File::from(file))).await;
    let component = component.map_err(|error| error.to_string())?;
    let component = component.map_err(|error| format!("cannot read {}: {error}", request.name))?;
    let directories = descriptors.map(|directory| Dir::from_std_file(directory.into()));
    let guest = GuestConfig {
        arguments: std::iter::once(request.name.clone()).chain(request.arguments).collect(),
        name: request.name,
        component,
        environment: request.environment,
        directories: directories.zip(request.directories).collect(),
        grants: request.grants,
        limits: Limits::default(),
        // Whoever reaches the control socket owns the instance.
        policy: Arc::default(),
        interrupt: Interrupt::default(),
        streams: StandardStreams::Nowhere,
    };
    Ok((guest, pipes))
}

/// Reads a tool's file from its beginning, wherever the client has read it.
fn read(file: File) -> io::Result<Vec<u8>> {
    let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return refuse("it is no file");
    }
    if metadata.len() > MAX_COMPONENT {
        return refuse("it is larger than 64 MiB");
    }
    let mut bytes = vec![0; metadata.len() as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
