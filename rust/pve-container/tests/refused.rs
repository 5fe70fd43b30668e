//! What the kernel itself refuses: a port that something else has, answers that do not fit into a socket. The host is as it
//! was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use pve_container::hotplug::hotplug_add_on;
use pve_netlink::Host;
use pve_netlink::host::plug::{Plug, tap_plug};
use pve_netlink::host::{Call, Died, veth};
use pve_netlink::wait::Cancel;
use room::free::Free;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run};

const PEER: &str = "veth101i0p";
const MAC: &str = "BC:24:11:00:00:01";

fn call(function: impl FnOnce(&mut Call<'_>) -> Result<(), Died>) -> Result<(), Died> {
    let surroundings = Free::surroundings();
    let cancel = Cancel::new();
    function(&mut Call::here(&Host, &cancel, &surroundings))
}

fn text(result: Result<(), Died>) -> String {
    match result.unwrap_err() {
        Died::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

/// A macvlan on it has the frames of the link, so no bridge can (EBUSY).
#[test]
fn a_port_that_something_else_has() {
    Room::with(|room| {
        let own = ["ip", "link", "add", HOST_END, "address", "02:00:00:00:00:0a", "type", "veth"];
        run(&[&own[..], &["peer", "name", PEER, "address", "02:00:00:00:00:0b"]].concat());
        let upper = ["name", "upper", "address", "02:00:00:00:00:0c", "type", "macvlan"];
        run(&[&["ip", "link", "add", "link", HOST_END][..], &upper].concat());
        for end in [HOST_END, PEER] {
            run(&["ip", "link", "set", end, "up"]);
        }
        let before = settled(room);
        for firewall in [false, true] {
            let plug = Plug { learning: Some(false), firewall, isolated: true, ..Plug::default() };
            let died = text(call(|call| tap_plug(call, HOST_END, "vmbr0", &plug)));
            let bridge = if firewall { "fwbr101i0" } else { "vmbr0" };
            assert_eq!(died, format!("can't enslave '{HOST_END}' to '{bridge}'\n"));
            assert_same(&before, &settled(room), &format!("firewall {firewall}"));
        }
    });
}

/// A socket that takes in fewer bytes than one answer has, for functions that make links and for those that change them. The
/// kernel drops such an answer and says nothing (ENOBUFS is only for what it sends to many).
#[test]
#[ignore = "needs a kernel of its own, whose sockets become small: t/kernel runs it"]
fn answers_that_do_not_fit() {
    Room::with(|room| {
        let small = |small: bool| {
            let bytes = if small { "2304" } else { "212992" };
            // It is the kernel's, which only its first namespace shows.
            let setting = format!("net.core.rmem_default={bytes}");
            run(&["nsenter", "--net=/proc/1/ns/net", "sysctl", "-q", "-w", &setting]);
        };
        let net = nic("name=eth0,bridge=vmbr0,ip=10.20.0.5/24,firewall=1");
        let before = settled(room);
        small(true);
        let made = call(|call| veth::veth_create(call, HOST_END, PEER, Some("vmbr0"), Some(MAC)));
        let added = hotplug_add_on(&Host, VMID, 0, &net, &room.netns(), &mut patient);
        small(false);
        for told in [text(made), added.unwrap_err().to_string()] {
            assert!(told.contains("no answer from the kernel within 10 s"), "{told}");
        }
        assert_same(&before, &settled(room), "made");
        run(&["ip", "link", "add", HOST_END, "type", "veth", "peer", "name", PEER]);
        let before = settled(room);
        small(true);
        let plug = Plug { learning: Some(false), isolated: true, ..Plug::default() };
        let plugged = call(|call| tap_plug(call, HOST_END, "vmbr0", &plug));
        small(false);
        let told = text(plugged);
        assert!(told.contains("no answer from the kernel within 10 s"), "{told}");
        assert_same(&before, &settled(room), "plugged in");
    });
}
