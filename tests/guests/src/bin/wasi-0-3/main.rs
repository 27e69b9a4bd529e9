//! Asks `wasi:sockets` 0.3 what programs would, over loopback and in both families; panics at a wrong answer. It exports
//! `wasi:cli/run` of both generations, and fails when it is started through 0.2.
//!
//! `wasi-0-3 tcp|udp|names|denied`: the questions; `sockets|tcp-buffers|udp-buffers`: how many there are; `serve PORT`:
//! sends back what comes; `trap PORT`, `leave PORT`: traps or exits with the code 7 once a byte came; `give-up ADDRESS PORT`:
//! a connection to that port of an IPv4 address, and then serves `PORT`; `spin`: never waits.

#[cfg(target_os = "wasi")]
mod denied;
#[cfg(target_os = "wasi")]
mod limits;
#[cfg(target_os = "wasi")]
mod names;
#[cfg(target_os = "wasi")]
mod serve;
#[cfg(target_os = "wasi")]
mod tcp;
#[cfg(target_os = "wasi")]
mod udp;
#[cfg(target_os = "wasi")]
mod wait;

fn main() {
    eprintln!("wasi-0-3 was not started through WASI 0.3");
    std::process::exit(1);
}

#[cfg(target_os = "wasi")]
struct Program;

#[cfg(target_os = "wasi")]
impl bindings::exports::wasi::cli::run::Guest for Program {
    async fn run() -> Result<(), ()> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let port = || arguments[1].parse().expect("a port");
        match arguments[0].as_str() {
            "tcp" => tcp::ask().await,
            "udp" => udp::ask().await,
            "denied" => denied::ask().await,
            "names" => names::ask().await,
            "serve" => serve::echo(port()).await,
            "trap" => serve::trap(port()).await,
            "leave" => serve::leave(port()).await,
            "give-up" => serve::give_up(&arguments[1], arguments[2].parse().expect("a port")).await,
            "spin" => spin(),
            "sockets" => limits::count(),
            "tcp-buffers" => limits::fill_tcp().await,
            "udp-buffers" => limits::fill_udp(),
            other => panic!("{other}?"),
        }
        println!("asked");
        Ok(())
    }
}

#[cfg(target_os = "wasi")]
fn spin() -> ! {
    println!("spinning");
    loop {
        std::hint::spin_loop();
    }
}

#[cfg(target_os = "wasi")]
// Generated: the canonical ABI is raw pointers.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks, unreachable_pub, missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../host/wit", "wit"],
        inline: "
            package test:guest;
            world program {
                import wasi:sockets/types@0.3.0;
                import wasi:sockets/ip-name-lookup@0.3.0;
                import wasi:cli/exit@0.3.0;
                export wasi:cli/run@0.3.0;
            }
        ",
        world: "test:guest/program",
        generate_all,
    });
    export!(Program);
    use super::Program;
}

#[cfg(target_os = "wasi")]
mod addresses {
    use crate::bindings::wasi::sockets::types::{
        IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
    };

    /// The loopback addresses.
    pub(crate) const LOOPBACK: [IpAddressFamily; 2] = [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6];

    /// The loopback address of a family, or the unspecified one.
    pub(crate) fn at(family: IpAddressFamily, host: u8, port: u16) -> IpSocketAddress {
        let first = if host == 0 { 0 } else { 127 };
        match family {
            IpAddressFamily::Ipv4 => {
                IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (first, 0, 0, host) })
            }
            IpAddressFamily::Ipv6 => {
                let address = (0, 0, 0, 0, 0, 0, 0, u16::from(host));
                IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
            }
        }
    }

    /// An address that is nobody's here.
    pub(crate) fn elsewhere(family: IpAddressFamily) -> IpSocketAddress {
        match family {
            IpAddressFamily::Ipv4 => {
                IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (192, 0, 2, 1) })
            }
            IpAddressFamily::Ipv6 => {
                let address = (0xfd00, 0, 0, 0, 0, 0, 0, 1);
                IpSocketAddress::Ipv6(Ipv6SocketAddress { port: 0, flow_info: 0, address, scope_id: 0 })
            }
        }
    }

    /// The other family.
    pub(crate) fn other(family: IpAddressFamily) -> IpAddressFamily {
        if family == IpAddressFamily::Ipv4 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 }
    }

    pub(crate) fn port(address: IpSocketAddress) -> u16 {
        match address {
            IpSocketAddress::Ipv4(v4) => v4.port,
            IpSocketAddress::Ipv6(v6) => v6.port,
        }
    }
}
