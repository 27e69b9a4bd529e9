//! How large segments may be. Linux: `tcp_mtu_to_mss`, `tcp_advertise_mss`.

use super::options::TcpOptions;
use crate::route::PathInfo;
use crate::sysctl::Sysctl;
use crate::wire::address::header_len;
use crate::wire::ipv4::MAX_PACKET;
use core::net::IpAddr;

/// Bytes of a TCP header without options.
const TCP_HEADER: u32 = 20;
/// The least segment size that we name to an IPv6 peer: what every IPv6 link carries. Linux:
/// `net.ipv6.route.min_adv_mss`.
const MIN_ADVERTISED_V6: u32 = 1220;
/// The segment size of a peer that names none (RFC 9293 section 3.7.1). Linux: `TCP_MSS_DEFAULT`.
pub(super) const DEFAULT_MSS: u32 = 536;
/// The smallest segment size we believe a peer. Linux: `TCP_MIN_SND_MSS`.
pub(super) const MIN_MSS: u32 = 48;
/// A window bounds segments not below this. Linux: 68 less a header without options in `tcp_bound_to_half_wnd`.
const LEAST_OF_WINDOW: u32 = 48;
/// Bytes of the timestamps option with its padding.
pub(super) const TIMESTAMPS_LEN: u32 = 12;

/// Bytes of the IP and the TCP header without options of a segment to `remote`.
pub(super) const fn headers(remote: IpAddr) -> u32 {
    header_len(remote) + TCP_HEADER
}

/// The segment size that a link's largest IP packet to `remote` leaves. Linux: `advmss`.
pub(super) fn mss_of_mtu(mtu: u32, remote: IpAddr) -> u32 {
    // The loopback device carries more than an IPv4 packet can have.
    mtu.min(MAX_PACKET as u32).saturating_sub(headers(remote)).max(MIN_MSS)
}

/// `len`, or half of the peer's largest window if that is less, so that two segments fit it; of a tiny window the
/// whole. `options` are the bytes of options in each header. Linux: `tcp_bound_to_half_wnd`.
pub(super) fn within_half_window(len: u32, options: u32, largest_window: u32) -> u32 {
    let tiny = largest_window <= DEFAULT_MSS;
    match if tiny { largest_window } else { largest_window / 2 } {
        0 => len,
        most => len.min(most.max(LEAST_OF_WINDOW.saturating_sub(options))),
    }
}

/// The segment size that we name to the peer `remote`. Linux: `tcp_advertise_mss`, `ipv4_default_advmss`,
/// `ip6_default_advmss`.
pub(super) fn advertised_mss(sysctl: &Sysctl, remote: IpAddr, path: &PathInfo, options: &TcpOptions) -> u16 {
    let least = if remote.is_ipv4() { sysctl.min_adv_mss } else { MIN_ADVERTISED_V6 };
    let of_device = mss_of_mtu(path.mtu, remote).max(least);
    let of_route = path.metrics.advertised_mss.unwrap_or(of_device).min(mss_of_mtu(u32::MAX, remote));
    let mss = u16::try_from(of_route).unwrap_or(u16::MAX);
    options.max_segment.map_or(mss, |most| most.min(mss))
}

/// The segment size that a peer's SYN allows us: a tiny one would make us send headers alone, so that it is
/// not believed. Linux: `tcp_parse_options`, `tcp_min_snd_mss`.
pub(super) fn believable_mss(sysctl: &Sysctl, named: Option<u16>, options: &TcpOptions) -> u16 {
    let default = DEFAULT_MSS as u16;
    let least = u16::try_from(sysctl.tcp_min_snd_mss).unwrap_or(default);
    let most = options.max_segment.unwrap_or(u16::MAX);
    named.unwrap_or(default).min(most).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Metrics;

    const PEER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1));
    const PEER_V6: IpAddr = IpAddr::V6(core::net::Ipv6Addr::LOCALHOST);

    fn path(mtu: u32, advertised_mss: Option<u32>) -> PathInfo {
        PathInfo { mtu, loopback: false, metrics: Metrics { advertised_mss, ..Metrics::NONE } }
    }

    #[test]
    fn two_segments_fit_the_largest_window() {
        let rows = [
            (1460, 0, 1460),
            (1460, 65_535, 1460),
            (1460, 2000, 1000),
            (1460, 537, 268),
            (1460, 536, 536),
            (1460, 1, 36),
        ];
        for (len, window, bound) in rows {
            assert_eq!(within_half_window(len, TIMESTAMPS_LEN, window), bound, "{window}");
        }
    }

    #[test]
    fn the_mss_we_name() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        assert_eq!(advertised_mss(&sysctl, PEER, &path(1500, None), &options), 1460);
        assert_eq!(advertised_mss(&sysctl, PEER, &path(68, None), &options), 256, "min_adv_mss");
        assert_eq!(advertised_mss(&sysctl, PEER, &path(65_536, None), &options), 65_495);
        assert_eq!(advertised_mss(&sysctl, PEER, &path(640, Some(600)), &options), 600);
        assert_eq!(advertised_mss(&sysctl, PEER_V6, &path(1500, None), &options), 1440);
        assert_eq!(
            advertised_mss(&sysctl, PEER_V6, &path(68, None), &options),
            1220,
            "every link carries 1280"
        );
        options.max_segment = Some(500);
        assert_eq!(advertised_mss(&sysctl, PEER, &path(1500, None), &options), 500);
    }

    #[test]
    fn the_mss_we_believe() {
        let sysctl = Sysctl::default();
        let mut options = TcpOptions::new(&sysctl);
        let named = [(None, 536), (Some(1), 48), (Some(1460), 1460)];
        for (named, believed) in named {
            assert_eq!(believable_mss(&sysctl, named, &options), believed, "{named:?}");
        }
        options.max_segment = Some(1000);
        assert_eq!(believable_mss(&sysctl, Some(1460), &options), 1000);
    }
}
