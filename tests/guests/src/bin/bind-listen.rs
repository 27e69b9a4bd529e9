//! `bind-listen PORT`: listens at this port, and says what refuses.

#[cfg(target_os = "wasi")]
fn main() {
    use test_guests::sockets::{Family, bind, listen, tcp};
    let port = std::env::args().nth(1).and_then(|word| word.parse().ok()).expect("PORT");
    let socket = tcp(Family::Ipv4);
    match bind(&socket, Family::Ipv4.unspecified(port)) {
        Err(error) => println!("bind: {}", error.name()),
        Ok(()) => match listen(&socket) {
            Err(error) => println!("listen: {}", error.name()),
            Ok(()) => println!("listening"),
        },
    }
}

test_guests::component_only!();
