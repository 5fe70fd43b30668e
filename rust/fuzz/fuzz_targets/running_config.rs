//! The configuration of SDN in effect; and what plugging into its VNets means.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_sdn::config::Running;
use pve_sdn::zone::{self, Bridge, Node, Plug};
use pve_sdn::{dnsmasq, subnet};

struct Here;

impl Node for Here {
    fn name(&self) -> &str {
        "here"
    }
    fn filters_vlans(&self, bridge: &str) -> bool {
        bridge.len() % 2 == 0
    }
    fn learning_is_disabled(&self, bridge: &str) -> bool {
        bridge.len() % 3 == 0
    }
}

fuzz_target!(|raw: &[u8]| {
    let running = Running::read(Some(raw));
    assert!(running.is_configured || running.zones.is_empty() && running.subnets.is_empty());
    for (name, _) in running.vnets.iter() {
        // Zones are those of another file; these are as good.
        let bridge = zone::bridge(name, &running, &running.zones);
        let plan = bridge.plug(Plug { tag: Some(5), trunks: "7-9" }, &Here);
        if let (Ok(plan), Bridge::Vnet { .. }) = (plan, bridge) {
            assert!(bridge.create().is_ok());
            assert_eq!(bridge.keeps_addresses(), Ok(!plan.learning));
        }
    }
    for subnet in subnet::of_vnet(&running.subnets, "").unwrap_or_default().values() {
        let _ = subnet::dhcp_ranges(subnet);
        let _ = dnsmasq::subnet_settings(subnet);
    }
});
