//! What names are looked up by. The options are docker's.

use super::near::did_you_mean;
use crate::kernel::NameSettings;
use std::net::{IpAddr, SocketAddr};

/// Where name servers hear.
const PORT: u16 = 53;

/// The options about names.
#[derive(Debug, clap::Args)]
pub(super) struct NameArguments {
    /// Name server [default: the gateway on the user wire; else those that routers, DHCPv6 and DHCP tell of]
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = server)]
    pub(super) dns: Vec<SocketAddr>,

    /// Domain in which a name of few dots is looked for [default: none]
    #[arg(long, value_name = "DOMAIN")]
    pub(super) dns_search: Vec<String>,

    /// ndots:N, timeout:SECONDS or attempts:N, as in resolv.conf [default: ndots:1, timeout:2, attempts:3]
    #[arg(long, value_name = "OPTION", value_parser = option)]
    pub(super) dns_option: Vec<DnsOption>,

    /// A name with its address, as a line of /etc/hosts
    #[arg(long, value_name = "NAME:ADDRESS", value_parser = host)]
    pub(super) add_host: Vec<(String, IpAddr)>,
}

/// An option of resolv.conf.
#[derive(Clone, Copy, Debug)]
pub(super) enum DnsOption {
    Dots(u8),
    Timeout(u8),
    Attempts(u8),
}

impl NameArguments {
    /// The settings; none if nothing was said.
    pub(super) fn settings(self) -> Option<NameSettings> {
        let NameArguments { dns, dns_search, dns_option, add_host } = self;
        let said = !(dns.is_empty() && dns_search.is_empty() && dns_option.is_empty() && add_host.is_empty());
        let mut settings =
            NameSettings { servers: dns, search: dns_search, hosts: add_host, ..NameSettings::default() };
        for option in dns_option {
            match option {
                DnsOption::Dots(dots) => settings.dots = dots,
                DnsOption::Timeout(seconds) => settings.timeout = seconds,
                DnsOption::Attempts(attempts) => settings.attempts = attempts,
            }
        }
        said.then_some(settings)
    }
}

pub(super) fn server(text: &str) -> Result<SocketAddr, String> {
    let alone = text.parse().map(|ip: IpAddr| SocketAddr::new(ip, PORT));
    let server = alone.or_else(|_| text.parse());
    server.map_err(|_| "expected an address, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353".into())
}

pub(super) fn option(text: &str) -> Result<DnsOption, String> {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    let within = |range: std::ops::RangeInclusive<u8>| {
        let value = value.parse().ok().filter(|value| range.contains(value));
        value.ok_or_else(|| format!("{name} wants a number from {} to {}", range.start(), range.end()))
    };
    match name {
        "ndots" => within(0..=15).map(DnsOption::Dots),
        "timeout" => within(1..=30).map(DnsOption::Timeout),
        "attempts" => within(1..=5).map(DnsOption::Attempts),
        _ => {
            let near = did_you_mean(name, ["ndots", "timeout", "attempts"]);
            Err(format!("expected ndots:N, timeout:SECONDS or attempts:N{near}"))
        }
    }
}

pub(super) fn host(text: &str) -> Result<(String, IpAddr), String> {
    const EXPECTED: &str = "expected NAME:ADDRESS, as db:10.0.0.7 or db:[fd00::7]";
    let (name, address) = text.split_once([':', '=']).filter(|(name, _)| !name.is_empty()).ok_or(EXPECTED)?;
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    Ok((name.to_owned(), bare.parse().map_err(|_| EXPECTED)?))
}
