//! Frames that a driver asked to send and that could not be sent as asked.

/// Why a frame was dropped on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransmitDrop {
    /// Longer than the transmit FIFO, or than 64 KiB and headers with segmentation.
    TooLong,
    /// Shorter than an Ethernet header.
    TooShort,
    /// Descriptors of different formats, or with and without TSE, within one frame.
    MixedDescriptors,
    /// A descriptor type that the manual does not define.
    ReservedDescriptor,
    /// A checksum that starts, ends or is stored outside of the frame.
    ChecksumRange,
    /// A checksum or segmentation asked for before any context descriptor was given.
    NoContext,
    /// A segmentation context that does not fit the frame's headers, or would make too many segments.
    Segmentation,
    /// A buffer that is not in a DMA region.
    BusError,
}

impl TransmitDrop {
    /// All reasons.
    pub const ALL: [TransmitDrop; 8] = [
        TransmitDrop::TooLong,
        TransmitDrop::TooShort,
        TransmitDrop::MixedDescriptors,
        TransmitDrop::ReservedDescriptor,
        TransmitDrop::ChecksumRange,
        TransmitDrop::NoContext,
        TransmitDrop::Segmentation,
        TransmitDrop::BusError,
    ];
}

/// Dropped frames by reason. They survive a reset, unlike the device's statistics registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropCounters([u64; TransmitDrop::ALL.len()]);

impl DropCounters {
    /// How many frames were dropped for `reason`.
    pub fn get(&self, reason: TransmitDrop) -> u64 {
        self.0[reason as usize]
    }

    /// How many frames were dropped for any reason.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    pub(super) fn count(&mut self, reason: TransmitDrop) {
        let counter = &mut self.0[reason as usize];
        *counter = counter.saturating_add(1);
    }
}
