//! How answers are printed.

use std::fmt::Debug;

use wit_bindgen::{StreamReader, StreamResult};

/// An error's name, or what there is.
pub(crate) fn answer<T: Debug, E: Debug>(result: &Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => named(error),
    }
}

/// Nothing but whether it worked.
pub(crate) fn worked<T, E: Debug>(result: Result<T, E>) -> String {
    result.map_or_else(|error| named(&error), |_| "ok".into())
}

/// The name of an error, without its type's.
fn named(error: &impl Debug) -> String {
    let name = format!("{error:?}");
    name.strip_prefix("ErrorCode::").unwrap_or(&name).into()
}

/// Prints one answer.
pub(crate) fn say(question: &str, answer: &str) {
    println!("{question}: {answer}");
}

/// What comes next of a stream, or that it has ended.
pub(crate) async fn next(stream: &mut StreamReader<u8>, most: usize) -> String {
    let (result, bytes) = stream.read(Vec::with_capacity(most)).await;
    match (result, bytes.is_empty()) {
        (_, false) => format!("{:?}", String::from_utf8_lossy(&bytes)),
        (StreamResult::Dropped, true) => "the end".into(),
        (other, true) => format!("{other:?}"),
    }
}
