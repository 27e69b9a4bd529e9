//! Characters of a code block to tokens, indentation included.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(i128),
    Float(f64),
    Text(String),
    /// An f-string, not yet taken apart.
    Format(String),
    Mark(&'static str),
    /// The end of a line or a semicolon.
    End,
    Indent,
    Dedent,
}

/// Operators and marks, longer ones first.
const MARKS: &[&str] = &[
    "**=", "//=", "<<=", ">>=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+=", "-=", "*=", "/=", "%=",
    "&=", "|=", "^=", "->", "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">", "=", "(", ")", "[", "]",
    "{", "}", ",", ":", ".",
];

/// Tokens with the byte where each starts.
pub(super) fn scan(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut scanner = Scanner { text, at: 0, depth: 0, indents: Vec::new(), tokens: Vec::new() };
    scanner.run()?;
    Ok(scanner.tokens)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Open parentheses: lines do not end in them.
    depth: usize,
    indents: Vec<usize>,
    tokens: Vec<(Token, usize)>,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut line_start = true;
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            if line_start && self.depth == 0 {
                if !self.indentation() {
                    continue;
                }
                line_start = false;
                continue;
            }
            let first = rest.chars().next().unwrap_or(' ');
            match first {
                '\n' | ';' => {
                    if self.depth == 0 {
                        self.push(Token::End);
                    }
                    line_start = first == '\n';
                    self.at += 1;
                }
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                '\\' if rest[1..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') => {
                    self.at += rest.find('\n').unwrap_or(0) + 1;
                }
                c if c.is_whitespace() => self.at += c.len_utf8(),
                _ => self.token(first)?,
            }
        }
        self.push(Token::End);
        for _ in 0..self.indents.len().saturating_sub(1) {
            self.push(Token::Dedent);
        }
        Ok(())
    }

    fn push(&mut self, token: Token) {
        self.tokens.push((token, self.at));
    }

    /// Looks at the blanks at the start of a line. False if the line is empty. The first line sets the level that
    /// the block starts with, since a block is indented as its script likes. A first line directly behind `%{` says
    /// nothing about the others.
    fn indentation(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let width = rest.find(|c: char| !matches!(c, ' ' | '\t' | '\r')).unwrap_or(rest.len());
        let after = &rest[width..];
        if after.is_empty() || after.starts_with(['\n', '#']) {
            self.at += after.find('\n').map_or(rest.len(), |end| width + end + 1);
            return false;
        }
        let behind_brace = self.at == 0;
        self.at += width;
        if behind_brace {
            return true;
        }
        let Some(&level) = self.indents.last() else {
            // A block opened in the first line has its lines indented already.
            let opens = matches!(
                self.tokens.iter().rev().find(|(t, _)| *t != Token::End),
                Some((Token::Mark(":"), _))
            );
            if opens {
                self.indents.push(0);
                self.push(Token::Indent);
            }
            self.indents.push(width);
            return true;
        };
        if width > level {
            let opens = matches!(
                self.tokens.iter().rev().find(|(t, _)| *t != Token::End),
                Some((Token::Mark(":"), _))
            );
            if opens {
                self.indents.push(width);
                self.push(Token::Indent);
            }
        }
        while self.indents.len() > 1 && self.indents.last().is_some_and(|&level| width < level) {
            self.indents.pop();
            self.push(Token::Dedent);
        }
        true
    }

    fn token(&mut self, first: char) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let format = first == 'f' && rest[1..].starts_with(['"', '\'']);
        if format || matches!(first, '"' | '\'') {
            return self.string(format);
        }
        if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            self.push(Token::Name(rest[..len].to_owned()));
            self.at += len;
            return Ok(());
        }
        let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
        let mark = mark.ok_or_else(|| format!("'{first}' is not understood"))?;
        match *mark {
            "(" | "[" | "{" => self.depth += 1,
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.push(Token::Mark(mark));
        self.at += mark.len();
        Ok(())
    }

    fn string(&mut self, format: bool) -> Result<(), String> {
        let rest = &self.text[self.at + usize::from(format)..];
        let quote =
            if rest.starts_with("\"\"\"") || rest.starts_with("'''") { &rest[..3] } else { &rest[..1] };
        let body = &rest[quote.len()..];
        let mut at = 0;
        while !body[at..].starts_with(quote) {
            let c = body[at..].chars().next().ok_or("a string has no end")?;
            at += c.len_utf8();
            if c == '\\' {
                at += body[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        let text = String::from_utf8_lossy(&crate::language::unescape(&body[..at])).into_owned();
        self.push(if format { Token::Format(text) } else { Token::Text(text) });
        self.at += usize::from(format) + quote.len() * 2 + at;
        Ok(())
    }

    fn number(&mut self) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let radix = match rest.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => 16,
            Some("0b") => 2,
            Some("0o") => 8,
            _ => 10,
        };
        if radix != 10 {
            let digits = &rest[2..];
            let len = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            let value = i128::from_str_radix(&digits[..len], radix).map_err(|error| error.to_string())?;
            self.push(Token::Int(value));
            self.at += len + 2;
            return Ok(());
        }
        let mut len =
            rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rest.len());
        if rest[len..].starts_with(['e', 'E']) {
            let exponent = &rest[len + 1..];
            let sign = usize::from(exponent.starts_with(['+', '-']));
            len += 1
                + sign
                + exponent[sign..].find(|c: char| !c.is_ascii_digit()).unwrap_or(exponent.len() - sign);
        }
        let text = rest[..len].replace('_', "");
        let token = match text.parse() {
            Ok(value) => Token::Int(value),
            Err(_) => Token::Float(text.parse().map_err(|_| format!("'{text}' is not a number"))?),
        };
        self.push(token);
        self.at += len;
        Ok(())
    }
}
