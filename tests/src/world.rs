//! A machine in this process: the real stack component in the host's kernel, on a wire of the case's choice,
//! with guests on it. For what the command `wnet` cannot do: several guests, frames by hand, counters.

use std::io::{PipeReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::runtime::Runtime;
use tokio::task;
use wnet::gateway::{Gateway, GatewayConfig, Publish, Subnet};
use wnet::guest::{
    Grants, GuestConfig, GuestError, GuestExit, Interrupt, Limits, StandardPipes, StandardStreams, run_guest,
};
use wnet::kernel::{Kernel, KernelConfig, NicConfig, StackComponent};
use wnet::policy::{Policy, Rules, Transport, Unruled};
use wnet::wire::Wire;
use wnet::wire::user::cable;

use crate::artifacts;
use crate::deadline::{PATIENCE, wait_for};
use crate::namespace::{Namespace, TAP, TapWire};
use crate::wire_peer::WirePeer;

/// The stack's Ethernet address.
pub const MAC: [u8; 6] = [0x52, 0x54, 0, 0, 0, 15];

/// The stack's address.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);

/// The address of who is at the other end of the wire, in a network of 24 bits.
pub const PEER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// The stack's address over IPv6, where it has one.
pub const ADDRESS_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 2);

/// The address of who is at the other end of the wire over IPv6, in a network of 64 bits.
pub const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);

/// An address that nobody else has is there at once, and nobody is bothered with questions for routers.
const QUIET: [(&str, &str); 2] =
    [("net.ipv6.conf.default.accept_dad", "0"), ("net.ipv6.conf.default.router_solicitations", "0")];

/// Where the guests run; shared, because guests are futures and cost no threads.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("the system has threads")
});

/// A kernel with its stack. It ends when this is dropped; guests end before it.
pub struct World {
    kernel: Arc<Kernel>,
}

/// A guest that runs on a [`World`]. It is ended when this is dropped.
pub struct Guest {
    name: String,
    task: task::JoinHandle<Result<GuestExit, GuestError>>,
}

/// What a guest said until it ended.
#[derive(Debug)]
pub struct Told {
    /// How it ended.
    pub exit: GuestExit,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub error: String,
}

impl World {
    /// The real stack component, with the other end of its wire in the answer.
    ///
    /// # Errors
    /// If the stack was not built or does not start.
    pub fn with_peer(sysctls: &[(&str, &str)]) -> Result<(Self, WirePeer)> {
        let (near, far) = cable().context("no wire")?;
        let world = Self::start(artifacts::component_bytes("stack")?, Arc::new(near), &[], sysctls)?;
        Ok((world, WirePeer::new(far)))
    }

    /// The same with the address [`ADDRESS_V6`] beside the other one.
    ///
    /// # Errors
    /// If the stack was not built or does not start.
    pub fn with_peer_of_both(sysctls: &[(&str, &str)]) -> Result<(Self, WirePeer)> {
        let (near, far) = cable().context("no wire")?;
        let more = [(ADDRESS_V6.into(), 64)];
        let sysctls = [&QUIET, sysctls].concat();
        let world = Self::start(artifacts::component_bytes("stack")?, Arc::new(near), &more, &sysctls)?;
        Ok((world, WirePeer::new(far)))
    }

    /// The same on the TAP of a namespace that has [`PEER`] and [`PEER_V6`].
    ///
    /// # Errors
    /// If the namespace is gone, the stack was not built or does not start.
    pub fn on_tap(namespace: &Namespace) -> Result<Self> {
        let wire = TapWire(namespace.tap(TAP)?);
        let more = [(ADDRESS_V6.into(), 64)];
        Self::start(artifacts::component_bytes("stack")?, Arc::new(wire), &more, &QUIET)
    }

    /// This stack component with a user-mode gateway, which publishes the guest's port `port`; answers
    /// where.
    ///
    /// # Errors
    /// If one of the two does not start.
    pub fn with_gateway(stack: Vec<u8>, port: u16) -> Result<(Self, Gateway, std::net::SocketAddr)> {
        let (near, far) = cable().context("no wire")?;
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let publish = vec![Publish { listen, guest_port: port, transport: Transport::Tcp }];
        let (gateway, guest) = (PEER.into(), ADDRESS.into());
        let subnets = vec![Subnet { gateway, prefix_length: 24, guest, asked_for: false }];
        let config = GatewayConfig { subnets, publish };
        let inward = Policy::new(Rules { unruled: Unruled::Inward, ..Rules::default() });
        let gateway = Gateway::listen(&config)?.start(far, Arc::new(inward))?;
        let published = gateway.published().first().context("a published port")?.listen;
        Ok((Self::start(stack, Arc::new(near), &[], &[])?, gateway, published))
    }

    fn start(
        stack: Vec<u8>,
        wire: Arc<dyn Wire>,
        more: &[(IpAddr, u8)],
        sysctls: &[(&str, &str)],
    ) -> Result<Self> {
        let nic = NicConfig {
            name: "eth0".into(),
            mac: MAC,
            wire,
            addresses: [&[(ADDRESS.into(), 24)][..], more].concat(),
            dhcp: false,
            ipv6: false,
            gateways: Vec::new(),
            mtu: None,
        };
        let sysctls = sysctls.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let component = StackComponent::new("the stack under test", stack);
        let kernel =
            Kernel::start(KernelConfig { component, nics: vec![nic], sysctls, names: None, cache: true });
        Ok(World { kernel: kernel.map_err(|error| anyhow!("{error}"))? })
    }

    /// Starts the guest component `name` with these arguments.
    ///
    /// # Errors
    /// If it was not built.
    pub fn spawn(&self, name: &str, arguments: &[&str]) -> Result<Guest> {
        Ok(self.run(config(name, arguments.iter().copied())?))
    }

    fn run(&self, config: GuestConfig) -> Guest {
        let name = config.name.clone();
        Guest { name, task: RUNTIME.spawn(run_guest(Arc::clone(&self.kernel), config)) }
    }

    /// Runs a tool with these words, separated by spaces, and answers what it prints.
    ///
    /// # Errors
    /// If it was not built or fails; the error is what it says.
    pub fn tool(&self, name: &str, words: &str) -> Result<String> {
        let grants = Grants { control: true, ..Grants::default() };
        let Told { exit, output, error } =
            self.told(GuestConfig { grants, ..config(name, words.split_whitespace())? })?;
        match exit {
            GuestExit::Code(0) => Ok(output),
            exit => bail!("{name} {words}: {exit:?}: {error}"),
        }
    }

    /// Runs a guest with these words, separated by spaces, to its end.
    ///
    /// # Errors
    /// If it was not built or does not run.
    pub fn ask(&self, name: &str, words: &str) -> Result<Told> {
        self.told(config(name, words.split_whitespace())?)
    }

    fn told(&self, config: GuestConfig) -> Result<Told> {
        let _inside = RUNTIME.enter();
        let ((input, _), (output, printed), (error, said)) =
            (std::io::pipe()?, std::io::pipe()?, std::io::pipe()?);
        let pipes = StandardPipes::new([input.into(), printed.into(), said.into()], [false; 3])?;
        let guest = self.run(GuestConfig { streams: StandardStreams::Pipes(pipes), ..config });
        // What it prints may be more than a pipe holds, and it may never end.
        let read = |mut from: PipeReader| {
            std::thread::spawn(move || {
                let mut text = String::new();
                from.read_to_string(&mut text).map(|_| text)
            })
        };
        let (output, error) = (read(output), read(error));
        let exit = guest.wait()?;
        let text = |reader: JoinHandle<std::io::Result<String>>| match reader.join() {
            Ok(text) => Ok(text?),
            Err(_) => bail!("its output cannot be read"),
        };
        Ok(Told { exit, output: text(output)?, error: text(error)? })
    }

    /// What the counter `name` stands at.
    ///
    /// # Panics
    /// If there is no such counter.
    pub fn counter(&self, name: &str) -> u64 {
        let counters = self.kernel.counters();
        let found = counters.iter().find(|(counter, _)| counter == name);
        found.unwrap_or_else(|| panic!("there is no counter {name}")).1
    }

    /// Expects that the stack lives, and has no sockets but connections that wait after their end.
    ///
    /// # Errors
    /// If it died, or which sockets there are.
    pub fn expect_no_sockets(&self) -> Result<()> {
        let all = self.tool("ss", "-H -a -n")?;
        let left: Vec<&str> = all.lines().filter(|line| !line.contains("TIME-WAIT")).collect();
        ensure!(left.is_empty() && self.failure().is_none(), "{:?} {left:#?}", self.failure());
        Ok(())
    }

    /// How much memory the stack component has taken, in bytes.
    pub fn stack_memory(&self) -> u64 {
        self.kernel.stack_memory()
    }

    /// All drops of the stack by reason, those that happened.
    pub fn drops(&self) -> Vec<(String, u64)> {
        let drops = self.kernel.counters().into_iter();
        drops.filter(|(name, count)| name.starts_with("Drop:") && *count > 0).collect()
    }

    /// Why the stack was given up, if it was.
    pub fn failure(&self) -> Option<String> {
        self.kernel.failure()
    }
}

/// A guest with nothing but its arguments.
fn config<'a>(name: &'a str, arguments: impl Iterator<Item = &'a str>) -> Result<GuestConfig> {
    Ok(GuestConfig {
        name: name.into(),
        component: artifacts::component_bytes(name)?,
        arguments: std::iter::once(name).chain(arguments).map(str::to_owned).collect(),
        environment: Vec::new(),
        directories: Vec::new(),
        grants: Grants::default(),
        limits: Limits::default(),
        policy: Arc::default(),
        interrupt: Interrupt::default(),
        // What it prints would get between the lines about the cases.
        streams: StandardStreams::Nowhere,
    })
}

impl Guest {
    /// Waits for its end.
    ///
    /// # Errors
    /// If that does not come within [`PATIENCE`], or it did not run.
    pub fn wait(mut self) -> Result<GuestExit> {
        let ended = RUNTIME.block_on(async { tokio::time::timeout(PATIENCE, &mut self.task).await });
        match ended {
            Ok(ended) => Ok(ended??),
            Err(_) => bail!("{} still runs after {PATIENCE:?}", self.name),
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.task.abort();
        // Its sockets are closed when it is gone; whoever drops it counts on that.
        let _ = wait_for("the end of a guest", || self.task.is_finished().then_some(()));
    }
}
