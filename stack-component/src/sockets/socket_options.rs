//! Interface `wnet:stack/socket-options`.

use super::addresses::{self, host};
use super::errors::error_code;
use super::tcp::{TcpSocket, nanos};
use super::tcp_info;
use crate::Component;
use crate::bindings::exports::wasi::sockets::network::{ErrorCode, IpAddress, IpSocketAddress};
use crate::bindings::exports::wnet::stack::socket_options::{
    BbrInfo, BpfInstruction, CcInfo, DctcpInfo, Guest, NetworkBorrow, PathMtu, SendFlags, TcpInfo, TcpOption,
    TcpOptions, TcpSocketBorrow, TcpState,
};
use crate::entry::enter;
use crate::state::{InForce, State, whole_millis, whole_seconds};
use alloc::string::ToString;
use alloc::vec::Vec;
use stack_core::bpf::Instruction;
use stack_core::socket::SocketError;
use stack_core::tcp::{self, Algorithm, TcpHandle};
use stack_core::time::{Duration, Instant};

/// The interface's option, as the core takes it.
fn option(value: TcpOption, state: &State) -> Result<tcp::TcpOption, SocketError> {
    Ok(match value {
        TcpOption::Nodelay(on) => tcp::TcpOption::NoDelay(on),
        TcpOption::Cork(on) => tcp::TcpOption::Cork(on),
        TcpOption::Quickack(on) => tcp::TcpOption::QuickAck(on),
        TcpOption::Linger(time) => tcp::TcpOption::Linger(time.map(whole_seconds)),
        TcpOption::Reuseaddr(on) => tcp::TcpOption::ReuseAddress(on),
        TcpOption::Reuseport(on) => tcp::TcpOption::ReusePort(on),
        TcpOption::UserTimeout(time) => tcp::TcpOption::UserTimeout(Some(whole_millis(time))),
        TcpOption::Congestion(name) => {
            tcp::TcpOption::Congestion(Algorithm::from_name(&name).ok_or(SocketError::InvalidArgument)?)
        }
        TcpOption::Maxseg(bytes) => tcp::TcpOption::MaxSegment(bytes),
        TcpOption::NotsentLowat(bytes) => tcp::TcpOption::NotSentLowat(bytes),
        TcpOption::DeferAccept(time) => tcp::TcpOption::DeferAccept(whole_seconds(time)),
        TcpOption::Fastopen(count) => tcp::TcpOption::FastOpenQueue(count),
        TcpOption::FastopenConnect(on) => tcp::TcpOption::FastOpenConnect(on),
        TcpOption::FastopenNoCookie(on) => tcp::TcpOption::FastOpenNoCookie(on),
        TcpOption::Tos(tos) => tcp::TcpOption::Tos(tos),
        TcpOption::Mark(mark) => tcp::TcpOption::Mark(mark),
        TcpOption::Priority(class) => tcp::TcpOption::Priority(class),
        TcpOption::BindToDevice(name) => tcp::TcpOption::BindToDevice(state.device_named(&name)?),
        TcpOption::Rcvbuf(bytes) => tcp::TcpOption::RcvBuf { bytes, force: false },
        TcpOption::RcvbufForce(bytes) => tcp::TcpOption::RcvBuf { bytes, force: true },
        TcpOption::Sndbuf(bytes) => tcp::TcpOption::SndBuf { bytes, force: false },
        TcpOption::SndbufForce(bytes) => tcp::TcpOption::SndBuf { bytes, force: true },
        TcpOption::Rcvlowat(bytes) => tcp::TcpOption::ReceiveLowat(bytes),
        TcpOption::Syncnt(count) => tcp::TcpOption::SynCount(count),
        TcpOption::WindowClamp(bytes) => tcp::TcpOption::WindowClamp(bytes),
        TcpOption::Linger2(time) => tcp::TcpOption::FinTimeout(time.map(whole_seconds)),
        TcpOption::MaxPacingRate(rate) => tcp::TcpOption::MaxPacingRate(rate),
        TcpOption::SaveSyn(on) => tcp::TcpOption::SaveSyn(on),
        TcpOption::MtuDiscover(how) => tcp::TcpOption::PathMtu(match how {
            PathMtu::Dont => tcp::PathMtu::Dont,
            PathMtu::Want => tcp::PathMtu::Want,
            PathMtu::Do => tcp::PathMtu::Do,
            PathMtu::Probe => tcp::PathMtu::Probe,
        }),
        TcpOption::Backlog(count) => tcp::TcpOption::Backlog(count.into()),
        TcpOption::FastopenKey(bytes) => tcp::TcpOption::FastOpenKeys(fast_open_keys(&bytes)?),
        TcpOption::MinTtl(least) => tcp::TcpOption::MinTtl(least),
        TcpOption::ThinLinearTimeouts(on) => tcp::TcpOption::ThinLinearTimeouts(on),
        TcpOption::RtoMin(time) => tcp::TcpOption::RtoMin(Duration::from_nanos(time)),
        TcpOption::RtoMax(time) => tcp::TcpOption::RtoMax(Duration::from_nanos(time)),
    })
}

/// No key, one, or two. Linux: `TCP_FASTOPEN_KEY_LENGTH`, `TCP_FASTOPEN_KEY_BUF_LENGTH`.
fn fast_open_keys(bytes: &[u8]) -> Result<[Option<[u8; 16]>; 2], SocketError> {
    match bytes.as_chunks() {
        ([], []) => Ok([None, None]),
        ([key], []) => Ok([Some(*key), None]),
        ([key, backup], []) => Ok([Some(*key), Some(*backup)]),
        _ => Err(SocketError::InvalidArgument),
    }
}

/// The options in force, as the interface tells them.
fn options(in_force: InForce) -> TcpOptions {
    let InForce { options, quick_ack, device, syn_count, fin_timeout, rto_min, rto_max } = in_force;
    TcpOptions {
        nodelay: options.no_delay,
        cork: options.cork,
        quickack: quick_ack,
        linger: options.linger.map(nanos),
        reuseaddr: options.reuse_address,
        reuseport: options.reuse_port,
        user_timeout: options.user_timeout.map_or(0, nanos),
        congestion: options.congestion.name().to_string(),
        maxseg: options.max_segment.unwrap_or(0),
        notsent_lowat: options.not_sent_lowat.unwrap_or(0),
        defer_accept: nanos(options.defer_accept_time()),
        fastopen: options.fast_open_queue,
        fastopen_connect: options.fast_open_connect,
        fastopen_no_cookie: options.fast_open_no_cookie,
        tos: options.tos,
        min_ttl: options.min_ttl,
        mark: options.mark,
        priority: options.priority,
        bind_to_device: device,
        rcvbuf: options.receive_buffer,
        sndbuf: options.send_buffer,
        rcvlowat: options.receive_lowat,
        syncnt: syn_count,
        window_clamp: options.window_clamp.unwrap_or(0),
        linger2: fin_timeout.map(nanos),
        max_pacing_rate: options.max_pacing_rate,
        save_syn: options.save_syn,
        mtu_discover: match options.path_mtu {
            tcp::PathMtu::Dont => PathMtu::Dont,
            tcp::PathMtu::Want => PathMtu::Want,
            tcp::PathMtu::Do => PathMtu::Do,
            tcp::PathMtu::Probe => PathMtu::Probe,
        },
        thin_linear_timeouts: options.thin_linear_timeouts,
        rto_min: nanos(rto_min),
        rto_max: nanos(rto_max),
    }
}

impl Guest for Component {
    fn set(socket: TcpSocketBorrow<'_>, value: TcpOption) -> Result<(), ErrorCode> {
        run(socket, |state, handle, _| {
            let option = option(value, state)?;
            state.set_option(handle, option)
        })
    }

    fn get(socket: TcpSocketBorrow<'_>) -> Result<TcpOptions, ErrorCode> {
        run(socket, |state, handle, _| state.in_force(handle)).map(options)
    }

    fn state(socket: TcpSocketBorrow<'_>) -> TcpState {
        let handle = socket.get::<TcpSocket>().handle();
        tcp_info::state(enter(|state, _| state.tcp_state(handle)))
    }

    fn info(socket: TcpSocketBorrow<'_>) -> Result<TcpInfo, ErrorCode> {
        let info = run(socket, |state, handle, now| state.info(handle, now))?;
        Ok(tcp_info::info(info))
    }

    fn congestion_info(socket: TcpSocketBorrow<'_>) -> Result<CcInfo, ErrorCode> {
        let info = run(socket, |state, handle, _| Ok(state.congestion_info(handle)))?;
        Ok(match info {
            tcp::CongestionInfo::None => CcInfo::None,
            tcp::CongestionInfo::Bbr { bandwidth, min_rtt, pacing_gain, window_gain } => {
                CcInfo::Bbr(BbrInfo { bw: bandwidth, min_rtt, pacing_gain, cwnd_gain: window_gain })
            }
            tcp::CongestionInfo::Dctcp { enabled, ce_state, alpha, marked, total } => {
                CcInfo::Dctcp(DctcpInfo { enabled, ce_state, alpha, ab_ecn: marked, ab_tot: total })
            }
        })
    }

    fn peek(socket: TcpSocketBorrow<'_>, max: u64) -> Result<Vec<u8>, ErrorCode> {
        run(socket, |state, handle, _| state.peek(handle, max))
    }

    fn send(socket: TcpSocketBorrow<'_>, data: Vec<u8>, flags: SendFlags) -> Result<u64, ErrorCode> {
        let SendFlags { more, end_of_record } = flags;
        let flags = tcp::SendFlags { more, end_of_record, promised: false };
        run(socket, |state, handle, now| state.send(handle, &data, flags, now)).map(|taken| taken as u64)
    }

    fn take_error(socket: TcpSocketBorrow<'_>) -> Result<u32, ErrorCode> {
        run(socket, |state, handle, _| Ok(state.take_error(handle)))
    }

    fn queued_input(socket: TcpSocketBorrow<'_>) -> Result<u64, ErrorCode> {
        run(socket, |state, handle, _| Ok(state.stack.tcp_queued_input(handle) as u64))
    }

    fn unacknowledged(socket: TcpSocketBorrow<'_>) -> Result<u64, ErrorCode> {
        run(socket, |state, handle, _| Ok(state.stack.tcp_unacknowledged(handle) as u64))
    }

    fn unsent(socket: TcpSocketBorrow<'_>) -> Result<u64, ErrorCode> {
        run(socket, |state, handle, _| Ok(state.stack.tcp_unsent(handle) as u64))
    }

    fn connect_with_data(
        socket: TcpSocketBorrow<'_>,
        _: NetworkBorrow<'_>,
        remote_address: IpSocketAddress,
        data: Vec<u8>,
    ) -> Result<u64, ErrorCode> {
        let remote = addresses::core(remote_address);
        run(socket, |state, handle, now| state.connect_with_data(handle, remote, &data, now))
            .map(|taken| taken as u64)
    }

    fn add_md5_key(
        socket: TcpSocketBorrow<'_>,
        peer: IpAddress,
        prefix_length: u8,
        key: Vec<u8>,
    ) -> Result<(), ErrorCode> {
        run(socket, |state, handle, _| state.add_md5_key(handle, host(peer), prefix_length, &key))
    }

    fn remove_md5_key(
        socket: TcpSocketBorrow<'_>,
        peer: IpAddress,
        prefix_length: u8,
    ) -> Result<(), ErrorCode> {
        run(socket, |state, handle, _| state.remove_md5_key(handle, host(peer), prefix_length))
    }

    fn attach_filter(socket: TcpSocketBorrow<'_>, program: Vec<BpfInstruction>) -> Result<(), ErrorCode> {
        let instruction =
            |BpfInstruction { code, jt, jf, k }| Instruction { code, jump_true: jt, jump_false: jf, k };
        let program: Vec<_> = program.into_iter().map(instruction).collect();
        run(socket, |state, handle, _| state.attach_filter(handle, &program))
    }

    fn detach_filter(socket: TcpSocketBorrow<'_>) -> Result<(), ErrorCode> {
        run(socket, |state, handle, _| state.detach_filter(handle))
    }

    fn lock_filter(socket: TcpSocketBorrow<'_>) -> Result<(), ErrorCode> {
        run(socket, |state, handle, _| state.lock_filter(handle))
    }

    fn saved_syn(socket: TcpSocketBorrow<'_>) -> Result<Option<Vec<u8>>, ErrorCode> {
        run(socket, |state, handle, _| Ok(state.stack.tcp_saved_syn(handle).map(Vec::from)))
    }
}

fn run<R>(
    socket: TcpSocketBorrow<'_>,
    f: impl FnOnce(&mut State, TcpHandle, Instant) -> Result<R, SocketError>,
) -> Result<R, ErrorCode> {
    let handle = socket.get::<TcpSocket>().handle();
    enter(|state, now| f(state, handle, now)).map_err(error_code)
}
