//! What routers ask and what they are told, whatever it looks like on the wire.

use crate::time::Duration;
use crate::wire::igmp::RecordType;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The newest version of IGMP; MLD's second one counts as it.
pub(super) const NEWEST: u8 = 3;

/// A record of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub kind: RecordType,
    /// Of which group.
    pub group: IpAddr,
    /// And which sources.
    pub sources: Vec<IpAddr>,
}

/// What routers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// In the newest version.
    Records(Vec<Record>),
    /// In the version of an old router: somebody listens.
    Joined {
        /// The version of IGMP: 1 or 2; MLD's first is 2.
        version: u8,
        /// To which group.
        group: IpAddr,
    },
    /// In the version of an old router: perhaps nobody listens any more.
    Left(IpAddr),
}

/// A router's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The version of IGMP that it is in: MLD's first is 2, its second 3.
    pub version: u8,
    /// The group; none: all.
    pub group: Option<IpAddr>,
    /// The sources; none: all.
    pub sources: Vec<IpAddr>,
    /// How long an answer may wait.
    pub max_response: Duration,
    /// How often changes are to be told; 0: it does not say.
    pub robustness: u8,
    /// How often it is asked; 0: it does not say.
    pub interval: Duration,
}
