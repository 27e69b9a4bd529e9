//! What is kept in mind of devices.

use super::*;

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
