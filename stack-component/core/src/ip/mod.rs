//! The Internet protocols: two plain modules with the same function names.

pub mod v4;
pub mod v6;

/// Whether a packet of ours may be cut. Linux: `IP_MTU_DISCOVER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cutting {
    /// Nowhere: what is larger than the path carries is refused. Linux: `IP_PMTUDISC_DO`, and TCP's packets.
    Never,
    /// Here, if the path is known to carry less; nobody else may. Linux: `IP_PMTUDISC_WANT`.
    Here,
    /// Here and on the way. Linux: `IP_PMTUDISC_DONT`.
    Anywhere,
}
