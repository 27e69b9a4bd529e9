//! The statistics counters (SDM 13.7): 32 bit wide, cleared by reading, sticking at their maximum.
//!
//! The four octet counters are 64 bit wide and take two registers; reading the high word clears
//! both.

/// Declares [`Statistic`], its offsets and its list.
macro_rules! statistics {
    ($($(#[$doc:meta])* $variant:ident = $offset:literal;)*) => {
        /// One statistics register, named as in the manual (SDM 13.7).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Statistic {
            $($(#[$doc])* $variant,)*
        }

        impl Statistic {
            /// All of them, in the order of their offsets.
            pub const ALL: &'static [Statistic] = &[$(Statistic::$variant,)*];

            /// Byte offset in BAR0.
            pub const fn offset(self) -> u32 {
                match self {
                    $(Statistic::$variant => $offset,)*
                }
            }

            /// The counter at byte `offset` of BAR0.
            pub const fn from_offset(offset: u32) -> Option<Statistic> {
                match offset {
                    $($offset => Some(Statistic::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

statistics! {
    /// CRC errors (SDM 13.7.1).
    Crcerrs = 0x4000;
    /// Alignment errors (SDM 13.7.2).
    Algnerrc = 0x4004;
    /// Symbol errors (SDM 13.7.3).
    Symerrs = 0x4008;
    /// Receive errors reported by the PHY (SDM 13.7.4).
    Rxerrc = 0x400C;
    /// Packets missed for want of room (SDM 13.7.5).
    Mpc = 0x4010;
    /// Single collisions (SDM 13.7.6).
    Scc = 0x4014;
    /// Excessive collisions (SDM 13.7.7).
    Ecol = 0x4018;
    /// Multiple collisions (SDM 13.7.8).
    Mcc = 0x401C;
    /// Late collisions (SDM 13.7.9).
    Latecol = 0x4020;
    /// Collisions (SDM 13.7.10).
    Colc = 0x4028;
    /// Deferred transmissions (SDM 13.7.11).
    Dc = 0x4030;
    /// Transmissions without carrier (SDM 13.7.12).
    Tncrs = 0x4034;
    /// Sequence errors (SDM 13.7.13).
    Sec = 0x4038;
    /// Carrier extension errors (SDM 13.7.14).
    Cexterr = 0x403C;
    /// Receive length errors (SDM 13.7.15).
    Rlec = 0x4040;
    /// XON frames received (SDM 13.7.16).
    Xonrxc = 0x4048;
    /// XON frames sent (SDM 13.7.17).
    Xontxc = 0x404C;
    /// XOFF frames received (SDM 13.7.18).
    Xoffrxc = 0x4050;
    /// XOFF frames sent (SDM 13.7.19).
    Xofftxc = 0x4054;
    /// Unsupported flow control frames received (SDM 13.7.20).
    Fcruc = 0x4058;
    /// Good packets received of 64 bytes (SDM 13.7.21); lengths include the CRC here and below.
    Prc64 = 0x405C;
    /// Good packets received of 65 to 127 bytes (SDM 13.7.22).
    Prc127 = 0x4060;
    /// Good packets received of 128 to 255 bytes (SDM 13.7.23).
    Prc255 = 0x4064;
    /// Good packets received of 256 to 511 bytes (SDM 13.7.24).
    Prc511 = 0x4068;
    /// Good packets received of 512 to 1023 bytes (SDM 13.7.25).
    Prc1023 = 0x406C;
    /// Good packets received of 1024 bytes and more (SDM 13.7.26).
    Prc1522 = 0x4070;
    /// Good packets received (SDM 13.7.27).
    Gprc = 0x4074;
    /// Broadcast packets received (SDM 13.7.28).
    Bprc = 0x4078;
    /// Multicast packets received (SDM 13.7.29).
    Mprc = 0x407C;
    /// Good packets sent (SDM 13.7.30).
    Gptc = 0x4080;
    /// Good octets received, low word (SDM 13.7.31).
    Gorcl = 0x4088;
    /// Good octets received, high word (SDM 13.7.31).
    Gorch = 0x408C;
    /// Good octets sent, low word (SDM 13.7.32).
    Gotcl = 0x4090;
    /// Good octets sent, high word (SDM 13.7.32).
    Gotch = 0x4094;
    /// Times a packet found no receive buffer (SDM 13.7.33).
    Rnbc = 0x40A0;
    /// Received packets shorter than 64 bytes with a good CRC (SDM 13.7.34).
    Ruc = 0x40A4;
    /// Received packets shorter than 64 bytes with a bad CRC (SDM 13.7.35).
    Rfc = 0x40A8;
    /// Received packets longer than allowed (SDM 13.7.36).
    Roc = 0x40AC;
    /// Received packets longer than allowed with a bad CRC (SDM 13.7.37).
    Rjc = 0x40B0;
    /// Management packets received (SDM 13.7.38).
    Mgtprc = 0x40B4;
    /// Management packets dropped (SDM 13.7.39).
    Mgtpdc = 0x40B8;
    /// Management packets sent (SDM 13.7.40).
    Mgtptc = 0x40BC;
    /// All octets received, low word (SDM 13.7.41).
    Torl = 0x40C0;
    /// All octets received, high word (SDM 13.7.41).
    Torh = 0x40C4;
    /// All octets sent, low word (SDM 13.7.42).
    Totl = 0x40C8;
    /// All octets sent, high word (SDM 13.7.42).
    Toth = 0x40CC;
    /// All packets received (SDM 13.7.43).
    Tpr = 0x40D0;
    /// All packets sent (SDM 13.7.44).
    Tpt = 0x40D4;
    /// Packets sent of 64 bytes (SDM 13.7.45).
    Ptc64 = 0x40D8;
    /// Packets sent of 65 to 127 bytes (SDM 13.7.46).
    Ptc127 = 0x40DC;
    /// Packets sent of 128 to 255 bytes (SDM 13.7.47).
    Ptc255 = 0x40E0;
    /// Packets sent of 256 to 511 bytes (SDM 13.7.48).
    Ptc511 = 0x40E4;
    /// Packets sent of 512 to 1023 bytes (SDM 13.7.49).
    Ptc1023 = 0x40E8;
    /// Packets sent of 1024 bytes and more (SDM 13.7.50).
    Ptc1522 = 0x40EC;
    /// Multicast packets sent (SDM 13.7.51).
    Mptc = 0x40F0;
    /// Broadcast packets sent (SDM 13.7.52).
    Bptc = 0x40F4;
    /// TCP segmentation contexts sent (SDM 13.7.53).
    Tsctc = 0x40F8;
    /// TCP segmentation contexts that failed (SDM 13.7.54).
    Tsctfc = 0x40FC;
}
