//! The interfaces by which a stack that runs is seen and changed, one file each.

mod addresses;
mod changes;
mod failure;
mod links;
mod names;
mod neighbours;
mod paths;
mod resolvers;
mod routing;
mod rules;
mod settings;
mod sockets;
mod tcp_metrics;
