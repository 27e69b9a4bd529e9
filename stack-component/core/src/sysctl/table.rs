//! How a table of settings is written: one row each, and the struct and its names follow.
//!
//! A row is `field: type = default, "name", "what a value looks like", check;`. Rows that stand in several files make
//! one struct: each file's macro takes a list of macros and the rows so far, and hands its own rows behind them
//! to the next.

pub(super) use super::value::Value;
use alloc::string::String;

/// A struct of settings that are found by name.
pub trait Settings {
    /// The names, in the order of the rows.
    const NAMES: &'static [&'static str];

    /// The setting `name` as text.
    fn read(&self, name: &str) -> Option<String>;

    /// Sets the setting `name` to what `value` says; `None`: there is no such setting. The error says what a value
    /// looks like.
    fn write(&mut self, name: &str, value: &str) -> Option<Result<(), &'static str>>;
}

/// Makes a struct of settings of its rows.
macro_rules! settings {
    ({
        $(#[$about:meta])*
        pub struct $Table:ident $({ $($(#[$more:meta])* $extra:ident: $kind:ty = $first:expr),* $(,)? })?;
        $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $name:literal, $expected:literal, $valid:expr;)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $Table { $($(#[$doc])* pub $field: $type,)* $($($(#[$more])* pub $extra: $kind),*)? }

        impl Default for $Table {
            fn default() -> Self {
                $Table { $($field: $default,)* $($($extra: $first),*)? }
            }
        }

        impl $crate::sysctl::table::Settings for $Table {
            const NAMES: &'static [&'static str] = &[$($name),*];

            fn read(&self, name: &str) -> Option<String> {
                match name {
                    $($name => Some(self.$field.show()),)*
                    _ => None,
                }
            }

            fn write(&mut self, name: &str, value: &str) -> Option<Result<(), &'static str>> {
                match name {
                    $($name => {
                        let valid: fn(&$type) -> bool = $valid;
                        let value = <$type as Value>::parse(value.trim(), &self.$field).filter(valid);
                        Some(value.map(|value| self.$field = value).ok_or($expected))
                    })*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use settings;
