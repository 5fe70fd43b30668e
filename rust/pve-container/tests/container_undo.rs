//! After a failure at any message of a function of `PVE::Network::Rust::Container`, or when the caller asks for an end at any,
//! host and container are as they were, or as decision 0090 says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::path::Path;

use pve_container::hotplug_net::hotplug_net;
use pve_container::ipconfig::{Family, change_ipconfig};
use pve_container::net_plug::{Net, Place, net_tap_plug};
use pve_container::vnets::Vnets;
use pve_netlink::Errno;
use pve_netlink::host::{self, Died, Done};
use pve_netlink::netns::NetNs;
use room::fault::{Fault, Faulty};
use room::free::Free;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, run, try_run};
use serde_json::Value;

const CT: &str = "101";

fn net() -> Net {
    Net {
        name: "eth0".into(),
        bridge: Some("vmbr0".into()),
        hwaddr: Some("BC:24:11:00:00:01".into()),
        ..Net::default()
    }
}

fn vnets(root: &Path) -> Vnets {
    Vnets::read(root, "vmbr0", &mut |warning| panic!("{warning}")).unwrap()
}

/// A folder for a node whose firewall makes bridges, without VNets.
fn root() -> &'static Path {
    static ROOT: std::sync::OnceLock<std::path::PathBuf> = std::sync::OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("container_undo");
        let flag = root.join("run/proxmox-nftables-firewall-force-disable");
        std::fs::create_dir_all(flag.parent().unwrap()).unwrap();
        std::fs::write(flag, "").unwrap();
        root
    })
}

/// All faults at what was sent: each message refused, each send refused, its answers lost, an end asked for.
fn faults(sends: &[usize]) -> Vec<Fault> {
    let mut faults = vec![Fault::Wire, Fault::WireIn];
    for (send, count) in sends.iter().enumerate() {
        for message in 0..*count {
            let errno = [Errno::EIO, Errno::EBUSY, Errno::ENOBUFS][message % 3];
            faults.push(Fault::Message { send, message, errno });
        }
        faults.extend([Fault::Send(send), Fault::Answers(send), Fault::Interrupt(send)]);
    }
    faults
}

/// Let it fail at every message in turn, from what `prepare` makes. What it leaves when it fails has to be what was there; when it
/// does not, what it makes without a fault.
fn each_fault(
    room: &Room,
    prepare: &dyn Fn(),
    function: &dyn Fn(&Faulty) -> Done<()>,
    more: &[Fault],
) {
    prepare();
    let before = settled(room);
    let kernel = Faulty::default();
    function(&kernel).result.unwrap();
    let after = settled(room);
    let (mut failed, mut interrupted) = (0, 0);
    for fault in faults(&kernel.sends()).into_iter().chain(more.iter().copied()) {
        prepare();
        let done = function(&Faulty::with(&[fault]));
        let now = settled(room);
        let what = format!("{fault:?}: {:?}, {:?}", done.result, done.warnings);
        match &done.result {
            Ok(()) => assert_same(&after, &now, &what),
            Err(died) => {
                failed += 1;
                interrupted += usize::from(*died == Died::Interrupted);
                assert_same(&before, &now, &what);
            }
        }
        assert!(!done.warnings.concat().contains("undoing failed"), "{what}");
    }
    assert!(failed >= 6 && interrupted >= 3, "{failed} failures, {interrupted} interruptions");
}

fn plug(room: &Room, net: &Net, kernel: &Faulty) -> Done<()> {
    let vnets = vnets(root());
    let place = Place { kernel, root: root(), vnets: &vnets };
    let netns = NetNs::open(&room.netns()).unwrap();
    let surroundings = Free::surroundings();
    let mut poll = || kernel.poll();
    hotplug_net(place, &surroundings, (CT, Some(&netns)), HOST_END, net, &mut poll)
}

fn gone() {
    for link in [HOST_END, "fwbr101i0", "fwln101i0"] {
        let _ = try_run(&["ip", "link", "delete", link]);
    }
}

#[test]
fn plugging_in() {
    Room::with(|room| {
        each_fault(room, &gone, &|kernel| plug(room, &net(), kernel), &[Fault::DisableIpv6]);
    });
}

#[test]
fn plugging_in_behind_a_firewall() {
    Room::with(|room| {
        let net = Net { firewall: true, ..net() };
        each_fault(room, &gone, &|kernel| plug(room, &net, kernel), &[Fault::StillThere]);
    });
}

#[test]
fn a_name_that_is_taken_in_the_container() {
    Room::with(|room| {
        room.container(&["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0"]);
        let before = settled(room);
        let done = plug(room, &net(), &Faulty::default());
        let text = "command 'lxc-device -n 101 add veth101i0p eth0' failed: exit code 1\n";
        assert_eq!(done.result, Err(Died::Text(text.into())));
        assert_eq!(done.warnings, ["lxc-device: 101: Failed to add veth101i0p to 101\n"]);
        assert_same(&before, &settled(room), text);
    });
}

#[test]
fn a_container_that_ends_meanwhile() {
    Room::with(|room| {
        let before = settled(room);
        let done = plug(room, &net(), &Faulty::with(&[Fault::StillThere]));
        let text = "command 'lxc-attach -n 101 -s NETWORK -- /sbin/ip link set eth0 up' failed: \
            exit code 1\n";
        assert_eq!(done.result, Err(Died::Text(text.into())));
        assert_same(&before, &settled(room), text);
    });
}

#[test]
fn what_cannot_be_undone_is_said() {
    Room::with(|room| {
        let kernel = Faulty::default();
        plug(room, &net(), &kernel).result.unwrap();
        let last = kernel.sends().len() - 1;
        gone();
        // Bringing the container's end up fails, and then looking for what there is to delete.
        let faults =
            [Fault::Message { send: last, message: 0, errno: Errno::EBUSY }, Fault::Send(last + 1)];
        let done = plug(room, &net(), &Faulty::with(&faults));
        assert!(
            matches!(&done.result, Err(Died::Text(text)) if text.starts_with("command 'lxc-attach")),
            "the first error: {:?}",
            done.result
        );
        let said = done.warnings.concat();
        assert!(said.contains("undoing failed too: "), "{said}");
    });
}

#[test]
fn the_hosts_end() {
    Room::with(|room| {
        let pair = ["ip", "link", "add", HOST_END, "address", "02:00:00:00:00:0a", "type", "veth"];
        let unplugged = || {
            gone();
            let peer = ["peer", "name", "eth0", "address", "02:00:00:00:00:0b"];
            run(&pair.iter().chain(&peer).copied().collect::<Vec<_>>());
            for end in [HOST_END, "eth0"] {
                // Addresses that the kernel makes up come in any order.
                std::fs::write(format!("/proc/sys/net/ipv6/conf/{end}/disable_ipv6"), "1").unwrap();
                run(&["ip", "link", "set", end, "up"]);
            }
        };
        let vnets = vnets(root());
        let plug = |net: Net| {
            let vnets = &vnets;
            move |kernel: &Faulty| {
                let place = Place { kernel, root: root(), vnets };
                let mut poll = || kernel.poll();
                host::call(kernel, &Free::surroundings(), &mut poll, |call| {
                    net_tap_plug(call, place, HOST_END, &net)
                })
            }
        };
        each_fault(room, &unplugged, &plug(net()), &[]);
        each_fault(room, &unplugged, &plug(Net { firewall: true, ..net() }), &[]);
        let plugged = || {
            unplugged();
            plug(Net { firewall: true, ..net() })(&Faulty::default()).result.unwrap();
        };
        each_fault(room, &plugged, &plug(net()), &[]);
    });
}

fn change(room: &Room, family: &Family, kernel: &Faulty) -> Done<bool> {
    let netns = NetNs::open(&room.netns()).unwrap();
    let mut poll = || kernel.poll();
    let done = change_ipconfig(kernel, CT, Some(&netns), "eth0", family, &mut poll);
    Done { result: done.result.map(|changed| changed.save), warnings: done.warnings }
}

fn family(version: u8, [old_ip, old_gw, new_ip, new_gw]: [&str; 4]) -> Family {
    let text = |text: &str| Some(text.to_owned());
    let (old_ip, old_gw, new_ip, new_gw) = (text(old_ip), text(old_gw), text(new_ip), text(new_gw));
    Family { version, old_ip, old_gw, new_ip, new_gw }
}

/// The container's part of a state, without the routes to single addresses: what leads to a gateway outside stays when it is given
/// up (decision 0090).
fn without_host_routes(state: &Value) -> Value {
    let mut state = state.clone();
    for (question, answer) in state.as_object_mut().unwrap() {
        if let (Value::Array(routes), true) = (answer, question.contains("route")) {
            routes.retain(|route| {
                route["dst"].as_str().is_some_and(|dst| dst.contains('/') || dst == "default")
            });
        }
    }
    state
}

fn addresses(room: &Room, family: &Family) {
    Room::inside(room, || {
        let _ = try_run(&["ip", "address", "flush", "dev", "eth0", "scope", "global"]);
        let _ = try_run(&["ip", "route", "flush", "dev", "eth0", "proto", "boot"]);
    });
    let none = Family {
        old_ip: None,
        old_gw: None,
        new_ip: family.old_ip.clone(),
        new_gw: family.old_gw.clone(),
        ..family.clone()
    };
    assert_eq!(change(room, &none, &Faulty::default()).result, Ok(true));
}

fn each_fault_of_addresses(room: &Room, family: &Family) {
    plug(room, &net(), &Faulty::default()).result.unwrap();
    addresses(room, family);
    let before = settled(room);
    let kernel = Faulty::default();
    assert_eq!(change(room, family, &kernel).result, Ok(true));
    let after = settled(room);
    let (mut given_up, mut interrupted, mut saved) = (0, 0, 0);
    for fault in faults(&kernel.sends()) {
        addresses(room, family);
        let done = change(room, family, &Faulty::with(&[fault]));
        let now = settled(room);
        let what = format!("{family:?}, {fault:?}: {:?}, {:?}", done.result, done.warnings);
        match done.result {
            // What is left of the old address is said, as with the reference.
            Ok(true) if done.warnings.is_empty() => assert_same(&after, &now, &what),
            Ok(true) => saved += 1,
            Ok(false) => {
                given_up += 1;
                assert!(!done.warnings.is_empty(), "{what}");
                assert_same(&without_host_routes(&before), &without_host_routes(&now), &what);
            }
            Err(died) => {
                interrupted += usize::from(died == Died::Interrupted);
                assert_same(&without_host_routes(&before), &without_host_routes(&now), &what);
            }
        }
    }
    assert!(given_up >= 2 && interrupted >= 1 && saved >= 2, "{given_up} {interrupted} {saved}");
    gone();
}

#[test]
fn addresses_and_gateways() {
    Room::with(|room| {
        each_fault_of_addresses(
            room,
            &family(4, ["10.0.0.2/24", "10.0.0.1", "10.0.1.2/24", "10.0.1.1"]),
        );
        each_fault_of_addresses(
            room,
            &family(4, ["10.0.0.2/24", "10.9.0.1", "10.0.0.3/24", "10.9.0.2"]),
        );
        each_fault_of_addresses(
            room,
            &family(6, ["fd00::2/64", "fd00::1", "fd01::2/64", "fd01::1"]),
        );
    });
}
