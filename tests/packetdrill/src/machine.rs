//! The system under test as the interpreter sees it: a wire, socket calls, settings, and a clock that stands still
//! unless the interpreter lets it run.

mod call;
mod settings;

pub use call::{Address, Answer, Call, ControlMessage, EpollEvent, Fd, PollFd};
pub use settings::{DeviceChange, RouteChange, RouteVerb, Setup};

use crate::errno::Errno;

/// A system under test, in virtual time. All times are nanoseconds of the machine's own clock, which need not
/// start at 0: the interpreter takes what [`Machine::now`] says when the script starts as the script's zero.
///
/// The clock moves in [`Machine::run_until`] alone. Every other function happens at the present moment, with all
/// that follows from it at once: a packet that a call or an injected packet causes can be had from
/// [`Machine::next_packet`] directly afterwards.
pub trait Machine {
    /// The present moment, in nanoseconds.
    fn now(&self) -> u64;

    /// Lets time pass up to `until`, all work that is due then included, so that [`Machine::now`] is `until`
    /// afterwards. Returns early, at the moment it happens, when a packet left or when something changed that a
    /// blocked call may be waiting for. `until` may be the present moment: then what is due now is done.
    fn run_until(&mut self, until: u64);

    /// A raw IP packet arrives now.
    fn inject(&mut self, ip_packet: &[u8]);

    /// The oldest raw IP packet that left and was not yet asked for.
    fn next_packet(&mut self) -> Option<Live>;

    /// Does a system call. A call on a blocking descriptor that cannot finish now is [`Outcome::Blocked`].
    fn call(&mut self, call: &Call) -> Outcome;

    /// Tries a blocked call once more, after [`Machine::run_until`] or another call. A pending call that the
    /// interpreter never resumes again is abandoned at the end of the script.
    fn resume(&mut self, pending: Pending) -> Outcome;

    /// The value of a sysctl by its dotted name, `net.ipv4.tcp_sack`, in the form in which `sysctl -n` prints it.
    ///
    /// # Errors
    /// A text for the report: no such name.
    fn sysctl(&mut self, name: &str) -> Result<String, String>;

    /// Sets a sysctl by its dotted name.
    ///
    /// # Errors
    /// A text for the report: no such name, or a value that it does not take.
    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), String>;

    /// All counters under the names that `nstat -az` prints: `TcpExtTCPTimeouts`, `IpInReceives`.
    fn counters(&mut self) -> Vec<(String, u64)>;

    /// `ip route add|change|replace|append|delete`.
    ///
    /// # Errors
    /// A text for the report.
    fn route(&mut self, change: &RouteChange) -> Result<(), String>;

    /// `ip link set dev tun0 ...`, `ethtool -K`, `tc qdisc`: what can be ignored without being wrong is ignored.
    ///
    /// # Errors
    /// A text for the report.
    fn set_device(&mut self, change: &DeviceChange) -> Result<(), String>;

    /// `ip tcp_metrics flush`: what is remembered of destinations (Fast Open cookies, ssthresh, rtt) is forgotten.
    fn flush_tcp_metrics(&mut self) {}
}

/// A packet that left the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// When it left, in the machine's nanoseconds.
    pub at: u64,
    /// The packet from its IP header on, checksums complete.
    pub bytes: Vec<u8>,
}

/// What a system call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned.
    Done(Result<Answer, Errno>),
    /// It waits for something; to be handed to [`Machine::resume`].
    Blocked(Pending),
}

/// A blocked call, named by a number that the machine gave it. Each can be resumed once: a call that is still
/// blocked then is given a new one, which may have the same number.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Pending(pub u64);

impl Outcome {
    /// The call returned `value` and nothing else.
    pub fn value(value: i64) -> Outcome {
        Outcome::Done(Ok(Answer { value, ..Answer::default() }))
    }

    /// The call failed.
    pub fn error(errno: Errno) -> Outcome {
        Outcome::Done(Err(errno))
    }
}
