//! Names that need no server.

use super::super::bindings::wasi::sockets::ip_name_lookup::{IpAddress, resolve_addresses};
use super::answers::{answer, say};

pub(crate) async fn ask() {
    for name in
        ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "", " ", "a..b", "example.com:80", "[::1]", "a b"]
    {
        say(&format!("{name:?}"), &answer(&resolve_addresses(name.into()).await));
    }
    // Of these addresses a host may have one or both, in any order.
    let local = resolve_addresses("localhost".into()).await.expect("everybody has one");
    let loopback = |address: &IpAddress| {
        matches!(address, IpAddress::Ipv4((127, 0, 0, 1)) | IpAddress::Ipv6((0, 0, 0, 0, 0, 0, 0, 1)))
    };
    say("localhost is the loopback device", &local.iter().all(loopback).to_string());
}
