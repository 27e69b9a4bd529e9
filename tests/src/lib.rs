//! What the conformance cases are made of. The cases themselves are in `conformance/`.
//!
//! * [`world`]: a stack component with its kernel in this process, and guests on it;
//!   [`wire_peer`]: the other end of such a stack's wire, played frame by frame.
//! * [`wnet_process`]: the command `wnet` as users start it;
//!   [`namespace`]: Linux as its peer, in a network of its own.
//! * [`impaired`]: Linux and wnet, or Linux and Linux, at the ends of a wire that delays and loses.
//! * [`capture`]: what Wireshark thinks of the frames; [`traffic`]: bytes there and back.
//! * [`odd_components`]: guests and stacks that are not as they should be.
//! * [`oracle`]: the same guests on the kernel's sockets.
//! * [`artifacts`], [`needs`], [`scratch`], [`deadline`]: what was built, what the machine lacks, temporary
//!   files, and waiting.
//!
//! Nothing here sleeps for a fixed time, and nothing waits for ever: see [`deadline`].

pub mod artifacts;
pub mod capture;
pub mod deadline;
pub mod impaired;
pub mod namespace;
pub mod needs;
pub mod odd_components;
pub mod oracle;
pub mod scratch;
pub mod traffic;
pub mod wire_peer;
pub mod wnet_process;
pub mod world;
