//! What Fast Open has to do with a connection.

use super::super::destinations::CachedCookie;
use super::super::handle::TcpHandle;
use super::super::request::Request;
use crate::wire::tcp::FastOpenCookie;
use alloc::boxed::Box;

/// What Fast Open has to do with a connection.
#[derive(Debug, Default)]
pub(in crate::tcp) struct FastOpen {
    /// The request that the connection was made of before its handshake was complete. Linux: `fastopen_rsk`.
    pub request: Option<Box<Request>>,
    /// The SYN-ACK is to be sent (again).
    pub answer_due: bool,
    /// The handshake ended, well or by a reset: the listener is to hear of it.
    pub ended: Option<(TcpHandle, bool)>,
    /// Data of the SYN was taken by whoever got it. Linux: `syn_data_acked`, `TCPI_OPT_SYN_DATA`.
    pub syn_data_acked: bool,
    /// The client's half.
    pub client: Client,
}

/// What Fast Open has to do with a connection that we open.
#[derive(Debug, Default)]
pub(in crate::tcp) struct Client {
    /// The SYN waits for the first data. Linux: `defer_connect`.
    pub deferred: bool,
    /// What the first SYN carries of Fast Open. Linux: `fastopen_req->cookie`.
    pub cookie: Option<FastOpenCookie>,
    /// How much data the first SYN carries.
    pub syn_data: u32,
    /// The first SYN carried the option, or data. Linux: `syn_fastopen`, `syn_data`.
    pub tried: bool,
    /// It asked for a cookie by the experimental option. Linux: `syn_fastopen_exp`.
    pub asked_experimental: bool,
    /// It carried data. Linux: `syn_data`.
    pub sent_data: bool,
    /// Why it did not work. Linux: `fastopen_client_fail`.
    pub failure: Failure,
    /// What the SYN-ACK taught, for the next connection.
    pub lesson: Option<CachedCookie>,
    /// The path seems to swallow Fast Open.
    pub swallowed: bool,
}

/// Why Fast Open did not work, by Linux's numbers. Linux: `enum tcp_fastopen_client_fail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tcp) enum Failure {
    /// It did, or was not tried.
    #[default]
    None = 0,
    /// No cookie is known.
    CookieUnavailable = 1,
    /// The SYN-ACK did not acknowledge the data.
    DataNotAcked = 2,
    /// The SYN was sent again.
    SynRetransmitted = 3,
}
