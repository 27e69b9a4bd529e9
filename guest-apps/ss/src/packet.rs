//! Packet sockets, and the devices that sockets are bound to. iproute2: `packet_show_line`.

use crate::columns::Row;
use crate::extra::extra;
use crate::netid;
use crate::options::Options;
use crate::owners::Owners;
use crate::states::state_name;
use tool_common::address::socket as address;
use tool_common::control::links::{self, Link};
use tool_common::control::sockets::Socket;

/// The devices of the stack.
pub(crate) struct Devices(Vec<Link>);

impl Devices {
    /// Asks the stack.
    pub(crate) fn ask() -> Self {
        Devices(links::links())
    }

    /// Whether there is a device of this name or number.
    pub(crate) fn is_known(&self, word: &str) -> bool {
        self.0.iter().any(|link| link.name == word || word.parse() == Ok(link.index))
    }

    /// The name of a device. iproute2: `xll_index_to_name`.
    pub(crate) fn name(&self, index: u32) -> String {
        let found = self.0.iter().find(|link| link.index == index);
        found.map_or_else(|| format!("if{index}"), |link| link.name.clone())
    }
}

/// The row of a packet socket: its protocol and its device stand where others have address and port.
pub(crate) fn row(socket: &Socket, devices: &Devices, owners: &Owners, options: &Options) -> Row {
    let device = match socket.device {
        0 => "*".to_owned(),
        device => devices.name(device),
    };
    Row {
        netid: netid(socket.protocol),
        state: state_name(socket.state),
        receive_queue: socket.receive_queue,
        send_queue: socket.send_queue,
        local: (protocol(address(socket.local).port()), device),
        // Nobody: the row has a star there.
        peer: (String::new(), String::new()),
        extra: extra(socket, &owners.of(socket), options),
    }
}

/// The name of an EtherType. iproute2: `ll_proto_n2a`.
fn protocol(number: u16) -> String {
    match number {
        0x0003 => "*".into(),
        0x0800 => "ip".into(),
        0x0806 => "arp".into(),
        0x8100 => "802.1Q".into(),
        0x86dd => "ipv6".into(),
        number => format!("[{number}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::protocol;

    #[test]
    fn protocols_have_names() {
        let names: Vec<_> = [3, 0x800, 0x86dd, 0x88b5].into_iter().map(protocol).collect();
        assert_eq!(names, ["*", "ip", "ipv6", "[34997]"]);
    }
}
