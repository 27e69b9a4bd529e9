//! The 16 byte descriptors of the receive ring (SDM 3.2.3) and the transmit ring (SDM 3.3).
//!
//! Fields are little-endian. Every bit pattern parses: what the manual does not define becomes
//! [`TransmitDescriptor::Reserved`], so a device can read any guest's memory without failing.

/// Bytes of one descriptor.
pub const DESCRIPTOR_LEN: usize = 16;

/// Status bits of a receive descriptor (SDM 3.2.3.1).
pub mod receive_status {
    /// Descriptor done: the device is finished with it.
    pub const DD: u8 = 1 << 0;
    /// End of packet: the packet's last descriptor.
    pub const EOP: u8 = 1 << 1;
    /// Ignore the checksum indications.
    pub const IXSM: u8 = 1 << 2;
    /// The packet had a VLAN tag, which is now in `special`.
    pub const VP: u8 = 1 << 3;
    /// The TCP or UDP checksum was checked.
    pub const TCPCS: u8 = 1 << 5;
    /// The IPv4 header checksum was checked.
    pub const IPCS: u8 = 1 << 6;
    /// The packet passed an inexact filter only.
    pub const PIF: u8 = 1 << 7;
}

/// Error bits of a receive descriptor (SDM 3.2.3.2).
pub mod receive_errors {
    /// CRC or alignment error.
    pub const CE: u8 = 1 << 0;
    /// Symbol error.
    pub const SE: u8 = 1 << 1;
    /// Sequence error.
    pub const SEQ: u8 = 1 << 2;
    /// Carrier extension error.
    pub const CXE: u8 = 1 << 4;
    /// TCP or UDP checksum wrong.
    pub const TCPE: u8 = 1 << 5;
    /// IPv4 header checksum wrong.
    pub const IPE: u8 = 1 << 6;
    /// Receive data error.
    pub const RXE: u8 = 1 << 7;
    /// The errors that make the whole packet worthless.
    pub const FRAME: u8 = CE | SE | SEQ | CXE | RXE;
}

/// Command bits shared by legacy (CMD) and data (DCMD) descriptors (SDM 3.3.3.1, 3.3.7.1).
pub mod transmit_command {
    /// End of packet.
    pub const EOP: u8 = 1 << 0;
    /// Append the CRC; without it the buffer ends with one.
    pub const IFCS: u8 = 1 << 1;
    /// Legacy: insert a checksum.
    pub const IC: u8 = 1 << 2;
    /// Data and context: the segmentation context is meant.
    pub const TSE: u8 = 1 << 2;
    /// Report status: write the descriptor back with DD.
    pub const RS: u8 = 1 << 3;
    /// Report when sent; counts as [`RS`].
    pub const RPS: u8 = 1 << 4;
    /// The descriptor is not a legacy one; DTYP says what it is.
    pub const DEXT: u8 = 1 << 5;
    /// Insert a VLAN tag.
    pub const VLE: u8 = 1 << 6;
    /// Delay the interrupt.
    pub const IDE: u8 = 1 << 7;
}

/// Command bits of a context descriptor, TUCMD (SDM 3.3.6.1); TSE, RS, DEXT and IDE are as in
/// [`transmit_command`].
pub mod context_command {
    /// The packet is TCP; clear: UDP.
    pub const TCP: u8 = 1 << 0;
    /// The packet is IPv4; clear: IPv6. The same bit is IFCS in other descriptors, and drivers set
    /// it in context descriptors out of habit.
    pub const IP: u8 = 1 << 1;
}

/// Packet options of a data descriptor, POPTS (SDM 3.3.7.3); valid in a packet's first one only.
pub mod packet_options {
    /// Insert the IPv4 header checksum.
    pub const IXSM: u8 = 1 << 0;
    /// Insert the TCP or UDP checksum.
    pub const TXSM: u8 = 1 << 1;
}

/// Status bits of a transmit descriptor (SDM 3.3.3.2).
pub mod transmit_status {
    /// Descriptor done.
    pub const DD: u8 = 1 << 0;
}

/// Offset of the status byte in a transmit descriptor of any type.
pub const TRANSMIT_STATUS_OFFSET: u64 = 12;
/// Offset of the part of a receive descriptor that the device writes: all but the address.
pub const RECEIVE_WRITE_BACK_OFFSET: u64 = 8;

/// Value of DTYP for a context descriptor.
const DTYP_CONTEXT: u8 = 0;
/// Value of DTYP for a data descriptor.
const DTYP_DATA: u8 = 1;
/// Width of DTALEN and PAYLEN.
const LENGTH_20_BITS: u32 = 0x000F_FFFF;

/// One descriptor of the receive ring (SDM 3.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveDescriptor {
    /// Bus address of the buffer.
    pub address: u64,
    /// Bytes the device put into this buffer.
    pub length: u16,
    /// Packet checksum from RXCSUM.PCSS to the end.
    pub checksum: u16,
    /// [`receive_status`].
    pub status: u8,
    /// [`receive_errors`].
    pub errors: u8,
    /// The stripped VLAN tag, if status says VP.
    pub special: u16,
}

impl ReceiveDescriptor {
    /// Reads the descriptor from memory.
    pub const fn from_bytes(bytes: [u8; DESCRIPTOR_LEN]) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, l0, l1, c0, c1, status, errors, s0, s1] = bytes;
        ReceiveDescriptor {
            address: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            length: u16::from_le_bytes([l0, l1]),
            checksum: u16::from_le_bytes([c0, c1]),
            status,
            errors,
            special: u16::from_le_bytes([s0, s1]),
        }
    }

    /// The descriptor as it lies in memory.
    pub const fn to_bytes(self) -> [u8; DESCRIPTOR_LEN] {
        join(self.address.to_le_bytes(), self.write_back())
    }

    /// The half that the device writes, to be put at [`RECEIVE_WRITE_BACK_OFFSET`].
    pub const fn write_back(self) -> [u8; 8] {
        let [l0, l1] = self.length.to_le_bytes();
        let [c0, c1] = self.checksum.to_le_bytes();
        let [s0, s1] = self.special.to_le_bytes();
        [l0, l1, c0, c1, self.status, self.errors, s0, s1]
    }
}

/// One descriptor of the transmit ring, by type (SDM 3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransmitDescriptor {
    /// DEXT clear: data, with at most one checksum.
    Legacy(LegacyDescriptor),
    /// DEXT set, DTYP 0: what to do with the data descriptors that follow.
    Context(ContextDescriptor),
    /// DEXT set, DTYP 1: data.
    Data(DataDescriptor),
    /// DEXT set and any other DTYP.
    Reserved {
        /// The command byte, whose EOP, RS and RPS still mean what they say.
        command: u8,
    },
}

impl TransmitDescriptor {
    /// Reads the descriptor from memory.
    pub const fn from_bytes(bytes: [u8; DESCRIPTOR_LEN]) -> Self {
        let command = bytes[11];
        if command & transmit_command::DEXT == 0 {
            return TransmitDescriptor::Legacy(LegacyDescriptor::from_bytes(bytes));
        }
        match bytes[10] >> 4 {
            DTYP_CONTEXT => TransmitDescriptor::Context(ContextDescriptor::from_bytes(bytes)),
            DTYP_DATA => TransmitDescriptor::Data(DataDescriptor::from_bytes(bytes)),
            _ => TransmitDescriptor::Reserved { command },
        }
    }

    /// The command byte: CMD, TUCMD or DCMD.
    pub const fn command(&self) -> u8 {
        match self {
            TransmitDescriptor::Legacy(legacy) => legacy.command,
            TransmitDescriptor::Context(context) => context.command,
            TransmitDescriptor::Data(data) => data.command,
            TransmitDescriptor::Reserved { command } => *command,
        }
    }
}

/// A legacy transmit descriptor (SDM 3.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyDescriptor {
    /// Bus address of the buffer.
    pub address: u64,
    /// Bytes in the buffer.
    pub length: u16,
    /// CSO: where to insert the checksum, in bytes from the start of the packet.
    pub checksum_offset: u8,
    /// CMD, [`transmit_command`].
    pub command: u8,
    /// STA and reserved bits, [`transmit_status`].
    pub status: u8,
    /// CSS: where the checksum starts, in bytes from the start of the packet.
    pub checksum_start: u8,
    /// VLAN tag to insert.
    pub special: u16,
}

impl LegacyDescriptor {
    const fn from_bytes(bytes: [u8; DESCRIPTOR_LEN]) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, l0, l1, cso, command, status, css, s0, s1] = bytes;
        LegacyDescriptor {
            address: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            length: u16::from_le_bytes([l0, l1]),
            checksum_offset: cso,
            command,
            status,
            checksum_start: css,
            special: u16::from_le_bytes([s0, s1]),
        }
    }

    /// The descriptor as it lies in memory, with DEXT clear.
    pub const fn to_bytes(self) -> [u8; DESCRIPTOR_LEN] {
        let [l0, l1] = self.length.to_le_bytes();
        let [s0, s1] = self.special.to_le_bytes();
        let command = self.command & !transmit_command::DEXT;
        let high = [l0, l1, self.checksum_offset, command, self.status, self.checksum_start, s0, s1];
        join(self.address.to_le_bytes(), high)
    }
}

/// A TCP/IP context descriptor (SDM 3.3.6): no data, but how to treat the data that follows.
///
/// All offsets are in bytes from the start of the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextDescriptor {
    /// IPCSS: first byte of the IP header checksum.
    pub ip_checksum_start: u8,
    /// IPCSO: where to insert it.
    pub ip_checksum_offset: u8,
    /// IPCSE: its last byte, inclusive; 0 means the end of the packet.
    pub ip_checksum_end: u16,
    /// TUCSS: first byte of the TCP or UDP checksum.
    pub checksum_start: u8,
    /// TUCSO: where to insert it.
    pub checksum_offset: u8,
    /// TUCSE: its last byte, inclusive; 0 means the end of the packet.
    pub checksum_end: u16,
    /// PAYLEN: payload bytes to segment, 20 bits.
    pub payload_length: u32,
    /// TUCMD, [`context_command`].
    pub command: u8,
    /// STA and reserved bits, [`transmit_status`].
    pub status: u8,
    /// HDRLEN: bytes of all headers, repeated before each segment.
    pub header_length: u8,
    /// MSS: payload bytes of one segment.
    pub maximum_segment_size: u16,
}

impl ContextDescriptor {
    /// Whether this is the segmentation context (TSE) rather than the plain one.
    pub const fn is_segmentation(&self) -> bool {
        self.command & transmit_command::TSE != 0
    }

    const fn from_bytes(bytes: [u8; DESCRIPTOR_LEN]) -> Self {
        let [ipcss, ipcso, ie0, ie1, tucss, tucso, te0, te1, p0, p1, p2, command, status, hdrlen, m0, m1] =
            bytes;
        ContextDescriptor {
            ip_checksum_start: ipcss,
            ip_checksum_offset: ipcso,
            ip_checksum_end: u16::from_le_bytes([ie0, ie1]),
            checksum_start: tucss,
            checksum_offset: tucso,
            checksum_end: u16::from_le_bytes([te0, te1]),
            payload_length: u32::from_le_bytes([p0, p1, p2, 0]) & LENGTH_20_BITS,
            command,
            status,
            header_length: hdrlen,
            maximum_segment_size: u16::from_le_bytes([m0, m1]),
        }
    }

    /// The descriptor as it lies in memory, with DEXT set and DTYP 0.
    pub const fn to_bytes(self) -> [u8; DESCRIPTOR_LEN] {
        let [ie0, ie1] = self.ip_checksum_end.to_le_bytes();
        let [te0, te1] = self.checksum_end.to_le_bytes();
        let [p0, p1, p2, _] = typed_length(self.payload_length, DTYP_CONTEXT);
        let [m0, m1] = self.maximum_segment_size.to_le_bytes();
        let command = self.command | transmit_command::DEXT;
        join(
            [
                self.ip_checksum_start,
                self.ip_checksum_offset,
                ie0,
                ie1,
                self.checksum_start,
                self.checksum_offset,
                te0,
                te1,
            ],
            [p0, p1, p2, command, self.status, self.header_length, m0, m1],
        )
    }
}

/// A TCP/IP data descriptor (SDM 3.3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataDescriptor {
    /// Bus address of the buffer.
    pub address: u64,
    /// DTALEN: bytes in the buffer, 20 bits.
    pub length: u32,
    /// DCMD, [`transmit_command`].
    pub command: u8,
    /// STA and reserved bits, [`transmit_status`].
    pub status: u8,
    /// POPTS, [`packet_options`].
    pub options: u8,
    /// VLAN tag to insert.
    pub special: u16,
}

impl DataDescriptor {
    const fn from_bytes(bytes: [u8; DESCRIPTOR_LEN]) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, l0, l1, l2, command, status, options, s0, s1] = bytes;
        DataDescriptor {
            address: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            length: u32::from_le_bytes([l0, l1, l2, 0]) & LENGTH_20_BITS,
            command,
            status,
            options,
            special: u16::from_le_bytes([s0, s1]),
        }
    }

    /// The descriptor as it lies in memory, with DEXT set and DTYP 1.
    pub const fn to_bytes(self) -> [u8; DESCRIPTOR_LEN] {
        let [l0, l1, l2, _] = typed_length(self.length, DTYP_DATA);
        let [s0, s1] = self.special.to_le_bytes();
        let command = self.command | transmit_command::DEXT;
        join(self.address.to_le_bytes(), [l0, l1, l2, command, self.status, self.options, s0, s1])
    }
}

/// A 20 bit length with DTYP above it.
const fn typed_length(length: u32, dtyp: u8) -> [u8; 4] {
    ((length & LENGTH_20_BITS) | ((dtyp as u32) << 20)).to_le_bytes()
}

const fn join(low: [u8; 8], high: [u8; 8]) -> [u8; DESCRIPTOR_LEN] {
    let [a, b, c, d, e, f, g, h] = low;
    let [i, j, k, l, m, n, o, p] = high;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
