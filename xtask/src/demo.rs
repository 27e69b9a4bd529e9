//! `cargo xtask demo`: the echo server as a guest, reached from this machine, and what its network card saw.

mod narration;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::build::{self, Profile};
use crate::capture;
use crate::process::last_lines;
use crate::workspace::Workspace;

/// How long the guest may take to listen. The first start compiles two components.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long an answer may take, and the end.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How often something is looked at that cannot be waited for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What is sent.
const GREETING: &str = "hello from the other side of the wire\n";

/// Builds everything and shows one connection.
///
/// # Errors
/// If anything of it does not work; a message says what, and with what log.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let host = build::everything(workspace, Profile::Debug)?.host;
    let capture = workspace.target.join("demo.pcap");
    let log = workspace.target.join("demo.log");
    // Asked of the kernel and given back: free, unless somebody takes it in this very moment.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut wnet = Wnet::start(workspace, &host, address, &capture, &log)?;
    let result = visit(address, &capture, &mut wnet);
    let status = wnet.stop();
    let delay = result.map_err(|error| wnet.explain(error))?;
    let status = status.context("wnet could not be stopped")?;
    ensure!(status.code() == Some(143), "wnet was asked to end by SIGTERM and ended with {status}");
    println!(
        "demo: sent {GREETING:?} to {address}, received it back after {:.1} ms",
        delay.as_secs_f64() * 1e3
    );
    println!("demo: what passed the guest's network card ({}):", workspace.display(&capture));
    for line in narration::tell(&capture::read(&fs::read(&capture)?)?) {
        println!("{line}");
    }
    println!("demo: wnet ended when asked (SIGTERM, exit code 143)");
    Ok(())
}

/// A running `wnet`.
struct Wnet<'a> {
    child: Child,
    log: &'a Path,
    stopped: Option<ExitStatus>,
}

impl<'a> Wnet<'a> {
    /// Starts it with the echo server and waits until the guest says that it listens.
    fn start(
        workspace: &Workspace,
        host: &Path,
        address: SocketAddr,
        capture: &Path,
        log: &'a Path,
    ) -> Result<Self> {
        let mut command = Command::new(host);
        // One version of IP is enough to see.
        command.args(["run", "--ip", "10.0.2.15/24", "-p", &format!("{address}:7"), "--pcap"]);
        command.arg(capture).arg(workspace.component("echo-server")).arg("7");
        command.current_dir(&workspace.root).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?);
        let options = "run --ip 10.0.2.15/24 -p";
        let shown: Vec<_> = [host, Path::new(options), Path::new(&format!("{address}:7 --pcap")), capture]
            .into_iter()
            .chain([workspace.component("echo-server").as_path(), Path::new("7")])
            .map(|word| workspace.display(word))
            .collect();
        println!("demo: {}", shown.join(" "));
        let child = command.spawn().with_context(|| format!("cannot run {}", host.display()))?;
        let mut wnet = Self { child, log, stopped: None };
        match wnet.first_line() {
            Ok(line) => {
                println!("demo: the guest says: {line}");
                Ok(wnet)
            }
            Err(error) => {
                let _ = wnet.stop();
                Err(wnet.explain(error))
            }
        }
    }

    /// The first line that the guest prints. What it prints later is thrown away.
    fn first_line(&mut self) -> Result<String> {
        let output = self.child.stdout.take().context("wnet has an output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        match lines.recv_timeout(START_LIMIT) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("the guest did not listen within {} s", START_LIMIT.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => bail!("wnet ended before the guest listened"),
        }
    }

    /// Asks it to end; ends it when it does not.
    fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.stopped {
            return Ok(status);
        }
        if self.child.try_wait()?.is_none() {
            // The standard library can only kill.
            let pid = self.child.id().to_string();
            Command::new("sh").args(["-c", "kill -s TERM \"$1\"", "sh", &pid]).status()?;
        }
        let deadline = Instant::now() + ANSWER_LIMIT;
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                None => {
                    self.child.kill()?;
                    break self.child.wait()?;
                }
            }
        };
        self.stopped = Some(status);
        Ok(status)
    }

    /// `error` with how wnet ended and the last it logged.
    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let log = fs::read_to_string(self.log).unwrap_or_default();
        let ended = self.stopped.map_or_else(String::new, |status| format!("; wnet ended with {status}"));
        anyhow::anyhow!("{error:#}{ended}; its log is {}:\n{}", self.log.display(), last_lines(&log, 10))
    }
}

impl Drop for Wnet<'_> {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Sends a line to the guest, receives it back, closes, and waits until the card has seen the end of the
/// connection. Returns how long the line took.
fn visit(address: SocketAddr, capture: &Path, wnet: &mut Wnet<'_>) -> Result<Duration> {
    let mut guest =
        TcpStream::connect_timeout(&address, ANSWER_LIMIT).context("cannot connect to the guest")?;
    guest.set_read_timeout(Some(ANSWER_LIMIT))?;
    guest.set_write_timeout(Some(ANSWER_LIMIT))?;
    let begun = Instant::now();
    guest.write_all(GREETING.as_bytes()).context("cannot send to the guest")?;
    let mut answer = vec![0; GREETING.len()];
    guest.read_exact(&mut answer).context("the guest does not answer")?;
    let delay = begun.elapsed();
    ensure!(answer == GREETING.as_bytes(), "the guest answered {:?}", String::from_utf8_lossy(&answer));
    guest.shutdown(Shutdown::Write)?;
    let more = guest.read(&mut answer).context("the guest does not close")?;
    ensure!(more == 0, "the guest sent more than it had received");
    // Both ends are done here, but the last acknowledgement may still be on the wire.
    let deadline = Instant::now() + ANSWER_LIMIT;
    while !narration::is_complete(&capture::read(&fs::read(capture)?)?) {
        ensure!(wnet.child.try_wait()?.is_none(), "wnet ended by itself");
        ensure!(Instant::now() < deadline, "the connection did not end on the wire");
        thread::sleep(LOOK_EVERY);
    }
    Ok(delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// Starts a shell script in the host's place.
    fn start<'a>(scratch: &Scratch, script: &str, log: &'a Path) -> Result<Wnet<'a>> {
        let workspace = Workspace { root: scratch.path().into(), target: scratch.path().into() };
        let host = scratch.program("wnet", script);
        Wnet::start(&workspace, &host, "127.0.0.1:9".parse().unwrap(), Path::new("pcap"), log)
    }

    #[test]
    fn a_host_that_fails_is_quoted() {
        let scratch = Scratch::new("demo-fails");
        let log = scratch.path().join("log");
        let error = start(&scratch, "echo no such wire >&2; exit 125", &log).err().unwrap().to_string();
        for part in ["before the guest listened", "exit status: 125", "no such wire"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_host_that_runs_is_asked_to_end() {
        let scratch = Scratch::new("demo-ends");
        let log = scratch.path().join("log");
        // It answers a signal between two commands, so it waits for a child that can be left behind.
        let script = "trap 'kill $!; exit 143' TERM; echo listening; sleep 600 & wait";
        let mut wnet = start(&scratch, script, &log).unwrap();
        assert_eq!(wnet.stop().unwrap().code(), Some(143));
    }
}
