//! How answers are printed.

use test_guests::sockets::Family;
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

/// Types that are shown as they are printed.
macro_rules! shown_as_printed {
    ($($type:ty),*) => {
        $(impl Shown for $type {
            fn shown(&self) -> String {
                self.to_string()
            }
        })*
    };
}

shown_as_printed!(bool, u8, u32, u64);

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

/// How a socket gets into a state.
pub(crate) type Enter<S> = fn(Family) -> S;

/// What a method says.
pub(crate) type Method<S> = fn(Family, &S) -> String;

/// Calls every method of a kind of socket in every state.
pub(crate) fn say_all<S>(family: Family, states: &[(&str, Enter<S>)], methods: &[(&str, Method<S>)]) {
    for (state, enter) in states {
        for (name, method) in methods {
            say(&format!("{state}, {name}"), &method(family, &enter(family)));
        }
    }
}
