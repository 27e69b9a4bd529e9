//! `redis-client HOST PORT`: has a redis server keep a few things, and prints what it gets back.
//!
//! The `redis` crate over `std::net`, blocking, as any program uses it.

use std::env;

use redis::{Client, Commands, Connection, RedisResult};

fn main() -> RedisResult<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, port] = &arguments[..] else { panic!("HOST PORT") };
    let client = Client::open(format!("redis://{host}:{port}/"))?;
    let mut server = client.get_connection()?;
    keep_values(&mut server)?;
    count(&mut server)?;
    publish(&client, &mut server)?;
    println!("done");
    Ok(())
}

/// Values of all sizes come back as they were.
fn keep_values(server: &mut Connection) -> RedisResult<()> {
    let () = server.set("greeting", "hello from a component")?;
    let greeting: String = server.get("greeting")?;
    println!("greeting: {greeting}");
    let large: Vec<u8> =
        (0..4_u32 << 20).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let () = server.set("large", &large)?;
    let back: Vec<u8> = server.get("large")?;
    println!("large: {} bytes, {}", back.len(), if back == large { "the same" } else { "others" });
    Ok(())
}

/// Ten thousand commands are sent before the first answer is read, and each has its answer.
fn count(server: &mut Connection) -> RedisResult<()> {
    const COMMANDS: usize = 10_000;
    let mut pipe = redis::pipe();
    pipe.del("counter").ignore();
    for _ in 0..COMMANDS {
        pipe.incr("counter", 1);
    }
    let counts: Vec<usize> = pipe.query(server)?;
    println!("counter: {}", if counts.iter().copied().eq(1..=COMMANDS) { "in order" } else { "in disorder" });
    Ok(())
}

/// What one connection publishes reaches the other.
fn publish(client: &Client, server: &mut Connection) -> RedisResult<()> {
    let mut listener = client.get_connection()?;
    let mut subscription = listener.as_pubsub();
    subscription.subscribe("news")?;
    let listeners: usize = server.publish("news", "something happened")?;
    let news: String = subscription.get_message()?.get_payload()?;
    println!("news: {news} ({listeners} listening)");
    Ok(())
}
