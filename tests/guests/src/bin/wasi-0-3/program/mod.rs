//! What is started through WASI 0.3.

mod addresses;
mod denied;
mod limits;
mod model;
mod names;
mod questions;
mod serve;
mod tcp;
mod udp;
mod wait;

struct Program;

impl bindings::exports::wasi::cli::run::Guest for Program {
    async fn run() -> Result<(), ()> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let port = || arguments[1].parse().expect("a port");
        match arguments[0].as_str() {
            "tcp" => tcp::ask().await,
            "udp" => udp::ask().await,
            "denied" => denied::ask().await,
            "names" => names::ask().await,
            "ask" => serve::ask(port()).await,
            "memory" => test_guests::memory::take(),
            "serve" => serve::echo(port()).await,
            "trap" => serve::trap(port()).await,
            "leave" => serve::leave(port()).await,
            "give-up" => serve::give_up(&arguments[1], arguments[2].parse().expect("a port")).await,
            "spin" => spin(),
            "sockets" => limits::count(),
            "tcp-buffers" => limits::fill_tcp().await,
            "udp-buffers" => limits::fill_udp(),
            "model" => {
                let number = |at: usize| arguments[at].parse().expect("a number");
                model::run(number(1), number(2)).await;
                return Ok(());
            }
            "questions" => {
                questions::ask(&arguments[1], arguments.get(2).map_or("", String::as_str)).await;
                return Ok(());
            }
            other => panic!("{other}?"),
        }
        println!("asked");
        Ok(())
    }
}

fn spin() -> ! {
    println!("spinning");
    loop {
        std::hint::spin_loop();
    }
}

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
