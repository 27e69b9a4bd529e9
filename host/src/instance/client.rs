//! The client's end: a tool's file, streams and directories go to an instance, its exit code comes back.
//!
//! The instance gets pipes, not this process's own streams: so it never waits for a terminal, changes nothing of
//! it, and takes nothing from it after this process has ended.

use super::listener::is_of_this_user;
use super::request::{INTERRUPT, Reply, Request};
use super::{Folder, InstanceError, InstanceName, descriptors};
use crate::guest::Grants;
use crate::signals::{Ending, Signals};
use cap_std::fs::Dir;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::thread::JoinHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;

/// A tool for an instance.
pub struct Tool {
    /// Its `argv[0]`, and what it is called in messages.
    pub name: String,
    /// The component.
    pub file: File,
    /// Its arguments without the name.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// Its directories, at most 16, with their paths as it sees them.
    pub directories: Vec<(Dir, String)>,
    /// What it may do.
    pub grants: Grants,
    /// Whether it gets the standard input of this process even if that is a terminal. A process in the background
    /// is stopped when it reads from its terminal.
    pub reads_terminal: bool,
}

/// Connects to the instance `name`.
///
/// # Errors
/// When it does not run, or is not of the same user.
pub async fn connect(folder: &Folder, name: &InstanceName) -> Result<UnixStream, InstanceError> {
    let connection = match UnixStream::connect(folder.socket(name)).await {
        Ok(connection) => connection,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Err(InstanceError::NotRunning { name: name.clone(), running: folder.running() });
        }
        Err(error) => return Err(InstanceError::Io { what: "connect to the control socket", error }),
    };
    match is_of_this_user(&connection) {
        Ok(true) => Ok(connection),
        Ok(false) => Err(InstanceError::NotOwner),
        Err(error) => Err(InstanceError::Io { what: "see who listens at the control socket", error }),
    }
}

/// Has the instance run a tool to its end. Ctrl-C is told to the instance; a second signal, or SIGTERM, ends at
/// once, and with the connection the tool.
///
/// # Errors
/// When the connection breaks, as when the instance ends.
pub(crate) async fn run(
    mut connection: UnixStream,
    tool: Tool,
    signals: &mut Signals,
) -> Result<Reply, InstanceError> {
    let outputs = send(&mut connection, tool).await?;
    let reply = tokio::select! {
        reply = receive(&mut connection) => reply,
        signal = signals.next() => match signal {
            Ending::Interrupt => interrupted(&mut connection, signals).await,
            Ending::Terminate => return Ok(ended_by(signal)),
        },
    };
    // The instance has let go of its ends: what is in the pipes is all.
    let printed = tokio::task::spawn_blocking(|| outputs.into_iter().for_each(|output| drop(output.join())));
    tokio::select! {
        _ = printed => reply.map_err(|_| InstanceError::Ended),
        signal = signals.next() => Ok(ended_by(signal)),
    }
}

/// The reply to an interrupt, or the end by the next signal.
async fn interrupted(connection: &mut UnixStream, signals: &mut Signals) -> io::Result<Reply> {
    connection.write_u8(INTERRUPT).await?;
    tokio::select! {
        reply = receive(connection) => reply,
        signal = signals.next() => Ok(ended_by(signal)),
    }
}

fn ended_by(signal: Ending) -> Reply {
    Reply { exit_code: signal.exit_code(), text: String::new() }
}

/// Sends the request; answers the threads that print what the tool prints.
async fn send(connection: &mut UnixStream, tool: Tool) -> Result<[JoinHandle<()>; 2], InstanceError> {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let terminals = [stdin.is_terminal(), stdout.is_terminal(), stderr.is_terminal()];
    let (directories, paths): (Vec<_>, Vec<_>) = tool.directories.into_iter().unzip();
    let request = Request {
        name: tool.name,
        terminals,
        grants: tool.grants,
        arguments: tool.arguments,
        environment: tool.environment,
        directories: paths,
    };
    let request = request.encode().map_err(|error| InstanceError::Request(error.to_string()))?;
    let pipe = || io::pipe().map_err(pipe_failed);
    let ((input, feed), (from_output, output), (from_error, error)) = (pipe()?, pipe()?, pipe()?);
    let mut descriptors = vec![tool.file.as_fd(), input.as_fd(), output.as_fd(), error.as_fd()];
    descriptors.extend(directories.iter().map(AsFd::as_fd));
    let first = connection
        .async_io(Interest::WRITABLE, || descriptors::send(&*connection, &request, &descriptors))
        .await
        .map_err(unreachable)?;
    connection.write_all(request.get(first..).unwrap_or_default()).await.map_err(unreachable)?;
    if tool.reads_terminal || !terminals[0] {
        // It may wait for input for ever; it ends with the process.
        pump(stdin, feed).map_err(pipe_failed)?;
    }
    let outputs = [pump(from_output, stdout), pump(from_error, stderr)];
    let [output, error] = outputs.map(|thread| thread.map_err(pipe_failed));
    Ok([output?, error?])
}

fn pipe_failed(error: io::Error) -> InstanceError {
    InstanceError::Io { what: "make pipes for the tool", error }
}

fn unreachable(error: io::Error) -> InstanceError {
    InstanceError::Io { what: "reach the instance", error }
}

/// Carries bytes in a thread of its own, until `from` ends or `to` takes no more.
fn pump(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let carry = move || {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match from.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => {
                    // Who gets no more goes away: the other side learns of it when this end of the pipe closes.
                    if to.write_all(&chunk[..count]).and_then(|()| to.flush()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    };
    std::thread::Builder::new().name("pump".into()).spawn(carry)
}

async fn receive(connection: &mut UnixStream) -> io::Result<Reply> {
    let mut head = [0; Reply::HEAD_LEN];
    connection.read_exact(&mut head).await?;
    let (exit_code, length) = Reply::decode_head(head).ok_or(io::ErrorKind::InvalidData)?;
    let mut text = vec![0; length];
    connection.read_exact(&mut text).await?;
    Ok(Reply { exit_code, text: String::from_utf8_lossy(&text).into_owned() })
}
