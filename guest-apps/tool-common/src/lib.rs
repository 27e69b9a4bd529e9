//! What `ip`, `ss`, `sysctl`, `nstat`, `ping` and `traceroute` have in common. The first four are programs that know nothing of the stack but the
//! interfaces `wnet:stack/*` that the host gives to guests with `--grant control`.

pub mod address;
mod bindings;
mod exit;
pub mod getopt;
pub mod json;
mod words;

pub use bindings::wnet::stack as control;
pub use exit::{Exit, finish, leave, show};
pub use words::Words;
