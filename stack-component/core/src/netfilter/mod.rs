//! The five places where filters look at IP packets. Linux: `net/netfilter/core.c`.
//!
//! ```text
//!  wire -> PreRouting -> route -> LocalIn -> socket -> LocalOut -> PostRouting -> wire
//!                          \---> Forward -----------------------> PostRouting -> wire
//! ```
//!
//! The lists are empty by default and an empty list costs one look at its length. A packet can leave the
//! stack only as [`EgressChecked`], which nothing but PostRouting makes.

mod egress;
mod hooks;

pub use egress::EgressChecked;
pub use hooks::{Hook, HookPoint, HookState, Hooks, Verdict};
