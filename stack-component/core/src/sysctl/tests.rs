use super::*;

#[test]
fn values_are_checked_and_read_back() {
    let mut sysctl = Sysctl::default();
    assert_eq!(sysctl.set("net/ipv4/ip_default_ttl", " 65 "), Ok(()));
    assert_eq!(sysctl.get("net.ipv4.ip_default_ttl").unwrap(), "65");
    assert!(sysctl.set("net.ipv4.ip_default_ttl", "0").is_err());
    for wrong in ["", "4096 131072 6291456 7", "4096 x"] {
        assert!(sysctl.set("net.ipv4.tcp_rmem", wrong).is_err(), "{wrong}");
    }
    assert_eq!(sysctl.get("net.ipv4.tcp_rmem").unwrap(), "4096 131072 6291456");
    assert_eq!(sysctl.set("net.ipv4.tcp_rmem", "8192"), Ok(()));
    assert_eq!(sysctl.get("net.ipv4.tcp_rmem").unwrap(), "8192 131072 6291456");
    assert_eq!(
        sysctl.set("net.ipv4.nosuch", "1").unwrap_err().to_string(),
        "there is no sysctl \"net.ipv4.nosuch\""
    );
    assert_eq!(
        sysctl.set("net.ipv4.tcp_sac", "1").unwrap_err().to_string(),
        "there is no sysctl \"net.ipv4.tcp_sac\"; did you mean net.ipv4.tcp_sack?"
    );
    for name in Sysctl::NAMES {
        let value = sysctl.get(name).unwrap();
        assert_eq!(sysctl.set(name, &value), Ok(()), "{name} takes its own value");
    }
    for (name, value) in sysctl.all() {
        assert_eq!(sysctl.get(&name).as_ref(), Ok(&value));
    }
    let available = "net.ipv4.tcp_available_congestion_control";
    assert_eq!(sysctl.get(available).unwrap(), "reno cubic bbr dctcp");
    assert_eq!(sysctl.set(available, "reno"), Err(SysctlError::ReadOnly(available.into())));
}

fn with_devices() -> Sysctl {
    let mut sysctl = Sysctl::default();
    sysctl.add_device(2, "eth0");
    sysctl.add_device(3, "eth0.100");
    sysctl
}

#[test]
fn devices_have_values_of_their_own() {
    let mut sysctl = with_devices();
    sysctl.set("net.ipv4.conf.eth0.rp_filter", "2").unwrap();
    sysctl.set("net/ipv4/conf/eth0.100/rp_filter", "1").unwrap();
    assert_eq!(sysctl.get("net.ipv4.conf.eth0.rp_filter").unwrap(), "2");
    assert_eq!(sysctl.get("net.ipv4.conf.eth0/100.rp_filter").unwrap(), "1");
    assert_eq!(sysctl.get("net.ipv4.conf.lo.rp_filter").unwrap(), "0");
    assert_eq!((sysctl.ipv4.of(2).rp_filter, sysctl.ipv4.of(3).rp_filter), (2, 1));
    assert!(sysctl.set("net.ipv4.conf.eth0.rp_filter", "3").is_err());
    for name in ["net.ipv4.conf.eth7.rp_filter", "net.ipv4.neigh.all.ucast_solicit", "net.ipv4.conf.eth0"] {
        assert!(sysctl.get(name).is_err(), "{name}");
    }
    sysctl.rename_device(2, "wan");
    assert_eq!(sysctl.get("net.ipv4.conf.wan.rp_filter").unwrap(), "2");
    sysctl.remove_device(2);
    assert!(sysctl.get("net.ipv4.conf.wan.rp_filter").is_err());
}

#[test]
fn the_default_is_inherited() {
    let mut sysctl = with_devices();
    sysctl.set("net.ipv4.conf.eth0.arp_notify", "0").unwrap();
    sysctl.ipv4.keep(1);
    sysctl.set("net.ipv4.conf.default.arp_notify", "1").unwrap();
    sysctl.set("net.ipv6.conf.default.hop_limit", "7").unwrap();
    sysctl.add_device(4, "eth1");
    for (device, notify, hops) in [(1, false, 64), (2, false, 64), (3, true, 64), (4, true, 7), (99, true, 7)]
    {
        assert_eq!(sysctl.ipv4.of(device).arp_notify, notify, "{device}");
        assert_eq!(sysctl.ipv6.of(device).hop_limit, hops, "{device}");
    }
}

#[test]
fn values_for_all_are_combined_as_linux_does() {
    let mut sysctl = with_devices();
    for (all, own, expected) in [("0", "2", 2), ("1", "0", 1), ("2", "1", 2)] {
        sysctl.set("net.ipv4.conf.all.rp_filter", all).unwrap();
        sysctl.set("net.ipv4.conf.eth0.rp_filter", own).unwrap();
        assert_eq!(sysctl.ipv4_device(2).rp_filter(), expected, "{all} {own}");
    }
    assert!(sysctl.ipv4_device(2).accept_redirects());
    sysctl.set("net.ipv4.conf.all.accept_redirects", "0").unwrap();
    assert!(sysctl.ipv4_device(2).accept_redirects(), "a host needs only one of both");
    sysctl.set("net.ipv4.conf.eth0.forwarding", "1").unwrap();
    assert!(!sysctl.ipv4_device(2).accept_redirects(), "a router needs both");
}

#[test]
fn turning_forwarding_on_reaches_every_device() {
    let mut sysctl = with_devices();
    sysctl.set("net.ipv4.ip_forward", "1").unwrap();
    sysctl.set("net.ipv6.conf.all.disable_ipv6", "1").unwrap();
    sysctl.add_device(4, "eth1");
    for device in 1..=4 {
        assert!(sysctl.ipv4_device(device).forwarding() && sysctl.ipv6.of(device).disable_ipv6, "{device}");
    }
    assert_eq!(sysctl.get("net.ipv4.conf.all.forwarding").unwrap(), "1");
    assert!(!sysctl.ipv4.all.accept_redirects);
    sysctl.set("net.ipv4.conf.eth0.forwarding", "0").unwrap();
    sysctl.set("net.ipv4.ip_forward", "1").unwrap();
    assert!(!sysctl.ipv4_device(2).forwarding(), "nothing changed for all");
}

#[test]
fn names_of_devices_settings_are_found_when_misspelt() {
    let error = with_devices().set("net.ipv4.conf.eth0.rp_filtr", "1").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no sysctl \"net.ipv4.conf.eth0.rp_filtr\"; did you mean net.ipv4.conf.eth0.rp_filter?"
    );
}
