//! A tree as jumps. libpcap: `icode_to_fcode`.

use super::Instruction;
use super::primitives::{Comparison, Load, Tree};

const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
/// With it an offset counts from X.
const BY_X: u16 = 0x20 ^ 0x40;
const LOAD_LENGTH: u16 = 0x80;
/// X becomes the length of the IP header at a place.
const X_HEADER_LENGTH: u16 = 0xb1;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_AT_LEAST: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// Linux: `SKF_AD_OFF`.
const KNOWN: u32 = -0x1000_i32 as u32;
/// Where in a frame the IP header is.
const NETWORK: u32 = 14;
/// Most instructions that Linux takes. Linux: `BPF_MAXINSNS`.
const MOST: usize = 4096;

/// A place in the program that is not known yet.
type Label = usize;

/// An instruction whose jumps go to labels.
enum Step {
    Plain(u16, u32),
    Jump(u16, u32, Label, Label),
}

#[derive(Default)]
struct Generator {
    steps: Vec<Step>,
    /// Where each label is.
    labels: Vec<usize>,
}

/// The program of a tree, which keeps `snap_length` bytes of the frames that fit.
pub(super) fn generate(tree: &Tree, snap_length: u32) -> Result<Vec<Instruction>, String> {
    let mut generator = Generator::default();
    let (fits, fails) = (generator.label(), generator.label());
    generator.tree(tree, fits, fails);
    generator.put(fits);
    generator.steps.push(Step::Plain(RETURN, snap_length));
    generator.put(fails);
    generator.steps.push(Step::Plain(RETURN, 0));
    let program = generator.resolve(false).or_else(|| generator.resolve(true));
    program.filter(|program| program.len() <= MOST).ok_or_else(|| "the expression is too long".into())
}

impl Generator {
    fn label(&mut self) -> Label {
        self.labels.push(usize::MAX);
        self.labels.len() - 1
    }

    /// The next instruction is the one that the label means.
    fn put(&mut self, label: Label) {
        self.labels[label] = self.steps.len();
    }

    fn tree(&mut self, tree: &Tree, fits: Label, fails: Label) {
        match tree {
            Tree::And(first, second) => {
                let next = self.label();
                self.tree(first, next, fails);
                self.put(next);
                self.tree(second, fits, fails);
            }
            Tree::Or(first, second) => {
                let next = self.label();
                self.tree(first, fits, next);
                self.put(next);
                self.tree(second, fits, fails);
            }
            Tree::Not(tree) => self.tree(tree, fails, fits),
            Tree::Leaf { load, mask, comparison, value } => {
                self.load(*load);
                if *mask != u32::MAX {
                    self.steps.push(Step::Plain(AND, *mask));
                }
                let code = match comparison {
                    Comparison::Equal => JUMP_EQUAL,
                    Comparison::Greater => JUMP_GREATER,
                    Comparison::AtLeast => JUMP_AT_LEAST,
                    Comparison::AnyBit => JUMP_ANY_BIT,
                };
                self.steps.push(Step::Jump(code, *value, fits, fails));
            }
        }
    }

    fn load(&mut self, load: Load) {
        let of_size = |size| match size {
            1 => LOAD_BYTE,
            2 => LOAD_HALF,
            _ => LOAD_WORD,
        };
        let step = match load {
            Load::At(size, place) => Step::Plain(of_size(size), place),
            Load::BehindIpv4(size, place) => {
                self.steps.push(Step::Plain(X_HEADER_LENGTH, NETWORK));
                Step::Plain(of_size(size) ^ BY_X, place)
            }
            Load::Length => Step::Plain(LOAD_LENGTH, 0),
            Load::Known(what) => Step::Plain(LOAD_WORD, KNOWN + what),
        };
        self.steps.push(step);
    }

    /// The instructions with their jumps. `far`: each condition only chooses between two long jumps, as short ones do not
    /// reach; none: they do not.
    fn resolve(&self, far: bool) -> Option<Vec<Instruction>> {
        let plain = |code, k| Instruction { code, jump_true: 0, jump_false: 0, k };
        let mut places = Vec::with_capacity(self.steps.len() + 1);
        let mut next = 0;
        for step in &self.steps {
            places.push(next);
            next += if far && matches!(step, Step::Jump(..)) { 3 } else { 1 };
        }
        let place = |label: Label| places.get(*self.labels.get(label)?).copied();
        let mut program = Vec::with_capacity(next);
        for step in &self.steps {
            match *step {
                Step::Plain(code, k) => program.push(plain(code, k)),
                Step::Jump(code, k, fits, fails) if far => {
                    let at = program.len();
                    program.push(Instruction { code, jump_true: 0, jump_false: 1, k });
                    program.push(plain(JUMP, u32::try_from(place(fits)? - at - 2).ok()?));
                    program.push(plain(JUMP, u32::try_from(place(fails)? - at - 3).ok()?));
                }
                Step::Jump(code, k, fits, fails) => {
                    let after = program.len() + 1;
                    let distance = |label| u8::try_from(place(label)? - after).ok();
                    let (jump_true, jump_false) = (distance(fits)?, distance(fails)?);
                    program.push(Instruction { code, jump_true, jump_false, k });
                }
            }
        }
        Some(program)
    }
}
