//! A byte that chooses the file of SDN's configuration, and its content; and what is made of subnets and zones in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_sdn::config::{File, Objects};
use pve_sdn::{dnsmasq, subnet, zone};

fuzz_target!(|data: (u8, &[u8])| {
    let (choice, raw) = data;
    let file = File::ALL[usize::from(choice) % File::ALL.len()];
    let (objects, warnings) = Objects::read(file, Some(raw));
    assert!(warnings.iter().all(|warning| warning.ends_with('\n')));
    assert_eq!(Objects::read(file, Some(raw)).0, objects);
    for (_, options) in objects.iter() {
        if let Some(options) = options {
            let _ = zone::dhcp_mtu(options);
            let _ = zone::vnet_mtu(options, Some(1500));
        }
    }
    for subnet in subnet::of_vnet(&objects, "").unwrap_or_default().values() {
        let _ = subnet::dhcp_ranges(subnet);
        let _ = dnsmasq::subnet_settings(subnet);
    }
});
