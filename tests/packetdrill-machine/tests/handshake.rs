//! The machine by hand: a handshake, data both ways, and what Linux answers.

use packetdrill::Machine;
use packetdrill::machine::{Address, Answer, Call, Outcome, Setup};
use packetdrill_machine::LabMachine;
use std::net::{Ipv4Addr, SocketAddr};
use wnet::kernel::StackComponent;
use wnet::lab::Blueprint;

fn machine() -> LabMachine {
    let component = StackComponent::built_in().expect("the stack component was built before");
    let blueprint = Blueprint::load(component, true).unwrap();
    let setup = Setup {
        local: Ipv4Addr::new(192, 168, 0, 1).into(),
        prefix: 16,
        remote: Ipv4Addr::new(192, 0, 2, 1).into(),
        remote_prefix: 24,
        gateway: Ipv4Addr::new(192, 168, 0, 2).into(),
        mtu: 1500,
        bind_port: 8080,
        connect_port: 8080,
        other: Vec::new(),
    };
    LabMachine::start(&blueprint, &setup).unwrap()
}

fn done(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Done(Ok(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_syn_leaves_at_once() {
    let mut machine = machine();
    let fd = done(machine.call(&Call::Socket { domain: 2, kind: 1, protocol: 6 })).value as i32;
    let peer: SocketAddr = (Ipv4Addr::new(192, 0, 2, 1), 8080).into();
    let connect = machine.call(&Call::Connect { fd, address: Address::Inet(peer) });
    assert!(matches!(connect, Outcome::Blocked(_)), "{connect:?}");
    let syn = machine.next_packet().expect("a SYN");
    assert_eq!(syn.at, machine.now());
    assert_eq!(syn.bytes[33], 2, "{:?}", syn.bytes);
    let start = machine.now();
    while machine.now() < start + 1_000_000_000 {
        machine.run_until(start + 1_000_000_000);
    }
    assert!(machine.next_packet().is_some(), "again after a second");
}
