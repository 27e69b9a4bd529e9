//! `control`: reads and changes settings of the stack by `wnet:stack/control`, and prints what it finds.

#[cfg(target_os = "wasi")]
fn main() {
    use bindings::wnet::stack::control::{self, SysctlError};

    let name = "net.ipv4.tcp_fin_timeout";
    println!("{name} {}", control::get_sysctl(name).expect("a setting"));
    control::set_sysctl(name, "7").expect("a setting that is taken");
    println!("{name} {}", control::get_sysctl(name).expect("a setting"));
    match control::set_sysctl("net.ipv4.tcp_fin_timeou", "7") {
        Err(SysctlError::Unknown(near)) => println!("unknown, perhaps {}", near.unwrap_or_default()),
        other => println!("{other:?}"),
    }
    println!("{:?}", control::set_sysctl("net.ipv4.tcp_available_congestion_control", "reno"));
    println!("{:?}", control::set_sysctl("net.ipv4.tcp_sack", "maybe"));
    println!("{}", control::sysctls().iter().any(|sysctl| sysctl.name == name && sysctl.value == "7"));
    println!("{}", control::counters().iter().any(|counter| counter.name == "Tcp:ActiveOpens"));
    println!("{}", control::set_trace("sock:inet_sock_set_state", true));
}

test_guests::component_only!();

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package test:guest;
            world tool { import wnet:stack/control@0.1.0; }
        ",
        generate_all,
    });
}
