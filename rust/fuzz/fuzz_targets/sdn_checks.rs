//! Contents of zones.cfg, vnets.cfg, subnets.cfg and controllers.cfg, with a zero byte between them: what is checked before
//! one of their sections is written or deleted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_sdn::check::{controller, subnet, vnet, zone};
use pve_sdn::config::{File, Objects};
use pve_sdn::subnet::with_id;

fuzz_target!(|raw: &[u8]| {
    let mut files = raw.split(|byte| *byte == 0);
    let mut read = |file| Objects::read(file, files.next()).0;
    let zones = read(File::Zones);
    let vnets = read(File::Vnets);
    let subnets = read(File::Subnets);
    let controllers = read(File::Controllers);
    for (id, _) in zones.iter() {
        let _ = zone::update(id, &zones, &controllers);
        let _ = zone::delete(id, &vnets);
    }
    for (id, _) in vnets.iter() {
        let _ = zone::update_vnet(&vnets, id, &zones);
        let _ = vnet::update(id, &vnets, &subnets);
        let _ = vnet::delete(id, &subnets);
    }
    for (id, section) in subnets.iter() {
        if let Some(section) = section {
            let _ = subnet::update(&with_id(id, section), &vnets);
        }
    }
    for (id, _) in controllers.iter() {
        let _ = controller::update(id, &controllers, "node");
        let _ = controller::delete(id, &controllers, &zones);
    }
    let first = subnet::validate(&subnets, &vnets);
    assert_eq!(first, subnet::validate(&subnets, &vnets));
});
