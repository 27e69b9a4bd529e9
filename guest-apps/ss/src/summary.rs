//! `ss -s`. iproute2: `print_summary`.

use tool_common::address::socket as address;
use tool_common::control::socket_options::TcpState;
use tool_common::control::sockets::{Socket, SocketProtocol};

/// The counts of these sockets.
pub(crate) fn summary(sockets: &[Socket]) -> String {
    let is = |wanted: &[SocketProtocol], socket: &Socket| wanted.contains(&socket.protocol);
    let buckets = |socket: &&Socket| matches!(socket.state, TcpState::TimeWait | TcpState::SynRecv);
    let tcp = sockets.iter().filter(|socket| is(&[SocketProtocol::Tcp], socket));
    let in_state = |state| tcp.clone().filter(|socket| socket.state == state).count();
    let (established, waits) = (in_state(TcpState::Established), in_state(TcpState::TimeWait));
    let whole = sockets.iter().filter(|socket| !buckets(socket)).count();
    let mut out = format!(
        "Total: {whole}\nTCP:   {} (estab {established}, closed {waits}, orphaned 0, timewait {waits})\n\n\
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
        let meant = || sockets.iter().filter(|socket| is(protocols, socket) && !buckets(socket));
        let v4 = meant().filter(|socket| address(socket.local).is_ipv4()).count();
        let all = meant().count();
        out += &format!("{name}\t  {all:<9} {v4:<9} {:<9}\n", all - v4);
    }
    out + "\n"
}
