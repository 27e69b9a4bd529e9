//! Why a part of a packet is passed over whose rest is heard.

use crate::drop_reason::reasons;

reasons! {
    /// Why an option of neighbour discovery was passed over, as RFC 4861 section 4.6 wants it: each is counted under one of
    /// these. Linux logs some of them, at the level of people who look for errors.
    for IgnoreReason;

    /// An option of a type that is not known here.
    NdOptionUnknown,
    /// An option that has another length than its type, or says what cannot be.
    NdOptionMalformed,
    /// An option of a router advertisement that the settings tell us not to believe (`accept_ra_pinfo`,
    /// `accept_ra_mtu`, `accept_ra_rt_info_max_plen`, `accept_ra_min_lft` and their kin).
    RaOptionUnwanted,
    /// A network that no router can have: that of every link, of groups, or one preferred for longer than it is valid (RFC
    /// 4862 section 5.5.3).
    RaPrefixUnbelievable,
    /// An MTU that is less than IPv6 needs or more than the link carries.
    RaMtuUnbelievable,
    /// An option behind more of them than one advertisement needs.
    RaTooManyOptions,
    /// A network to make an address of, where routers have made as many as they may (`max_addresses`).
    RaTooManyAddresses,
}
