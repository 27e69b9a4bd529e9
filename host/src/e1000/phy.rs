//! The PHY behind MDIC: what a driver looks at to find a copper gigabit link.

use e1000_regs::phy::{ID1, ID2, bmcr, bmsr, pssr, register};

/// BMCR after a reset: auto-negotiation, 1000 Mb/s, full duplex.
const BMCR_RESET: u16 = bmcr::ANEG_ENABLE | bmcr::FULL_DUPLEX | bmcr::SPEED_1000;
/// What we offer: 10 and 100 Mb/s in both duplex modes, pause in both directions.
const ANAR_RESET: u16 = 0x0DE1;
/// The partner acknowledges, offers 10 and 100 Mb/s in both duplex modes, and no pause frames.
const PARTNER: u16 = 0x41E1;
/// The partner can negotiate; its page was received.
const EXPANSION: u16 = 0x0003;
/// Both receivers work, the partner does 1000 Mb/s full duplex.
const PARTNER_1000: u16 = 0x3800;
/// 1000BASE-T in both duplex modes.
const EXTENDED_STATUS: u16 = 0x3000;

/// What a write to a register asks of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PhyRequest {
    /// Nothing.
    None,
    /// Negotiate again: reset, or restart of the negotiation.
    Renegotiate,
    /// Go silent: power down.
    PowerDown,
}

#[derive(Debug)]
pub(super) struct Phy {
    bmcr: u16,
    advertisement: u16,
    control_1000: u16,
    specific_control: u16,
    interrupt_enable: u16,
    extended_control: u16,
    page_select: u16,
    page_data: u16,
    /// The link was down since BMSR was last read: IEEE 802.3 latches it.
    link_was_lost: bool,
}

impl Phy {
    pub(super) fn new() -> Self {
        Phy {
            bmcr: BMCR_RESET,
            advertisement: ANAR_RESET,
            control_1000: 0x0E00,
            specific_control: 0x0360,
            interrupt_enable: 0,
            extended_control: 0x0D60,
            page_select: 0,
            page_data: 0,
            link_was_lost: false,
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.link_was_lost = true;
    }

    /// Reads a register; those that do not exist read zero.
    pub(super) fn read(&mut self, number: u8, link_up: bool) -> u16 {
        let if_up = |value: u16| if link_up { value } else { 0 };
        match number {
            register::BMCR => self.bmcr,
            register::BMSR => {
                let link = if std::mem::take(&mut self.link_was_lost) { 0 } else { bmsr::LINK };
                bmsr::CAPABILITIES | if_up(bmsr::ANEG_COMPLETE | link)
            }
            register::ID1 => ID1,
            register::ID2 => ID2,
            register::ANAR => self.advertisement,
            register::ANLPAR => if_up(PARTNER),
            register::ANER => if_up(EXPANSION),
            register::CTRL1000 => self.control_1000,
            register::STAT1000 => if_up(PARTNER_1000),
            register::EXTENDED_STATUS => EXTENDED_STATUS,
            register::PSCR => self.specific_control,
            register::PSSR => if_up(pssr::SPEED_1000 | pssr::FULL_DUPLEX | pssr::RESOLVED | pssr::LINK),
            register::INTERRUPT_ENABLE => self.interrupt_enable,
            register::EPSCR => self.extended_control,
            register::PAGE_SELECT => self.page_select,
            register::PAGE_DATA => self.page_data,
            _ => 0,
        }
    }

    /// Writes a register and says what that means for the link; read-only registers keep their value.
    pub(super) fn write(&mut self, number: u8, value: u16) -> PhyRequest {
        match number {
            register::BMCR => return self.write_control(value),
            register::ANAR => self.advertisement = value,
            register::CTRL1000 => self.control_1000 = value,
            register::PSCR => self.specific_control = value,
            register::INTERRUPT_ENABLE => self.interrupt_enable = value,
            register::EPSCR => self.extended_control = value,
            register::PAGE_SELECT => self.page_select = value,
            register::PAGE_DATA => self.page_data = value,
            _ => {}
        }
        PhyRequest::None
    }

    fn write_control(&mut self, value: u16) -> PhyRequest {
        let was_down = self.bmcr & bmcr::POWER_DOWN != 0;
        self.bmcr = value & !(bmcr::RESET | bmcr::ANEG_RESTART);
        if value & bmcr::POWER_DOWN != 0 {
            PhyRequest::PowerDown
        } else if was_down || value & (bmcr::RESET | bmcr::ANEG_RESTART) != 0 {
            PhyRequest::Renegotiate
        } else {
            PhyRequest::None
        }
    }
}
