//! The machine that a guest runs on: wire, network card, kernel, and what listens on this side of the wire.

use super::hosts;
use crate::cli::{Card, Config, WireConfig};
use crate::e1000::MAX_MTU;
use crate::failure::Failure;
use crate::files;
use crate::gateway::{self, Gateway, Listening};
use crate::kernel::{Kernel, KernelConfig, NameSettings, NicConfig, StackComponent};
use crate::policy::Policy;
use crate::tell;
use crate::wire::Wire;
use crate::wire::pcap::{Capture, PcapWire};
use crate::wire::tap::Tap;
use crate::wire::user::{self, UserWire};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The name of a network card's interface.
fn interface(number: usize) -> String {
    format!("eth{number}")
}

/// A machine that is on.
pub(super) struct Machine {
    pub(super) kernel: Arc<Kernel>,
    gateway: Option<Gateway>,
    capture: Option<Arc<Capture>>,
}

/// A network card's end of the wire, and what is to be started at the other.
struct Plug {
    wire: Arc<dyn Wire>,
    /// Its largest packet in bytes; none: the stack's default.
    mtu: Option<u32>,
    far: Option<(Listening, UserWire)>,
}

impl Machine {
    /// Puts the machine together as `config` says and switches it on. Takes as long as compiling the stack
    /// component does when that is not in the cache.
    pub(super) fn start(config: &Config, policy: Arc<Policy>) -> Result<Machine, Failure> {
        let component = stack_component(config.stack.as_deref())?;
        let plugs = config.cards.iter().map(plug).collect::<Result<Vec<_>, _>>()?;
        let capture = config.pcap.as_deref().map(|file| capture(file, config.cards.len())).transpose()?;
        let (wires, fars): (Vec<_>, Vec<_>) =
            plugs.into_iter().map(|Plug { wire, mtu, far }| ((wire, mtu), far)).unzip();
        let numbered = config.cards.iter().zip(wires).enumerate();
        let nics = numbered.map(|(number, (card, (wire, mtu)))| {
            nic(number, card, captured(wire, capture.clone(), number), mtu)
        });
        let nics = nics.collect();
        let kernel = Kernel::start(KernelConfig {
            component,
            nics,
            sysctls: settings(config),
            names: names(config)?,
            cache: true,
        })?;
        let gateway = fars
            .into_iter()
            .flatten()
            .next()
            .map(|(listening, end)| listening.start(end, policy))
            .transpose()?;
        let machine = Machine { kernel, gateway, capture };
        machine.tell_free_ports(config);
        Ok(machine)
    }

    /// Switches the machine off: what the guest sent last leaves, within `grace`, and is in the capture.
    pub(super) fn stop(self, grace: Duration) {
        self.kernel.stop();
        log_counters(&self.kernel);
        if let Some(gateway) = self.gateway {
            gateway.finish(grace);
        }
        if let Some(capture) = self.capture {
            capture.finish();
        }
    }

    /// Prints which ports were taken where any was good enough.
    fn tell_free_ports(&self, config: &Config) {
        let wanted = config.cards.iter().flat_map(|card| match &card.wire {
            WireConfig::User(gateway) => &gateway.publish[..],
            WireConfig::Tap(_) => &[],
        });
        let published = self.gateway.iter().flat_map(Gateway::published);
        for (wanted, published) in wanted.zip(published) {
            let (listen, guest_port) = (published.listen, published.guest_port);
            if wanted.listen.port() == 0 {
                tell(format_args!("{listen} is port {guest_port} of the guest"));
            } else {
                tracing::info!("{listen} is port {guest_port} of the guest");
            }
        }
    }
}

/// The settings of the stack: those of the cards, and those that the command line names.
fn settings(config: &Config) -> Vec<(String, String)> {
    let of_card = |(number, card): (usize, &Card)| {
        // 2: while no DHCP server answers.
        let value = if card.dhcp { "2" } else { "1" };
        let name = format!("net.ipv4.conf.{}.link_local", interface(number));
        card.link_local.then(|| (name, value.to_string()))
    };
    let of_cards = config.cards.iter().enumerate().filter_map(of_card);
    of_cards.chain(config.sysctls.iter().cloned()).collect()
}

/// What names are looked up by: on the user wire alone by its gateway, unless the command line says whom to ask. A stack that
/// somebody brings need not know names.
fn names(config: &Config) -> Result<Option<NameSettings>, Failure> {
    let said = match &config.hosts_file {
        None => config.names.clone(),
        Some(file) => {
            let mut names = config.names.clone().unwrap_or_default();
            names.hosts.extend(hosts::read(file)?);
            Some(names)
        }
    };
    let gateway = match &config.cards[..] {
        [Card { wire: WireConfig::User(gateway), .. }] => gateway.subnets.first(),
        _ => None,
    };
    let Some(gateway) = gateway else { return Ok(said) };
    if config.stack.is_some() && said.is_none() {
        return Ok(None);
    }
    let mut names = said.unwrap_or_default();
    if names.servers.is_empty() {
        names.servers.push(SocketAddr::new(gateway.gateway, gateway::NAME_SERVER_PORT));
    }
    Ok(Some(names))
}

fn stack_component(file: Option<&Path>) -> Result<StackComponent, Failure> {
    match file {
        Some(file) => {
            let bytes = files::read(file).map_err(|error| Failure::component_file(file, &error))?;
            Ok(StackComponent::new(file.display().to_string(), bytes))
        }
        None => StackComponent::built_in().ok_or_else(|| {
            Failure::host(
                "this wnet was built without a stack component; build it with `cargo xtask build`, or name one: --stack FILE",
            )
        }),
    }
}

fn plug(card: &Card) -> Result<Plug, Failure> {
    match &card.wire {
        WireConfig::Tap(name) => {
            let tap = Tap::open(name)?;
            let mtu = tap.mtu().map(|mtu| mtu.min(MAX_MTU.into()));
            Ok(Plug { wire: Arc::new(tap), mtu, far: None })
        }
        WireConfig::User(gateway) => {
            let listening = Gateway::listen(gateway)?;
            let (near, far) = user::cable()
                .map_err(|error| Failure::host(format!("cannot make the user wire: {error}")))?;
            Ok(Plug { wire: Arc::new(near), mtu: None, far: Some((listening, far)) })
        }
    }
}

fn capture(file: &Path, cards: usize) -> Result<Arc<Capture>, Failure> {
    let interfaces: Vec<String> = (0..cards).map(interface).collect();
    let capture = files::create(file).and_then(|file| Capture::start(file, &interfaces));
    capture.map(Arc::new).map_err(|error| Failure::host(format!("cannot write {}: {error}", file.display())))
}

/// The wire as it is when what goes over it is written down.
fn captured(wire: Arc<dyn Wire>, capture: Option<Arc<Capture>>, number: usize) -> Arc<dyn Wire> {
    match capture {
        Some(capture) => Arc::new(PcapWire::new(wire, capture, number)),
        None => wire,
    }
}

fn nic(number: usize, card: &Card, wire: Arc<dyn Wire>, mtu: Option<u32>) -> NicConfig {
    NicConfig {
        name: interface(number),
        mac: card.mac.unwrap_or_else(random_mac),
        wire,
        addresses: card.addresses.iter().map(|cidr| (cidr.address, cidr.prefix_length)).collect(),
        dhcp: card.dhcp,
        ipv6: card.ipv6,
        gateways: card.gateways.clone(),
        mtu: card.mtu.map(u32::from).or(mtu),
    }
}

/// A locally administered address. Linux: `eth_random_addr`.
fn random_mac() -> [u8; 6] {
    let mut mac = [0; 6];
    // It fails only where the system call does not exist, which no system that runs this lacks.
    getrandom::fill(&mut mac).expect("the operating system gives random numbers");
    mac[0] = mac[0] & !1 | 2;
    mac
}

fn log_counters(kernel: &Kernel) {
    if tracing::enabled!(tracing::Level::DEBUG) {
        for (name, value) in kernel.counters().into_iter().filter(|(_, value)| *value != 0) {
            tracing::debug!("{name} {value}");
        }
    }
}
