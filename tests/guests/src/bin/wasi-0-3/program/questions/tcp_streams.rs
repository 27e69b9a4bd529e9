//! What comes through a connection, and how it ends.

use std::pin::pin;

use super::super::bindings::wasi::sockets::types::IpAddressFamily;
use super::super::bindings::wit_stream;
use super::super::wait::{begin, both};
use super::answers::{next, say, worked};
use super::pair;

pub(crate) async fn ask(family: IpAddressFamily) {
    there_and_back(family).await;
    ends(family).await;
    given_up(family).await;
    nothing_is_lost(family).await;
    broken(family).await;
}

async fn there_and_back(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    let (mut writer, outgoing) = wit_stream::new();
    let _sent = near.send(outgoing);
    let (mut incoming, _received) = far.receive();
    say("write", &writer.write_all(b"hello".to_vec()).await.len().to_string());
    say("read in parts", &next(&mut incoming, 3).await);
    say("the rest", &next(&mut incoming, 100).await);
    let (mut answers, outgoing) = wit_stream::new();
    let _sent = far.send(outgoing);
    let (mut heard, _received) = near.receive();
    say("the other way", &answers.write_all(b"you, too".to_vec()).await.len().to_string());
    say("read the other way", &next(&mut heard, 100).await);
}

/// One direction ends, and the other goes on.
async fn ends(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    let (mut writer, outgoing) = wit_stream::new();
    let sent = near.send(outgoing);
    let (mut incoming, received) = far.receive();
    writer.write_all(b"last words".to_vec()).await;
    drop(writer);
    say("sent", &worked(sent.await));
    say("last words", &next(&mut incoming, 100).await);
    say("behind them", &next(&mut incoming, 100).await);
    say("received", &worked(received.await));
    let (mut answers, outgoing) = wit_stream::new();
    let _sent = far.send(outgoing);
    let (mut heard, _received) = near.receive();
    answers.write_all(b"still here".to_vec()).await;
    say("against the end", &next(&mut heard, 100).await);
    say("addresses at the end", &worked(near.get_local_address()));
    say("the peer at the end", &worked(near.get_remote_address()));
}

/// A read that is given up has lost nothing.
async fn given_up(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    let (mut incoming, _received) = far.receive();
    {
        let mut read = pin!(incoming.read(Vec::with_capacity(100)));
        begin(read.as_mut()).await;
        say("a read that is given up", &format!("{:?}", read.as_mut().cancel()));
    }
    let (mut writer, outgoing) = wit_stream::new();
    let _sent = near.send(outgoing);
    writer.write_all(b"late".to_vec()).await;
    say("the read after it", &next(&mut incoming, 100).await);
}

/// Sockets may go before what they sent has arrived, and before their streams.
async fn nothing_is_lost(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    let (mut writer, outgoing) = wit_stream::new();
    let sent = near.send(outgoing);
    let (incoming, received) = far.receive();
    drop((near, far));
    let write = async {
        writer.write_all(vec![7; 300_000]).await;
        drop(writer);
        sent.await
    };
    let (sent, all) = both(write, incoming.collect()).await;
    say("without sockets, sent", &worked(sent));
    say("without sockets, received", &worked(received.await));
    say("without sockets, all", &all.len().to_string());
}

/// The peer goes.
async fn broken(family: IpAddressFamily) {
    let (near, far) = pair(family).await;
    drop(far);
    let (mut writer, outgoing) = wit_stream::new();
    let sent = near.send(outgoing);
    while writer.write_all(vec![0; 1000]).await.is_empty() {}
    say("sent to nobody", &worked(sent.await));
    let (near, far) = pair(family).await;
    drop(far);
    let (mut incoming, received) = near.receive();
    say("nobody's words", &next(&mut incoming, 100).await);
    say("received of nobody", &worked(received.await));
}
