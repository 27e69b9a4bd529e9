//! DHCP messages (RFC 2131 section 2, RFC 2132).

use super::{Malformed, get_u32, put_u16, put_u32};
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// The port that clients hear at.
pub const CLIENT_PORT: u16 = 68;

/// The port that servers hear at.
pub const SERVER_PORT: u16 = 67;

/// Bytes before the options.
const FIXED: usize = 236;
/// Says that options follow (RFC 2131 section 3).
const COOKIE: u32 = 0x6382_5363;
/// Bytes of a message without options.
const HEADER_LEN: usize = FIXED + 4;
/// The least message that every server and relay takes (RFC 1542 section 2.1).
const MIN_LEN: usize = 300;

/// Codes of options.
pub mod option {
    /// Padding.
    pub const PAD: u8 = 0;
    /// The netmask.
    pub const SUBNET_MASK: u8 = 1;
    /// Gateways, the best first.
    pub const ROUTERS: u8 = 3;
    /// Name servers, the best first.
    pub const NAME_SERVERS: u8 = 6;
    /// The domain that names are looked up in.
    pub const DOMAIN_NAME: u8 = 15;
    /// Bytes of the largest packet on the link.
    pub const MTU: u8 = 26;
    /// The address that the client would like, or has.
    pub const REQUESTED_ADDRESS: u8 = 50;
    /// Seconds that the address may be used.
    pub const LEASE_TIME: u8 = 51;
    /// There are options in the places of file and server name.
    pub const OVERLOAD: u8 = 52;
    /// What the message is.
    pub const MESSAGE_TYPE: u8 = 53;
    /// Which server it comes from, or is for.
    pub const SERVER_ID: u8 = 54;
    /// What the client would like to know.
    pub const PARAMETERS: u8 = 55;
    /// Bytes of the largest message the client takes.
    pub const MAX_SIZE: u8 = 57;
    /// Seconds until the server is asked again.
    pub const RENEWAL_TIME: u8 = 58;
    /// Seconds until all servers are asked.
    pub const REBINDING_TIME: u8 = 59;
    /// Who the client is.
    pub const CLIENT_ID: u8 = 61;
    /// Domains that names are searched in (RFC 3397).
    pub const DOMAIN_SEARCH: u8 = 119;
    /// Routes with their prefixes (RFC 3442).
    pub const CLASSLESS_ROUTES: u8 = 121;
    /// Nothing follows.
    pub const END: u8 = 255;
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type(pub u8);

impl Type {
    /// Client: who has an address for me?
    pub const DISCOVER: Type = Type(1);
    /// Server: I have one.
    pub const OFFER: Type = Type(2);
    /// Client: I take it, or keep it.
    pub const REQUEST: Type = Type(3);
    /// Client: somebody has it.
    pub const DECLINE: Type = Type(4);
    /// Server: it is yours.
    pub const ACK: Type = Type(5);
    /// Server: it is not yours.
    pub const NAK: Type = Type(6);
    /// Client: I need it no more.
    pub const RELEASE: Type = Type(7);
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Who has no address yet, or keeps one.
    Client,
    /// Who gives addresses.
    Server,
}

impl Sender {
    /// The message's first byte.
    const fn operation(self) -> u8 {
        match self {
            Sender::Client => 1,
            Sender::Server => 2,
        }
    }
}

/// A checked view of a message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    fixed: &'a [u8; HEADER_LEN],
    options: &'a [u8],
}

impl<'a> Message<'a> {
    /// Checks that `bytes` are such a message from or to an Ethernet station. Options are looked at one by one.
    pub fn parse(bytes: &'a [u8], sender: Sender) -> Result<Self, Malformed> {
        let (fixed, options) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(Malformed::Truncated)?;
        // A station with an address of Ethernet's kind and length.
        if fixed[..3] != [sender.operation(), 1, 6] || get_u32(fixed, FIXED) != COOKIE {
            return Err(Malformed::AddressFormat);
        }
        Ok(Message { fixed, options })
    }

    /// Which exchange it belongs to.
    pub const fn transaction(&self) -> u32 {
        get_u32(self.fixed, 4)
    }

    /// Whether the answer must go to everybody.
    pub const fn broadcast(&self) -> bool {
        self.fixed[10] & 0x80 != 0
    }

    /// The address that the client has and answers at, or the unspecified one.
    pub const fn client_address(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(get_u32(self.fixed, 12))
    }

    /// The address for the client.
    pub const fn your_address(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(get_u32(self.fixed, 16))
    }

    /// The client's station.
    pub const fn station(&self) -> [u8; 6] {
        let at = self.fixed;
        [at[28], at[29], at[30], at[31], at[32], at[33]]
    }

    /// What the message is; none if it does not say.
    pub fn kind(&self) -> Option<Type> {
        self.option(option::MESSAGE_TYPE).first().map(|&kind| Type(kind))
    }

    /// The option with this code, its pieces put together (RFC 3396); empty if it is not there. What is behind an
    /// option that is cut off is not there.
    pub fn option(&self, code: u8) -> Vec<u8> {
        let mut value = Vec::new();
        append(self.options, code, &mut value);
        let mut overload = Vec::new();
        append(self.options, option::OVERLOAD, &mut overload);
        let overload = overload.first().copied().unwrap_or(0);
        // RFC 2131 section 4.1: the file's place comes before the server name's.
        if overload & 1 != 0 {
            append(self.fixed.get(108..FIXED).unwrap_or_default(), code, &mut value);
        }
        if overload & 2 != 0 {
            append(self.fixed.get(44..108).unwrap_or_default(), code, &mut value);
        }
        value
    }

    /// The number in an option of four bytes.
    pub fn number(&self, code: u8) -> Option<u32> {
        self.option(code).try_into().ok().map(u32::from_be_bytes)
    }

    /// The addresses in an option, at most `most`.
    pub fn addresses(&self, code: u8, most: usize) -> Vec<Ipv4Addr> {
        let value = self.option(code);
        value.as_chunks::<4>().0.iter().take(most).map(|&octets| Ipv4Addr::from_octets(octets)).collect()
    }
}

/// Appends the values of all options with this code.
fn append(options: &[u8], code: u8, value: &mut Vec<u8>) {
    let mut rest = options;
    while let Some((&kind, behind)) = rest.split_first() {
        match kind {
            option::END => return,
            option::PAD => rest = behind,
            _ => {
                let Some((&len, behind)) = behind.split_first() else { return };
                let Some((bytes, behind)) = behind.split_at_checked(len.into()) else { return };
                if kind == code {
                    value.extend_from_slice(bytes);
                }
                rest = behind;
            }
        }
    }
}

/// The values of a message, to be made.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// Who says it.
    pub sender: Sender,
    /// Which exchange it belongs to.
    pub transaction: u32,
    /// Seconds since the client began to look for an address.
    pub seconds: u16,
    /// Whether the answer must go to everybody: the client cannot be reached otherwise yet.
    pub broadcast: bool,
    /// The address the client has and answers at, or the unspecified one.
    pub client_address: Ipv4Addr,
    /// The address for the client, in a server's message.
    pub your_address: Ipv4Addr,
    /// The client's station.
    pub station: [u8; 6],
    /// Codes and values, in this order; no value is longer than 255 bytes.
    pub options: &'a [(u8, &'a [u8])],
}

impl Fields<'_> {
    /// The message, with padding to the least length.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN];
        bytes[..3].copy_from_slice(&[self.sender.operation(), 1, 6]);
        put_u32(&mut bytes, 4, self.transaction);
        put_u16(&mut bytes, 8, self.seconds);
        put_u16(&mut bytes, 10, u16::from(self.broadcast) << 15);
        put_u32(&mut bytes, 12, self.client_address.to_bits());
        put_u32(&mut bytes, 16, self.your_address.to_bits());
        bytes[28..34].copy_from_slice(&self.station);
        put_u32(&mut bytes, FIXED, COOKIE);
        for (code, value) in self.options {
            bytes.extend_from_slice(&[*code, value.len() as u8]);
            bytes.extend_from_slice(value);
        }
        bytes.push(option::END);
        bytes.resize(bytes.len().max(MIN_LEN), option::PAD);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, SeededRandom};

    fn reply(options: &[(u8, &[u8])]) -> Vec<u8> {
        let station = [2, 0, 0, 0, 0, 1];
        let fields = Fields {
            sender: Sender::Server,
            transaction: 7,
            seconds: 0,
            broadcast: true,
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: Ipv4Addr::new(10, 0, 0, 9),
            station,
            options,
        };
        fields.emit()
    }

    fn parse(bytes: &[u8]) -> Result<Message<'_>, Malformed> {
        Message::parse(bytes, Sender::Server)
    }

    #[test]
    fn what_is_emitted_is_parsed() {
        let bytes = reply(&[(53, &[2]), (51, &[0, 0, 14, 16]), (3, &[10, 0, 0, 1, 10, 0, 0, 2, 9])]);
        assert_eq!(bytes.len(), MIN_LEN);
        let message = parse(&bytes).unwrap();
        assert_eq!((message.transaction(), message.kind()), (7, Some(Type::OFFER)));
        assert_eq!(
            (message.your_address(), message.station()),
            (Ipv4Addr::new(10, 0, 0, 9), [2, 0, 0, 0, 0, 1])
        );
        assert_eq!((message.number(51), message.number(53), message.number(58)), (Some(3600), None, None));
        let routers = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
        assert_eq!(message.addresses(3, 8), routers);
        assert_eq!(message.addresses(3, 1), routers[..1]);
    }

    #[test]
    fn long_options_come_in_pieces_and_in_other_places() {
        let mut bytes = reply(&[(53, &[5]), (15, b"exam"), (52, &[3])]);
        bytes[108..114].copy_from_slice(&[15, 3, b'p', b'l', b'e', 255]);
        bytes[44..51].copy_from_slice(&[0, 15, 3, b'.', b'n', b'e', 255]);
        assert_eq!(parse(&bytes).unwrap().option(15), b"example.ne");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let fine = reply(&[(53, &[2])]);
        for (at, value) in [(0, 1), (1, 6), (2, 8), (236, 0)] {
            let mut bytes = fine.clone();
            bytes[at] = value;
            assert!(parse(&bytes).is_err(), "{at}");
        }
        for len in 0..HEADER_LEN {
            assert_eq!(parse(&fine[..len]).unwrap_err(), Malformed::Truncated);
        }
    }

    #[test]
    fn any_bytes_will_do() {
        let mut random = SeededRandom::new(2131);
        for _ in 0..5_000 {
            let mut bytes = reply(&[(53, &[2]), (52, &[3])]);
            let start = random.below(60) as usize;
            random.fill(&mut bytes[HEADER_LEN + start..]);
            random.fill(&mut bytes[44..FIXED]);
            bytes.truncate(HEADER_LEN + random.below(61) as usize);
            let message = parse(&bytes).unwrap();
            for code in 0..=255 {
                assert!(message.option(code).len() < bytes.len());
            }
        }
    }
}
