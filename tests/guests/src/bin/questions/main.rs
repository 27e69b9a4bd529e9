//! `questions ABOUT 4|6`: asks wasi:sockets what the standard leaves no doubt about, and what it leaves to hosts; prints
//! one line for each answer. The same answers are expected from every host, so nothing is printed that chance decides.

#[cfg(target_os = "wasi")]
mod answers;
#[cfg(target_os = "wasi")]
mod names;
#[cfg(target_os = "wasi")]
mod sockets;
#[cfg(target_os = "wasi")]
mod tcp_addresses;
#[cfg(target_os = "wasi")]
mod tcp_options;
#[cfg(target_os = "wasi")]
mod tcp_states;
#[cfg(target_os = "wasi")]
mod tcp_streams;
#[cfg(target_os = "wasi")]
mod udp_datagrams;
#[cfg(target_os = "wasi")]
mod udp_states;

#[cfg(target_os = "wasi")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let about = arguments.next().unwrap_or_default();
    let family = match arguments.next().as_deref() {
        Some("6") => sockets::Family::Ipv6,
        _ => sockets::Family::Ipv4,
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

test_guests::component_only!();
