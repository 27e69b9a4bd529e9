//! Sysctls and counters, through `wnet:stack/control`.

use crate::calls::Process;
use crate::component::Component;
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

    /// All sysctls.
    pub(crate) fn sysctls(&mut self) -> Vec<(String, String)> {
        let all = self.component.control(|control, store| control.call_sysctls(store)).unwrap_or_default();
        all.into_iter().map(|sysctl| (sysctl.name, sysctl.value)).collect()
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

    pub(crate) fn dead(&self) -> String {
        self.component.failure().unwrap_or("the stack component failed").to_string()
    }
}

impl Component {
    /// Whether net.ipv4.tcp_fastopen lets clients send data with their SYN. Linux: `TFO_CLIENT_ENABLE`.
    pub(crate) fn is_fast_open_client(&mut self) -> bool {
        let value = self.control(|control, store| control.call_get_sysctl(store, "net.ipv4.tcp_fastopen"));
        let Ok(Ok(value)) = value else { return false };
        let number = value
            .strip_prefix("0x")
            .map_or_else(|| value.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        number.is_some_and(|bits: u32| bits & 1 != 0)
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
