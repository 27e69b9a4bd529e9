//! POSIX sockets over the stack component in virtual time: the system under test of packetdrill's scripts.
//!
//! * `link`: Ethernet and ARP around raw IP packets;
//! * `component`, `options`: calls of the component's exports, errors as Linux numbers them;
//! * `tcp`, `sockopt`, `zerocopy`, `timestamping`, `epoll`, `files`: what a descriptor is on top of them;
//! * `descriptors`, `calls`: system calls, those that wait included;
//! * `settings`, `routes`: sysctls, counters, routes, the device.

mod calls;
mod component;
mod descriptors;
mod epoll;
mod files;
mod link;
mod machine;
mod numbers;
mod options;
mod routes;
mod segmentation;
mod settings;
mod sockopt;
mod stack_file;
mod tcp;
mod timestamping;
mod zerocopy;

pub use machine::{LabMachine, SetupError};
pub use stack_file::{NoStack, stack_component};
