//! The register file: what reading and writing each register does, in two exhaustive matches.

use super::phy::PhyRequest;
use super::{CTRL_RESET, Dma, E1000, Nanoseconds};
use e1000_regs::control::{ctrl, ctrl_ext, mdic, status};
use e1000_regs::receive::{rctl, rxcsum};
use e1000_regs::transmit::{tctl, txdctl};
use e1000_regs::{Register, interrupt};

/// Registers that the model stores and gives back, within their writable bits, and does nothing with.
#[derive(Debug)]
pub(super) struct Stored {
    ctrl_ext: u32,
    mdic: u32,
    fcal: u32,
    fcah: u32,
    fct: u32,
    vet: u32,
    fcttv: u32,
    txcw: u32,
    tipg: u32,
    ait: u32,
    ledctl: u32,
    pba: u32,
    fcrtl: u32,
    fcrth: u32,
    rdtr: u32,
    rxdctl: u32,
    radv: u32,
    rsrpd: u32,
    tidv: u32,
    txdctl: u32,
    tadv: u32,
    tspmt: u32,
    wuc: u32,
    wufc: u32,
    manc: u32,
}

impl Default for Stored {
    /// Values after a reset; those that the manual leaves undefined are zero.
    fn default() -> Self {
        Stored {
            ctrl_ext: 0,
            mdic: 0,
            fcal: 0,
            fcah: 0,
            fct: 0,
            vet: 0x8100,
            fcttv: 0,
            txcw: 0,
            tipg: 0x0060_2008,
            ait: 0,
            ledctl: 0x0706_1302,
            pba: 48,
            fcrtl: 0,
            fcrth: 0,
            rdtr: 0,
            rxdctl: 0x0101_0000,
            radv: 0,
            rsrpd: 0,
            tidv: 0,
            txdctl: 0,
            tadv: 0,
            tspmt: 0x0100_0400,
            wuc: 0,
            wufc: 0,
            manc: 0,
        }
    }
}

impl Stored {
    /// VET: the Ethernet type of VLAN tags.
    pub(super) fn vlan_ethertype(&self) -> u16 {
        self.vet as u16
    }

    /// PBA: KiB for receive as written, and what that leaves of 64 for transmit.
    fn packet_buffer_allocation(&self) -> u32 {
        self.pba | (64u32.saturating_sub(self.pba) << 16)
    }
}

impl E1000 {
    /// Reads a register; `offset` is in bytes, its two low bits are ignored. What does not exist reads zero.
    pub fn mmio_read(&mut self, offset: u32) -> u32 {
        Register::from_offset(offset & !3).map_or(0, |register| self.read_register(register))
    }

    /// Writes a register; `offset` is in bytes, its two low bits are ignored. What does not exist ignores
    /// the write.
    pub fn mmio_write(&mut self, dma: &mut impl Dma, offset: u32, value: u32, now: Nanoseconds) {
        self.now = self.now.max(now);
        if let Some(register) = Register::from_offset(offset & !3) {
            self.write_register(dma, register, value);
        }
    }

    fn read_register(&mut self, register: Register) -> u32 {
        match register {
            Register::Ctrl | Register::CtrlDup => self.ctrl,
            Register::Status => self.status(),
            Register::Eecd => self.eeprom.read_eecd(),
            Register::Eerd => self.eeprom.read_eerd(),
            Register::CtrlExt => self.stored.ctrl_ext,
            Register::Mdic => self.stored.mdic,
            Register::Fcal => self.stored.fcal,
            Register::Fcah => self.stored.fcah,
            Register::Fct => self.stored.fct,
            Register::Vet => self.stored.vet,
            Register::Icr => self.interrupts.take_cause(),
            Register::Itr => self.interrupts.interval(),
            Register::Ics => self.interrupts.cause(),
            Register::Ims => self.interrupts.mask(),
            Register::Imc => 0,
            Register::Rctl => self.receive.rctl,
            Register::Fcttv => self.stored.fcttv,
            Register::Txcw => self.stored.txcw,
            Register::Rxcw => 0,
            Register::Tctl => self.transmit.tctl,
            Register::Tipg => self.stored.tipg,
            Register::Ait => self.stored.ait,
            Register::Ledctl => self.stored.ledctl,
            Register::Pba => self.stored.packet_buffer_allocation(),
            Register::Fcrtl => self.stored.fcrtl,
            Register::Fcrth => self.stored.fcrth,
            Register::Rdbal => self.receive.ring.base_low(),
            Register::Rdbah => self.receive.ring.base_high(),
            Register::Rdlen => self.receive.ring.length(),
            Register::Rdh => self.receive.ring.head(),
            Register::Rdt => self.receive.ring.tail(),
            Register::Rdtr => self.stored.rdtr,
            Register::Rxdctl => self.stored.rxdctl,
            Register::Radv => self.stored.radv,
            Register::Rsrpd => self.stored.rsrpd,
            Register::Tdbal => self.transmit.ring.base_low(),
            Register::Tdbah => self.transmit.ring.base_high(),
            Register::Tdlen => self.transmit.ring.length(),
            Register::Tdh => self.transmit.ring.head(),
            Register::Tdt => self.transmit.ring.tail(),
            Register::Tidv => self.stored.tidv,
            Register::Txdctl => self.stored.txdctl,
            Register::Tadv => self.stored.tadv,
            Register::Tspmt => self.stored.tspmt,
            Register::Rxcsum => self.receive.rxcsum,
            Register::Wuc => self.stored.wuc,
            Register::Wufc => self.stored.wufc,
            Register::Wus => 0,
            Register::Manc => self.stored.manc,
            Register::Statistic(statistic) => self.statistics.read(statistic),
            Register::Mta(index) => self.filter.read_multicast(index),
            Register::Ral(index) => self.filter.read_low(index),
            Register::Rah(index) => self.filter.read_high(index),
            Register::Vfta(index) => self.filter.read_vlan(index),
        }
    }

    fn write_register(&mut self, dma: &mut dyn Dma, register: Register, value: u32) {
        match register {
            Register::Ctrl | Register::CtrlDup => self.write_ctrl(value),
            Register::Status => {}
            Register::Eecd => self.eeprom.write_eecd(value),
            Register::Eerd => self.eeprom.write_eerd(value),
            Register::CtrlExt => self.write_ctrl_ext(value),
            Register::Mdic => self.write_mdic(value),
            Register::Fcal => self.stored.fcal = value,
            Register::Fcah => self.stored.fcah = value & 0xFFFF,
            Register::Fct => self.stored.fct = value & 0xFFFF,
            Register::Vet => self.stored.vet = value & 0xFFFF,
            Register::Icr => self.interrupts.clear_cause(value, self.now),
            Register::Itr => self.interrupts.set_interval(value, self.now),
            Register::Ics => self.interrupts.raise(value, self.now),
            Register::Ims => self.interrupts.set_mask(value, self.now),
            Register::Imc => self.interrupts.clear_mask(value, self.now),
            Register::Rctl => self.receive.rctl = value & rctl::WRITABLE,
            Register::Fcttv => self.stored.fcttv = value & 0xFFFF,
            Register::Txcw => self.stored.txcw = value & 0xC000_FFFF,
            Register::Rxcw => {}
            Register::Tctl => {
                self.transmit.tctl = value & tctl::WRITABLE;
                self.ring_doorbell(dma);
            }
            Register::Tipg => self.stored.tipg = value & 0x3FFF_FFFF,
            Register::Ait => self.stored.ait = value & 0xFFFF,
            Register::Ledctl => self.stored.ledctl = value & 0xCFCF_CFCF,
            Register::Pba => self.stored.pba = value & 0x7F,
            Register::Fcrtl => self.stored.fcrtl = value & 0x8000_FFF8,
            Register::Fcrth => self.stored.fcrth = value & 0xFFF8,
            Register::Rdbal => self.receive.ring.set_base_low(value),
            Register::Rdbah => self.receive.ring.set_base_high(value),
            Register::Rdlen => self.receive.ring.set_length(value),
            Register::Rdh => self.receive.ring.set_head(value),
            Register::Rdt => self.receive.ring.set_tail(value),
            // FPD flushes what a delay holds back: nothing, since there are no delays. It clears itself.
            Register::Rdtr => self.stored.rdtr = value & 0xFFFF,
            Register::Rxdctl => self.stored.rxdctl = value & txdctl::WRITABLE,
            Register::Radv => self.stored.radv = value & 0xFFFF,
            Register::Rsrpd => self.stored.rsrpd = value & 0xFFF,
            Register::Tdbal => self.transmit.ring.set_base_low(value),
            Register::Tdbah => self.transmit.ring.set_base_high(value),
            Register::Tdlen => self.transmit.ring.set_length(value),
            Register::Tdh => self.transmit.ring.set_head(value),
            Register::Tdt => {
                self.transmit.ring.set_tail(value);
                self.ring_doorbell(dma);
            }
            Register::Tidv => self.stored.tidv = value & 0xFFFF,
            Register::Txdctl => self.stored.txdctl = value & txdctl::WRITABLE,
            Register::Tadv => self.stored.tadv = value & 0xFFFF,
            Register::Tspmt => self.stored.tspmt = value,
            Register::Rxcsum => self.receive.rxcsum = value & rxcsum::WRITABLE,
            Register::Wuc => self.stored.wuc = value,
            Register::Wufc => self.stored.wufc = value,
            Register::Wus => {}
            Register::Manc => self.stored.manc = value,
            Register::Statistic(_) => {}
            Register::Mta(index) => self.filter.write_multicast(index, value),
            Register::Ral(index) => self.filter.write_low(index, value),
            Register::Rah(index) => self.filter.write_high(index, value),
            Register::Vfta(index) => self.filter.write_vlan(index, value),
        }
    }

    fn status(&self) -> u32 {
        let link = if self.link_up() { status::LU } else { 0 };
        let duplex = if self.ctrl & ctrl::FD != 0 { status::FD } else { 0 };
        status::SPEED_1000 | status::ASDV_1000 | status::MTXCKOK | duplex | link
    }

    fn write_ctrl(&mut self, value: u32) {
        if value & ctrl::RST != 0 {
            return self.reset();
        }
        let before = self.link_up();
        let resets_phy = value & !self.ctrl & ctrl::PHY_RST != 0;
        self.ctrl = value;
        if self.link_up() != before {
            self.interrupts.raise(interrupt::LSC, self.now);
        }
        if resets_phy {
            self.phy = super::Phy::new();
            self.change_link(|link, delay, now| link.renegotiate(now, delay));
        }
    }

    /// EE_RST loads the EEPROM's words again, of which one is visible: the Ethernet address.
    fn write_ctrl_ext(&mut self, value: u32) {
        self.stored.ctrl_ext = value & !ctrl_ext::EE_RST;
        if value & ctrl_ext::EE_RST != 0 {
            self.filter.load(self.eeprom.mac());
        }
    }

    /// An access to the PHY, which completes at once.
    fn write_mdic(&mut self, value: u32) {
        let number = ((value >> mdic::REG_SHIFT) & 0x1F) as u8;
        let mut result = (value & !mdic::ERROR) | mdic::READY;
        if (value >> mdic::PHY_SHIFT) & 0x1F != mdic::PHY_ADDRESS {
            result |= mdic::ERROR;
        } else {
            match value & mdic::OP_MASK {
                mdic::OP_READ => {
                    let data = self.phy.read(number, self.link.up());
                    result = (result & !mdic::DATA_MASK) | u32::from(data);
                }
                mdic::OP_WRITE => self.write_phy(number, (value & mdic::DATA_MASK) as u16),
                _ => result |= mdic::ERROR,
            }
        }
        self.stored.mdic = result;
        if value & mdic::INT_EN != 0 {
            self.interrupts.raise(interrupt::MDAC, self.now);
        }
    }

    fn write_phy(&mut self, number: u8, value: u16) {
        let request = self.phy.write(number, value);
        self.change_link(|link, delay, now| match request {
            PhyRequest::None => {}
            PhyRequest::PowerDown => link.set_powered(false, now, delay),
            PhyRequest::Renegotiate => {
                link.set_powered(true, now, delay);
                link.renegotiate(now, delay);
            }
        });
    }

    fn ring_doorbell(&mut self, dma: &mut dyn Dma) {
        self.transmit.retry();
        self.run_transmit(dma);
    }
}

/// CTRL_RESET is what a driver reads after CTRL.RST; RST itself must read as zero.
const _: () = assert!(CTRL_RESET & ctrl::RST == 0);
