//! `misuse HOW`: breaks a rule of wasi:sockets or wasi:io, for which a host ends the program, on a connection
//! with itself.

#[cfg(target_os = "wasi")]
fn main() {
    let how = std::env::args().nth(1).unwrap_or_default();
    rules::break_one(&how);
    println!("still here");
}

test_guests::component_only!();

#[cfg(target_os = "wasi")]
mod rules {
    use test_guests::sockets::{End, Family, pair};
    use wasi::io::poll::poll;

    pub(super) fn break_one(how: &str) {
        let (End { input, output, socket: _socket }, _far) = pair(Family::Ipv4);
        match how {
            // More than `check-write` permitted.
            "overwrite" => {
                let permitted = output.check_write().expect("a permit");
                let much = vec![0; usize::try_from(permitted).expect("a length") + 1];
                let _ = output.write(&much);
            }
            // Without asking for a permit.
            "unpermitted" => drop(output.write(b"hello")),
            // More than 4096 bytes at once.
            "long-blocking-write" => drop(output.blocking_write_and_flush(&[0; 4097])),
            "poll-nothing" => drop(poll(&[])),
            // A pollable must go before its stream.
            "parent-first" => {
                let pollable = input.subscribe();
                drop(input);
                drop(pollable);
            }
            _ => panic!("unknown rule"),
        }
    }
}
