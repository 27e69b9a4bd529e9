//! The stack's public face.

mod addresses;
mod changes;
mod config;
pub mod control;
mod dhcp;
mod links;
mod multicast;
mod names;
mod packet_socket;
mod raw;
mod resolvers;
mod routes;
mod sending;
mod tcp;
mod udp;

pub use changes::{Change, ChangeGroups, Changed, Subscriber, SubscriberHandle};
pub use config::ConfigError;
pub use packet_socket::OutgoingFrame;
pub use resolvers::{Learnt, Origin};
pub use routes::RouteChange;

use changes::Subscribers;
use dhcp::Narrowed;
use names::Names;

use crate::autoconf::Autoconf;
use crate::counters::Counters;
use crate::datapath::{self, Context, InputCache, OutputCache};
use crate::device::{Address, AddressProtocol, Interfaces};
use crate::dhcp::Clients;
use crate::dhcp::v6::Inquiries;
use crate::fragment::{Family, Reassembly};
use crate::icmp::RateLimit;
use crate::icmp::v4::RedirectLimit;
use crate::ip::v4::Identification;
use crate::ip::v6::FlowLabels;
use crate::link_local::Claimants;
use crate::log::Log;
use crate::multicast::Groups;
use crate::names::LookupHandle;
use crate::neighbour::Neighbours;
use crate::netfilter::Hooks;
use crate::packet::{DeviceIndex, Packet};
use crate::packet_socket::{PacketHandle, PacketSockets};
use crate::random::Random;
use crate::raw::{Raw, RawHandle};
use crate::route::{Exceptions, Routes};
use crate::sysctl::Sysctl;
use crate::tcp::{Tcp, TcpHandle};
use crate::time::Instant;
use crate::udp::{Udp, UdpHandle};
use crate::wire::cidr::IpCidr;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A socket of whatever protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketHandle {
    /// A TCP socket.
    Tcp(TcpHandle),
    /// A UDP socket.
    Udp(UdpHandle),
    /// A raw or ping socket.
    Raw(RawHandle),
    /// A packet socket.
    Packet(PacketHandle),
    /// Who is told of changes. Linux: a netlink socket.
    Subscriber(SubscriberHandle),
    /// A look-up of a name.
    Lookup(LookupHandle),
}

/// A TCP/IP stack: devices below, sockets above, time from outside.
///
/// Its methods are of four kinds:
///
/// * **Setting up**: [`Stack::set_sysctl`], [`Stack::add_device`], [`Stack::add_address`],
///   [`Stack::add_route`], [`Stack::add_default_gateway`], in this order. The loopback device is there from
///   the start.
/// * **Letting it work** (Linux: softirq context): [`Stack::poll`] whenever a device has something to say
///   (its interrupt) and when [`Stack::next_deadline`] has come; again at once while it answers that work was
///   left.
/// * **Sockets** (Linux: process context): `tcp_*` and `udp_*`. What a call causes to be sent is with the
///   device when it returns. None waits; [`SocketError::WouldBlock`](crate::socket::SocketError) means that
///   the socket's readiness will tell when to try again.
/// * **Looking**: readiness, addresses, [`Stack::counters`], [`Stack::interfaces`] and their kin.
///
/// After any call of the second and third kind, in any order: ask [`Stack::take_wakeups`] whose sockets to
/// look at, and [`Stack::next_deadline`] when to come again. Both are cheap. Time never runs backwards: an
/// earlier `now` than the last counts as the last.
///
/// ```
/// use stack_core::{Stack, random::SeededRandom, time::Instant};
///
/// let mut stack = Stack::new(Box::new(SeededRandom::new(1)));
/// let now = Instant::from_millis(1);
/// let socket = stack.udp_open()?;
/// stack.udp_bind(socket, "127.0.0.1:5353".parse().unwrap())?;
/// stack.udp_send_to(socket, b"to myself", Some("127.0.0.1:5353".parse().unwrap()), now)?;
/// assert_eq!(stack.udp_receive_from(socket)?.0, b"to myself");
/// # Ok::<(), stack_core::socket::SocketError>(())
/// ```
pub struct Stack {
    pub(crate) now: Instant,
    pub(crate) random: Box<dyn Random>,
    pub(crate) sysctl: Sysctl,
    pub(crate) counters: Counters,
    pub(crate) interfaces: Interfaces,
    pub(crate) neighbours: Neighbours,
    pub(crate) routes: Routes,
    pub(crate) output_cache: OutputCache,
    pub(crate) input_cache: InputCache,
    pub(crate) hooks: Hooks,
    pub(crate) identification: Identification,
    pub(crate) autoconf: Autoconf,
    pub(crate) log: Log,
    pub(crate) flow_labels: FlowLabels,
    pub(crate) dhcp: Clients,
    /// The devices whose MTU is as a server said.
    narrowed: BTreeMap<DeviceIndex, Narrowed>,
    pub(crate) inquiries: Inquiries,
    pub(crate) claimants: Claimants,
    pub(crate) exceptions: Exceptions,
    pub(crate) groups: Groups,
    pub(crate) fragments: Reassembly,
    pub(crate) fragments_v6: Reassembly,
    pub(crate) icmp_limit: RateLimit,
    pub(crate) redirect_limit: RedirectLimit,
    pub(crate) raw: Raw,
    pub(crate) packet_sockets: PacketSockets,
    pub(crate) udp: Udp,
    pub(crate) tcp: Tcp,
    pub(crate) subscribers: Subscribers,
    pub(crate) names: Names,
    /// The device whose turn it is in [`Stack::poll`].
    pub(crate) next_device: u32,
    /// An empty list whose memory is used again.
    pub(crate) frames: Vec<Packet>,
}

impl Stack {
    /// A stack with the loopback device (127.0.0.1/8, ::1, up) and nothing else. Everything random in it, and all
    /// its secrets, come from `random`.
    pub fn new(mut random: Box<dyn Random>) -> Stack {
        let sysctl = Sysctl::default();
        let source = random.as_mut();
        let mut stack = Stack {
            now: Instant::ZERO,
            counters: Counters::default(),
            interfaces: Interfaces::default(),
            neighbours: Neighbours::new(&sysctl, source),
            routes: Routes::new(source),
            output_cache: OutputCache::new(source),
            input_cache: InputCache::new(source),
            hooks: Hooks::default(),
            identification: Identification::new(source),
            autoconf: Autoconf::default(),
            log: Log::default(),
            flow_labels: FlowLabels::new(source),
            dhcp: Clients::default(),
            narrowed: BTreeMap::new(),
            inquiries: Inquiries::default(),
            claimants: Claimants::default(),
            exceptions: Exceptions::new(source),
            groups: Groups::default(),
            fragments: Reassembly::new(Family::V4, source),
            fragments_v6: Reassembly::new(Family::V6, source),
            icmp_limit: RateLimit::new(&sysctl, source),
            redirect_limit: RedirectLimit::new(source),
            raw: Raw::default(),
            packet_sockets: PacketSockets::default(),
            udp: Udp::new(source),
            tcp: Tcp::new(source),
            subscribers: Subscribers::default(),
            names: Names::default(),
            next_device: 0,
            frames: Vec::new(),
            random,
            sysctl,
        };
        stack.groups.add_device(DeviceIndex::LOOPBACK, &stack.sysctl, stack.now);
        let localhost = [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];
        for cidr in localhost.into_iter().filter_map(|(address, len)| IpCidr::new(address, len)) {
            // The first addresses of an empty stack stand in nobody's way.
            let mut own = Address::new(cidr, stack.now);
            if cidr.is_ipv6() {
                own.protocol = AddressProtocol::Loopback;
            }
            let added = stack.add_address_record(DeviceIndex::LOOPBACK, own);
            debug_assert_eq!(added, Ok(()));
        }
        stack
    }

    /// Lets devices and timers work: takes in at most `budget` frames, and sends what follows from them.
    /// Answers whether work was left. Linux: softirq context.
    pub fn poll(&mut self, now: Instant, budget: usize) -> bool {
        let more = self.with_context(now, |cx, frames, first| datapath::poll(cx, budget, frames, first));
        self.run_names();
        // What was granted is announced in the next round.
        self.configure_granted() || more
    }

    /// When [`Stack::poll`] has something to do: the earliest timer, or now if there is work already. None:
    /// only a frame or a call will give it work.
    pub fn next_deadline(&self) -> Option<Instant> {
        let timers = [
            self.tcp.next_deadline(),
            self.neighbours.next_deadline(),
            self.fragments.next_deadline(),
            self.fragments_v6.next_deadline(),
            self.autoconf.next_deadline(),
            self.routes.next_deadline(),
            self.dhcp.next_deadline(),
            self.inquiries.next_deadline(),
            self.claimants.next_deadline(),
            self.groups.next_deadline(),
            self.names_deadline(),
        ];
        datapath::next_deadline(self.now, &self.interfaces, &self.tcp, timers.into_iter().flatten())
    }

    /// Sends what a call left to be sent. Every call of a socket's owner that may send ends with it.
    fn run_output(&mut self, now: Instant) {
        self.with_context(now, |cx, frames, _| datapath::run_output(cx, frames));
    }

    /// Tells what time it is, for calls that do not say it themselves. Time does not run backwards.
    pub fn set_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Lends the state of all layers to `call`, with an empty list of frames and the next device's turn.
    pub(crate) fn with_context<R>(
        &mut self,
        now: Instant,
        call: impl FnOnce(&mut Context<'_>, &mut Vec<Packet>, &mut u32) -> R,
    ) -> R {
        self.now = self.now.max(now);
        let mut context = Context {
            now: self.now,
            random: self.random.as_mut(),
            sysctl: &mut self.sysctl,
            counters: &mut self.counters,
            interfaces: &mut self.interfaces,
            neighbours: &mut self.neighbours,
            routes: &mut self.routes,
            autoconf: &mut self.autoconf,
            log: &mut self.log,
            flow_labels: &self.flow_labels,
            output_cache: &mut self.output_cache,
            input_cache: &mut self.input_cache,
            hooks: &mut self.hooks,
            identification: &mut self.identification,
            dhcp: &mut self.dhcp,
            inquiries: &mut self.inquiries,
            claimants: &mut self.claimants,
            exceptions: &mut self.exceptions,
            groups: &mut self.groups,
            fragments: &mut self.fragments,
            fragments_v6: &mut self.fragments_v6,
            icmp_limit: &mut self.icmp_limit,
            redirect_limit: &mut self.redirect_limit,
            raw: &mut self.raw,
            packet_sockets: &mut self.packet_sockets,
            udp: &mut self.udp,
            tcp: &mut self.tcp,
        };
        call(&mut context, &mut self.frames, &mut self.next_device)
    }

    /// Sockets whose readiness may have changed since the last time, each once.
    pub fn take_wakeups(&mut self) -> Vec<SocketHandle> {
        let tcp = self.tcp.take_wakeups().into_iter().map(SocketHandle::Tcp);
        let udp = self.udp.take_wakeups().into_iter().map(SocketHandle::Udp);
        let raw = self.raw.take_wakeups().into_iter().map(SocketHandle::Raw);
        let packet = self.packet_sockets.take_wakeups().into_iter().map(SocketHandle::Packet);
        let woken = tcp.chain(udp).chain(raw).chain(packet).chain(self.collect_changes()).collect();
        self.serve_names(woken)
    }

    /// Lines for people since the last time, oldest first. Linux: `dmesg`.
    pub fn take_log(&mut self) -> VecDeque<String> {
        self.log.take()
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The interfaces, the loopback interface first.
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// The neighbours.
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// The routes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The filters, to be added to.
    pub fn hooks_mut(&mut self) -> &mut Hooks {
        &mut self.hooks
    }
}
