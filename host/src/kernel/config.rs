//! What a kernel is started with, and why it may not start.

use super::NameSettings;
use super::bindings::exports::wasi::sockets::network::IpAddress;
use super::bindings::exports::wnet::stack::reactor;
use super::component::{LinkProblem, NotAComponent, write_problems};
use crate::wire::Wire;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

/// A stack component: its bytes, and what to call it in messages.
#[derive(Clone)]
pub struct StackComponent {
    /// A file name, or "the built-in stack".
    pub name: String,
    /// The component in its binary form.
    pub bytes: Arc<[u8]>,
}

/// The stack component that is part of this library; empty if it was not there when this was compiled.
static BUILT_IN_STACK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/stack.wasm"));

impl StackComponent {
    /// The stack component that was there when this library was compiled, if one was.
    pub fn built_in() -> Option<Self> {
        (!BUILT_IN_STACK.is_empty()).then(|| StackComponent::new("the built-in stack", BUILT_IN_STACK))
    }

    /// A stack component called `name` in messages.
    pub fn new(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        StackComponent { name: name.into(), bytes: bytes.into() }
    }
}

impl fmt::Debug for StackComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StackComponent({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// One Ethernet controller with its addresses.
#[derive(Clone)]
pub struct NicConfig {
    /// The interface's name in the stack, 1 to 15 bytes ("eth0").
    pub name: String,
    /// The Ethernet address.
    pub mac: [u8; 6],
    /// What the controller is plugged into.
    pub wire: Arc<dyn Wire>,
    /// Addresses with the length of their network prefix (0..=32 or 128), the primary one first.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Whether a DHCP server of the link gives it more.
    pub dhcp: bool,
    /// Whether it speaks IPv6 without an address of it, too: by routers' advertisements.
    pub ipv6: bool,
    /// Next hops of default routes.
    pub gateways: Vec<IpAddr>,
    /// Largest IP packet in bytes; none: what the stack takes by default.
    pub mtu: Option<u32>,
}

/// What a kernel is started with.
#[derive(Clone)]
pub struct KernelConfig {
    /// The stack.
    pub component: StackComponent,
    /// The machine's network cards. With none, there is the loopback device alone.
    pub nics: Vec<NicConfig>,
    /// Settings by their Linux names, with values as text.
    pub sysctls: Vec<(String, String)>,
    /// What names are looked up by; none: as the stack does by itself.
    pub names: Option<NameSettings>,
    /// Whether compiled components are kept on disk.
    pub cache: bool,
}

impl KernelConfig {
    /// What `reactor.configure` is told.
    pub(super) fn for_stack(&self) -> reactor::Config {
        let device = |(index, nic): (usize, &NicConfig)| reactor::DeviceConfig {
            function: u32::try_from(index).unwrap_or(u32::MAX),
            name: nic.name.clone(),
            addresses: nic
                .addresses
                .iter()
                .map(|(address, prefix)| interface_address(*address, *prefix))
                .collect(),
            autoconf: autoconf(nic),
            gateways: nic.gateways.iter().copied().map(ip_address).collect(),
            mtu: nic.mtu,
        };
        reactor::Config {
            devices: self.nics.iter().enumerate().map(device).collect(),
            sysctls: self.sysctls.clone(),
        }
    }
}

fn autoconf(nic: &NicConfig) -> reactor::Autoconf {
    let chosen = |flag, wanted| if wanted { flag } else { reactor::Autoconf::empty() };
    chosen(reactor::Autoconf::DHCP, nic.dhcp) | chosen(reactor::Autoconf::IPV6, nic.ipv6)
}

fn interface_address(address: IpAddr, prefix_length: u8) -> reactor::InterfaceAddress {
    reactor::InterfaceAddress { address: ip_address(address), prefix_length }
}

pub(super) fn ip_address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

/// Why a kernel could not be started. Each reads as one line.
#[derive(Debug)]
pub enum KernelError {
    /// The file is no component.
    NotAComponent {
        /// Which file.
        name: String,
        /// What it is instead.
        why: NotAComponent,
    },
    /// The component is no stack: it lacks exports, or wants what there is not.
    DoesNotLink {
        /// Which component.
        name: String,
        /// What is wrong.
        problems: Vec<LinkProblem>,
    },
    /// The stack refused its configuration.
    Configure(String),
    /// The stack failed while it was started.
    Start {
        /// Which component.
        name: String,
        /// How it failed.
        why: String,
    },
    /// The operating system refused what the wire thread needs.
    Wire(io::Error),
    /// The machine that runs WebAssembly could not be made.
    Engine(String),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KernelError::NotAComponent { name, why } => write!(f, "{name} is not a stack component: {why}"),
            KernelError::DoesNotLink { name, problems } => {
                write!(f, "{name} does not fulfil the world wnet:stack/stack: ")?;
                write_problems(f, problems)
            }
            KernelError::Configure(text) => write!(f, "the stack refused its configuration: {text}"),
            KernelError::Start { name, why } => write!(f, "{name} failed while it was started: {why}"),
            KernelError::Wire(error) => write!(f, "the wire thread could not be started: {error}"),
            KernelError::Engine(text) => write!(f, "cannot run WebAssembly here: {text}"),
        }
    }
}

impl std::error::Error for KernelError {}
