//! TCP options, to and from bytes and a script's notation.

use std::fmt;

/// A TCP option.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TcpOption {
    Eol,
    Nop,
    Mss(u16),
    WindowScale(u8),
    SackOk,
    Sack(Vec<(u32, u32)>),
    Timestamp {
        val: u32,
        ecr: u32,
    },
    /// RFC 2385; the digest.
    Md5(Vec<u8>),
    /// RFC 7413; the cookie.
    FastOpen(Vec<u8>),
    /// The experimental form of Fast Open: kind 254, 0xf989, the cookie.
    FastOpenExp(Vec<u8>),
    /// AccECN: kind 172 counts ECT(0), CE, ECT(1) in this order, kind 174 the other way round.
    AccEcn {
        e1_first: bool,
        fields: Vec<u32>,
    },
    Other {
        kind: u8,
        data: Vec<u8>,
    },
}

const FAST_OPEN_MAGIC: [u8; 2] = [0xf9, 0x89];

impl TcpOption {
    /// The number of this kind of option.
    pub fn kind(&self) -> u8 {
        match self {
            TcpOption::Eol => 0,
            TcpOption::Nop => 1,
            TcpOption::Mss(_) => 2,
            TcpOption::WindowScale(_) => 3,
            TcpOption::SackOk => 4,
            TcpOption::Sack(_) => 5,
            TcpOption::Timestamp { .. } => 8,
            TcpOption::Md5(_) => 19,
            TcpOption::FastOpen(_) => 34,
            TcpOption::FastOpenExp(_) => 254,
            TcpOption::AccEcn { e1_first: false, .. } => 172,
            TcpOption::AccEcn { e1_first: true, .. } => 174,
            TcpOption::Other { kind, .. } => *kind,
        }
    }

    fn data(&self) -> Vec<u8> {
        match self {
            TcpOption::Eol | TcpOption::Nop | TcpOption::SackOk => Vec::new(),
            TcpOption::Mss(mss) => mss.to_be_bytes().to_vec(),
            TcpOption::WindowScale(shift) => vec![*shift],
            TcpOption::Sack(blocks) => {
                blocks.iter().flat_map(|(l, r)| [l.to_be_bytes(), r.to_be_bytes()]).flatten().collect()
            }
            TcpOption::Timestamp { val, ecr } => [val.to_be_bytes(), ecr.to_be_bytes()].concat(),
            TcpOption::Md5(bytes) | TcpOption::FastOpen(bytes) => bytes.clone(),
            TcpOption::FastOpenExp(cookie) => [&FAST_OPEN_MAGIC[..], cookie].concat(),
            TcpOption::AccEcn { fields, .. } => {
                fields.iter().flat_map(|field| field.to_be_bytes().into_iter().skip(1)).collect()
            }
            TcpOption::Other { data, .. } => data.clone(),
        }
    }

    /// The option's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let data = self.data();
        match self.kind() {
            kind @ (0 | 1) => vec![kind],
            kind => [&[kind, data.len() as u8 + 2], &data[..]].concat(),
        }
    }

    fn decode(kind: u8, data: &[u8]) -> TcpOption {
        let word = |at: usize| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        match (kind, data.len()) {
            (2, 2) => TcpOption::Mss(u16::from_be_bytes([data[0], data[1]])),
            (3, 1) => TcpOption::WindowScale(data[0]),
            (4, 0) => TcpOption::SackOk,
            (5, len) if len > 0 && len % 8 == 0 => {
                TcpOption::Sack((0..len).step_by(8).map(|at| (word(at), word(at + 4))).collect())
            }
            (8, 8) => TcpOption::Timestamp { val: word(0), ecr: word(4) },
            (19, _) => TcpOption::Md5(data.to_vec()),
            (34, _) => TcpOption::FastOpen(data.to_vec()),
            (254, _) if data.starts_with(&FAST_OPEN_MAGIC) => TcpOption::FastOpenExp(data[2..].to_vec()),
            (172 | 174, len) if len % 3 == 0 => TcpOption::AccEcn {
                e1_first: kind == 174,
                fields: data.chunks(3).map(|f| u32::from_be_bytes([0, f[0], f[1], f[2]])).collect(),
            },
            _ => TcpOption::Other { kind, data: data.to_vec() },
        }
    }
}

/// Length of options together, in bytes.
pub fn options_len(options: &[TcpOption]) -> usize {
    options.iter().map(|option| option.encode().len()).sum()
}

/// Options from the bytes behind a TCP header.
///
/// # Errors
/// An option that is longer than the header or shorter than its own length byte.
pub fn decode_options(mut bytes: &[u8]) -> Result<Vec<TcpOption>, String> {
    let mut options = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        let (option, taken) = match kind {
            0 => (TcpOption::Eol, 1),
            1 => (TcpOption::Nop, 1),
            _ => {
                let len = rest.first().copied().unwrap_or(0) as usize;
                let data = bytes.get(2..len).ok_or_else(|| format!("TCP option {kind} has length {len}"))?;
                (TcpOption::decode(kind, data), len)
            }
        };
        options.push(option);
        bytes = &bytes[taken..];
    }
    Ok(options)
}

impl fmt::Display for TcpOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named_hex = |f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8]| {
            f.write_str(name)?;
            f.write_str(if bytes.is_empty() { "" } else { " " })?;
            bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match self {
            TcpOption::Eol => f.write_str("eol"),
            TcpOption::Nop => f.write_str("nop"),
            TcpOption::Mss(mss) => write!(f, "mss {mss}"),
            TcpOption::WindowScale(shift) => write!(f, "wscale {shift}"),
            TcpOption::SackOk => f.write_str("sackOK"),
            TcpOption::Sack(blocks) => {
                f.write_str("sack")?;
                blocks.iter().try_for_each(|(left, right)| write!(f, " {left}:{right}"))
            }
            TcpOption::Timestamp { val, ecr } => write!(f, "TS val {val} ecr {ecr}"),
            TcpOption::Md5(digest) => named_hex(f, "md5", digest),
            TcpOption::FastOpen(cookie) => named_hex(f, "FO", cookie),
            TcpOption::FastOpenExp(cookie) => named_hex(f, "FOEXP", cookie),
            TcpOption::AccEcn { e1_first, fields } => {
                let order = if *e1_first { ["e1b", "ceb", "e0b"] } else { ["e0b", "ceb", "e1b"] };
                f.write_str("ECN")?;
                order.iter().zip(fields).try_for_each(|(name, value)| write!(f, " {name} {value}"))
            }
            TcpOption::Other { kind, data } => named_hex(f, &format!("kind {kind}"), data),
        }
    }
}

/// Options as a script writes them: `<mss 1460,nop>`, or nothing at all.
pub fn show_options(options: &[TcpOption]) -> String {
    if options.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = options.iter().map(TcpOption::to_string).collect();
    format!("<{}>", texts.join(","))
}
