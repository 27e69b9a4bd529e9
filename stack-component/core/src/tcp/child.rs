//! The connection that a completed handshake makes of a request. Linux: `tcp_create_openreq_child`.

use super::connection::{Connection, Opening, TimestampState};
use super::options::TcpOptions;
use super::request::Request;
use super::segment_size::DEFAULT_MSS;
use super::table::Tcp;
use super::{Env, TcpState};

impl Tcp {
    /// The connection that a request becomes, over the path that there is now.
    pub(super) fn make_child(
        &mut self,
        env: &mut Env<'_>,
        request: &mut Request,
        options: &TcpOptions,
    ) -> Connection {
        let mut connection = request.make_connection(env, options);
        let path = self.path_to(env, &connection.tuple, request.mtu);
        self.set_path(env, &mut connection, &path, options);
        connection.receive.mss = connection.send_mss().min(DEFAULT_MSS);
        connection
    }
}

impl Request {
    /// The connection that the acknowledgement of our SYN-ACK makes of the request. Linux:
    /// `tcp_create_openreq_child`.
    fn make_connection(&mut self, env: &mut Env<'_>, options: &TcpOptions) -> Connection {
        let now = env.now;
        let opening = Opening {
            tuple: self.tuple,
            initial: self.initial,
            timestamp_offset: self.timestamp_offset,
            mtu: self.mtu,
            receive_scale: self.scale,
            now,
        };
        let mut connection = Connection::new(env, opening, options.congestion, TcpState::SynRecv);
        connection.events.trail.push(TcpState::Listen, TcpState::SynRecv);
        connection.send.next = self.initial + 1;
        connection.send.una = self.initial + 1;
        connection.send.peer_mss = u32::from(self.peer_mss);
        connection.send.scale = self.peer_scale.unwrap_or(0);
        connection.receive.next = self.receive_next;
        connection.receive.acked = connection.receive.next;
        connection.receive.edge = self.edge();
        connection.send.window_sequence = self.peer_initial;
        connection.sack_permitted = self.sack_permitted;
        connection.keep_promise(self.ecn);
        connection.timestamps = self.timestamp.map(|recent| TimestampState { recent, recent_at: now });
        connection.key = self.key.clone();
        connection.path.advertised_mss = self.advertised_mss;
        connection.saved_syn = self.saved_syn.take();
        connection
    }

    /// The SYN-ACK was answered: tells the connection how long that took. Linux: `tcp_synack_rtt_meas`.
    pub(super) fn measure(&self, connection: &mut Connection, env: &Env<'_>) {
        match self.sent_at.filter(|_| self.retransmits == 0) {
            Some(sent_at) => connection.measure_handshake(env, env.now.since(sent_at)),
            None => connection.rtt.fall_back(),
        }
    }
}
