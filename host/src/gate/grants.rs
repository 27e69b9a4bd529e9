//! What a guest may do beyond using its own sockets.

/// What a guest was granted; nothing at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// It may import `wnet:stack/control`: see and change the settings of the whole stack, and set privileged
    /// options of its sockets. Linux: CAP_NET_ADMIN.
    pub control: bool,
}
