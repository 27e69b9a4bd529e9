//! Runs the statements of a code block.

use super::operator::binary;
use super::parse;
use super::scope::{Flow, Function, Interpreter, Scope};
use super::tree::{Expr, Line, Statement};
use super::value::Value;

type Result<T> = std::result::Result<T, String>;

const MOST_STEPS: u32 = 1_000_000;

impl Interpreter {
    /// Runs a block.
    ///
    /// # Errors
    /// A text: an assertion that does not hold, with its message, or something that is not understood.
    pub fn run(&mut self, text: &str) -> Result<()> {
        let lines = parse::block(text)?;
        self.steps = MOST_STEPS;
        let mut scope = Scope { machine: self, locals: None };
        scope.lines(&lines).map(|_| ())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: Value) {
        self.globals.insert(name.to_owned(), value);
    }
}

impl Scope<'_> {
    pub(super) fn lines(&mut self, lines: &[Line]) -> Result<Flow> {
        for line in lines {
            match self.statement(line)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, line: &Line) -> Result<Flow> {
        self.machine.steps = self.machine.steps.checked_sub(1).ok_or("code: this runs for ever")?;
        match &line.statement {
            Statement::Assert(condition, message) => {
                if !self.value(condition)?.truth() {
                    return Err(self.failed(line, condition, message.as_ref()));
                }
            }
            Statement::Assign(targets, value) => {
                let value = self.value(value)?;
                for target in targets {
                    self.assign(target, value.clone())?;
                }
            }
            Statement::Update(target, operator, value) => {
                let new = binary(operator, &self.value(target)?, &self.value(value)?)?;
                self.assign(target, new)?;
            }
            Statement::Expression(value) => {
                self.value(value)?;
            }
            Statement::If(branches, otherwise) => {
                for (condition, lines) in branches {
                    if self.value(condition)?.truth() {
                        return self.lines(lines);
                    }
                }
                return self.lines(otherwise);
            }
            Statement::While(condition, lines) => {
                while self.value(condition)?.truth() {
                    match self.lines(lines)? {
                        Flow::Break => break,
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
            }
            Statement::For(target, list, lines) => return self.for_each(target, list, lines),
            Statement::Define(name, parameters, body) => {
                let function =
                    Function { name: name.clone(), parameters: parameters.clone(), body: body.clone() };
                let number = self.machine.functions.len();
                self.machine.functions.push(function);
                self.machine.set(name, Value::Function(number));
            }
            Statement::Return(value) => {
                let value = value.as_ref().map_or(Ok(Value::None), |value| self.value(value))?;
                return Ok(Flow::Return(value));
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Pass => {}
        }
        Ok(Flow::Next)
    }

    fn for_each(&mut self, target: &Expr, list: &Expr, lines: &[Line]) -> Result<Flow> {
        let list = self.value(list)?;
        let items = list.items().ok_or("code: 'for' needs a list")?.to_vec();
        for item in items {
            self.assign(target, item)?;
            match self.lines(lines)? {
                Flow::Break => break,
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue => {}
            }
        }
        Ok(Flow::Next)
    }

    fn assign(&mut self, target: &Expr, value: Value) -> Result<()> {
        match target {
            Expr::Name(name) => {
                match &mut self.locals {
                    Some(locals) => locals.insert(name.clone(), value),
                    None => self.machine.globals.insert(name.clone(), value),
                };
                Ok(())
            }
            Expr::Tuple(names) | Expr::List(names) => {
                let items = value.items().filter(|items| items.len() == names.len());
                let items = items.ok_or("code: as many values as names are needed")?.to_vec();
                names.iter().zip(items).try_for_each(|(name, item)| self.assign(name, item))
            }
            _ => Err("code: only names can be assigned to".to_owned()),
        }
    }

    /// `assert a == b` does not hold: with the message and the values of all names in it.
    fn failed(&mut self, line: &Line, condition: &Expr, message: Option<&Expr>) -> String {
        let mut names = Vec::new();
        collect_names(condition, &mut names);
        let values: Vec<String> = names
            .into_iter()
            .filter_map(|name| {
                let value = self.value(&Expr::Name(name.clone())).ok()?;
                (!matches!(value, Value::Function(_))).then(|| format!("{name} = {value}"))
            })
            .collect();
        let message = message.and_then(|message| self.value(message).ok());
        let message = message.map_or(String::new(), |message| format!(": {message}"));
        let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        format!("{} does not hold{message}{values}", line.text)
    }
}

fn collect_names(expr: &Expr, names: &mut Vec<String>) {
    match expr {
        Expr::Name(name) if !names.contains(name) => names.push(name.clone()),
        Expr::Name(_) | Expr::Literal(_) => {}
        Expr::Not(inner) | Expr::Negative(inner) | Expr::Invert(inner) => collect_names(inner, names),
        Expr::And(a, b) | Expr::Or(a, b) | Expr::Binary(_, a, b) | Expr::Index(a, b) => {
            collect_names(a, names);
            collect_names(b, names);
        }
        Expr::Compare(first, rest) => {
            collect_names(first, names);
            rest.iter().for_each(|(_, expr)| collect_names(expr, names));
        }
        Expr::Choice(a, b, c) => [a, b, c].into_iter().for_each(|expr| collect_names(expr, names)),
        Expr::List(items) | Expr::Tuple(items) => items.iter().for_each(|expr| collect_names(expr, names)),
        Expr::Call(_, arguments) => arguments.iter().for_each(|expr| collect_names(expr, names)),
        Expr::Method(object, _, arguments) => {
            collect_names(object, names);
            arguments.iter().for_each(|expr| collect_names(expr, names));
        }
        Expr::Format(_) => {}
    }
}
