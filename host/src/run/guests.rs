//! The guests of a run: started together, ended each by itself or all by a signal.

use super::GRACE_AFTER_SIGNAL;
use crate::cli::{Config, Guest};
use crate::failure::{Failure, HOST_FAILED, exit_code};
use crate::files;
use crate::guest::{GuestConfig, Interrupt, StandardStreams, run_guest};
use crate::kernel::Kernel;
use crate::policy::{Policy, Rules};
use crate::signals::{Ending, Signals};
use crate::tell;
use std::sync::Arc;
use tokio::task::{AbortHandle, JoinSet};

/// What may be reached.
pub(super) struct Policies {
    /// By anybody: what the wire's gateway asks, which knows no guests.
    pub(super) network: Arc<Policy>,
    /// By guests with rules of their own.
    own: Vec<Arc<Policy>>,
}

impl Policies {
    /// The one of a guest, which has its own rules or none.
    fn of(&mut self, rules: Option<&Rules>) -> Arc<Policy> {
        let Some(rules) = rules else { return Arc::clone(&self.network) };
        let policy = Arc::new(Policy::within(rules.clone(), Arc::clone(&self.network)));
        self.own.push(Arc::clone(&policy));
        policy
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Policy> {
        std::iter::once(&self.network).chain(&self.own).map(Arc::as_ref)
    }
}

/// What the guests are started with, and the policies that hold for them.
pub(super) fn prepare(config: &Config) -> Result<(Vec<GuestConfig>, Policies), Failure> {
    let name_servers = config.names.iter().flat_map(|names| names.servers.iter().copied()).collect();
    let network = Arc::new(Policy::new(Rules { name_servers, ..config.rules.clone() }));
    let mut policies = Policies { network, own: Vec::new() };
    let mut guests: Vec<GuestConfig> = Vec::new();
    for guest in &config.guests {
        let policy = policies.of(guest.rules.as_ref());
        guests.push(prepared(guest, policy)?);
    }
    number_namesakes(&mut guests);
    Ok((guests, policies))
}

fn prepared(guest: &Guest, policy: Arc<Policy>) -> Result<GuestConfig, Failure> {
    let component = files::read(&guest.file).map_err(|error| Failure::component_file(&guest.file, &error))?;
    let program = guest.file.file_name().unwrap_or(guest.file.as_os_str()).to_string_lossy().into_owned();
    let arguments = std::iter::once(program.clone()).chain(guest.arguments.iter().cloned()).collect();
    Ok(GuestConfig {
        name: program,
        component,
        arguments,
        environment: files::environment(&guest.environment),
        directories: files::directories(&guest.directories)?,
        grants: guest.grants,
        limits: guest.limits,
        policy,
        interrupt: Interrupt::default(),
        streams: StandardStreams::Inherited,
    })
}

/// In messages, guests of one program are told apart by a number.
fn number_namesakes(guests: &mut [GuestConfig]) {
    let names: Vec<String> = guests.iter().map(|guest| guest.name.clone()).collect();
    for (index, guest) in guests.iter_mut().enumerate() {
        let same = |names: &[String]| names.iter().filter(|name| **name == guest.name).count();
        let (all, before) = (same(&names), same(names.get(..index).unwrap_or_default()));
        if all > 1 {
            guest.name = format!("{} #{}", guest.name, before + 1);
        }
    }
}

/// Guests that run.
pub(super) struct Running {
    tasks: JoinSet<(usize, u8)>,
    /// In the order of the command line.
    guests: Vec<Started>,
}

struct Started {
    interrupt: Interrupt,
    abort: AbortHandle,
    /// None: it runs.
    exit_code: Option<u8>,
}

impl Running {
    /// Starts them all on this kernel's stack.
    pub(super) fn start(kernel: &Arc<Kernel>, guests: Vec<GuestConfig>) -> Self {
        let several = guests.len() > 1;
        let mut tasks = JoinSet::new();
        let started = guests.into_iter().enumerate().map(|(index, guest)| {
            let interrupt = guest.interrupt.clone();
            let who = if several { guest.name.clone() } else { "the guest".into() };
            let running = run_guest(Arc::clone(kernel), guest);
            let abort = tasks.spawn(async move { (index, told(exit_code(&who, running.await))) });
            Started { interrupt, abort, exit_code: None }
        });
        let guests = started.collect();
        Running { tasks, guests }
    }

    /// Waits until all have ended, by themselves or by a signal. Answers the exit code of the first in their order that
    /// is not 0, and the signal that ended all of them.
    pub(super) async fn ended(&mut self, signals: &mut Signals) -> (u8, Option<Ending>) {
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(ended)) => self.note(ended),
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(error)) => tell(error),
                    None => return (self.exit_code(), None),
                },
                signal = signals.next() => if self.end_by(signal) {
                    // One that computes is stopped at its next yield; what it holds is given back then.
                    let _ = tokio::time::timeout(GRACE_AFTER_SIGNAL, self.drain()).await;
                    return (signal.exit_code(), Some(signal));
                },
            }
        }
    }

    /// Ends those that do not see to it themselves; answers whether none is left that does.
    fn end_by(&mut self, signal: Ending) -> bool {
        let mut all = true;
        for guest in self.guests.iter_mut().filter(|guest| guest.exit_code.is_none()) {
            if signal == Ending::Interrupt && guest.interrupt.interrupt() {
                all = false;
            } else {
                guest.abort.abort();
                guest.exit_code = Some(signal.exit_code());
            }
        }
        all
    }

    async fn drain(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// A guest that was ended by a signal has its code already.
    fn note(&mut self, (index, exit_code): (usize, u8)) {
        if let Some(guest) = self.guests.get_mut(index) {
            guest.exit_code.get_or_insert(exit_code);
        }
    }

    /// When all have ended: who did so without a code failed the host.
    fn exit_code(&self) -> u8 {
        let mut codes = self.guests.iter().map(|guest| guest.exit_code.unwrap_or(HOST_FAILED));
        codes.find(|code| *code != 0).unwrap_or(0)
    }
}

/// Says at once why a guest did not come to an exit code of its own.
fn told(ended: Result<u8, Failure>) -> u8 {
    ended.unwrap_or_else(|failure| {
        tell(&failure);
        failure.exit_code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(exit_code: Option<u8>, tasks: &mut JoinSet<(usize, u8)>) -> Started {
        let abort = tasks.spawn(std::future::pending());
        Started { interrupt: Interrupt::default(), abort, exit_code }
    }

    #[tokio::test]
    async fn the_first_code_that_is_not_0_is_everybodys() {
        let mut tasks = JoinSet::new();
        let guests = [Some(0), None, Some(3)].map(|code| started(code, &mut tasks)).into();
        let mut running = Running { tasks, guests };
        assert_eq!(running.exit_code(), 125);
        running.note((1, 134));
        assert_eq!(running.exit_code(), 134);
    }

    #[tokio::test]
    async fn who_does_not_listen_is_ended_by_an_interrupt() {
        let mut tasks = JoinSet::new();
        let guests = [Some(0), None].map(|code| started(code, &mut tasks)).into();
        let mut running = Running { tasks, guests };
        assert!(running.end_by(Ending::Interrupt));
        assert_eq!(running.exit_code(), 130);
        running.note((1, 7));
        assert_eq!(running.exit_code(), 130, "it is what the signal made it");
    }
}
