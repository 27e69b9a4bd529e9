//! An Intel 82540EM gigabit Ethernet controller (PCI 8086:100e), as a pure state machine.
//!
//! The model does no I/O, reads no clock and starts no thread: register accesses, frames from the wire and
//! the time go in; register values, frames for the wire and the level of the interrupt line come out. Memory
//! is reached through the trait [`Dma`] alone. So one model serves the stack's driver in its sandbox, unit
//! tests, fuzzers and drivers written elsewhere.
//!
//! # How to drive it
//!
//! * [`E1000::config_read`], [`E1000::config_write`]: PCI configuration space;
//! * [`E1000::mmio_read`], [`E1000::mmio_write`]: the registers of BAR 0. Transmission happens within the
//!   write to TDT: afterwards, and after [`E1000::tick`], drain [`E1000::take_transmitted`];
//! * [`E1000::can_receive`], then [`E1000::receive`]: a frame from the wire;
//! * [`E1000::set_link`]: the cable;
//! * [`E1000::tick`] not later than [`E1000::next_deadline`];
//! * after each of these, [`E1000::interrupt_asserted`] is the level of the interrupt line.
//!
//! # What a driver cannot do
//!
//! The driver is untrusted: it owns the registers, the rings and all memory that [`Dma`] shows, and changes
//! them at will. These hold whatever it does:
//!
//! 1. a doorbell handles at most one ring of descriptors, and indices are reduced modulo the ring's length;
//!    a ring of length 0 is disabled;
//! 2. a descriptor is read once and parsed into an enum before anything is decided;
//! 3. a frame under assembly, and the queue of frames for the wire, have hard limits;
//! 4. checksum offsets are checked against the frame as it is, and a frame that asks for the impossible is
//!    dropped and counted, never sent wrong;
//! 5. memory is reached through [`Dma`], which knows DMA regions and nothing else: registers have no bus
//!    address, so the device cannot be made to access itself;
//! 6. nothing recurses: there is no path from transmission to reception inside of the device;
//! 7. every byte that leaves was written by the driver or is zero;
//! 8. `&mut self` makes accesses exclusive; a reset starts a new [`E1000::generation`] and throws away the
//!    frames and half frames of the old one.
//!
//! Register coverage and deliberate deviations are listed in `docs/e1000.md`.

mod address_filter;
mod drops;
mod eeprom;
mod interrupts;
mod link;
mod offload;
mod pci;
mod phy;
mod receive;
mod registers;
mod ring;
mod segmentation;
mod statistics;
mod transmit;

#[cfg(test)]
mod tests;

pub use drops::{DropCounters, TransmitDrop};
pub use receive::{ChecksumVerdict, ReceiveOutcome, WireFrame};

use address_filter::AddressFilter;
use eeprom::Eeprom;
use interrupts::Interrupts;
use link::Link;
use pci::ConfigSpace;
use phy::Phy;
use receive::ReceiveUnit;
use registers::Stored;
use statistics::Statistics;
use transmit::TransmitUnit;

use e1000_regs::{control::ctrl, interrupt, receive as regs};

/// Largest IP packet of a frame, in bytes. Linux: `MAX_JUMBO_FRAME_SIZE` without its headers.
pub const MAX_MTU: u16 = 16_110;

/// Nanoseconds of a monotonic clock, whose epoch only the caller knows.
pub type Nanoseconds = u64;

/// A frame for the wire: from the destination address on, without preamble and frame check sequence, at
/// least 60 bytes long.
pub type Frame = Vec<u8>;

/// The device asked for memory that it may not reach: unknown, not its own, or not contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaError;

impl std::fmt::Display for DmaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the device addressed memory that is not a DMA region")
    }
}

impl std::error::Error for DmaError {}

/// Bus-master access to memory. Addresses are bus addresses.
///
/// An access is either done completely or refused completely. It may not call back into the device. A write
/// of up to 8 aligned bytes is seen by the driver as a whole: it is how the device hands descriptors over.
pub trait Dma {
    /// Fills `into` from the memory at `address`.
    fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError>;
    /// Copies `bytes` to the memory at `address`.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError>;
}

impl<D: Dma + ?Sized> Dma for &mut D {
    fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        (**self).read(address, into)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        (**self).write(address, bytes)
    }
}

/// What a device is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Ethernet address in the EEPROM.
    pub mac: [u8; 6],
    /// Whether the cable is plugged in from the start.
    pub link_up: bool,
    /// How long auto-negotiation takes, from carrier to link.
    pub negotiation: Nanoseconds,
    /// Whether ITR holds interrupts back. Off, an interrupt is asserted as soon as its cause arises,
    /// whatever ITR says.
    pub throttling: bool,
}

impl Config {
    /// A device with this address, a cable plugged in, and neither delay nor throttling.
    pub fn new(mac: [u8; 6]) -> Self {
        Config { mac, link_up: true, negotiation: 0, throttling: false }
    }
}

/// The controller. The module's documentation says how to drive it.
#[derive(Debug)]
pub struct E1000 {
    config: Config,
    pci: ConfigSpace,
    ctrl: u32,
    stored: Stored,
    eeprom: Eeprom,
    phy: Phy,
    link: Link,
    interrupts: Interrupts,
    filter: AddressFilter,
    receive: ReceiveUnit,
    transmit: TransmitUnit,
    statistics: Statistics,
    drops: DropCounters,
    generation: u64,
    now: Nanoseconds,
}

/// CTRL after a reset, as the EEPROM of a desktop card leaves it: full duplex, 1000 Mb/s, link allowed.
const CTRL_RESET: u32 = ctrl::FD | ctrl::SLU | ctrl::SPEED_1000 | ctrl::SWDPIN0 | ctrl::SWDPIN2;

impl E1000 {
    /// A device as it comes out of a power-on reset: receiving and transmitting nothing.
    pub fn new(config: Config) -> Self {
        let eeprom = Eeprom::new(config.mac);
        E1000 {
            pci: ConfigSpace::new(),
            ctrl: CTRL_RESET,
            stored: Stored::default(),
            phy: Phy::new(),
            link: Link::new(config.link_up),
            interrupts: Interrupts::new(config.throttling),
            filter: AddressFilter::new(eeprom.mac()),
            receive: ReceiveUnit::default(),
            transmit: TransmitUnit::default(),
            statistics: Statistics::default(),
            drops: DropCounters::default(),
            generation: 0,
            now: 0,
            eeprom,
            config,
        }
    }

    /// Reads the aligned word of configuration space that holds byte `offset`; all ones beyond byte 255.
    pub fn config_read(&self, offset: u16) -> u32 {
        self.pci.read(offset)
    }

    /// Writes an aligned word of configuration space; read-only bits keep their value.
    pub fn config_write(&mut self, offset: u16, value: u32) {
        self.pci.write(offset, value);
    }

    /// Whether a frame of the longest permitted length would find room, so that it makes sense to take one
    /// from the wire. Also true of a device that does not receive: it drops, like a card whose driver is
    /// not loaded.
    pub fn can_receive(&self) -> bool {
        !self.receives() || self.receive.has_room()
    }

    /// A frame arrives on the wire.
    pub fn receive(&mut self, dma: &mut impl Dma, frame: WireFrame<'_>, now: Nanoseconds) -> ReceiveOutcome {
        self.now = self.now.max(now);
        if !self.receives() {
            return ReceiveOutcome::Disabled;
        }
        let vlan =
            receive::VlanMode { ethertype: self.stored.vlan_ethertype(), strip: self.ctrl & ctrl::VME != 0 };
        let (outcome, causes) = self.receive.receive(dma, frame, vlan, &self.filter, &mut self.statistics);
        self.interrupts.raise(causes, self.now);
        outcome
    }

    /// Takes the frames that are ready for the wire, oldest first.
    ///
    /// Transmission stops while a limit of frames waits here; [`E1000::tick`] goes on with it.
    pub fn take_transmitted(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.transmit.take_transmitted()
    }

    /// The level of the interrupt line: `ICR & IMS` is not zero (and ITR lets it through).
    pub fn interrupt_asserted(&self) -> bool {
        self.interrupts.asserted()
    }

    /// Plugs the cable in or pulls it out.
    pub fn set_link(&mut self, up: bool, now: Nanoseconds) {
        self.now = self.now.max(now);
        self.change_link(|link, delay, now| link.set_carrier(up, now, delay));
    }

    /// Whether the link is up: STATUS.LU.
    pub fn link_up(&self) -> bool {
        self.link.up() && self.ctrl & ctrl::SLU != 0
    }

    /// Time passes: finishes auto-negotiation, releases throttled interrupts, goes on with transmission
    /// that waited for [`E1000::take_transmitted`] or for the link.
    pub fn tick(&mut self, dma: &mut impl Dma, now: Nanoseconds) {
        self.now = self.now.max(now);
        self.change_link(|link, _, now| link.tick(now));
        self.interrupts.update(self.now);
        self.run_transmit(dma);
    }

    /// When [`E1000::tick`] is due, at the latest; `None`: not before something else happens.
    pub fn next_deadline(&self) -> Option<Nanoseconds> {
        let transmit = (self.transmits() && self.transmit.can_proceed()).then_some(self.now);
        [self.link.deadline(), self.interrupts.deadline(), transmit].into_iter().flatten().min()
    }

    /// How often the device was reset. Work begun in an older generation is void.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many frames were dropped because their descriptors made no sense, by reason.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }

    fn receives(&self) -> bool {
        self.link_up() && self.pci.is_bus_master() && self.receive.rctl & regs::rctl::EN != 0
    }

    fn transmits(&self) -> bool {
        self.link_up() && self.pci.is_bus_master() && self.transmit.enabled()
    }

    fn run_transmit(&mut self, dma: &mut dyn Dma) {
        if !self.transmits() {
            return;
        }
        let vlan = (self.ctrl & ctrl::VME != 0).then(|| self.stored.vlan_ethertype());
        let causes = self.transmit.run(dma, vlan, &mut self.statistics, &mut self.drops);
        self.interrupts.raise(causes, self.now);
    }

    /// Lets `change` work on the link and raises LSC if that made it go up or down.
    fn change_link(&mut self, change: impl FnOnce(&mut Link, Nanoseconds, Nanoseconds)) {
        let before = self.link.transitions();
        change(&mut self.link, self.config.negotiation, self.now);
        if self.link.transitions() == before {
            return;
        }
        self.phy.link_lost();
        if self.ctrl & ctrl::SLU != 0 {
            self.interrupts.raise(interrupt::LSC, self.now);
        }
    }

    /// CTRL.RST (SDM 14.6.2): everything but the PHY, its link, and the PCI configuration.
    fn reset(&mut self) {
        self.ctrl = CTRL_RESET;
        self.stored = Stored::default();
        self.eeprom.reset_wires();
        self.interrupts = Interrupts::new(self.config.throttling);
        self.filter = AddressFilter::new(self.eeprom.mac());
        self.receive = ReceiveUnit::default();
        self.transmit = TransmitUnit::default();
        self.statistics = Statistics::default();
        self.generation = self.generation.wrapping_add(1);
    }
}
