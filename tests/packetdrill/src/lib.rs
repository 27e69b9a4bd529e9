//! packetdrill's script language, interpreted in virtual time against a [`Machine`]: whatever has a wire that raw
//! IP packets enter and leave by, and POSIX socket calls on top.
//!
//! | module | what it does |
//! |---|---|
//! | [`language`] | text to a tree, with the place of every error |
//! | [`packet`] | raw packets to fields and back, and in a script's notation |
//! | [`linux`], [`errno`] | Linux's symbols, error numbers, the layout of TCP_INFO |
//! | [`machine`] | what a system under test must be able to do |
//! | [`run`] | the events of a script, one after another: packets, calls, commands, code blocks |
//! | [`report`] | a line per script, and both packets side by side where they differ |
//! | [`cli`] | files, directories and options |
//!
//! A program that runs scripts calls [`shim_main`] first of all, then [`cli::arguments`] and [`cli::run`] with a
//! function that makes a fresh machine. What of the language is understood is in `docs/packetdrill.md`.

pub mod cli;
pub mod errno;
pub mod language;
pub mod linux;
pub mod machine;
pub mod packet;
pub mod report;
pub mod run;

pub use errno::Errno;
pub use machine::{Machine, Setup};
pub use run::commands::shim::shim_main;
