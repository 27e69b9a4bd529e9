//! A value's way from and to text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a setting can hold.
pub(super) trait Value: Sized {
    /// The value that a text says where there was another one before.
    fn parse(text: &str, before: &Self) -> Option<Self>;

    /// The text that says the value.
    fn show(&self) -> String;
}

impl Value for bool {
    fn parse(text: &str, _: &Self) -> Option<Self> {
        match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }
    fn show(&self) -> String {
        u8::from(*self).to_string()
    }
}

impl Value for u32 {
    fn parse(text: &str, _: &Self) -> Option<Self> {
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for i32 {
    fn parse(text: &str, _: &Self) -> Option<Self> {
        text.parse().ok()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn parse(text: &str, _: &Self) -> Option<Self> {
        Some(text.into())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl<const N: usize> Value for [u32; N] {
    /// Fewer numbers change the first ones alone. Linux: `__do_proc_dointvec`.
    fn parse(text: &str, before: &Self) -> Option<Self> {
        let mut values = *before;
        let mut words = text.split_ascii_whitespace().peekable();
        words.peek()?;
        for (value, word) in values.iter_mut().zip(&mut words) {
            *value = word.parse().ok()?;
        }
        words.next().is_none().then_some(values)
    }
    fn show(&self) -> String {
        let words: Vec<String> = self.iter().map(|v| v.to_string()).collect();
        words.join(" ")
    }
}
