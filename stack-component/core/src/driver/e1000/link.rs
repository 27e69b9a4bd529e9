//! The PHY and the state of the link.

use super::initialise::PATIENCE;
use super::{Bus, ProbeError};
use e1000_regs::control::{ctrl, mdic, status};
use e1000_regs::phy::{ID1, ID2, register};
use e1000_regs::registers::offset;

/// The low four bits of a PHY's identifier are its revision, which does not matter.
const REVISION_MASK: u32 = 0xF;

/// Checks that the PHY behind the controller is the 82540EM's. Linux: `e1000_detect_gig_phy`.
pub(super) fn identify_phy(bus: &mut impl Bus) -> Result<(), ProbeError> {
    let id = (u32::from(read_phy(bus, register::ID1)?) << 16) | u32::from(read_phy(bus, register::ID2)?);
    let expected = (u32::from(ID1) << 16) | u32::from(ID2);
    if id & !REVISION_MASK != expected & !REVISION_MASK {
        return Err(ProbeError::UnsupportedPhy { id });
    }
    Ok(())
}

/// Lets the MAC heed the PHY's link, with speed and duplex as the PHY negotiates them.
/// Linux: `e1000_setup_link`.
pub(super) fn start(bus: &mut impl Bus) {
    let forced = ctrl::FRCSPD | ctrl::FRCDPLX | ctrl::LRST | ctrl::ILOS | ctrl::VME | ctrl::RFCE | ctrl::TFCE;
    let value = bus.register_read(offset::CTRL) & !forced;
    bus.register_write(offset::CTRL, value | ctrl::SLU | ctrl::ASDE);
}

/// Whether the link is up. Linux: `e1000_has_link`.
pub(super) fn is_up(bus: &mut impl Bus) -> bool {
    bus.register_read(offset::STATUS) & status::LU != 0
}

/// Linux: `e1000_read_phy_reg`.
fn read_phy(bus: &mut impl Bus, number: u8) -> Result<u16, ProbeError> {
    let target = (mdic::PHY_ADDRESS << mdic::PHY_SHIFT) | (u32::from(number) << mdic::REG_SHIFT);
    bus.register_write(offset::MDIC, mdic::OP_READ | target);
    (0..PATIENCE)
        .map(|_| bus.register_read(offset::MDIC))
        .find(|value| value & mdic::READY != 0)
        .filter(|value| value & mdic::ERROR == 0)
        .map(|value| (value & mdic::DATA_MASK) as u16)
        .ok_or(ProbeError::PhyTimeout)
}
