//! Why a script failed.

/// Where and why a script failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The script's line, from 1; 0 if it is about no line.
    pub line: usize,
    /// What went wrong, in one or a few lines.
    pub message: String,
    /// Expected and live packet side by side.
    pub rows: Vec<Row>,
    /// The last packets before it, oldest first, in script notation.
    pub history: Vec<String>,
    /// What code blocks and commands printed until then.
    pub output: Vec<String>,
    /// True if the script asks for something that is not there yet: it is skipped, not failed.
    pub skip: bool,
}

/// A field of a packet: what the script expects and what the machine sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The field's name.
    pub name: &'static str,
    /// As the script has it, or `-` if it does not say.
    pub expected: String,
    /// As the live packet has it, its numbers counted as the script counts.
    pub live: String,
    /// Whether this is a reason of the failure.
    pub differs: bool,
}

impl Failure {
    /// A failure without its line, which the runner knows.
    pub(super) fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), ..Failure::default() }
    }

    pub(super) fn skip(reason: impl Into<String>) -> Failure {
        Failure { skip: true, ..Failure::new(reason) }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::new(message)
    }
}
