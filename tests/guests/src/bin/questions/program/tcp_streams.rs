//! What comes through a connection, and how it ends.

use wasi::io::streams::InputStream;
use wasi::sockets::tcp::ShutdownType;

use super::answers::{answer, say, streamed};
use test_guests::sockets::{Family, pair};

pub(crate) fn ask(family: Family) {
    there_and_back(family);
    nothing(family);
    ends(family);
    shutdowns(family);
    shutdown_loses_nothing(family);
    gone(family);
    other_ways(family);
}

/// All that comes until the end, and how that is told.
fn rest(input: &InputStream) -> String {
    let mut all = Vec::new();
    loop {
        match input.blocking_read(0x1000) {
            Ok(more) => all.extend(more),
            Err(end) => return format!("{} bytes, {}", all.len(), streamed::<()>(&Err(end))),
        }
    }
}

fn there_and_back(family: Family) {
    let (near, far) = pair(family);
    say("check-write", &near.output.check_write().is_ok_and(|room| room > 0).to_string());
    say("write", &streamed(&near.output.write(b"hello")));
    say("flush", &streamed(&near.output.blocking_flush()));
    say("read", &streamed(&far.input.blocking_read(100)));
    far.output.blocking_write_and_flush(b"you, too").expect("room");
    say("read in parts", &streamed(&near.input.blocking_read(3)));
    say("the rest", &streamed(&near.input.blocking_read(100)));
}

fn nothing(family: Family) {
    let (near, far) = pair(family);
    say("nothing to read", &streamed(&far.input.read(100)));
    say("nothing to read, ready", &far.input.subscribe().ready().to_string());
    say("a read of nothing", &streamed(&far.input.read(0)));
    say("a write of nothing", &streamed(&near.output.write(b"")));
    say("output, ready", &near.output.subscribe().ready().to_string());
    near.output.blocking_write_and_flush(b"x").expect("room");
    far.input.subscribe().block();
    say("a byte, ready", &far.input.subscribe().ready().to_string());
    say("a read of nothing of something", &streamed(&far.input.read(0)));
    say("a byte", &streamed(&far.input.read(100)));
}

/// The peer drops its output stream alone, then everything.
fn ends(family: Family) {
    let (near, far) = pair(family);
    near.output.blocking_write_and_flush(b"last words").expect("room");
    near.socket.shutdown(ShutdownType::Send).expect("a shutdown");
    say("until FIN", &rest(&far.input));
    say("after FIN", &streamed(&far.input.read(1)));
    say("after FIN, ready", &far.input.subscribe().ready().to_string());
    say("against FIN", &streamed(&far.output.blocking_write_and_flush(b"still here")));
    say("against FIN, read", &streamed(&near.input.blocking_read(100)));
}

fn shutdowns(family: Family) {
    let (near, _far) = pair(family);
    for (name, how) in
        [("receive", ShutdownType::Receive), ("send", ShutdownType::Send), ("both", ShutdownType::Both)]
    {
        say(&format!("shutdown {name}"), &answer(&near.socket.shutdown(how)));
        say(&format!("shutdown {name} again"), &answer(&near.socket.shutdown(how)));
        say(&format!("after shutdown {name}, read"), &streamed(&near.input.read(100)));
    }
    say("after shutdown, check-write", &streamed(&near.output.check_write().map(drop)));
    say("after shutdown, output ready", &near.output.subscribe().ready().to_string());
    say("after shutdown, local-address", &answer(&near.socket.local_address().map(drop)));
}

fn shutdown_loses_nothing(family: Family) {
    let (near, far) = pair(family);
    let much = vec![7; 4096];
    // As much as fits into the buffers of any host.
    for _ in 0..8 {
        near.output.blocking_write_and_flush(&much).expect("room");
    }
    near.socket.shutdown(ShutdownType::Both).expect("a shutdown");
    say("what was on its way", &rest(&far.input));
    let (near, far) = pair(family);
    near.output.blocking_write_and_flush(&much).expect("room");
    drop(near);
    say("what was on its way when the socket went", &rest(&far.input));
}

/// Streams that are dropped one by one.
fn gone(family: Family) {
    let (near, far) = pair(family);
    drop(near.output);
    say("without an output stream, nothing ends", &streamed(&far.input.read(100)));
    say("without an output stream, shutdown", &answer(&near.socket.shutdown(ShutdownType::Send)));
    say("without an output stream, the peer reads", &rest(&far.input));
    far.output.blocking_write_and_flush(b"hello").expect("room");
    say("without an output stream, read", &streamed(&near.input.blocking_read(100)));
    drop(near.input);
    say("without streams, remote-address", &answer(&near.socket.remote_address().map(drop)));
}

/// Methods that C libraries do not use.
fn other_ways(family: Family) {
    let (near, far) = pair(family);
    say("write-zeroes", &streamed(&near.output.blocking_write_zeroes_and_flush(3)));
    say("zeroes", &streamed(&far.input.blocking_read(100).map(|zeroes| zeroes == [0, 0, 0])));
    near.output.blocking_write_and_flush(b"skipped").expect("room");
    say("skip", &streamed(&far.input.blocking_skip(4)));
    say("what was not skipped", &streamed(&far.input.blocking_read(100)));
    near.output.blocking_write_and_flush(b"spliced").expect("room");
    let (second, third) = pair(family);
    say("splice", &streamed(&second.output.blocking_splice(&far.input, 100)));
    say("what was spliced", &streamed(&third.input.blocking_read(100)));
}
