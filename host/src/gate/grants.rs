//! What a guest may do beyond using its own sockets.

/// One thing that guests may do only when they were granted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// See and change the settings of the whole stack (`wnet:stack/control`), and set privileged options of its
    /// sockets. Linux: CAP_NET_ADMIN.
    Control,
    /// Raw sockets: packets of any IP protocol. Linux: CAP_NET_RAW.
    Raw,
    /// Ping sockets: ICMP echo requests and their replies. Linux: `net.ipv4.ping_group_range`.
    Ping,
    /// Packet sockets: frames of the devices as they are. Linux: CAP_NET_RAW.
    Packet,
}

impl Grant {
    /// All there are.
    pub const ALL: [Grant; 4] = [Grant::Control, Grant::Raw, Grant::Ping, Grant::Packet];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Grant::Control => "control",
            Grant::Raw => "raw",
            Grant::Ping => "ping",
            Grant::Packet => "packet",
        }
    }

    /// The grant with this name.
    pub fn named(name: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|grant| grant.name() == name)
    }
}

/// What a guest was granted; nothing at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// [`Grant::Control`]
    pub control: bool,
    /// [`Grant::Raw`]
    pub raw: bool,
    /// [`Grant::Ping`]
    pub ping: bool,
    /// [`Grant::Packet`]
    pub packet: bool,
}

impl Grants {
    /// Whether `grant` is among them.
    pub const fn has(self, grant: Grant) -> bool {
        match grant {
            Grant::Control => self.control,
            Grant::Raw => self.raw,
            Grant::Ping => self.ping,
            Grant::Packet => self.packet,
        }
    }

    /// Those that are among them.
    pub fn iter(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.into_iter().filter(move |grant| self.has(*grant))
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        let mut all = Grants::default();
        for grant in grants {
            let flag = match grant {
                Grant::Control => &mut all.control,
                Grant::Raw => &mut all.raw,
                Grant::Ping => &mut all.ping,
                Grant::Packet => &mut all.packet,
            };
            *flag = true;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_those_that_were_named() {
        for grant in Grant::ALL {
            assert_eq!(Grant::named(grant.name()), Some(grant));
            assert!(!Grants::default().has(grant));
            let alone: Grants = [grant, grant].into_iter().collect();
            assert_eq!(alone.iter().collect::<Vec<_>>(), [grant]);
        }
        assert_eq!(Grant::named("everything"), None);
    }
}
