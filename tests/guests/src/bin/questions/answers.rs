//! How answers are printed.

use wasi::io::streams::StreamError;
use wasi::sockets::network::ErrorCode;

/// What can be printed of a success.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

/// What hosts may choose is not told: that there is something must do.
impl Shown for () {
    fn shown(&self) -> String {
        "ok".into()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u8 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Vec<u8> {
    fn shown(&self) -> String {
        format!("{:?}", String::from_utf8_lossy(self))
    }
}

/// The name of an error, or what there is.
pub(crate) fn answer<T: Shown>(result: &Result<T, ErrorCode>) -> String {
    match result {
        Ok(value) => value.shown(),
        Err(error) => error.name().into(),
    }
}

/// The same of a stream's methods.
pub(crate) fn streamed<T: Shown>(result: &Result<T, StreamError>) -> String {
    match result {
        Ok(value) => value.shown(),
        Err(StreamError::Closed) => "closed".into(),
        Err(StreamError::LastOperationFailed(_)) => "failed".into(),
    }
}

/// Nothing but whether it worked.
pub(crate) fn worked<T>(result: Result<T, ErrorCode>) -> String {
    answer(&result.map(drop))
}

/// Prints one answer.
pub(crate) fn say(question: &str, answer: &str) {
    println!("{question}: {answer}");
}
