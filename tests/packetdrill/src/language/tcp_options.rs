//! TCP options between angle brackets.

use super::parser::{Parsed, Parser};
use super::token::Kind;
use crate::packet::option::{TcpOption, options_len};

impl Parser {
    /// `<mss 1460,nop>`; `None` for `<...>`.
    pub(super) fn tcp_options(&mut self) -> Parsed<Option<Vec<TcpOption>>> {
        self.mark('<')?;
        let mut options = Vec::new();
        if self.peek().kind == Kind::Ellipsis {
            self.advance();
            self.mark('>')?;
            return Ok(None);
        }
        loop {
            options.push(self.tcp_option()?);
            if self.take_mark('>') {
                break;
            }
            if !self.take_mark(',') {
                return Err(self.expected("',' or '>'"));
            }
        }
        match options_len(&options) {
            len if len % 4 != 0 => Err(self
                .fault(format!("the TCP options have {len} bytes, not a multiple of 4: nops are missing"))),
            len if len > 40 => Err(self.fault(format!("the TCP options have {len} bytes, more than 40"))),
            _ => Ok(Some(options)),
        }
    }

    fn tcp_option(&mut self) -> Parsed<TcpOption> {
        let name = self.word("the name of a TCP option")?;
        Ok(match name.as_str() {
            "nop" => TcpOption::Nop,
            "eol" => TcpOption::Eol,
            "mss" => TcpOption::Mss(self.number("an MSS")?),
            "wscale" => TcpOption::WindowScale(self.number("a shift of the window")?),
            "sackOK" => TcpOption::SackOk,
            "sack" => TcpOption::Sack(self.sack_blocks()?),
            "TS" => self.timestamp()?,
            "md5" => TcpOption::Md5(self.hex()?),
            "FO" => TcpOption::FastOpen(self.hex()?),
            "FOEXP" => TcpOption::FastOpenExp(self.hex()?),
            "ECN" => self.acc_ecn()?,
            "kind" | "opt" => TcpOption::Other { kind: self.number("a kind")?, data: self.hex()? },
            other => return Err(self.fault(format!("'{other}' is not a TCP option that is known"))),
        })
    }

    fn sack_blocks(&mut self) -> Parsed<Vec<(u32, u32)>> {
        let mut blocks = Vec::new();
        while blocks.is_empty() || matches!(self.peek().kind, Kind::Integer(_)) {
            let left = self.number("the left edge of a SACK block")?;
            self.mark(':')?;
            blocks.push((left, self.number("the right edge of a SACK block")?));
        }
        Ok(blocks)
    }

    fn timestamp(&mut self) -> Parsed<TcpOption> {
        let mut values = [0; 2];
        for (name, value) in ["val", "ecr"].into_iter().zip(&mut values) {
            if !self.take_word(name) {
                return Err(self.expected(&format!("'{name}'")));
            }
            *value = self.number("a timestamp")?;
        }
        Ok(TcpOption::Timestamp { val: values[0], ecr: values[1] })
    }

    /// Hexadecimal digits, none at all included; all of them may be decimal.
    fn hex(&mut self) -> Parsed<Vec<u8>> {
        let text = match &self.peek().kind {
            Kind::Word(_) | Kind::Integer(_) => self.advance().raw,
            _ => return Ok(Vec::new()),
        };
        let pairs: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        pairs.ok_or_else(|| self.fault(format!("'{text}' is not an even number of hexadecimal digits")))
    }

    /// Fields in one of the two orders, some of them left off at the end. Fields in the middle cannot be.
    fn acc_ecn(&mut self) -> Parsed<TcpOption> {
        let e1_first = self.is_word("e1b");
        let order = if e1_first { ["e1b", "ceb", "e0b"] } else { ["e0b", "ceb", "e1b"] };
        let mut fields = Vec::new();
        for name in order {
            if !self.take_word(name) {
                break;
            }
            let value: u32 = self.number("a counter of bytes")?;
            if value >= 1 << 24 {
                return Err(self.fault("a counter of AccECN has 24 bits"));
            }
            fields.push(value);
        }
        match fields.is_empty() {
            true => Err(self.expected("e0b or e1b")),
            false => Ok(TcpOption::AccEcn { e1_first, fields }),
        }
    }
}
