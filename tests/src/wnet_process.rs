//! The command `wnet`, started as users start it, and what it says.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::artifacts;
use crate::deadline::{Deadline, wait_for};
use crate::namespace::{GUEST, Namespace, TAP};

/// A running `wnet`. It is ended when this is dropped.
pub struct Wnet {
    child: Child,
    printed: Arc<Printed>,
}

/// What a process has printed so far.
#[derive(Default)]
struct Printed {
    state: Mutex<Streams>,
    changed: Condvar,
}

#[derive(Default)]
struct Streams {
    output: Vec<u8>,
    error: Vec<u8>,
    /// How many of the two have ended.
    ended: usize,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none if a signal killed it.
    pub code: Option<i32>,
    /// All that it printed on standard output.
    pub output: Vec<u8>,
    /// All that it printed on standard error.
    pub error: String,
}

/// Runs `wnet run` with these arguments, without input, to its end.
///
/// # Errors
/// If it cannot be started or does not end.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Ended> {
    let mut wnet = Wnet::start(arguments)?;
    drop(wnet.input());
    wnet.wait()
}

impl Wnet {
    /// Starts `wnet run` with these arguments.
    ///
    /// # Errors
    /// If it was not built or cannot be started.
    pub fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Self> {
        Self::spawn(Command::new(artifacts::wnet()?).arg("run").args(arguments))
    }

    /// Starts `wnet run` in `namespace` on its TAP, where it has the address [`GUEST`], with these arguments
    /// behind the ones for that.
    ///
    /// # Errors
    /// If it was not built or cannot be started.
    pub fn start_on_tap<A: AsRef<OsStr>>(
        namespace: &Namespace,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        let mut command = namespace.command(artifacts::wnet()?)?;
        command.args(["run", "--nic", &format!("tap:{TAP}"), "--ip", &format!("{GUEST}/24")]);
        Self::spawn(command.args(arguments))
    }

    /// Starts the guest `name` with these arguments on the TAP, and waits until it says that it listens.
    ///
    /// # Errors
    /// If it does not come to that.
    pub fn serve_on_tap(namespace: &Namespace, options: &[&str], name: &str, port: u16) -> Result<Self> {
        let guest = artifacts::component(name)?;
        let port = port.to_string();
        let arguments = options.iter().map(OsStr::new).chain([guest.as_os_str(), OsStr::new(&port)]);
        let wnet = Self::start_on_tap(namespace, arguments)?;
        wnet.wait_for_line("listening on ")?;
        Ok(wnet)
    }

    /// Starts any command whose last words are `wnet`'s.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        // Whoever runs the tests may have a log filter set.
        command.env_remove("WNET_LOG").env_remove("RUST_LOG");
        Self::spawn_with_log(command)
    }

    /// As [`Wnet::spawn`], with the variables for the log left as they are.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn_with_log(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {:?}", command.get_program()))?;
        let printed = Arc::<Printed>::default();
        let output = child.stdout.take().context("a standard output")?;
        let error = child.stderr.take().context("a standard error")?;
        collect(Arc::clone(&printed), output, |streams| &mut streams.output);
        collect(Arc::clone(&printed), error, |streams| &mut streams.error);
        Ok(Wnet { child, printed })
    }

    /// Its standard input, which ends when the answer is dropped. Once.
    ///
    /// # Panics
    /// The second time.
    pub fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("the standard input is asked for once")
    }

    /// Writes all of `bytes` to its standard input and ends that, meanwhile.
    pub fn feed(&mut self, bytes: Vec<u8>) {
        let mut input = self.input();
        // It may end before it has read all: that is its business.
        thread::spawn(move || input.write_all(&bytes));
    }

    /// Waits for a line, of standard output or standard error, that contains `part`, and answers it.
    ///
    /// # Errors
    /// If the process ends without such a line, or [`PATIENCE`](crate::deadline::PATIENCE) is over.
    pub fn wait_for_line(&self, part: &str) -> Result<String> {
        self.wait_for_line_until(Deadline::patient(), part)
    }

    /// The same with a deadline of the caller's.
    ///
    /// # Errors
    /// If the process ends without such a line, or the deadline has passed.
    pub fn wait_for_line_until(&self, deadline: Deadline, part: &str) -> Result<String> {
        let mut streams = self.printed.lock();
        loop {
            let found = [&streams.output, &streams.error].into_iter().find_map(|text| line_with(text, part));
            if let Some(line) = found {
                return Ok(line);
            }
            let error = String::from_utf8_lossy(&streams.error);
            if streams.ended == 2 {
                bail!("wnet ended without a line {part:?}; it said:\n{error}");
            }
            if deadline.has_passed() {
                bail!("no line {part:?} in time; wnet said:\n{error}");
            }
            streams = self.printed.wait(streams, deadline);
        }
    }

    /// The host's port that `-p 0:...` got.
    ///
    /// # Errors
    /// If the line that tells it does not come.
    pub fn published_port(&self) -> Result<u16> {
        let line = self.wait_for_line(" is port ")?;
        let port = line.split_once("127.0.0.1:").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        port.with_context(|| format!("no port in {line:?}"))
    }

    /// What it has printed on standard error so far.
    pub fn error_so_far(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().error).into_owned()
    }

    /// Its largest size in memory so far, in bytes.
    ///
    /// # Errors
    /// If it has ended.
    pub fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("it has ended")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let process = Pid::from_raw(self.child.id().try_into()?).context("a process has a number")?;
        Ok(kill_process(process, signal)?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If that does not come within [`PATIENCE`](crate::deadline::PATIENCE).
    pub fn wait(mut self) -> Result<Ended> {
        let status = wait_for("the end of wnet", || self.child.try_wait().transpose())
            .with_context(|| format!("wnet said:\n{}", self.error_so_far()))??;
        let deadline = Deadline::patient();
        let mut streams = self.printed.lock();
        while streams.ended < 2 && !deadline.has_passed() {
            streams = self.printed.wait(streams, deadline);
        }
        let error = String::from_utf8_lossy(&streams.error).into_owned();
        Ok(Ended { code: status.code(), output: std::mem::take(&mut streams.output), error })
    }

    /// Has it end in order, by SIGTERM.
    ///
    /// # Errors
    /// If it does not, or ends in another way.
    pub fn terminate(self) -> Result<Ended> {
        self.signal(Signal::TERM)?;
        let ended = self.wait()?;
        if ended.code != Some(143) {
            bail!("after SIGTERM wnet ended with {:?}; it said:\n{}", ended.code, ended.error);
        }
        Ok(ended)
    }
}

impl Drop for Wnet {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Printed {
    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until more is printed, but not beyond the deadline.
    fn wait<'a>(&self, streams: MutexGuard<'a, Streams>, deadline: Deadline) -> MutexGuard<'a, Streams> {
        let waited = self.changed.wait_timeout(streams, deadline.left());
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Reads `stream` to its end in a thread of its own.
fn collect(
    printed: Arc<Printed>,
    mut stream: impl Read + Send + 'static,
    choose: fn(&mut Streams) -> &mut Vec<u8>,
) {
    thread::spawn(move || {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let count = stream.read(&mut chunk).unwrap_or(0);
            let mut streams = printed.lock();
            choose(&mut streams).extend_from_slice(&chunk[..count]);
            streams.ended += usize::from(count == 0);
            drop(streams);
            printed.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}

/// The first whole line of `text` that contains `part`.
fn line_with(text: &[u8], part: &str) -> Option<String> {
    let (lines, _) = text.split_at(text.iter().rposition(|byte| *byte == b'\n')?);
    let mut lines = lines.split(|byte| *byte == b'\n').map(String::from_utf8_lossy);
    lines.find(|line| line.contains(part)).map(|line| line.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Wnet {
        Wnet::spawn(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn lines_are_waited_for_and_ends_told() {
        let mut process = shell("echo one; echo two >&2; cat; exit 7");
        assert_eq!(process.wait_for_line("wo").unwrap(), "two");
        process.feed(vec![b'x'; 300_000]);
        let ended = process.wait().unwrap();
        assert_eq!((ended.code, ended.output.len(), ended.error.as_str()), (Some(7), 300_004, "two\n"));
    }

    #[test]
    fn an_end_without_the_line_is_told_at_once() {
        let error = shell("echo sorry >&2").wait_for_line("hello").unwrap_err().to_string();
        assert!(error.contains("sorry"), "{error}");
    }

    #[test]
    fn signals_arrive() {
        let process = shell("trap 'exit 143' TERM; echo ready; while :; do read -r line; done");
        process.wait_for_line("ready").unwrap();
        assert!(process.peak_memory().unwrap() > 100_000);
        process.terminate().unwrap();
    }
}
