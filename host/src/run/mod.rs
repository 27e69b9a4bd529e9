//! `wnet run` and `wnet up`: switches a machine on, runs the guests on it, and ends all in order.

mod guests;
mod hosts;
mod machine;

use crate::cli::Config;
use crate::failure::Failure;
use crate::instance::{self, Folder, Listener};
use crate::policy::Policy;
use crate::signals::Signals;
use crate::tell;
use guests::Running;
use machine::Machine;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the guests' last bytes may take to leave after their end.
const GRACE: Duration = Duration::from_secs(5);

/// The same after a signal: somebody waits for the end.
const GRACE_AFTER_SIGNAL: Duration = Duration::from_secs(1);

/// Compiling that takes longer than this is announced.
const NOTICE_AFTER: Duration = Duration::from_secs(1);

/// Turns of guests between two looks at timers and signals, while there is always a guest that computes; without one,
/// they are looked at whenever nobody has anything to do.
const EVENT_INTERVAL: u32 = 8;

/// Runs guests as `config` says; answers the exit code. What went wrong is told on standard error, in a
/// line.
pub fn run(config: Config) -> u8 {
    raise_descriptor_limit();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).event_interval(EVENT_INTERVAL).enable_all().build();
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
        tell(&failure);
        failure.exit_code
    })
}

async fn run_machine(config: Config) -> Result<u8, Failure> {
    let mut signals =
        Signals::watch().map_err(|error| Failure::host(format!("cannot watch signals: {error}")))?;
    let (guests, policies) = guests::prepare(&config)?;
    let listener = config.name.as_ref().map(|name| Listener::bind(&Folder::of_user()?, name)).transpose()?;
    let network = Arc::clone(&policies.network);
    let starting = tokio::task::spawn_blocking(move || Machine::start(&config, network));
    let machine = tokio::select! {
        started = with_notice(starting) => started.map_err(Failure::host)??,
        signal = signals.next() => return Ok(signal.exit_code()),
    };
    let tools = listener.map(|listener| tokio::spawn(instance::serve(listener, Arc::clone(&machine.kernel))));
    let (exit_code, signal) = Running::start(&machine.kernel, guests).ended(&mut signals).await;
    let grace = if signal.is_some() { GRACE_AFTER_SIGNAL } else { GRACE };
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
    policies.iter().for_each(tell_counted);
    Ok(exit_code)
}

/// Says what no rule allowed, and how often, where that was let through.
fn tell_counted(policy: &Policy) {
    for (denial, count) in policy.counted() {
        tell(format_args!("{count} times without a rule: {denial}"));
    }
}

/// Waits, and says to somebody at a terminal why it takes long.
async fn with_notice<T>(starting: impl Future<Output = T>) -> T {
    let mut starting = std::pin::pin!(starting);
    match tokio::time::timeout(NOTICE_AFTER, &mut starting).await {
        Ok(started) => started,
        Err(_) => {
            if std::io::stderr().is_terminal() {
                tell("compiling the stack component; the next start will be quick");
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
