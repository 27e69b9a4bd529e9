//! Addresses that the stack answers for although they are behind it. Linux: `struct pneigh_entry`.

use super::TellError;
use crate::packet::DeviceIndex;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most addresses of both versions that are answered for.
const MAX_PROXIES: usize = 4096;

/// An address that is answered for, on the link of a device, or of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProxyKey {
    /// The address.
    pub address: IpAddr,
    /// The device whose link it is asked for on; none: any.
    pub device: Option<DeviceIndex>,
}

/// What is told of such an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// It is a router's (IPv6). Linux: `NTF_ROUTER`.
    pub router: bool,
    /// Who said so, by the number of who makes routes. Linux: `NDA_PROTOCOL`.
    pub protocol: u8,
}

/// All addresses that are answered for. Linux: `phash_buckets`.
#[derive(Debug, Default)]
pub struct Proxies(BTreeMap<ProxyKey, Proxy>);

impl Proxies {
    /// Answers for an address from now on; one that is there is changed. Linux: `pneigh_lookup` with `creat`.
    pub fn set(&mut self, key: ProxyKey, proxy: Proxy) -> Result<(), TellError> {
        if self.0.len() >= MAX_PROXIES && !self.0.contains_key(&key) {
            return Err(TellError::TableFull);
        }
        let known = self.0.entry(key).or_default();
        // Who says nothing of himself leaves what was said.
        let protocol = if proxy.protocol == 0 { known.protocol } else { proxy.protocol };
        *known = Proxy { protocol, ..proxy };
        Ok(())
    }

    /// Answers for it no more; whether it did. Linux: `pneigh_delete`.
    pub fn remove(&mut self, key: ProxyKey) -> bool {
        self.0.remove(&key).is_some()
    }

    /// What is told of an address on the link of a device; none: it is not answered for. Linux: `pneigh_lookup`.
    pub fn find(&self, device: DeviceIndex, address: IpAddr) -> Option<Proxy> {
        let on = |device| self.0.get(&ProxyKey { address, device });
        // Most stacks have none.
        if self.0.is_empty() { None } else { on(Some(device)).or_else(|| on(None)).copied() }
    }

    /// All of them, by address.
    pub fn iter(&self) -> impl Iterator<Item = (ProxyKey, Proxy)> {
        self.0.iter().map(|(key, proxy)| (*key, *proxy))
    }

    /// Forgets those of a device that was turned off; answers which. Linux: `pneigh_ifdown_and_unlock`.
    pub(crate) fn remove_device(&mut self, device: DeviceIndex) -> Vec<IpAddr> {
        let gone = self.0.extract_if(.., |key, _| key.device == Some(device));
        gone.map(|(key, _)| key.address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_of_a_device_or_of_any() {
        let address: IpAddr = "10.0.0.7".parse().unwrap();
        let [first, second] = [DeviceIndex(2), DeviceIndex(3)];
        let key = |device| ProxyKey { address, device };
        let mut proxies = Proxies::default();
        let said = Proxy { router: true, protocol: 4 };
        proxies.set(key(Some(first)), said).unwrap();
        assert_eq!((proxies.find(first, address), proxies.find(second, address)), (Some(said), None));
        proxies.set(key(Some(first)), Proxy::default()).unwrap();
        assert_eq!(proxies.find(first, address), Some(Proxy { router: false, protocol: 4 }));
        proxies.set(key(None), Proxy::default()).unwrap();
        assert_eq!(proxies.find(second, address), Some(Proxy::default()));
        assert_eq!(proxies.remove_device(first), [address]);
        assert!(proxies.remove(key(None)) && !proxies.remove(key(None)));
        for number in 0..4096u32 {
            proxies.set(ProxyKey { address: IpAddr::V4(number.into()), device: None }, said).unwrap();
        }
        assert_eq!(proxies.set(key(None), said), Err(TellError::TableFull));
    }
}
