//! What a connection knows of its path: sizes, metrics, the path MTU and errors about it. Linux: what
//! `tcp_sync_mss`, `tcp_mtu_to_mss` and `tcp_v4_mtu_reduced` keep in a socket.

use super::congestion::{self, Algorithm};
use super::connection::{Connection, PathState};
use super::options::{PathMtu, TcpOptions};
use super::segment_size::{MIN_MSS, advertised_mss};
use super::table::Tcp;
use super::{Env, FourTuple};
use crate::route::{Metrics, PathInfo};
use crate::sysctl::Sysctl;
use crate::time::{Duration, Instant};
use core::net::IpAddr;

/// How long a path MTU from ICMP is believed. Linux: `ip_rt_mtu_expires`.
pub(super) const MTU_EXPIRES: Duration = Duration::from_secs(600);

impl Tcp {
    /// The way of a connection, with the path MTU that ICMP told of; a link of `mtu` bytes if there is no route.
    pub(super) fn path_to(&self, env: &Env<'_>, tuple: &FourTuple, mtu: u32) -> PathInfo {
        let none = PathInfo { mtu, loopback: false, metrics: Metrics::NONE };
        env.paths.path(tuple.local.port(), tuple.remote.into()).unwrap_or(none)
    }

    /// The largest packet of the way there, in bytes.
    pub(super) fn path_mtu(&self, env: &Env<'_>, remote: IpAddr, path: &PathInfo) -> (u32, Option<Instant>) {
        match self.destinations.path_mtu(remote, env.now).filter(|_| !path.metrics.mtu_locked) {
            Some((mtu, expires)) if mtu < path.mtu => (mtu, Some(expires)),
            _ => (path.mtu, None),
        }
    }

    /// Tells a new connection of its path.
    pub(super) fn set_path(
        &self,
        env: &mut Env<'_>,
        connection: &mut Connection,
        path: &PathInfo,
        options: &TcpOptions,
    ) {
        let (mtu, expires) = self.path_mtu(env, connection.tuple.remote.ip(), path);
        connection.mtu = mtu;
        connection.path = PathState {
            advertised_mss: advertised_mss(
                env.sysctl,
                connection.tuple.remote.ip(),
                &PathInfo { mtu, ..*path },
                options,
            ),
            metrics: path.metrics,
            generation: env.paths.generation(),
            input: None,
            expires,
        };
        connection.obey_metrics(env, options);
    }

    /// Forgets what is remembered of peers: path MTUs and cookies. Linux: `ip tcp_metrics flush all`.
    pub fn forget_peers(&mut self) {
        self.destinations.clear();
    }

    /// Follows a route that changed, and forgets a path MTU that is old. Linux: `dst_check`.
    pub(super) fn follow_path(&mut self, env: &Env<'_>, handle: super::TcpHandle) {
        let Some(connection) = self.sockets.get(handle).and_then(|socket| socket.connection()) else {
            return;
        };
        let state = &connection.path;
        let old = state.expires.is_some_and(|expires| expires <= env.now);
        if !old && state.generation == env.paths.generation() {
            return;
        }
        let (local, remote) = (connection.tuple.local.port(), connection.tuple.remote);
        let path = env.paths.path(local, remote.into());
        let mtu = path.map(|path| self.path_mtu(env, remote.ip(), &path));
        let Some((connection, _)) = self.sockets.get_mut(handle).and_then(|socket| socket.connection_mut())
        else {
            return;
        };
        connection.path.generation = env.paths.generation();
        connection.path.expires = None;
        if let (Some(path), Some((mtu, expires))) = (path, mtu) {
            connection.path.metrics = path.metrics;
            connection.path.expires = expires;
            connection.mtu = mtu;
        }
    }
}

impl Connection {
    /// Takes over what the route says. Linux: `tcp_init_metrics`, `tcp_ca_dst_init`, `tcp_rto_min`.
    fn obey_metrics(&mut self, env: &mut Env<'_>, options: &TcpOptions) {
        let metrics = self.path.metrics;
        if let Some(segments) = metrics.initial_window.filter(|&segments| segments > 0) {
            self.initial_window = segments;
            self.window.size = segments;
        }
        self.bound_timeouts(env, options);
        // A socket that chose keeps its choice.
        let chosen = options.congestion.name() != env.sysctl.tcp_congestion_control;
        if let Some(algorithm) = metrics.congestion.and_then(Algorithm::from_name).filter(|_| !chosen) {
            self.control = congestion::new(algorithm, env.random.next_u32(), env.sysctl);
        }
    }

    /// Timeouts keep within what the route, the owner or the settings say. Linux: `tcp_rto_min`, `tcp_rto_max`.
    pub(super) fn bound_timeouts(&mut self, env: &Env<'_>, options: &TcpOptions) {
        let least = self.path.metrics.rto_min.unwrap_or(options.least_timeout(env.sysctl));
        self.rtt.set_bounds(least, options.longest_timeout(env.sysctl));
    }

    /// Whether what ICMP says of the path's MTU is believed. Linux: `ip_sk_accept_pmtu`.
    pub(super) fn accepts_path_mtu(&self, options: &TcpOptions) -> bool {
        !matches!(options.path_mtu, PathMtu::Dont | PathMtu::Probe) && !self.path.metrics.mtu_locked
    }

    /// Takes a smaller path MTU; answers whether it is one.
    pub(super) fn lower_mtu_to(&mut self, mtu: u32, expires: Instant) -> bool {
        if mtu >= self.mtu {
            return false;
        }
        self.mtu = mtu.max(MIN_MSS);
        self.path.expires = Some(expires);
        true
    }

    /// What the next SYN names follows the path MTU. Linux: `tcp_advertise_mss`, `ipv4_default_advmss`.
    pub(super) fn advertise_by_mtu(&mut self, sysctl: &Sysctl, options: &TcpOptions) {
        let path = PathInfo { mtu: self.mtu, loopback: false, metrics: self.path.metrics };
        self.path.advertised_mss =
            self.path.advertised_mss.min(advertised_mss(sysctl, self.tuple.remote.ip(), &path, options));
    }
}
