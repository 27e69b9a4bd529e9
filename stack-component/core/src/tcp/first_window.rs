//! The window that is offered before anything is known of the peer, and the largest that there may ever be. Linux:
//! `tcp_select_initial_window`.

use super::options::TcpOptions;
use crate::route::Metrics;
use crate::sysctl::Sysctl;

/// What is believed of the part of a buffer that is data before anything arrived, in 256ths. Linux:
/// `TCP_DEFAULT_SCALING_RATIO`.
pub(super) const DEFAULT_RATIO: u32 = 128;

/// The largest window without scaling.
pub(super) const MAX_UNSCALED: u32 = u16::MAX as u32;

/// `ratio` 256ths of `memory`.
pub(super) fn share(memory: u32, ratio: u32) -> u32 {
    ((u64::from(memory) * u64::from(ratio)) >> 8) as u32
}

/// The most bytes of window that the owner says, or else the route. Linux: `window_clamp`, `RTAX_WINDOW` in
/// `tcp_connect_init` and `tcp_openreq_init_rwin`.
pub(super) fn clamp(options: &TcpOptions, metrics: &Metrics) -> u32 {
    options.window_clamp.or(metrics.window).unwrap_or(u32::MAX)
}

/// The window that the first segment offers: what the buffer holds, in whole segments of `mss` bytes. Linux:
/// `tcp_select_initial_window`.
pub(super) fn initial_window(options: &TcpOptions, metrics: &Metrics, mss: u32) -> u32 {
    let space = share(options.receive_buffer, DEFAULT_RATIO);
    let space = space.min(clamp(options, metrics));
    let whole = if space > mss { space - space % mss.max(1) } else { space };
    whole.min(u32::from(u16::MAX))
}

/// The largest window that the connection may ever offer, which its window scale has to be able to say. Linux:
/// the second half of `tcp_select_initial_window`.
pub(super) fn largest_window(sysctl: &Sysctl, options: &TcpOptions, metrics: &Metrics) -> u32 {
    let full = share(options.receive_buffer, DEFAULT_RATIO);
    let chosen = if options.receive_buffer_locked { full } else { u32::MAX };
    let most = clamp(options, metrics).min(chosen);
    full.max(sysctl.tcp_rmem[2]).max(sysctl.rmem_max).min(most)
}

/// By how many bits a receive buffer of up to `largest` bytes has to be shifted to fit the window field, at
/// most 14 (RFC 7323 section 2.3). Linux: `tcp_select_initial_window`.
pub(super) fn scale_for(largest: u32) -> u8 {
    (0..14).find(|&scale| largest >> scale <= MAX_UNSCALED).unwrap_or(14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_bounds_the_window_unless_the_owner_does() {
        let sysctl = Sysctl::default();
        let plain = TcpOptions::new(&sysctl);
        let chosen = TcpOptions { window_clamp: Some(9000), ..plain.clone() };
        let route = Metrics { window: Some(3000), ..Metrics::NONE };
        assert_eq!(
            (initial_window(&plain, &route, 1000), largest_window(&sysctl, &plain, &route)),
            (3000, 3000)
        );
        assert_eq!((initial_window(&chosen, &route, 1000), clamp(&chosen, &route)), (9000, 9000));
        assert_eq!(clamp(&plain, &Metrics::NONE), u32::MAX);
    }

    #[test]
    fn scales() {
        assert_eq!(scale_for(65_535), 0);
        assert_eq!(scale_for(65_536), 1);
        assert_eq!(scale_for(6_291_456), 7);
        assert_eq!(scale_for(u32::MAX), 14);
    }
}
