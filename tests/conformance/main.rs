//! The conformance cases: each is a claim about the whole, checked on the real component.
//!
//! `cargo test -p conformance --test conformance [PART OF A NAME]`; see docs/testing.md. What the machine
//! lacks for a case is named, and the case is counted as ignored.

mod arp;
mod attacks;
mod bad_frames;
mod captures;
mod command_line;
mod component;
mod endurance;
mod guests;
mod icmp;
mod instances;
mod languages;
mod linux;
mod linux_addresses;
mod linux_control;
mod linux_dhcp;
mod linux_failures;
mod linux_groups;
mod linux_impaired;
mod linux_ip;
mod linux_names;
mod linux_paths;
mod linux_router;
mod linux_udp;
mod linux_user_wire;
mod linux_v6;
mod many_guests;
mod monitor;
mod oracle;
mod oracle_0_3;
mod own_interfaces;
mod ping;
mod policy;
mod ports_published;
mod strangers;
mod stress;
mod survival;
mod tcp_abuse;
mod tcp_by_hand;
mod tcpdump;
mod tools;
mod user_wire;
mod wasi_0_3;

use std::process::ExitCode;

use conformance::needs::Skip;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// A claim, and what checks it.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    check: fn() -> anyhow::Result<()>,
}

/// The cases with these names in the module where this stands.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CASES: &[crate::Case] =
            &[$(crate::Case { name: concat!(module_path!(), "::", stringify!($name)), check: $name }),*];
    };
}
use cases;

/// All cases; the longest first, so that they do not wait for each other at the end.
const MODULES: &[&[Case]] = &[
    linux::CASES,
    languages::CASES,
    endurance::CASES,
    stress::CASES,
    linux_failures::CASES,
    linux_control::CASES,
    linux_addresses::CASES,
    linux_dhcp::CASES,
    linux_ip::CASES,
    linux_names::CASES,
    linux_paths::CASES,
    linux_router::CASES,
    linux_udp::CASES,
    linux_groups::CASES,
    linux_v6::CASES,
    linux_user_wire::CASES,
    linux_impaired::CASES,
    captures::CASES,
    policy::CASES,
    ports_published::CASES,
    user_wire::CASES,
    attacks::memory::CASES,
    attacks::scapy::CASES,
    attacks::v4::CASES,
    attacks::v6::CASES,
    bad_frames::CASES,
    strangers::CASES,
    instances::CASES,
    ping::CASES,
    tcpdump::CASES,
    guests::CASES,
    many_guests::CASES,
    oracle::CASES,
    oracle_0_3::CASES,
    own_interfaces::CASES,
    tools::ip_addresses::CASES,
    tools::ip_neighbours::CASES,
    tools::ip_rules::CASES,
    tools::ip_v4::CASES,
    tools::ip_v6::CASES,
    tools::pings::CASES,
    tools::settings::CASES,
    tools::sockets::CASES,
    wasi_0_3::CASES,
    monitor::CASES,
    survival::CASES,
    tcp_by_hand::CASES,
    tcp_abuse::CASES,
    arp::CASES,
    icmp::CASES,
    command_line::CASES,
    component::CASES,
];

impl Case {
    fn trial(self) -> Trial {
        let name = self.name.strip_prefix("conformance::").unwrap_or(self.name);
        Trial::ignorable_test(name, move || match (self.check)() {
            Ok(()) => Ok(Completion::Completed),
            Err(error) => match error.downcast_ref::<Skip>() {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => Err(Failed::from(format!("{error:#}"))),
            },
        })
    }
}

fn main() -> ExitCode {
    conformance::namespace::serve_if_asked();
    let trials = MODULES.iter().flat_map(|cases| cases.iter().map(|case| case.trial())).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
