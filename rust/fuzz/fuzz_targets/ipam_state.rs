//! The state of the cluster's IPAM, the cache of hardware addresses, and dnsmasq's file of guests, each changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_sdn::ethers::{self, Mapping};
use pve_sdn::ipam_state::{IpamState, User};
use pve_sdn::mac_cache::MacCache;
use pve_sdn::{Section, json};

const MAC: &str = "BC:24:11:00:00:01";

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, raw) = data;
    match choice % 3 {
        0 => state(raw),
        1 => cache(raw),
        _ => guests(raw),
    }
});

fn subnet() -> Section {
    let options = [("zone", "z"), ("cidr", "10.0.0.0/29"), ("network", "10.0.0.0"), ("mask", "29")];
    options.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn state(raw: &[u8]) {
    let Ok(mut state) = IpamState::read(Some(raw)) else { return };
    let check_written = |state: &IpamState| {
        let text = state.text();
        let (bytes, is_wide) = json::to_bytes(&text);
        let again = IpamState::read(Some(&bytes)).expect("what was written can be read");
        // A character above 255 is written as several that are below, as in Perl.
        assert!(is_wide || again.text() == text);
    };
    check_written(&state);
    let subnet = subnet();
    state.add_subnet(&subnet);
    if let Ok(ip) = state.add_next_free(&subnet, User::default()) {
        check_written(&state);
        assert_eq!(state.delete(&subnet, &ip), Ok(()));
    }
    let _ = state.delete_subnet(&subnet);
}

fn cache(raw: &[u8]) {
    let Ok(mut cache) = MacCache::read(Some(raw)) else { return };
    cache.add(MAC, Some("10.0.0.2"));
    let (ip4, _) = cache.get(MAC).expect("what was added is there");
    assert_eq!(ip4, "10.0.0.2");
    let text = cache.text();
    let again = MacCache::read(Some(text.as_bytes())).expect("it can be read again");
    assert_eq!(again.text(), text);
    cache.delete(MAC, "10.0.0.2");
}

fn guests(raw: &[u8]) {
    let mut cache = MacCache::read(None).expect("nothing can be read");
    cache.add(MAC, Some("10.0.0.2"));
    let mapping = Mapping { mac: MAC, ip4: Some("10.0.0.2"), ip6: None };
    let added = ethers::add(raw, "z", &cache, &mapping);
    // The guest is there then, and nothing else is to be done.
    let again = ethers::add(&added.content, "z", &cache, &mapping);
    assert_eq!(again.content, added.content);
    assert!(!again.reload && again.warnings.is_empty());
}
