//! The interfaces by which a stack that runs is seen and changed, one file each.

mod addresses;
mod failure;
mod links;
mod neighbours;
mod settings;
mod sockets;
