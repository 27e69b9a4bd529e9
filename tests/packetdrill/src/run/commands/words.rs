//! Shell lines to words, as far as simple commands go.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

/// A command without pipes and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) words: Vec<String>,
    /// `> FILE`
    pub(super) output_to: Option<String>,
    /// `2> /dev/null`
    pub(super) quiet_errors: bool,
    /// `&&` stands before it.
    pub(super) only_after_success: bool,
}

/// The commands of a text; `None` if it takes a shell to understand it.
pub(super) fn simple(text: &str) -> Option<Vec<Simple>> {
    let mut reader = Reader { chars: text.chars().peekable(), variables: HashMap::new() };
    let mut all = Vec::new();
    let mut after_success = false;
    loop {
        let (command, end) = reader.command()?;
        let Simple { words, .. } = &command;
        let keyword = words.first().is_some_and(|word| KEYWORDS.contains(&word.as_str()));
        if keyword {
            return None;
        }
        if !words.is_empty() {
            all.push(Simple { only_after_success: after_success, ..command });
        }
        match end {
            End::Text => return Some(all),
            End::Line => after_success = false,
            End::And => after_success = true,
        }
    }
}

const KEYWORDS: &[&str] = &["if", "for", "while", "until", "case", "function", "{", "}", "!", "[", "[["];

enum End {
    Text,
    Line,
    And,
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    variables: HashMap<String, String>,
}

impl Reader<'_> {
    fn command(&mut self) -> Option<(Simple, End)> {
        let mut command = Simple::default();
        let mut words = Vec::new();
        let end = loop {
            match self.chars.peek().copied() {
                None => break End::Text,
                Some('\n' | ';') => {
                    self.chars.next();
                    break End::Line;
                }
                Some('&') => {
                    self.chars.next();
                    // A command in the background needs a shell.
                    self.chars.next_if_eq(&'&')?;
                    break End::And;
                }
                Some('#') => while self.chars.next_if(|c| *c != '\n').is_some() {},
                Some(' ' | '\t' | '\r') => {
                    self.chars.next();
                }
                Some('\\') if self.continues() => {}
                Some('>') => self.redirect(&mut command, 1)?,
                Some('|' | '(' | ')' | '<' | '`') => return None,
                Some(_) => {
                    let word = self.word()?;
                    let descriptor = word.parse().ok().filter(|number: &u8| *number < 3);
                    match descriptor {
                        Some(number) if self.chars.peek() == Some(&'>') => {
                            self.redirect(&mut command, number)?
                        }
                        _ => words.push(word),
                    }
                }
            }
        };
        // Assignments before a command are its own, alone they stay.
        while let Some((name, value)) = words.first().and_then(|word| assignment(word)) {
            words.remove(0);
            self.variables.insert(name, value);
        }
        command.words = words;
        Some((command, end))
    }

    /// A backslash at the end of a line.
    fn continues(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        ahead.next();
        let is = ahead.next() == Some('\n');
        if is {
            self.chars.next();
            self.chars.next();
        }
        is
    }

    fn redirect(&mut self, command: &mut Simple, descriptor: u8) -> Option<()> {
        self.chars.next();
        self.chars.next_if_eq(&'>');
        if self.chars.next_if_eq(&'&').is_some() {
            return self.chars.next().map(|_| ());
        }
        while self.chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        let file = self.word()?;
        match (descriptor, file.as_str()) {
            (2, "/dev/null") => command.quiet_errors = true,
            (1, "/dev/null") => command.output_to = Some(file),
            (1, path) if path.starts_with("/proc/sys/") => command.output_to = Some(file),
            _ => return None,
        }
        Some(())
    }

    fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(&c) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' => break,
                // A pattern stays as it is: no command that is known takes files.
                '(' | ')' | '`' => return None,
                '\'' => {
                    self.chars.next();
                    loop {
                        match self.chars.next()? {
                            '\'' => break,
                            c => word.push(c),
                        }
                    }
                }
                '"' => {
                    self.chars.next();
                    self.quoted(&mut word)?;
                }
                '\\' => {
                    self.chars.next();
                    match self.chars.next()? {
                        '\n' => {}
                        c => word.push(c),
                    }
                }
                '$' => {
                    self.chars.next();
                    word.push_str(&self.dollar()?);
                }
                c => {
                    self.chars.next();
                    word.push(c);
                }
            }
        }
        Some(word)
    }

    fn quoted(&mut self, word: &mut String) -> Option<()> {
        loop {
            match self.chars.next()? {
                '"' => return Some(()),
                '`' => return None,
                '$' => word.push_str(&self.dollar()?),
                '\\' => match self.chars.next()? {
                    '\n' => {}
                    c @ ('"' | '\\' | '$' | '`') => word.push(c),
                    c => word.extend(['\\', c]),
                },
                c => word.push(c),
            }
        }
    }

    /// `$NAME`, `${NAME}`, `$((1024 * 1024))`.
    fn dollar(&mut self) -> Option<String> {
        match self.chars.peek()? {
            '(' => {
                self.chars.next();
                self.chars.next_if_eq(&'(')?;
                let mut depth = 0;
                let mut text = String::new();
                loop {
                    let c = self.chars.next()?;
                    match c {
                        '(' => depth += 1,
                        ')' if depth == 0 => break,
                        ')' => depth -= 1,
                        _ => {}
                    }
                    text.push(c);
                }
                self.chars.next_if_eq(&')')?;
                self.arithmetic(&text).map(|value| value.to_string())
            }
            '{' => {
                self.chars.next();
                let mut name = String::new();
                loop {
                    match self.chars.next()? {
                        '}' => return self.variable(&name),
                        c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
                        _ => return None,
                    }
                }
            }
            c if c.is_ascii_alphabetic() || *c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                self.variable(&name)
            }
            _ => None,
        }
    }

    /// Variables of the text itself; those of the environment would make a script's outcome depend on it.
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "PPID" => Some("0".to_owned()),
            _ => self.variables.get(name).cloned(),
        }
    }

    /// Shell arithmetic is close enough to that of code blocks.
    fn arithmetic(&self, text: &str) -> Option<i128> {
        let mut interpreter = crate::run::code::Interpreter::default();
        for (name, value) in &self.variables {
            if let Ok(number) = value.parse() {
                interpreter.set(name, crate::run::code::Value::Int(number));
            }
        }
        let text = text.replace('$', "").replace('/', "//");
        interpreter.run(&format!("print({text})")).ok()?;
        interpreter.printed.first()?.parse().ok()
    }
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}
