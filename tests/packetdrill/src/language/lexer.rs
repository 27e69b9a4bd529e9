//! Characters to tokens.

use super::error::{Fault, Span};
use super::token::{Kind, Token};

/// All tokens of a script; the last one is `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { text, at: 0, line: 1 };
    let mut all = Vec::new();
    loop {
        let token = lexer.next()?;
        let end = token.kind == Kind::End;
        all.push(token);
        if end {
            return Ok(all);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Result<Token, Fault> {
        self.skip_blank()?;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(self.token(0, Kind::End));
        };
        if rest.starts_with("...") {
            return Ok(self.token(3, Kind::Ellipsis));
        }
        if rest.starts_with("%{") {
            let body = self.enclosed(2, "}%", "code block", false)?;
            return Ok(self.token(body.len() + 4, Kind::Code(body)));
        }
        if rest.starts_with("--") && rest[2..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Ok(self.option());
        }
        match first {
            '"' => {
                let body = self.enclosed(1, "\"", "string", true)?;
                Ok(self.token(body.len() + 2, Kind::Text(body)))
            }
            '`' => {
                let body = self.enclosed(1, "`", "command", true)?;
                Ok(self.token(body.len() + 2, Kind::Command(body)))
            }
            _ => self.number_or_word(first),
        }
    }

    /// A token of the next `len` bytes.
    fn token(&mut self, len: usize, kind: Kind) -> Token {
        let raw = &self.text[self.at..self.at + len];
        let span = Span { start: self.at, end: self.at + len, line: self.line };
        self.line += raw.matches('\n').count();
        self.at += len;
        Token { kind, raw: raw.to_owned(), span }
    }

    fn skip_blank(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            let len = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.fault("this comment has no end"))?;
                end + 2
            } else {
                rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
            };
            if len == 0 {
                return Ok(());
            }
            self.line += rest[..len].matches('\n').count();
            self.at += len;
        }
    }

    fn fault(&self, message: &str) -> Fault {
        Fault::new(Span { start: self.at, end: self.at + 1, line: self.line }, message)
    }

    /// What is between an opening mark of `open` bytes and the closing mark.
    fn enclosed(&self, open: usize, close: &str, what: &str, escapes: bool) -> Result<String, Fault> {
        let body = &self.rest()[open..];
        let mut at = 0;
        while let Some(c) = body[at..].chars().next() {
            if body[at..].starts_with(close) {
                return Ok(body[..at].to_owned());
            }
            at += c.len_utf8();
            if escapes && c == '\\' {
                at += body[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        Err(self.fault(&format!("this {what} has no end, expected {close}")))
    }

    /// `--name`, `--name=value`: a value reaches to the next blank that is not between quotes.
    fn option(&mut self) -> Token {
        let rest = self.rest();
        let name = word_len(&rest[2..]);
        if !rest[2 + name..].starts_with('=') {
            return self.token(2 + name, Kind::Option(rest[2..2 + name].to_owned(), None));
        }
        let value = &rest[name + 3..];
        let mut quote = None;
        let len = value
            .find(|c: char| {
                match quote {
                    Some(q) if q == c => quote = None,
                    None if c == '"' || c == '`' => quote = Some(c),
                    _ => {}
                }
                quote.is_none() && c.is_whitespace()
            })
            .unwrap_or(value.len());
        let kind = Kind::Option(rest[2..2 + name].to_owned(), Some(value[..len].to_owned()));
        self.token(name + 3 + len, kind)
    }

    fn number_or_word(&mut self, first: char) -> Result<Token, Fault> {
        let rest = self.rest();
        if let Some(token) = self.address() {
            return Ok(token);
        }
        let sign = usize::from(first == '-');
        let whole = digits(&rest[sign..]);
        let fraction = fraction_len(&rest[sign + whole..]);
        if fraction > 0 {
            let len = sign + whole + fraction;
            let value = rest[..len].parse().map_err(|_| self.fault("not a number"))?;
            return Ok(self.token(len, Kind::Float(value)));
        }
        let word = word_len(&rest[sign..]);
        if whole > 0 && (sign == 1 || word == whole) {
            // More than 64 bits are no number, but may be the digits of a Fast Open cookie.
            return Ok(match rest[..sign + whole].parse() {
                Ok(value) => self.token(sign + whole, Kind::Integer(value)),
                Err(_) => self.token(sign + whole, Kind::Word(rest[..sign + whole].to_owned())),
            });
        }
        if let Some(hex) = rest[..word].strip_prefix("0x").filter(|_| sign == 0)
            && let Ok(value) = u64::from_str_radix(hex, 16)
        {
            return Ok(self.token(word, Kind::Integer(value as i64)));
        }
        if sign == 0 && word > 0 {
            return Ok(self.token(word, Kind::Word(rest[..word].to_owned())));
        }
        Ok(self.token(first.len_utf8(), Kind::Mark(first)))
    }

    /// An IP address; `1:1001(1000)` is none, an IPv6 address has `::` or eight parts.
    fn address(&mut self) -> Option<Token> {
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')).unwrap_or(rest.len());
        let candidate = rest[..len].trim_end_matches('.');
        // A colon after an address ends a prefix: "ipv6 a > b : ".
        for text in [candidate, candidate.strip_suffix(':').unwrap_or(candidate)] {
            if let Ok(address) = text.parse() {
                return Some(self.token(text.len(), Kind::Ipv4(address)));
            }
            if let Ok(address) = text.parse() {
                return Some(self.token(text.len(), Kind::Ipv6(address)));
            }
        }
        None
    }
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

/// Length of `.5`, 0 if there is no digit after the point.
fn fraction_len(text: &str) -> usize {
    match text.strip_prefix('.').map(digits) {
        Some(len) if len > 0 => len + 1,
        _ => 0,
    }
}

/// The bytes that a string in a script stands for: `\n`, `\t`, `\r`, `\0`, `\\`, `\"`, `\x41`, `\101`.
pub fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&escaped) = bytes.get(at) else { break };
        at += 1;
        let number = |from: usize, most: usize, radix: u32| {
            let len = bytes[from..].iter().take(most).take_while(|b| (**b as char).is_digit(radix)).count();
            let text = std::str::from_utf8(&bytes[from..from + len]).unwrap_or("");
            (u32::from_str_radix(text, radix).unwrap_or(0) as u8, from + len)
        };
        let value = match escaped {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'x' => {
                let (value, end) = number(at, 2, 16);
                at = end;
                value
            }
            b'0'..=b'7' => {
                let (value, end) = number(at - 1, 3, 8);
                at = end;
                value
            }
            other => other,
        };
        out.push(value);
    }
    out
}
