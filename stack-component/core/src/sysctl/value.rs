//! A value's way from and to text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a setting can hold.
pub(super) trait Value: Sized {
    /// The value that a text says.
    fn parse(text: &str) -> Option<Self>;

    /// The text that says the value.
    fn show(&self) -> String;
}

impl Value for bool {
    fn parse(text: &str) -> Option<Self> {
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
    fn parse(text: &str) -> Option<Self> {
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
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn parse(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl<const N: usize> Value for [u32; N] {
    fn parse(text: &str) -> Option<Self> {
        let mut values = [0; N];
        let mut words = text.split_ascii_whitespace();
        for value in &mut values {
            *value = words.next()?.parse().ok()?;
        }
        words.next().is_none().then_some(values)
    }
    fn show(&self) -> String {
        let words: Vec<String> = self.iter().map(|v| v.to_string()).collect();
        words.join(" ")
    }
}
