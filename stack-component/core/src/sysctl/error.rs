//! Why a setting was not told or not taken.

use alloc::string::String;
use core::fmt;

/// Why a setting was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SysctlError {
    /// No setting has this name.
    Unknown {
        /// What was asked for.
        name: String,
        /// The name that was perhaps meant.
        near: Option<String>,
    },
    /// It can only be read.
    ReadOnly(String),
    /// The text is no value of this setting; `expected` says what would be.
    Invalid {
        /// The setting's name.
        name: String,
        /// What a value looks like.
        expected: &'static str,
    },
}

impl fmt::Display for SysctlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SysctlError::Unknown { name, near: None } => write!(f, "there is no sysctl {name:?}"),
            SysctlError::Unknown { name, near: Some(near) } => {
                write!(f, "there is no sysctl {name:?}; did you mean {near}?")
            }
            SysctlError::ReadOnly(name) => write!(f, "{name} can only be read"),
            SysctlError::Invalid { name, expected } => write!(f, "{name} takes {expected}"),
        }
    }
}

impl core::error::Error for SysctlError {}
