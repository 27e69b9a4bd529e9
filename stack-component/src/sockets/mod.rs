//! The interfaces of wasi:sockets. What each call does and answers: `docs/wasi-sockets.md`.

pub(crate) mod addresses;
pub(crate) mod errors;
mod groups;
mod instance_network;
mod ip_name_lookup;
mod network;
mod packet;
mod raw;
mod raw_fields;
mod raw_headers;
mod reverse_names;
mod socket_options;
pub(crate) mod tcp;
mod tcp_create_socket;
pub(crate) mod tcp_info;
mod udp;
mod udp_create_socket;
