//! The questions, a module for a topic.

mod answers;
mod names;
mod tcp_addresses;
mod tcp_options;
mod tcp_states;
mod tcp_streams;
mod udp_datagrams;
mod udp_states;

use test_guests::sockets::Family;

/// Asks what the arguments say.
pub(crate) fn main() {
    let mut arguments = std::env::args().skip(1);
    let about = arguments.next().unwrap_or_default();
    let family = match arguments.next().as_deref() {
        Some("6") => Family::Ipv6,
        _ => Family::Ipv4,
    };
    match about.as_str() {
        "tcp-states" => tcp_states::ask(family),
        "tcp-addresses" => tcp_addresses::ask(family),
        "tcp-options" => tcp_options::ask(family),
        "tcp-streams" => tcp_streams::ask(family),
        "udp-states" => udp_states::ask(family),
        "udp-datagrams" => udp_datagrams::ask(family),
        "names" => names::ask(),
        _ => panic!("questions about what?"),
    }
}
