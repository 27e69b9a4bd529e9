//! packetdrill's script language, interpreted in virtual time against a [`Machine`]: whatever has a wire that raw
//! IP packets enter and leave by, and POSIX socket calls on top.

pub mod errno;
pub mod language;
pub mod machine;
pub mod packet;

pub use errno::Errno;
pub use machine::Machine;
