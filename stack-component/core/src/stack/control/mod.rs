//! What an administrator sees and changes of a stack that runs. Linux: what `ip` and `ss` say over netlink.

mod groups;
mod links;
mod neighbours;
mod path;
mod plain_sockets;
mod routing;
mod sockets;

pub use groups::LinkMembership;
pub use links::{LinkKind, LinkListing};
pub use neighbours::NeighbourError;
pub use path::{FoundPath, NoPath};
pub use plain_sockets::{PlainKind, PlainListed};
pub use routing::FoundRoute;
pub use sockets::{Listing, ListingState, Protocols};
