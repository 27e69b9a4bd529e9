//! The settings of the running stack: `wnet:stack/control` as the host uses it.

use super::bindings::exports::wnet::stack::control;
use super::{Kernel, StackDied, Told};
use std::fmt;

/// Why a setting was not told or not taken.
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
    /// The text is no value of it.
    Invalid {
        /// The setting.
        name: String,
        /// What a value looks like.
        expected: String,
    },
    /// The stack component does not export `wnet:stack/control`.
    NotSupported,
    /// The stack died over it.
    Died(StackDied),
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
            SysctlError::NotSupported => f.write_str("this stack's settings cannot be changed while it runs"),
            SysctlError::Died(how) => how.fmt(f),
        }
    }
}

impl std::error::Error for SysctlError {}

impl SysctlError {
    fn of(name: &str, error: control::SysctlError) -> Self {
        let name = name.to_owned();
        match error {
            control::SysctlError::Unknown(near) => SysctlError::Unknown { name, near },
            control::SysctlError::ReadOnly => SysctlError::ReadOnly(name),
            control::SysctlError::Invalid(expected) => SysctlError::Invalid { name, expected },
        }
    }
}

impl Kernel {
    /// The settings of the stack with their values; none if it does not export `wnet:stack/control`.
    ///
    /// # Errors
    /// When the stack died over it.
    pub fn sysctls(&self) -> Result<Vec<(String, String)>, StackDied> {
        let all = self.enter(|entered| match entered.stack.control() {
            Some(control) => control.call_sysctls(&mut *entered.store),
            None => Ok(Vec::new()),
        })?;
        Ok(all.into_iter().map(|sysctl| (sysctl.name, sysctl.value)).collect())
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// As [`SysctlError`] says.
    pub fn sysctl(&self, name: &str) -> Result<String, SysctlError> {
        let answer = self.enter(|entered| match entered.stack.control() {
            Some(control) => control.call_get_sysctl(&mut *entered.store, name).map(Some),
            None => Ok(None),
        });
        let answer = answer.map_err(SysctlError::Died)?.ok_or(SysctlError::NotSupported)?;
        answer.map_err(|error| SysctlError::of(name, error))
    }

    /// Changes a setting, also for a stack that is started in this one's place.
    ///
    /// # Errors
    /// As [`SysctlError`] says.
    pub fn set_sysctl(&self, name: &str, value: &str) -> Result<(), SysctlError> {
        let answer = self.enter(|entered| match entered.stack.control() {
            Some(control) => control.call_set_sysctl(&mut *entered.store, name, value).map(Some),
            None => Ok(None),
        });
        let answer = answer.map_err(SysctlError::Died)?.ok_or(SysctlError::NotSupported)?;
        answer.map_err(|error| SysctlError::of(name, error))?;
        self.remember_sysctl(name, value);
        Ok(())
    }

    /// A stack that is started in this one's place gets this setting, too.
    pub(crate) fn remember_sysctl(&self, name: &str, value: &str) {
        self.core.lock().remember(Told::Sysctl(name.to_owned(), value.to_owned()));
    }
}
