//! What the gateway tells the guest about the link between them.

use super::EventLoop;
use crate::gateway::advertisement::{self, advertisement};
use crate::gateway::knock::Knock;
use crate::gateway::lease;
use crate::wire::Wire;
use stack_core::wire::ethernet::{self, MacAddress};
use std::net::{IpAddr, Ipv6Addr};

impl EventLoop {
    /// Answers who asks for routers. RFC 4861 section 6.2.6 has routers wait, so that not all speak at once; here there is one.
    pub(super) fn advertise_to(&self, knock: &Knock) {
        let station = ethernet::Header::parse(&knock.frame).map(|header| header.source());
        match (station, knock.source.ip()) {
            (Ok(station), IpAddr::V6(source)) if !source.is_unspecified() => {
                self.send_advertisement(Some((station, source)));
            }
            _ => self.send_advertisement(None),
        }
    }

    /// Tells all that there is a router, if it is time.
    pub(super) fn advertise(&mut self) {
        let now = self.now();
        if self.advertise_at.is_some_and(|at| at <= now) {
            self.advertise_at = Some(now + advertisement::INTERVAL);
            self.send_advertisement(None);
        }
    }

    /// Answers who asks for an address by DHCP.
    pub(super) fn lease_to(&self, knock: &Knock) {
        let answers = self.subnets.iter().filter_map(|subnet| lease::answer(&knock.frame, self.mac, subnet));
        for frame in answers {
            let _ = self.wire.transmit(&frame);
        }
    }

    fn send_advertisement(&self, asked: Option<(MacAddress, Ipv6Addr)>) {
        let frames = self.subnets.iter().filter_map(|subnet| advertisement(self.mac, subnet, asked));
        for frame in frames {
            // A full queue loses it, as it loses others.
            let _ = self.wire.transmit(&frame);
        }
    }
}
