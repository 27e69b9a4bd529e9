//! Addresses that the stack answers for: `ip neigh ... proxy`. iproute2: `do_show_or_flush` with `NTF_PROXY`.

use crate::links::Links;
use crate::neighbour::add_protocol;
use crate::options::Options;
use crate::output::Output;
use crate::route_show::Told;
use tool_common::address::{Prefix, ip};
use tool_common::control::control_types::Errno;
use tool_common::control::neighbours::{self, Proxy};
use tool_common::json::Json;
use tool_common::{Exit, object};

/// The device, the block of addresses and the teller of those that are meant, as far as they are said.
type Chosen = (Option<u32>, Option<Prefix>, Option<u8>);

fn chosen((device, within, protocol): Chosen, options: &Options) -> Vec<Proxy> {
    let mut all = neighbours::proxies();
    all.retain(|proxy| {
        let address = ip(proxy.address);
        options.family.is_none_or(|family| family.has(address))
            && device.is_none_or(|device| proxy.device == Some(device))
            && within.is_none_or(|within| within.contains(address))
            && protocol.is_none_or(|protocol| protocol == proxy.protocol)
    });
    all.sort_by_key(|proxy| ip(proxy.address).is_ipv6());
    all
}

/// Those that are meant, as they are shown.
pub(crate) fn list(links: &Links, options: &Options, wanted: Chosen) -> String {
    let mut output = Output::new(options);
    for proxy in chosen(wanted, options) {
        let Told { line, fields } = told(&proxy, links, options, wanted.0.is_some());
        output.push(&line, Json::Object(fields));
    }
    output.finish()
}

/// The one that is meant, as it is shown.
pub(crate) fn get(links: &Links, options: &Options, wanted: &Proxy) -> Result<String, Exit> {
    let is_meant = |known: &Proxy| known.device == wanted.device && ip(known.address) == ip(wanted.address);
    let found = neighbours::proxies().into_iter().find(is_meant);
    let missing = || Exit::new(2, "Error: Proxy neighbour entry not found.");
    let Told { line, fields } = told(&found.ok_or_else(missing)?, links, options, false);
    let mut output = Output::new(options);
    output.push(&line, Json::Object(fields));
    Ok(output.finish())
}

/// Takes those that are meant away.
pub(crate) fn flush(wanted: Chosen, options: &Options) -> Result<String, Exit> {
    for proxy in chosen(wanted, options) {
        match neighbours::remove_proxy(proxy.device, proxy.address) {
            Err(failure) if failure.errno != Errno::NoEntry => return Err(Exit::refused(&failure)),
            _ => {}
        }
    }
    Ok(String::new())
}

/// iproute2: `print_neigh`.
fn told(proxy: &Proxy, links: &Links, options: &Options, of_device: bool) -> Told {
    let address = ip(proxy.address).to_string();
    let device = proxy.device.filter(|_| !of_device).map(|device| links.name(device));
    let mut told = Told { line: format!("{address} "), fields: object! { "dst": address.as_str() } };
    if let Some(device) = &device {
        told.pair("dev", "dev", device.as_str());
    }
    if options.brief {
        told.line = format!("{address:<39} {:<16} \n", device.unwrap_or_default());
        return told;
    }
    for (is_so, word) in [(proxy.router, "router"), (true, "proxy")] {
        if is_so {
            told.line += &format!("{word} ");
            told.fields.push((word, Json::Null));
        }
    }
    add_protocol(&mut told, proxy.protocol);
    told.line.push('\n');
    told
}
