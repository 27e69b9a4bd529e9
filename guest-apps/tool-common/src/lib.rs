//! What the tools have in common: they know nothing of the stack but the interfaces `wnet:stack/*` that the host gives to
//! guests with `--grant`.

pub mod address;
mod bindings;
pub mod calendar;
pub mod error;
mod exit;
pub mod getopt;
pub mod json;
pub mod names;
mod near;
mod pattern;
pub mod services;
mod words;

pub use bindings::wasi;
pub use bindings::wnet::stack as control;
pub use exit::{Exit, finish, leave, show};
pub use near::did_you_mean;
pub use pattern::fits;
pub use words::{Words, number};
