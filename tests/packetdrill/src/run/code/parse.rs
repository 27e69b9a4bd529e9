//! Tokens of a code block to its tree.

use super::scan::{Token, scan};
use super::tree::{Expr, Line, Piece, Statement};
use super::value::Value;

type Result<T> = std::result::Result<T, String>;

/// The statements of a block.
pub(super) fn block(text: &str) -> Result<Vec<Line>> {
    let mut parser = Parser { text, tokens: scan(text)?, at: 0 };
    let lines = parser.lines()?;
    match parser.peek() {
        None => Ok(lines),
        Some(_) => Err(parser.expected("a statement")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, usize)>,
    at: usize,
}

const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "==", "!="];
/// Binary operators, loosest first.
const LEVELS: &[&[&str]] = &[&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"]];
const UPDATES: &[(&str, &str)] = &[
    ("+=", "+"),
    ("-=", "-"),
    ("*=", "*"),
    ("/=", "/"),
    ("//=", "//"),
    ("%=", "%"),
    ("&=", "&"),
    ("|=", "|"),
    ("^=", "^"),
    ("<<=", "<<"),
    (">>=", ">>"),
    ("**=", "**"),
];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn expected(&self, what: &str) -> String {
        let place = self.tokens.get(self.at).map_or(self.text.len(), |(_, at)| *at);
        let near: String = self.text[place..].chars().take_while(|c| *c != '\n').take(30).collect();
        format!("code: expected {what} at '{near}'")
    }

    fn take(&mut self, mark: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Mark(m)) if *m == mark);
        self.at += usize::from(is);
        is
    }

    fn mark(&mut self, mark: &str) -> Result<()> {
        if self.take(mark) { Ok(()) } else { Err(self.expected(&format!("'{mark}'"))) }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.at += usize::from(is);
        is
    }

    fn name(&mut self) -> Result<String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    fn lines(&mut self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        loop {
            match self.peek() {
                None | Some(Token::Dedent) => return Ok(lines),
                Some(Token::End) => self.at += 1,
                Some(_) => lines.push(self.line()?),
            }
        }
    }

    fn line(&mut self) -> Result<Line> {
        let start = self.tokens[self.at].1;
        let statement = self.statement()?;
        let end = self.tokens.get(self.at).map_or(self.text.len(), |(_, at)| *at);
        let text = self.text[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Line { statement, text })
    }

    fn statement(&mut self) -> Result<Statement> {
        if self.keyword("assert") {
            let condition = self.expression()?;
            let message = if self.take(",") { Some(self.expression()?) } else { None };
            return Ok(Statement::Assert(condition, message));
        }
        if self.keyword("if") {
            return self.conditional();
        }
        if self.keyword("while") {
            let condition = self.expression()?;
            return Ok(Statement::While(condition, self.suite()?));
        }
        if self.keyword("for") {
            let target = self.targets()?;
            if !self.keyword("in") {
                return Err(self.expected("'in'"));
            }
            let list = self.expressions()?;
            return Ok(Statement::For(target, list, self.suite()?));
        }
        if self.keyword("def") {
            return self.definition();
        }
        if self.keyword("return") {
            let nothing = matches!(self.peek(), None | Some(Token::End | Token::Dedent));
            return Ok(Statement::Return(if nothing { None } else { Some(self.expressions()?) }));
        }
        for (word, statement) in
            [("pass", Statement::Pass), ("break", Statement::Break), ("continue", Statement::Continue)]
        {
            if self.keyword(word) {
                return Ok(statement);
            }
        }
        if self.keyword("import") || self.keyword("from") || self.keyword("global") {
            while !matches!(self.peek(), None | Some(Token::End)) {
                self.at += 1;
            }
            return Ok(Statement::Pass);
        }
        self.assignment()
    }

    fn assignment(&mut self) -> Result<Statement> {
        let first = self.expressions()?;
        for (mark, operator) in UPDATES {
            if self.take(mark) {
                return Ok(Statement::Update(first, operator, self.expressions()?));
            }
        }
        let mut all = vec![first];
        while self.take("=") {
            all.push(self.expressions()?);
        }
        let value = all.pop().ok_or_else(|| self.expected("a value"))?;
        Ok(if all.is_empty() { Statement::Expression(value) } else { Statement::Assign(all, value) })
    }

    fn targets(&mut self) -> Result<Expr> {
        let mut names = vec![Expr::Name(self.name()?)];
        while self.take(",") {
            names.push(Expr::Name(self.name()?));
        }
        Ok(if names.len() == 1 { names.remove(0) } else { Expr::Tuple(names) })
    }

    fn conditional(&mut self) -> Result<Statement> {
        let mut branches = vec![(self.expression()?, self.suite()?)];
        loop {
            let before = self.at;
            while matches!(self.peek(), Some(Token::End)) {
                self.at += 1;
            }
            if self.keyword("elif") {
                branches.push((self.expression()?, self.suite()?));
            } else if self.keyword("else") {
                return Ok(Statement::If(branches, self.suite()?));
            } else {
                self.at = before;
                return Ok(Statement::If(branches, Vec::new()));
            }
        }
    }

    fn definition(&mut self) -> Result<Statement> {
        let name = self.name()?;
        self.mark("(")?;
        let mut parameters = Vec::new();
        while !self.take(")") {
            parameters.push(self.name()?);
            self.take(",");
        }
        Ok(Statement::Define(name, parameters, self.suite()?))
    }

    /// What follows a colon: statements in the same line, or an indented block.
    fn suite(&mut self) -> Result<Vec<Line>> {
        self.mark(":")?;
        if !matches!(self.peek(), Some(Token::End)) {
            let mut lines = vec![self.line()?];
            // `a; b` belong together as long as the line goes on.
            while let Some((Token::End, at)) = self.tokens.get(self.at) {
                if !self.text[*at..].starts_with(';') || self.at + 1 >= self.tokens.len() {
                    break;
                }
                self.at += 1;
                match self.peek() {
                    None | Some(Token::End | Token::Dedent) => break,
                    Some(_) => lines.push(self.line()?),
                }
            }
            return Ok(lines);
        }
        while matches!(self.peek(), Some(Token::End)) {
            self.at += 1;
        }
        if self.peek() != Some(&Token::Indent) {
            return Err(self.expected("an indented block"));
        }
        self.at += 1;
        let lines = self.lines()?;
        if self.peek() == Some(&Token::Dedent) {
            self.at += 1;
        }
        Ok(lines)
    }

    /// One expression, or several with commas: a tuple.
    fn expressions(&mut self) -> Result<Expr> {
        let first = self.expression()?;
        if !self.take(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while !matches!(self.peek(), None | Some(Token::End | Token::Mark("=" | ")" | ":"))) {
            all.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        Ok(Expr::Tuple(all))
    }

    fn expression(&mut self) -> Result<Expr> {
        let value = self.disjunction()?;
        if !self.keyword("if") {
            return Ok(value);
        }
        let condition = self.disjunction()?;
        if !self.keyword("else") {
            return Err(self.expected("'else'"));
        }
        Ok(Expr::Choice(Box::new(condition), Box::new(value), Box::new(self.expression()?)))
    }

    fn disjunction(&mut self) -> Result<Expr> {
        let mut left = self.conjunction()?;
        while self.keyword("or") {
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expr> {
        let mut left = self.negation()?;
        while self.keyword("and") {
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr> {
        if self.keyword("not") {
            return Ok(Expr::Not(Box::new(self.negation()?)));
        }
        let left = self.binary(0)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.comparison() {
            rest.push((operator, self.binary(0)?));
        }
        Ok(if rest.is_empty() { left } else { Expr::Compare(Box::new(left), rest) })
    }

    fn comparison(&mut self) -> Option<&'static str> {
        for mark in COMPARISONS {
            if self.take(mark) {
                return Some(mark);
            }
        }
        if self.keyword("in") {
            return Some("in");
        }
        if self.keyword("is") {
            return Some(if self.keyword("not") { "!=" } else { "==" });
        }
        let not_in = matches!(self.tokens.get(self.at + 1), Some((Token::Name(name), _)) if name == "in");
        if not_in && self.keyword("not") {
            self.at += 1;
            return Some("not in");
        }
        None
    }

    fn binary(&mut self, level: usize) -> Result<Expr> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        'next: loop {
            for operator in *operators {
                if self.take(operator) {
                    left = Expr::Binary(operator, Box::new(left), Box::new(self.binary(level + 1)?));
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }

    fn unary(&mut self) -> Result<Expr> {
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.unary()?)));
        }
        if self.take("+") {
            return self.unary();
        }
        if self.take("~") {
            return Ok(Expr::Invert(Box::new(self.unary()?)));
        }
        let base = self.postfix()?;
        if self.take("**") {
            return Ok(Expr::Binary("**", Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Result<Expr> {
        let mut value = self.atom()?;
        loop {
            if self.take("(") {
                value = Expr::Call(Box::new(value), self.list(")")?);
            } else if self.take("[") {
                let index = self.expression()?;
                self.mark("]")?;
                value = Expr::Index(Box::new(value), Box::new(index));
            } else if self.take(".") {
                let name = self.name()?;
                self.mark("(")?;
                value = Expr::Method(Box::new(value), name, self.list(")")?);
            } else {
                return Ok(value);
            }
        }
    }

    fn list(&mut self, close: &str) -> Result<Vec<Expr>> {
        let mut all = Vec::new();
        while !self.take(close) {
            all.push(self.expression()?);
            if !self.take(",") {
                self.mark(close)?;
                break;
            }
        }
        Ok(all)
    }

    fn atom(&mut self) -> Result<Expr> {
        let Some(token) = self.peek().cloned() else { return Err(self.expected("a value")) };
        self.at += 1;
        Ok(match token {
            Token::Int(value) => Expr::Literal(Value::Int(value)),
            Token::Float(value) => Expr::Literal(Value::Float(value)),
            Token::Text(mut text) => {
                while let Some(Token::Text(more)) = self.peek() {
                    text.push_str(more);
                    self.at += 1;
                }
                Expr::Literal(Value::Text(text))
            }
            Token::Format(text) => Expr::Format(pieces(&text)?),
            Token::Name(name) => match name.as_str() {
                "True" => Expr::Literal(Value::Bool(true)),
                "False" => Expr::Literal(Value::Bool(false)),
                "None" => Expr::Literal(Value::None),
                _ => Expr::Name(name),
            },
            Token::Mark("[") => Expr::List(self.list("]")?),
            Token::Mark("(") => {
                if self.take(")") {
                    return Ok(Expr::Tuple(Vec::new()));
                }
                let inner = self.expressions()?;
                self.mark(")")?;
                inner
            }
            _ => {
                self.at -= 1;
                return Err(self.expected("a value"));
            }
        })
    }
}

/// An f-string's pieces: text, then an expression with its format.
fn pieces(text: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').ok_or("code: an f-string has no '}'")? + open;
        let (source, format) = rest[open + 1..close].split_once(':').unwrap_or((&rest[open + 1..close], ""));
        let mut parser = Parser { text: source, tokens: scan(source)?, at: 0 };
        pieces.push((rest[..open].to_owned(), Some((parser.expression()?, format.to_owned()))));
        rest = &rest[close + 1..];
    }
    pieces.push((rest.to_owned(), None));
    Ok(pieces)
}
