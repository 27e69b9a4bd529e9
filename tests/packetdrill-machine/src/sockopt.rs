//! getsockopt(2) and setsockopt(2): Linux's numbers and layouts over the component's options.

mod get;
mod info;
mod set;
mod value;

use crate::component::Component;
use crate::numbers::{ip, level};
use crate::tcp::Tcp;
use packetdrill::Errno;

impl Tcp {
    /// getsockopt(2): the value, at most `len` bytes of it.
    pub(crate) fn get_option(
        &mut self,
        component: &mut Component,
        level: i32,
        name: i32,
        len: usize,
    ) -> Result<Vec<u8>, Errno> {
        self.look(component);
        let mut value = match level {
            level::SOCKET => self.get_socket_option(component, name),
            level::TCP => self.get_tcp_option(component, name),
            level::IP => self.get_ip_option(component, name),
            level::IPV6 => self.get_ip_option(component, ip::of_ipv6(name)),
            _ => Err(Errno::EOPNOTSUPP),
        }?;
        value.truncate(len);
        Ok(value)
    }

    /// setsockopt(2).
    pub(crate) fn set_option(
        &mut self,
        component: &mut Component,
        level: i32,
        name: i32,
        value: &[u8],
    ) -> Result<(), Errno> {
        self.look(component);
        match level {
            level::SOCKET => self.set_socket_option(component, name, value),
            level::TCP => self.set_tcp_option(component, name, value),
            level::IP => self.set_ip_option(component, name, value),
            level::IPV6 => self.set_ip_option(component, ip::of_ipv6(name), value),
            _ => Err(Errno::ENOPROTOOPT),
        }?;
        self.remember(level, name, value);
        Ok(())
    }

    /// What an option was set to, if it was.
    fn chosen(&self, level: i32, name: i32) -> Option<Vec<u8>> {
        self.chosen.iter().find(|(l, n, _)| (*l, *n) == (level, name)).map(|(_, _, value)| value.clone())
    }

    /// The value of an option that is kept and does nothing.
    fn kept(&self, level: i32, name: i32) -> i32 {
        let found = self.local.kept.iter().find(|(l, n, _)| (*l, *n) == (level, name));
        found.map_or(0, |(_, _, value)| *value)
    }

    /// Keeps an option that does nothing.
    fn keep(&mut self, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
        let value = value::int(value)?;
        self.local.kept.retain(|(l, n, _)| (*l, *n) != (level, name));
        self.local.kept.push((level, name, value));
        Ok(())
    }
}
