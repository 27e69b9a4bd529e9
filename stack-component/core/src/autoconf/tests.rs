//! What is kept in mind of devices.

use super::*;

const ETH0: DeviceIndex = DeviceIndex(2);

fn resolver(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
}

#[test]
fn resolvers_come_and_go() {
    let mut autoconf = Autoconf::default();
    let (now, later) = (Instant::from_millis(1000), Instant::from_millis(5000));
    autoconf.note_resolvers(now, ETH0, [resolver(1), resolver(2)].into_iter(), Some(later));
    autoconf.note_resolvers(now, ETH0, [resolver(3)].into_iter(), None);
    let known = |autoconf: &Autoconf, now| autoconf.resolvers(now).collect::<Vec<_>>();
    assert_eq!(known(&autoconf, now), [resolver(3), resolver(2), resolver(1)]);
    assert_eq!(known(&autoconf, later), [resolver(3)]);
    autoconf.note_resolvers(now, ETH0, [resolver(3)].into_iter(), Some(now));
    assert_eq!(known(&autoconf, now), [resolver(2), resolver(1)]);
    autoconf.note_resolvers(now, ETH0, (0..100).map(resolver), None);
    assert_eq!(known(&autoconf, now).len(), MAX_ROUTERS);
}

#[test]
fn the_earliest_deadline_counts() {
    let mut autoconf = Autoconf::default();
    let at = Instant::from_millis;
    autoconf.hasten(Some(at(9)));
    autoconf.hasten(None);
    autoconf.hasten(Some(at(5)));
    assert_eq!(autoconf.next_deadline(), Some(at(5)));
    autoconf.restart_clock();
    assert_eq!(autoconf.next_deadline(), None);
}
