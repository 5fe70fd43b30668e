//! After our plugging in, `ip`, `bridge` and `tc` show on both ends what they show after the reference's commands.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::path::PathBuf;

use pve_container::hotplug::{hotplug_add_below, hotplug_remove};
use room::fault::Faulty;
use room::reference::{Case, case, cases, plug};
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run, try_run};

fn prepare(case: &Case) {
    if case.vlan_filtering {
        run(&["ip", "link", "set", "vmbr0", "type", "bridge", "vlan_filtering", "1"]);
    }
}

/// A folder of the node's files.
fn node(case: &Case) -> PathBuf {
    let root = std::env::temp_dir().join(format!("{}-{}", case.name, std::process::id()));
    std::fs::create_dir_all(root.join("run")).unwrap();
    if case.iptables {
        std::fs::write(root.join("run/proxmox-nftables-firewall-force-disable"), "").unwrap();
    }
    root
}

fn compare(case: &Case) {
    let mut wanted = None;
    Room::with(|room| {
        prepare(case);
        plug(case, room);
        wanted = Some(settled(room));
    });
    let wanted = wanted.unwrap();
    assert!(wanted.to_string().contains(HOST_END));

    Room::with(|room| {
        prepare(case);
        let before = settled(room);
        let kernel = Faulty::default();
        let root = node(case);
        let nic = nic(&case.net);
        let netns = room.netns();
        let plugged = hotplug_add_below(&root, &kernel, VMID, 0, &nic, &netns, &mut patient);
        let plugged = plugged.unwrap();
        assert_eq!((plugged.name.as_str(), plugged.peer_name.as_str()), (HOST_END, "eth0"));
        let sends = kernel.sends();
        assert!(sends.len() <= 3, "{}: {sends:?}", case.name);
        assert_same(&wanted, &settled(room), &case.name);

        hotplug_remove(VMID, 0, &mut patient).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert_same(&before, &settled(room), &format!("{}, taken out", case.name));
    });
}

#[test]
fn on_a_plain_bridge() {
    std::thread::scope(|scope| {
        for case in cases(false) {
            scope.spawn(move || compare(&case));
        }
    });
}

#[test]
#[ignore = "a part of the test above, for t/kernel"]
fn both_families_on_a_plain_bridge() {
    compare(&case("dual-stack"));
}

#[test]
#[ignore = "needs a kernel with bridge VLAN filtering: t/kernel runs it"]
fn on_a_bridge_that_filters_vlans() {
    assert!(
        try_run(&["ip", "link", "add", "type", "bridge", "vlan_filtering", "1"]).is_ok(),
        "this kernel's bridges cannot filter VLANs"
    );
    for case in cases(true) {
        compare(&case);
    }
}
