//! Arguments and results of system calls.

use super::ast::{Expression, Field};
use super::lexer::unescape;
use super::parser::{Parsed, Parser};
use super::token::Kind;

impl Parser {
    /// Expressions with commas between them, up to a closing mark.
    pub(super) fn expressions(&mut self, close: char) -> Parsed<Vec<Expression>> {
        let mut all = Vec::new();
        while !self.take_mark(close) {
            if !all.is_empty() && !self.take_mark(',') {
                return Err(self.expected(&format!("',' or '{close}'")));
            }
            all.push(self.expression()?);
        }
        Ok(all)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        let first = self.operand()?;
        if !self.is_mark('|') {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take_mark('|') {
            all.push(self.operand()?);
        }
        Ok(Expression::Or(all))
    }

    fn operand(&mut self) -> Parsed<Expression> {
        match self.peek().kind.clone() {
            Kind::Ellipsis => {
                self.advance();
                Ok(Expression::Ellipsis)
            }
            Kind::Integer(value) => {
                self.advance();
                Ok(Expression::Integer(value))
            }
            Kind::Text(_) => Ok(self.text()),
            Kind::Word(word) => self.symbol(word),
            Kind::Mark('[') => {
                self.advance();
                Ok(Expression::List(self.expressions(']')?))
            }
            Kind::Mark('{') => self.braces(),
            _ => Err(self.expected("a value")),
        }
    }

    /// `"abc"`, `"abc" "def"`, `"abc"...`.
    fn text(&mut self) -> Expression {
        let mut bytes = Vec::new();
        while let Kind::Text(text) = &self.peek().kind {
            bytes.extend(unescape(text));
            self.advance();
        }
        if self.peek().kind == Kind::Ellipsis {
            self.advance();
        }
        Expression::Text(bytes)
    }

    fn symbol(&mut self, word: String) -> Parsed<Expression> {
        self.advance();
        if self.take_mark('(') {
            return Ok(Expression::Function(word, self.expressions(')')?));
        }
        if self.take_mark('=') {
            let value = self.expression()?;
            return Ok(Expression::Struct(vec![Field { name: word, count: None, value }]));
        }
        Ok(Expression::Word(word))
    }

    /// A struct literal, a tuple, or something for another protocol.
    fn braces(&mut self) -> Parsed<Expression> {
        let is_field =
            matches!(self.peek_at(1), Kind::Word(_)) && matches!(self.peek_at(2), Kind::Mark('=' | '('));
        let is_tuple = !matches!(self.peek_at(1), Kind::Mark('('))
            && matches!(self.peek_at(2), Kind::Mark(',' | '}' | '|') | Kind::Ellipsis);
        if !is_field && !is_tuple && !matches!(self.peek_at(1), Kind::Mark('{' | '[' | '}')) {
            return self.opaque();
        }
        self.mark('{')?;
        if !is_field {
            return Ok(Expression::Tuple(self.expressions('}')?));
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            if self.take_mark('}') {
                return Ok(Expression::Struct(fields));
            }
            self.mark(',')?;
        }
    }

    fn field(&mut self) -> Parsed<Field> {
        let name = self.word("the name of a field")?;
        let mut count = None;
        if self.take_mark('(') {
            count = Some(self.expression()?);
            self.mark(')')?;
        }
        self.mark('=')?;
        Ok(Field { name, count, value: self.expression()? })
    }

    fn opaque(&mut self) -> Parsed<Expression> {
        let mut depth = 0;
        loop {
            match self.peek().kind {
                Kind::Mark('{') => depth += 1,
                Kind::Mark('}') => depth -= 1,
                Kind::End => return Err(self.expected("'}'")),
                _ => {}
            }
            self.advance();
            if depth == 0 {
                return Ok(Expression::Opaque);
            }
        }
    }
}
