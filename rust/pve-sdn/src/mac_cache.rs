//! The cluster's memory of which addresses a hardware address has (`PVE::Network::SDN::Ipams`).

use serde_json::{Value, json};

use crate::address::is_ipv4;
use crate::{Error, json, perl};

/// The cache: `macs`, for each hardware address `ip4` and `ip6`.
#[derive(Clone, Debug, PartialEq)]
pub struct MacCache(Value);

impl MacCache {
    /// Its name below /etc/pve.
    pub const FILE: &str = "sdn/mac-cache.json";

    /// Reads the file, `None` where it does not exist.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn read(raw: Option<&[u8]>) -> Result<MacCache, Error> {
        match raw {
            None | Some(b"") => Ok(MacCache(json!({}))),
            Some(raw) => json::from_utf8(Self::FILE, raw).map(MacCache),
        }
    }

    /// The file's new text.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// What is known of a hardware address: its IPv4 and its IPv6 address. `None` if nothing is.
    #[must_use]
    pub fn get(&self, mac: &str) -> Option<(Value, Value)> {
        let known = self.0.get("macs")?.get(mac)?;
        let ip = |key| known.get(key).cloned().unwrap_or_default();
        perl::is_true(Some(known)).then(|| (ip("ip4"), ip("ip6")))
    }

    /// Notes one address; one that is not there counts as IPv6.
    pub fn add(&mut self, mac: &str, ip: Option<&str>) {
        let key = if ip.is_some_and(is_ipv4) { "ip4" } else { "ip6" };
        self.known(mac)[key] = ip.into();
    }

    /// Notes both addresses, or that there are none.
    pub fn set(&mut self, mac: &str, ip4: Option<&str>, ip6: Option<&str>) {
        *self.known(mac) = json!({ "ip4": ip4, "ip6": ip6 });
    }

    /// Forgets one address, and the hardware address with its last one.
    pub fn delete(&mut self, mac: &str, ip: &str) {
        let key = if is_ipv4(ip) { "ip4" } else { "ip6" };
        if let Value::Object(known) = self.known(mac) {
            known.remove(key);
            let is_empty = ["ip4", "ip6"].iter().all(|key| !perl::is_defined(known.get(*key)));
            if let (true, Value::Object(macs)) = (is_empty, &mut self.0["macs"]) {
                macs.remove(mac);
            }
        }
    }

    fn known(&mut self, mac: &str) -> &mut Value {
        for level in [Some("macs"), None] {
            let value = match level {
                Some(_) => &mut self.0,
                None => &mut self.0["macs"],
            };
            if !value.is_object() {
                *value = json!({});
            }
        }
        let known = &mut self.0["macs"][mac];
        if !known.is_object() {
            *known = json!({});
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_and_go_by_family() {
        let mut cache = MacCache::read(None).unwrap();
        assert_eq!(cache.get("m"), None);
        cache.add("m", Some("10.0.0.1"));
        cache.add("m", Some("fd00::1"));
        assert_eq!(cache.text(), r#"{"macs":{"m":{"ip4":"10.0.0.1","ip6":"fd00::1"}}}"#);
        assert_eq!(cache.get("m"), Some(("10.0.0.1".into(), "fd00::1".into())));
        cache.delete("m", "10.0.0.1");
        assert_eq!(cache.get("m"), Some((Value::Null, "fd00::1".into())));
        cache.delete("m", "fd00::1");
        assert_eq!(cache.text(), r#"{"macs":{}}"#);
    }

    #[test]
    fn that_there_is_no_address_is_known_too() {
        let mut cache = MacCache::read(Some(b"")).unwrap();
        cache.set("m", None, None);
        assert_eq!(cache.get("m"), Some((Value::Null, Value::Null)));
        cache.add("n", None);
        assert_eq!(cache.text(), r#"{"macs":{"m":{"ip4":null,"ip6":null},"n":{"ip6":null}}}"#);
    }
}
