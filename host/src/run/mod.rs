//! `wnet run`: switches a machine on, runs the guest on it, and ends both in order.

mod machine;

use crate::cli::Config;
use crate::failure::{Failure, exit_code};
use crate::files;
use crate::guest::{GuestConfig, Interrupt, StandardStreams, run_guest};
use crate::instance::{self, Folder, Listener};
use crate::policy::Policy;
use crate::signals::{Ending, Signals};
use machine::Machine;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the guest's last bytes may take to leave after its end.
const GRACE: Duration = Duration::from_secs(5);

/// The same after a signal: somebody waits for the end.
const GRACE_AFTER_SIGNAL: Duration = Duration::from_secs(1);

/// Compiling that takes longer than this is announced.
const NOTICE_AFTER: Duration = Duration::from_secs(1);

/// Runs a guest as `config` says; answers the exit code. What went wrong is told on standard error, in a
/// line.
pub fn run(config: Config) -> u8 {
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run_machine(config));
            // A guest may have left a thread that reads standard input; nobody waits for that.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::host(format!("cannot start: {error}"))),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("wnet: {failure}");
        failure.exit_code
    })
}

async fn run_machine(config: Config) -> Result<u8, Failure> {
    let mut signals =
        Signals::watch().map_err(|error| Failure::host(format!("cannot watch signals: {error}")))?;
    let policy = Arc::new(Policy::new(config.rules.clone()));
    let guest = guest_config(&config, Arc::clone(&policy))?;
    let listener = config.name.as_ref().map(|name| Listener::bind(&Folder::of_user()?, name)).transpose()?;
    let of_wire = Arc::clone(&policy);
    let starting = tokio::task::spawn_blocking(move || Machine::start(&config, of_wire));
    let machine = tokio::select! {
        started = with_notice(starting) => started.map_err(Failure::host)??,
        signal = signals.next() => return Ok(signal.exit_code()),
    };
    let tools = listener.map(|listener| tokio::spawn(instance::serve(listener, Arc::clone(&machine.kernel))));
    let interrupt = guest.interrupt.clone();
    let mut running = tokio::spawn(run_guest(Arc::clone(&machine.kernel), guest));
    let (outcome, grace) = tokio::select! {
        ended = &mut running => (ended.map_err(Failure::host).and_then(exit_code), GRACE),
        signal = ending(&mut signals, &interrupt) => {
            running.abort();
            // A guest that computes is stopped at its next yield; what it holds is given back then.
            let _ = tokio::time::timeout(GRACE_AFTER_SIGNAL, running).await;
            (Ok(signal.exit_code()), GRACE_AFTER_SIGNAL)
        }
    };
    // Somebody who sends a signal now does not want to wait for order.
    tokio::spawn(async move { std::process::exit(signals.next().await.exit_code().into()) });
    if let Some(tools) = tools {
        // They end with the machine; what they hold is given back at their next yield.
        tools.abort();
        let _ = tools.await;
    }
    let end = Instant::now() + grace;
    machine.kernel.drain(grace).await;
    let stopping = move || machine.stop(end.saturating_duration_since(Instant::now()));
    tokio::task::spawn_blocking(stopping).await.map_err(Failure::host)?;
    tell_counted(&policy);
    outcome
}

/// Says what no rule allowed, and how often, where that was let through.
fn tell_counted(policy: &Policy) {
    for (denial, count) in policy.counted() {
        eprintln!("wnet: {count} times without a rule: {denial}");
    }
}

/// Waits for a signal that ends the guest: not for one that the guest itself sees to.
async fn ending(signals: &mut Signals, interrupt: &Interrupt) -> Ending {
    loop {
        match signals.next().await {
            Ending::Interrupt if interrupt.interrupt() => {}
            signal => return signal,
        }
    }
}

fn guest_config(config: &Config, policy: Arc<Policy>) -> Result<GuestConfig, Failure> {
    let guest = &config.guest;
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
        policy,
        interrupt: Interrupt::default(),
        streams: StandardStreams::Inherited,
    })
}

/// Waits, and says to somebody at a terminal why it takes long.
async fn with_notice<T>(starting: impl Future<Output = T>) -> T {
    let mut starting = std::pin::pin!(starting);
    match tokio::time::timeout(NOTICE_AFTER, &mut starting).await {
        Ok(started) => started,
        Err(_) => {
            if std::io::stderr().is_terminal() {
                eprintln!("wnet: compiling the stack component; the next start will be quick");
            }
            starting.await
        }
    }
}

/// Each published connection takes a descriptor; the soft limit is for programs that use select(2).
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::debug!("the limit of open files stays at {:?}: {error}", limit.current);
    }
}
