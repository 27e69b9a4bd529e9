//! `ss -s`. iproute2: `print_summary`.

use tool_common::address::socket as address;
use tool_common::control::socket_options::TcpState;
use tool_common::control::sockets::{Socket, SocketProtocol};

/// States of connections that nobody may have any more.
const LEFT: [TcpState; 4] = [TcpState::FinWait1, TcpState::FinWait2, TcpState::Closing, TcpState::LastAck];

/// The counts of these sockets; `is_owned` says whether a guest has one. Linux: `/proc/net/sockstat`.
pub(crate) fn summary(sockets: &[Socket], is_owned: impl Fn(&Socket) -> bool) -> String {
    let is = |wanted: &[SocketProtocol], socket: &Socket| wanted.contains(&socket.protocol);
    let buckets = |socket: &&Socket| matches!(socket.state, TcpState::TimeWait | TcpState::SynRecv);
    let tcp = sockets.iter().filter(|socket| is(&[SocketProtocol::Tcp], socket));
    let in_state = |state| tcp.clone().filter(|socket| socket.state == state).count();
    let (established, waits) = (in_state(TcpState::Established), in_state(TcpState::TimeWait));
    let closed = in_state(TcpState::Close) + waits;
    let orphans = tcp.clone().filter(|socket| LEFT.contains(&socket.state) && !is_owned(socket)).count();
    let whole = sockets.iter().filter(|socket| !buckets(socket)).count();
    let mut out = format!(
        "Total: {whole}\nTCP:   {} (estab {established}, closed {closed}, orphaned {orphans}, timewait {waits})\n\n\
         Transport Total     IP        IPv6\n",
        tcp.clone().count(),
    );
    // Ping sockets are in Linux's total alone.
    let raw = [SocketProtocol::Raw];
    let (udp, tcp) = ([SocketProtocol::Udp], [SocketProtocol::Tcp]);
    let inet = [SocketProtocol::Raw, SocketProtocol::Udp, SocketProtocol::Tcp];
    let rows: [(&str, &[SocketProtocol]); 5] =
        [("RAW", &raw), ("UDP", &udp), ("TCP", &tcp), ("INET", &inet), ("FRAG", &[])];
    for (name, protocols) in rows {
        let meant = || sockets.iter().filter(|socket| is(protocols, socket) && is_in_use(socket));
        let v4 = meant().filter(|socket| address(socket.local).is_ipv4()).count();
        let all = meant().count();
        out += &format!("{name}\t  {all:<9} {v4:<9} {:<9}\n", all - v4);
    }
    out + "\n"
}

/// Whether packets find a socket. Linux: `sock_prot_inuse_get`.
fn is_in_use(socket: &Socket) -> bool {
    match socket.protocol {
        SocketProtocol::Tcp => {
            !matches!(socket.state, TcpState::TimeWait | TcpState::SynRecv | TcpState::Close)
        }
        SocketProtocol::Udp => address(socket.local).port() != 0,
        _ => true,
    }
}
