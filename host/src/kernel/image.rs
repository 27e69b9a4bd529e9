//! A stack component made ready to run, and its running instances.

use super::bindings::exports::wnet::stack::{names, reactor};
use super::component::{self, LinkProblem, compile, missing_exports, missing_imports, one_line};
use super::config::{KernelConfig, KernelError, StackComponent};
use super::exports::{Stack, StackPre};
use super::handles::Generation;
use super::names::NameSettings;
use super::state::{Hardware, StackState};
use super::{engine, imports, inert};
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Engine, Store};

/// Handles of the component model that may live in the stack's Store: five for each connection.
const MAX_HANDLES: usize = 4_000_000;

/// Epochs that the stack may spend in one entry: three seconds, where a millisecond is usual.
const EPOCHS_PER_ENTRY: u64 = 30;

/// What every stack exports.
const EXPORTS: [&str; 12] = [
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:sockets/network@0.2.12",
    "wasi:sockets/instance-network@0.2.12",
    "wasi:sockets/tcp-create-socket@0.2.12",
    "wasi:sockets/tcp@0.2.12",
    "wasi:sockets/udp-create-socket@0.2.12",
    "wasi:sockets/udp@0.2.12",
    "wasi:sockets/ip-name-lookup@0.2.12",
    "wnet:stack/reactor@0.1.0",
];

/// What the host gives a stack beside WASI.
const IMPORTS: [&str; 2] = [imports::pci::INTERFACE, "wnet:stack/notify@0.1.0"];

/// A component that fulfils the contract, compiled and linked. Clones share what was compiled.
#[derive(Clone)]
pub(super) struct Program {
    pre: StackPre,
}

/// A program with its configuration and its hardware at hand.
pub(super) struct Image {
    program: Program,
    settings: reactor::Config,
    names: Option<names::Settings>,
    hardware: Hardware,
}

/// Why an image did not come to life.
pub(super) enum BootError {
    /// It trapped, or could not be instantiated.
    Failed(wasmtime::Error),
    /// It refused its configuration.
    Refused(String),
}

/// A stack that runs.
pub(super) struct Running {
    pub(super) store: Store<StackState>,
    pub(super) stack: Stack,
    pub(super) generation: Generation,
    /// The network that guests' sockets are on, once somebody wanted it.
    pub(super) network: Option<ResourceAny>,
}

impl Program {
    /// Compiles and links; `cache`: whether what was compiled is kept on disk.
    pub(super) fn load(component: &StackComponent, cache: bool) -> Result<Self, KernelError> {
        let name = || component.name.clone();
        let engine = engine::stack_engine(cache).map_err(|error| KernelError::Engine(one_line(&error)))?;
        let compiled = compile(&engine, &component.bytes)
            .map_err(|why| KernelError::NotAComponent { name: name(), why })?;
        let pre = link(&engine, &compiled)
            .map_err(|problems| KernelError::DoesNotLink { name: name(), problems })?;
        Ok(Program { pre })
    }
}

impl Image {
    /// What is needed to start `program` as often as wanted, on hardware that is described in `config`.
    pub(super) fn new(program: Program, config: &KernelConfig, hardware: Hardware) -> Self {
        let names = config.names.as_ref().map(NameSettings::for_stack);
        Image { program, settings: config.for_stack(), names, hardware }
    }

    /// Makes a Store, an instance in it, and configures that.
    pub(super) fn boot(&self, generation: Generation) -> Result<Running, BootError> {
        let mut running = self.instantiate(generation).map_err(BootError::Failed)?;
        running.arm_epochs();
        let configured =
            running.stack.wnet_stack_reactor().call_configure(&mut running.store, &self.settings);
        configured.map_err(BootError::Failed)?.map_err(BootError::Refused)?;
        self.configure_names(&mut running)?;
        running.trace().map_err(BootError::Failed)
    }

    fn configure_names(&self, running: &mut Running) -> Result<(), BootError> {
        let Some(settings) = &self.names else { return Ok(()) };
        let names = running.stack.names();
        let names = names.ok_or_else(|| BootError::Refused("it cannot be told of name servers".into()))?;
        let configured = names.call_configure(&mut running.store, settings).map_err(BootError::Failed)?;
        configured.map_err(BootError::Refused)
    }

    fn instantiate(&self, generation: Generation) -> wasmtime::Result<Running> {
        let state = StackState::new(self.hardware.clone());
        let pre = &self.program.pre;
        let mut store = Store::new(pre.engine(), state);
        store.set_max_component_handles(MAX_HANDLES);
        store.limiter(|state| &mut state.memory);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(EPOCHS_PER_ENTRY);
        let stack = pre.instantiate(&mut store)?;
        Ok(Running { store, stack, generation, network: None })
    }
}

impl Running {
    /// Turns the stack's trace events on, if the log shows them.
    fn trace(mut self) -> wasmtime::Result<Self> {
        if tracing::enabled!(target: "stack", tracing::Level::DEBUG)
            && let Some(control) = self.stack.control()
        {
            for event in control.call_trace_events(&mut self.store)? {
                control.call_set_trace(&mut self.store, &event.name, true)?;
            }
        }
        Ok(self)
    }

    /// Gives the stack its time for one entry.
    pub(super) fn arm_epochs(&mut self) {
        self.store.set_epoch_deadline(EPOCHS_PER_ENTRY);
    }
}

fn link(engine: &Engine, component: &Component) -> Result<StackPre, Vec<LinkProblem>> {
    let provided = |name: &str| component::is_wasi_0_2(name) || IMPORTS.contains(&name);
    let mut problems = missing_imports(component, &IMPORTS, provided);
    problems.extend(missing_exports(component, &EXPORTS));
    if !problems.is_empty() {
        return Err(problems);
    }
    let linked = || {
        let mut linker = Linker::new(engine);
        imports::add_to_linker(&mut linker)?;
        inert::add_to_linker(&mut linker, component)?;
        StackPre::new(linker.instantiate_pre(component)?)
    };
    linked().map_err(|error: wasmtime::Error| vec![LinkProblem::Mismatch(one_line(&error))])
}
