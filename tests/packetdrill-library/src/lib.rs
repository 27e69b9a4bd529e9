//! `libwnet_packetdrill.so`: what `packetdrill --so_filename=libwnet_packetdrill.so script.pkt` tests.
//!
//! The tool (github.com/google/packetdrill) asks the function `packetdrill_interface_init` for a table of functions
//! and calls those in the place of its kernel's. Behind them are the stack component and its virtual time:
//!
//! * `abi`: the table, as the tool's packetdrill.h has it;
//! * `init`, `arguments`: where the tool begins, and what it was told;
//! * `functions`, `sockets`, `options`, `buffers`: its functions, from pointers to values and back;
//! * `world`: the machine, the threads that call, the time;
//! * `threads`: what the kernel says of those threads;
//! * `large`: packets as long as those that the tool sees on Linux;
//! * `stage`: the machine, made again while it is not too late, when the tool shows which address it chose;
//! * `shims`, `proc_sys`: commands of scripts, which must not reach this computer's settings;
//! * `killed`: what is done when a signal ends the tool;
//! * `preload`: `getsockopt` for the tool's code blocks, which do not go through the table, and `system`.
//!
//! This crate is the one place of packetdrill's support where `unsafe` is permitted: the tool hands out pointers.

mod abi;
mod arguments;
mod buffers;
mod descriptors;
mod functions;
mod init;
mod killed;
mod large;
mod options;
mod preload;
mod proc_sys;
mod shims;
mod sockets;
mod stage;
mod threads;
mod world;
