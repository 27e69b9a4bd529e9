//! The settings of the running stack: `wnet:stack/control` as the host uses it.

use super::bindings::exports::wnet::stack::control;
use super::memory::{LONGEST_NAME, LONGEST_VALUE};
use super::{Entered, Kernel, Setting, StackDied, Told};
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
        let answer = self.change_setting(name, value).map_err(SysctlError::Died)?;
        answer.ok_or(SysctlError::NotSupported)?.map_err(|error| SysctlError::of(name, error))
    }

    /// The same with the stack's own answer; none: it has no settings.
    ///
    /// # Errors
    /// When the stack died over it, and so did the one in its place.
    pub(crate) fn change_setting(
        &self,
        name: &str,
        value: &str,
    ) -> Result<Option<Result<(), control::SysctlError>>, StackDied> {
        if let Err(refusal) = check_length(name, value) {
            return Ok(Some(Err(refusal)));
        }
        self.enter_again(|entered| {
            let stack = entered.stack;
            let Some(control) = stack.control() else { return Ok(None) };
            let change =
                |entered: &mut Entered<'_>| control.call_set_sysctl(&mut *entered.store, name, value.trim());
            entered.tell(change, |()| Told::Sysctl(Setting::new(name, value))).map(Some)
        })
    }
}

/// Nobody's settings are that long, and they are kept.
fn check_length(name: &str, value: &str) -> Result<(), control::SysctlError> {
    if name.len() > LONGEST_NAME {
        return Err(control::SysctlError::Unknown(None));
    }
    match value.trim().len() > LONGEST_VALUE {
        true => Err(control::SysctlError::Invalid(format!("at most {LONGEST_VALUE} bytes"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_any_length_are_not_kept() {
        let spaces = " ".repeat(LONGEST_VALUE + 1);
        assert!(check_length("net.ipv4.ip_forward", &format!("{spaces}1{spaces}")).is_ok());
        assert!(matches!(check_length(&"n".repeat(300), "1"), Err(control::SysctlError::Unknown(None))));
        assert!(matches!(check_length("n", &"1".repeat(4096)), Err(control::SysctlError::Invalid(_))));
    }
}
