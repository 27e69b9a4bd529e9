//! What `ip`, `ss`, `sysctl` and `nstat` have in common. They are programs that know nothing of the stack but the
//! interfaces `wnet:stack/*` that the host gives to guests with `--grant control`.

pub mod address;
mod bindings;
mod exit;
pub mod json;
mod words;

pub use bindings::wnet::stack as control;
pub use exit::{Exit, finish};
pub use words::Words;
