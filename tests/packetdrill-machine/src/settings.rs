//! Sysctls and counters, through `wnet:stack/control`.

use crate::calls::Process;
use wnet::lab::exports::wnet::stack::control::SysctlError;

impl Process {
    /// The value of a sysctl, as `sysctl -n` prints it.
    pub(crate) fn sysctl(&mut self, name: &str) -> Result<String, String> {
        let value = self
            .component
            .control(|control, store| control.call_get_sysctl(store, name))
            .map_err(|_| self.dead())?;
        value.map_err(|error| explain(name, error))
    }

    /// Sets a sysctl.
    pub(crate) fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), String> {
        let set = self
            .component
            .control(|control, store| control.call_set_sysctl(store, name, value))
            .map_err(|_| self.dead())?;
        set.map_err(|error| explain(name, error))
    }

    /// All counters, named as `nstat -az` names them: without the colon.
    pub(crate) fn counters(&mut self) -> Vec<(String, u64)> {
        let counters =
            self.component.control(|control, store| control.call_counters(store)).unwrap_or_default();
        counters.into_iter().map(|counter| (counter.name.replacen(':', "", 1), counter.value)).collect()
    }

    fn dead(&self) -> String {
        self.component.failure().unwrap_or("the stack component failed").to_string()
    }
}

fn explain(name: &str, error: SysctlError) -> String {
    match error {
        SysctlError::Unknown(None) => format!("there is no sysctl {name}"),
        SysctlError::Unknown(Some(meant)) => format!("there is no sysctl {name}; perhaps {meant}"),
        SysctlError::ReadOnly => format!("the sysctl {name} can only be read"),
        SysctlError::Invalid(expected) => format!("the sysctl {name} takes {expected}"),
    }
}
