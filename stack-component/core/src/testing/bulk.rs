//! Flows that send as much as they can from the first host to the second, and what each of them gets.

use super::link::Impairment;
use super::network::{ADDRESSES, Network};
use crate::tcp::{Algorithm, Received, SocketError, TcpHandle, TcpOption};
use crate::time::{Duration, Instant};
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Bytes of a write, and of a read.
const PIECE: usize = 64 * 1024;
/// Buffers that no path of the tables fills.
const BUFFER: u64 = 16 * 1024 * 1024;

/// Some flows over one link.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// The link.
    pub impairment: Impairment,
    /// The congestion control of each flow, and when it begins.
    pub flows: Vec<(Algorithm, Duration)>,
    /// How long they send.
    pub time: Duration,
    /// What is random follows from it.
    pub seed: u64,
}

/// What a flow got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowResult {
    /// Bytes that the receiver read.
    pub bytes: u64,
    /// Segments sent again.
    pub retransmitted: u32,
    /// Timeouts.
    pub timeouts: u32,
    /// Duplicates that the receiver told of.
    pub duplicates: u32,
}

impl Bulk {
    /// A link of `rate` bytes a second, a round trip of `rtt`, and a queue of one bandwidth-delay product, at least
    /// 100 packets, that loses `loss` of a thousand frames of each direction; `flows` at once. For DCTCP it marks what comes
    /// while a seventh of the product waits, at least 20 packets (RFC 8257 section 3.1 leaves that number to the network).
    pub fn new(rate: u64, rtt: Duration, loss: u32, flows: &[Algorithm], time: Duration) -> Bulk {
        let product = u128::from(rate) * rtt.as_micros() / 1_000_000 / 1514;
        let product = product as usize;
        let impairment = Impairment {
            delay: rtt / 2,
            rate,
            queue: product.max(100),
            mark_above: flows.contains(&Algorithm::Dctcp).then_some((product / 7).max(20)),
            loss,
            ..Impairment::NONE
        };
        Bulk { impairment, flows: flows.iter().map(|&flow| (flow, Duration::ZERO)).collect(), time, seed: 1 }
    }

    /// Lets them send. One result for each flow, in their order, and the frames that the link lost by its queue.
    ///
    /// # Panics
    ///
    /// If a connection does not come about or breaks.
    pub fn run(&self) -> (Vec<FlowResult>, u64) {
        let mut network = Network::new(self.impairment, self.seed);
        for host in &mut network.hosts {
            for name in ["net.core.rmem_max", "net.core.wmem_max"] {
                host.set_sysctl(name, "16777216").expect("a setting that there is");
            }
            for name in ["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"] {
                host.set_sysctl(name, "4096 131072 16777216").expect("a setting that there is");
            }
        }
        let numbered = self.flows.iter().enumerate();
        let mut flows: Vec<_> =
            numbered.map(|(number, (algorithm, _))| Flow::new(&mut network, number, *algorithm)).collect();
        let begun = network.now;
        let end = begun + self.time;
        let data = vec![0x2a; PIECE];
        while network.now < end {
            for (flow, (algorithm, start)) in flows.iter_mut().zip(&self.flows) {
                flow.act(&mut network, *algorithm, begun + *start, &data);
            }
            let next = self.flows.iter().map(|flow| begun + flow.1).filter(|&at| at > network.now).min();
            network.step_until(Some(next.unwrap_or(end).min(end)));
        }
        let results = flows.iter().map(|flow| flow.result(&network)).collect();
        (results, network.traffic(0).overflowed)
    }
}

/// Jain's index of fairness: 1 if all get the same, 1/n if one gets all.
pub fn jain(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|&share| share as f64).sum();
    let squares: f64 = shares.iter().map(|&share| share as f64 * share as f64).sum();
    if squares == 0.0 { 1.0 } else { sum * sum / (shares.len() as f64 * squares) }
}

struct Flow {
    address: SocketAddr,
    listener: TcpHandle,
    client: Option<TcpHandle>,
    server: Option<TcpHandle>,
    received: u64,
}

impl Flow {
    fn new(network: &mut Network, number: usize, algorithm: Algorithm) -> Self {
        let address = SocketAddr::new(ADDRESSES[1].into(), 5000 + number as u16);
        let host = &mut network.hosts[1];
        let listener = host.tcp_open().expect("a socket");
        host.tcp_set_option(listener, TcpOption::ReceiveBuffer(BUFFER)).expect("a buffer");
        if algorithm == Algorithm::Dctcp {
            // Its receiver tells of each mark (RFC 8257 section 3.2).
            host.tcp_set_option(listener, TcpOption::Congestion(algorithm)).expect("an option that is taken");
        }
        host.tcp_bind(listener, address).expect("a free port");
        host.tcp_listen(listener).expect("a listener");
        Flow { address, listener, client: None, server: None, received: 0 }
    }

    fn act(&mut self, network: &mut Network, algorithm: Algorithm, start: Instant, data: &[u8]) {
        let now = network.now;
        if now < start {
            return;
        }
        let client = *self.client.get_or_insert_with(|| {
            let host = &mut network.hosts[0];
            let client = host.tcp_open().expect("a socket");
            for option in [TcpOption::SendBuffer(BUFFER), TcpOption::Congestion(algorithm)] {
                host.tcp_set_option(client, option).expect("an option that is taken");
            }
            host.tcp_connect(client, self.address, now).expect("a start");
            client
        });
        // What is not sent yet needs no company.
        while network.hosts[0].tcp_unsent(client) < 2 * PIECE {
            match network.hosts[0].tcp_send(client, data, now) {
                Ok(_) => {}
                Err(SocketError::WouldBlock) => break,
                Err(error) => panic!("sending failed: {error}"),
            }
        }
        if self.server.is_none() {
            self.server = network.hosts[1].tcp_accept(self.listener).ok();
        }
        while let Some(server) = self.server
            && let Ok(Received::Data(data)) = network.hosts[1].tcp_receive(server, PIECE, now)
        {
            self.received += data.len() as u64;
        }
    }

    fn result(&self, network: &Network) -> FlowResult {
        let info =
            self.client.and_then(|client| network.hosts[0].tcp_info(client, network.now)).unwrap_or_default();
        FlowResult {
            bytes: self.received,
            retransmitted: info.total_retrans,
            timeouts: info.total_rto.into(),
            duplicates: info.dsack_dups,
        }
    }
}
