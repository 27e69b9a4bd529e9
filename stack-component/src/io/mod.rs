//! The interfaces of wasi:io.

pub(crate) mod error;
pub(crate) mod poll;
pub(crate) mod streams;
