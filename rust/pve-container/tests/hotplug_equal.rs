//! After our plugging in, `ip`, `bridge` and `tc` show on both ends what they show after the reference's commands.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use pve_container::hotplug::{hotplug_add_on, hotplug_remove};
use room::fault::Faulty;
use room::reference::{Case, case, cases, plug};
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run, try_run};

fn prepare(case: &Case) {
    if case.vlan_filtering {
        run(&["ip", "link", "set", "vmbr0", "type", "bridge", "vlan_filtering", "1"]);
    }
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
        let plugged =
            hotplug_add_on(&kernel, VMID, 0, &nic(&case.net), &room.netns(), &mut patient).unwrap();
        assert_eq!((plugged.name.as_str(), plugged.peer_name.as_str()), (HOST_END, "eth0"));
        let sends = kernel.sends();
        assert!(sends.len() <= 3, "{}: {sends:?}", case.name);
        assert_same(&wanted, &settled(room), &case.name);

        hotplug_remove(VMID, 0, &mut patient).unwrap();
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
