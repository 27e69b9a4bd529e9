//! What a router advertisement changes (RFC 4861 section 6.3.4, RFC 4862 section 5.5.3, RFC 4191 section 3). Linux:
//! `ndisc_router_discovery`, `addrconf_prefix_rcv`, `rt6_route_rcv`.

use crate::ignore_reason::IgnoreReason;
use crate::sysctl::Ipv6Conf;
use crate::time::{Duration, Instant};
use crate::wire::cidr::IpCidr;
use crate::wire::domain;
use crate::wire::ndp::{NdpOption, Options, Preference, Prefix, RouteInformation, RouterAdvertisement};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// Most options of one advertisement that change something; what comes behind them is not looked at.
pub const MAX_CHANGES: usize = 64;

/// Seconds below which nobody unauthenticated shortens the life of an address (RFC 4862 section 5.5.3 e). Linux:
/// `MIN_VALID_LIFETIME`.
const TWO_HOURS: u32 = 7200;

/// One thing that an advertisement changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The sender is a default router for so many seconds; 0: no longer.
    DefaultRouter {
        /// Seconds.
        lifetime: u16,
        /// Beside others.
        preference: Preference,
    },
    /// Packets are to have this hop limit.
    HopLimit(u8),
    /// A neighbour counts as reachable for so many milliseconds.
    ReachableTime(u32),
    /// So many milliseconds are between two solicitations.
    RetransmitTime(u32),
    /// IPv6 packets have so many bytes at most.
    Mtu(u32),
    /// The hosts of a network are neighbours for so many seconds; 0: no longer.
    OnLink {
        /// The network.
        network: IpCidr,
        /// Seconds, `u32::MAX` for ever.
        lifetime: u32,
    },
    /// Addresses are to be made of a network of 64 bits.
    Address {
        /// The network's address.
        prefix: Ipv6Addr,
        /// Seconds, `u32::MAX` for ever.
        valid: u32,
        /// Seconds, `u32::MAX` for ever.
        preferred: u32,
    },
    /// The sender leads to a network for so many seconds; 0: no longer.
    Route(RouteInformation),
    /// These resolvers may be asked for so many seconds; 0: no longer.
    Resolvers {
        /// Their addresses.
        addresses: Vec<Ipv6Addr>,
        /// Seconds, `u32::MAX` for ever.
        lifetime: u32,
    },
    /// Names may be searched in these domains for so many seconds; 0: no longer.
    Domains {
        /// Their names.
        names: Vec<String>,
        /// Seconds, `u32::MAX` for ever.
        lifetime: u32,
    },
}

/// What an advertisement says, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What it changes, in the order in which it is to happen.
    pub changes: Vec<Change>,
    /// Why options of it change nothing; not those that are malformed by themselves.
    pub ignored: Vec<IgnoreReason>,
}

/// Judges an advertisement for a device with these settings and a link that carries `link_mtu` bytes.
pub fn judge(
    advertisement: &RouterAdvertisement,
    mut options: Options<'_>,
    conf: &Ipv6Conf,
    link_mtu: u32,
) -> Judged {
    let mut judged = Judged { changes: of_header(advertisement, conf), ignored: Vec::new() };
    while judged.changes.len() < MAX_CHANGES
        && let Some(option) = options.next()
    {
        if let Err(reason) = of_option(option, conf, link_mtu, &mut judged.changes) {
            judged.ignored.push(reason);
        }
    }
    judged.ignored.extend(options.map(|_| IgnoreReason::RaTooManyOptions));
    judged
}

fn of_option(
    option: NdpOption<'_>,
    conf: &Ipv6Conf,
    link_mtu: u32,
    changes: &mut Vec<Change>,
) -> Result<(), IgnoreReason> {
    match option {
        NdpOption::Mtu(_) if !conf.accept_ra_mtu => return Err(IgnoreReason::RaOptionUnwanted),
        NdpOption::Mtu(mtu) if !(1280..=link_mtu).contains(&mtu) => {
            return Err(IgnoreReason::RaMtuUnbelievable);
        }
        NdpOption::Mtu(mtu) => changes.push(Change::Mtu(mtu)),
        NdpOption::Prefix(prefix) => return of_prefix(&prefix, conf, changes),
        NdpOption::Route(route) if !accepts_route(&route, conf) => {
            return Err(IgnoreReason::RaOptionUnwanted);
        }
        NdpOption::Route(route) => changes.push(Change::Route(route)),
        NdpOption::Resolvers { lifetime, addresses } => {
            let addresses = addresses.iter().map(|&octets| Ipv6Addr::from_octets(octets)).collect();
            changes.push(Change::Resolvers { addresses, lifetime });
        }
        // RFC 8106 section 5.3.1: what is malformed is passed over.
        NdpOption::Domains { lifetime, names } => {
            let names = domain::names(names, false).ok().filter(|names| !names.is_empty());
            let names = names.ok_or(IgnoreReason::NdOptionMalformed)?;
            changes.push(Change::Domains { names, lifetime });
        }
        NdpOption::SourceLinkAddress(_)
        | NdpOption::TargetLinkAddress(_)
        | NdpOption::Redirected(_)
        | NdpOption::Nonce(_)
        | NdpOption::Unknown(_)
        | NdpOption::Malformed(_) => {}
    }
    Ok(())
}

fn of_header(advertisement: &RouterAdvertisement, conf: &Ipv6Conf) -> Vec<Change> {
    let RouterAdvertisement { hop_limit, lifetime, reachable_ms, retransmit_ms, .. } = *advertisement;
    let mut changes = Vec::new();
    let long_enough = lifetime == 0 || u32::from(lifetime) >= conf.accept_ra_min_lft;
    if conf.accept_ra_defrtr && long_enough {
        let preference = if conf.accept_ra_rtr_pref { advertisement.preference } else { Preference::Medium };
        changes.push(Change::DefaultRouter { lifetime, preference });
    }
    if hop_limit != 0 && u32::from(hop_limit) >= conf.accept_ra_min_hop_limit {
        changes.push(Change::HopLimit(hop_limit));
    }
    if retransmit_ms != 0 {
        changes.push(Change::RetransmitTime(retransmit_ms));
    }
    if reachable_ms != 0 {
        changes.push(Change::ReachableTime(reachable_ms));
    }
    changes
}

fn of_prefix(prefix: &Prefix, conf: &Ipv6Conf, changes: &mut Vec<Change>) -> Result<(), IgnoreReason> {
    let Prefix { address, len, on_link, autonomous, valid, preferred } = *prefix;
    if !conf.accept_ra_pinfo || (valid != 0 && valid < conf.accept_ra_min_lft) {
        return Err(IgnoreReason::RaOptionUnwanted);
    }
    let network = IpCidr::new(address.into(), len).ok_or(IgnoreReason::NdOptionMalformed)?;
    if address.is_unicast_link_local() || address.is_multicast() || preferred > valid {
        return Err(IgnoreReason::RaPrefixUnbelievable);
    }
    if on_link {
        changes.push(Change::OnLink { network: network.network(), lifetime: valid });
    }
    // Identifiers have 64 bits, so others leave no room or a hole (RFC 4862 section 5.5.3 d).
    if autonomous && conf.autoconf && len == 64 {
        changes.push(Change::Address { prefix: address, valid, preferred });
    }
    Ok(())
}

/// Linux: `accept_ra_rt_info_min_plen` and its kin.
fn accepts_route(route: &RouteInformation, conf: &Ipv6Conf) -> bool {
    let len = u32::from(route.len);
    let fits = (conf.accept_ra_rt_info_min_plen..=conf.accept_ra_rt_info_max_plen).contains(&len);
    fits && (route.len > 0 || conf.accept_ra_defrtr)
}

/// Until when an address is valid that an advertisement gives so many seconds: none that is longer known to live is
/// cut off by what anybody on the link may say (RFC 4862 section 5.5.3 e). Linux: `addrconf_prefix_rcv_add_addr`.
pub fn valid_for(now: Instant, known: Option<Instant>, advertised: u32) -> u32 {
    let left = known.map_or(u32::MAX, |end| {
        let left: Duration = end.since(now);
        u32::try_from(left.as_secs()).unwrap_or(u32::MAX)
    });
    match advertised {
        longer if longer > TWO_HOURS || longer > left => longer,
        _ if left <= TWO_HOURS => left,
        _ => TWO_HOURS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::icmpv6::{self, Header, Type};
    use crate::wire::ndp::Message;

    /// A host that hears of everything.
    fn conf() -> Ipv6Conf {
        Ipv6Conf { accept_ra_rt_info_max_plen: 64, ..Ipv6Conf::default() }
    }

    fn judge(rest: [u8; 4], times: [u32; 2], options: &[u8], conf: &Ipv6Conf) -> Vec<Change> {
        judged(rest, times, options, conf).changes
    }

    fn judged(rest: [u8; 4], times: [u32; 2], options: &[u8], conf: &Ipv6Conf) -> Judged {
        let mut bytes = alloc::vec![0; icmpv6::HEADER_LEN];
        icmpv6::Fields { kind: Type::ROUTER_ADVERTISEMENT, code: 0, rest }.emit(&mut bytes);
        times.iter().for_each(|time| bytes.extend_from_slice(&time.to_be_bytes()));
        bytes.extend_from_slice(options);
        match Message::parse(&Header::parse(&bytes).unwrap()).unwrap() {
            (Message::RouterAdvertisement(said), options) => super::judge(&said, options, conf, 1500),
            (other, _) => panic!("{other:?}"),
        }
    }

    fn prefix(len: u8, flags: u8, valid: u32, preferred: u32, address: &str) -> Vec<u8> {
        let mut option = alloc::vec![3, 4, len, flags];
        option.extend_from_slice(&valid.to_be_bytes());
        option.extend_from_slice(&preferred.to_be_bytes());
        option.extend_from_slice(&[0; 4]);
        option.extend_from_slice(&address.parse::<Ipv6Addr>().unwrap().octets());
        option
    }

    #[test]
    fn what_the_header_says() {
        let all = judge([64, 0x08, 0x07, 0x08], [30_000, 1000], &[], &conf());
        let router = Change::DefaultRouter { lifetime: 1800, preference: Preference::High };
        let times = [Change::RetransmitTime(1000), Change::ReachableTime(30_000)];
        assert_eq!(all, [&[router, Change::HopLimit(64)][..], &times].concat());
        let nothing = judge([0, 0, 0, 0], [0, 0], &[], &conf());
        assert_eq!(nothing, [Change::DefaultRouter { lifetime: 0, preference: Preference::Medium }]);
        let deaf = Ipv6Conf {
            accept_ra_defrtr: false,
            accept_ra_min_hop_limit: 65,
            accept_ra_rtr_pref: false,
            ..conf()
        };
        assert_eq!(judge([64, 0x08, 0x07, 0x08], [0, 0], &[], &deaf), []);
    }

    #[test]
    fn what_prefixes_make() {
        let judge = |option: Vec<u8>, conf: &Ipv6Conf| judge([0; 4], [0; 2], &option, conf)[1..].to_vec();
        let network: Ipv6Addr = "2001:db8:1::".parse().unwrap();
        let on_link =
            |len, lifetime| Change::OnLink { network: IpCidr::new(network.into(), len).unwrap(), lifetime };
        let address = |valid, preferred| Change::Address { prefix: network, valid, preferred };
        let text = "2001:db8:1::";
        assert_eq!(judge(prefix(64, 0xc0, 60, 30, text), &conf()), [on_link(64, 60), address(60, 30)]);
        assert_eq!(judge(prefix(64, 0x40, 60, 60, text), &conf()), [address(60, 60)]);
        assert_eq!(judge(prefix(64, 0x80, u32::MAX, 0, text), &conf()), [on_link(64, u32::MAX)]);
        assert_eq!(
            judge(prefix(48, 0xc0, 60, 30, text), &conf()),
            [on_link(48, 60)],
            "no room for identifiers"
        );
        for (len, flags, valid, preferred, text) in [
            (64, 0xc0, 30, 31, text),
            (129, 0xc0, 60, 30, text),
            (64, 0xc0, 60, 30, "fe80::"),
            (64, 0xc0, 60, 30, "ff02::"),
            (64, 0x00, 60, 30, text),
        ] {
            assert_eq!(judge(prefix(len, flags, valid, preferred, text), &conf()), [], "{text}/{len}");
        }
        let by_hand = Ipv6Conf { autoconf: false, ..conf() };
        assert_eq!(judge(prefix(64, 0xc0, 60, 30, text), &by_hand), [on_link(64, 60)]);
        let deaf = Ipv6Conf { accept_ra_pinfo: false, ..conf() };
        assert_eq!(judge(prefix(64, 0xc0, 60, 30, text), &deaf), []);
    }

    #[test]
    fn routes_resolvers_and_the_mtu() {
        let options = [
            &[5, 1, 0, 0, 0, 0, 0x05, 0x78][..],
            &[24, 2, 48, 0, 0, 0, 0, 60, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0],
            &[25, 3, 0, 0, 0, 0, 0, 30],
            &Ipv6Addr::LOCALHOST.octets(),
        ]
        .concat();
        let domains = [&[31, 2, 0, 0, 0, 0, 0, 40][..], b"\x03lan\0\0\0\0"].concat();
        let names = alloc::vec!["lan".into()];
        let searched = judge([0; 4], [0; 2], &domains, &conf());
        assert_eq!(searched.last(), Some(&Change::Domains { names, lifetime: 40 }));
        let cut_off = [&domains[..8], b"\x09lan\0\0\0\0"].concat();
        assert_eq!(judge([0; 4], [0; 2], &cut_off, &conf()).len(), 1);
        let found = judge([0; 4], [0; 2], &options, &conf());
        let resolvers = Change::Resolvers { addresses: alloc::vec![Ipv6Addr::LOCALHOST], lifetime: 30 };
        assert_eq!((&found[1], found.last()), (&Change::Mtu(1400), Some(&resolvers)));
        assert!(matches!(found[2], Change::Route(RouteInformation { len: 48, lifetime: 60, .. })));
        assert_eq!(judge([0; 4], [0; 2], &options[8..24], &Ipv6Conf::default()).len(), 1, "Linux's default");
        for mtu in [1279u32, 1501] {
            let option = [&[5, 1, 0, 0][..], &mtu.to_be_bytes()].concat();
            assert_eq!(judge([0; 4], [0; 2], &option, &conf()).len(), 1, "{mtu}");
        }
        let many = judged([0; 4], [0; 2], &options[..8].repeat(500), &conf());
        // The header says something, too.
        let passed_over = alloc::vec![IgnoreReason::RaTooManyOptions; 500 - (MAX_CHANGES - 1)];
        assert_eq!((many.changes.len(), many.ignored), (MAX_CHANGES, passed_over));
    }

    #[test]
    fn why_options_change_nothing() {
        use IgnoreReason::*;
        let deaf = Ipv6Conf { accept_ra_pinfo: false, accept_ra_mtu: false, ..Ipv6Conf::default() };
        let late = Ipv6Conf { accept_ra_min_lft: 61, ..conf() };
        let (mtu, jumbo) = ([5, 1, 0, 0, 0, 0, 0x05, 0x78], [5, 1, 0, 0, 0, 0, 0x23, 0x28]);
        let route = [24, 2, 48, 0, 0, 0, 0, 60, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0];
        let cut_off = [31, 2, 0, 0, 0, 0, 0, 40, 9, b'l', b'a', b'n', 0, 0, 0, 0];
        let prefix = |len, preferred, text| prefix(len, 0xc0, 60, preferred, text);
        let rows: [(&[u8], Ipv6Conf, &[IgnoreReason]); 12] = [
            (&mtu, conf(), &[]),
            (&mtu, deaf.clone(), &[RaOptionUnwanted]),
            (&jumbo, conf(), &[RaMtuUnbelievable]),
            (&route, conf(), &[]),
            (&route, deaf.clone(), &[RaOptionUnwanted]),
            (&cut_off, conf(), &[NdOptionMalformed]),
            (&prefix(64, 30, "2001:db8::"), conf(), &[]),
            (&prefix(64, 30, "2001:db8::"), deaf, &[RaOptionUnwanted]),
            (&prefix(64, 30, "2001:db8::"), late, &[RaOptionUnwanted]),
            (&prefix(129, 30, "2001:db8::"), conf(), &[NdOptionMalformed]),
            (&prefix(64, 30, "fe80::"), conf(), &[RaPrefixUnbelievable]),
            (&prefix(64, 61, "2001:db8::"), conf(), &[RaPrefixUnbelievable]),
        ];
        for (row, (option, conf, expected)) in rows.into_iter().enumerate() {
            assert_eq!(judged([0; 4], [0; 2], option, &conf).ignored, expected, "row {row}");
        }
    }

    #[test]
    fn nobody_ends_an_address_within_two_hours() {
        let now = Instant::from_millis(5000);
        let left = |seconds: u64| Some(now + Duration::from_secs(seconds));
        for (known, advertised, expected) in [
            (left(86_400), 0, 7200),
            (left(86_400), 3600, 7200),
            (left(86_400), 7201, 7201),
            (left(3600), 0, 3600),
            (left(3600), 3601, 3601),
            (None, 60, 7200),
            (None, u32::MAX, u32::MAX),
            (left(10), u32::MAX, u32::MAX),
        ] {
            assert_eq!(valid_for(now, known, advertised), expected, "{advertised}");
        }
    }
}
