//! What an administrator sees and changes of a stack that runs. Linux: what `ip` and `ss` say over netlink.

mod links;
mod neighbours;
mod sockets;

pub use links::LinkListing;
pub use neighbours::NeighbourError;
pub use sockets::{Listing, ListingState, Protocols};
