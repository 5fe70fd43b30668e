//! What the running kernel refuses is told clearly, and nothing of it stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::path::Path;

use pve_container::hotplug::{Error, hotplug_add, hotplug_remove};
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01";

fn refused(room: &Room, more: &str, netns: Option<&Path>) -> String {
    let before = settled(room);
    let own = room.netns();
    let netns = netns.unwrap_or(&own);
    let nic = nic(&format!("{NET}{more}"));
    let text = hotplug_add(VMID, 0, &nic, netns, &mut patient).unwrap_err().to_string();
    assert_same(&before, &settled(room), &text);
    text
}

#[test]
fn names_that_are_taken() {
    Room::with(|room| {
        room.container(&["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0"]);
        let text = refused(room, "", None);
        assert!(text.contains("File exists (EEXIST)"), "{text}");
        assert!(text.ends_with("; the container has an interface named 'eth0' already"), "{text}");
        room.container(&["ip", "link", "delete", "eth0"]);

        run(&["ip", "link", "add", HOST_END, "type", "veth", "peer", "name", "other"]);
        let text = refused(room, "", None);
        assert!(text.starts_with("interface 'veth101i0' exists already on the host"), "{text}");
    });
}

#[test]
fn bridges_that_are_none() {
    Room::with(|room| {
        run(&["ip", "link", "set", "vmbr0", "name", "vmbr1"]);
        assert!(refused(room, "", None).starts_with("bridge 'vmbr0' does not exist;"));
        run(&["ip", "link", "add", "vmbr0", "type", "veth", "peer", "name", "other"]);
        assert!(refused(room, "", None).ends_with("of type 'veth'"));
    });
}

#[test]
fn paths_that_lead_to_no_container() {
    Room::with(|room| {
        let refused = |path: &str| refused(room, "", Some(Path::new(path)));
        let own = format!("/proc/self/task/{}/ns/net", nix::unistd::gettid());
        let text = refused(&own);
        assert!(text.ends_with("is the host's own network namespace, not a container's"), "{text}");
        for path in ["/proc/self/ns/uts", "/proc/self/status", "/"] {
            let text = refused(path);
            assert!(text.starts_with(&format!("'{path}' is not a network namespace;")), "{text}");
        }
        let text = refused("/proc/4194305/ns/net");
        assert!(text.ends_with("(ENOENT); is the container running?"), "{text}");
    });
}

#[test]
fn gateways_that_cannot_be_reached() {
    Room::with(|room| {
        for more in [",gw=10.0.0.1", ",ip=dhcp,gw=10.0.0.1", ",gw6=2001:db8::1"] {
            let text = refused(room, more, None);
            let gateway = more.rsplit('=').next().unwrap();
            let start = format!("net0 was not plugged in: unable to make {gateway} the default");
            assert!(text.starts_with(&start), "{text}");
            assert!(text.contains("the gateway is unreachable: give this interface an"), "{text}");
        }
    });
}

#[test]
fn a_container_without_ipv6() {
    Room::with(|room| {
        room.inside(|| {
            std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1\n").unwrap();
        });
        let text = refused(room, ",ip6=2001:db8::5/64", None);
        assert!(text.contains("IPv6 is disabled in the container"), "{text}");
    });
}

#[test]
fn what_is_not_plugged_in_is_not_taken_out() {
    Room::with(|room| {
        let remove = || hotplug_remove(VMID, 0, &mut patient).unwrap_err();
        assert_eq!(remove(), Error::NotPlugged { name: HOST_END.into() });

        run(&["ip", "link", "add", HOST_END, "type", "bridge"]);
        let before = settled(room);
        let text = remove().to_string();
        assert!(
            text.contains("its type is 'bridge' instead of 'veth'; it is left alone"),
            "{text}"
        );
        assert_same(&before, &settled(room), "left alone");
    });
}

#[test]
fn an_ipv6_gateway_that_is_link_local_is_on_this_link() {
    Room::with(|room| {
        let nic = nic(&format!("{NET},ip6=2001:db8::5/64,gw6=fe80::1"));
        hotplug_add(VMID, 0, &nic, &room.netns(), &mut patient).unwrap();
        let routes = room.container(&["ip", "-6", "route", "show", "default"]);
        assert!(routes.starts_with("default via fe80::1 dev eth0 metric 1024"), "{routes}");
    });
}
