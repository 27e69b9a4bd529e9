//! Interface `wnet:stack/names`.

use crate::Component;
use crate::bindings::exports::wnet::stack::names::{Guest, Settings};
use crate::entry::enter;
use crate::sockets::addresses::{core as core_address, host, wit, wit_host};
use alloc::format;
use alloc::string::{String, ToString};
use core::ops::RangeInclusive;
use stack_core::names::{self, Hosts};
use stack_core::time::Duration;
use stack_core::wire::dns::Name;

impl Guest for Component {
    fn configure(wanted: Settings) -> Result<(), String> {
        let settings = checked(&wanted)?;
        let servers = wanted.servers.into_iter().map(core_address).collect();
        enter(|state, _| state.stack.set_name_settings(settings, servers));
        Ok(())
    }

    fn current() -> Settings {
        enter(|state, _| {
            let settings = state.stack.name_settings();
            Settings {
                servers: state.stack.name_servers().into_iter().map(wit).collect(),
                search: settings.search.iter().map(ToString::to_string).collect(),
                ndots: settings.dots,
                timeout: u8::try_from(settings.timeout.as_secs()).unwrap_or(u8::MAX),
                attempts: settings.attempts,
                hosts: settings
                    .hosts
                    .entries()
                    .iter()
                    .map(|(name, address)| (name.to_string(), wit_host(*address)))
                    .collect(),
            }
        })
    }
}

fn checked(wanted: &Settings) -> Result<names::Settings, String> {
    let within = |what: &str, value: u8, range: RangeInclusive<u8>| match range.contains(&value) {
        true => Ok(value),
        false => Err(format!("{what} {value} is not within {} to {}", range.start(), range.end())),
    };
    let name = |text: &String| Name::from_text(text).ok_or_else(|| format!("{text:?} is no name"));
    let mut hosts = Hosts::default();
    for (text, address) in &wanted.hosts {
        if !hosts.add(name(text)?, host(*address)) {
            return Err("too many hosts".to_string());
        }
    }
    Ok(names::Settings {
        search: wanted.search.iter().map(name).collect::<Result<_, _>>()?,
        dots: within("ndots", wanted.ndots, 0..=15)?,
        timeout: Duration::from_secs(within("timeout", wanted.timeout, 1..=30)?.into()),
        attempts: within("attempts", wanted.attempts, 1..=5)?,
        hosts,
    })
}
