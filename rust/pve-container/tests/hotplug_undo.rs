//! After a failure at any point, links, addresses and routes are as before, and the error names the step.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::process::{Command, Stdio};
use std::time::Duration;

use pve_container::hotplug::{Error, Interrupted, hotplug_add_on, hotplug_remove};
use pve_netlink::Errno;
use room::fault::{Fault, Faulty};
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run};

const EVERYTHING: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,\
    ip=10.20.0.5/32,gw=192.0.2.1,ip6=2001:db8:20::5/128,gw6=2001:db8:99::1";

const ADD: &str = "add the veth pair 'veth101i0' and 'eth0'";
const LOOK: &str = "look at 'vmbr0'";
const HOST_UP: &str = "bring up 'veth101i0'";
const PEER_UP: &str = "bring up 'eth0' in the container";
const ADDRESS: &str = "add the address 10.20.0.5/32 in the container";
const ROUTE: &str = "add the on-link route to 192.0.2.1 in the container";
const DEFAULT: &str = "make 192.0.2.1 the default gateway of the container";
const ADDRESS6: &str = "add the address 2001:db8:20::5/128 in the container";
const ROUTE6: &str = "add the on-link route to 2001:db8:99::1 in the container";
const DEFAULT6: &str = "make 2001:db8:99::1 the default gateway of the container";

/// The steps by send and message.
const SENDS: &[&[&str]] = &[
    &[ADD, ADD, LOOK],
    &[HOST_UP, HOST_UP],
    &[PEER_UP, PEER_UP, ADDRESS, ROUTE, DEFAULT, ADDRESS6, ADDRESS6, ROUTE6, DEFAULT6],
];
/// The same when default routes are there: each is read, then replaced.
const REPLACING: &[&[&str]] =
    &[SENDS[0], SENDS[1], SENDS[2], &[DEFAULT], &[DEFAULT], &[DEFAULT6], &[DEFAULT6]];

fn add(room: &Room, kernel: &Faulty) -> Result<(), Error> {
    hotplug_add_on(kernel, VMID, 0, &nic(EVERYTHING), &room.netns(), &mut patient).map(|_| ())
}

/// Plug in with each fault, and compare the state after with the state before.
fn each_fault_leaves_nothing(room: &Room, sends: &[&[&str]]) {
    let before = settled(room);
    let kernel = Faulty::default();
    add(room, &kernel).unwrap();
    let counts: Vec<_> = sends.iter().map(|messages| messages.len()).collect();
    assert_eq!(kernel.sends(), counts, "the faults below are at every message");
    hotplug_remove(VMID, 0, &mut patient).unwrap();
    restore_defaults(room);
    assert_same(&before, &settled(room), "taken out");

    let mut faults = vec![
        (Fault::Interface, ""),
        (Fault::Netns, ""),
        (Fault::Wire, ""),
        (Fault::WireIn, PEER_UP),
        (Fault::DisableIpv6, "disable IPv6 on 'veth101i0'"),
        (Fault::StillThere, DEFAULT6),
    ];
    for (send, messages) in sends.iter().enumerate() {
        faults.push((Fault::Send(send), messages[0]));
        faults.push((Fault::Answers(send), messages[0]));
        for (message, step) in messages.iter().enumerate() {
            // An existing route is no failure, so only that error number is one here.
            faults.push((Fault::Message { send, message, errno: Errno::EIO }, step));
        }
    }
    for (fault, step) in faults {
        let error = add(room, &Faulty::with(&[fault])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(step), "{fault:?}: the step to {step} is not named: {text}");
        assert!(!text.contains("undoing failed"), "{fault:?}: {text}");
        assert_same(&before, &settled(room), &format!("after {fault:?}: {text}"));
    }
}

const DEFAULTS: &[&str] = &[
    "ip -4 route add default via 10.9.0.1 dev eth9 proto static",
    "ip -6 route add default via 2001:db8:9::1 dev eth9 proto static",
];

fn restore_defaults(room: &Room) {
    if room.container(&["ip", "link"]).contains("eth9") {
        for command in DEFAULTS {
            room.container(&command.split(' ').collect::<Vec<_>>());
        }
    }
}

#[test]
fn in_an_empty_container() {
    Room::with(|room| each_fault_leaves_nothing(room, SENDS));
}

#[test]
fn in_a_container_with_default_routes() {
    Room::with(|room| {
        for command in [
            "ip link add eth9 address 02:00:00:00:00:09 type veth peer name far9",
            "ip link set eth9 up",
            "ip link set far9 up",
            "ip addr add 10.9.0.2/24 dev eth9",
            "ip addr add 2001:db8:9::2/64 dev eth9",
        ] {
            room.container(&command.split(' ').collect::<Vec<_>>());
        }
        restore_defaults(room);
        each_fault_leaves_nothing(room, REPLACING);
    });
}

#[test]
fn the_first_error_is_the_one_seen_and_the_undos_is_attached() {
    Room::with(|room| {
        let first = Fault::Message { send: 2, message: 3, errno: Errno::EIO };
        // Send 3 takes the IPv6 default route away, which is made, send 4 deletes the pair.
        let kernel = Faulty::with(&[first, Fault::Send(4)]);
        let text = add(room, &kernel).unwrap_err().to_string();
        assert!(text.starts_with(&format!("net0 was not plugged in: unable to {ROUTE}")), "{text}");
        assert!(text.contains("; undoing failed too: unable to send"), "{text}");
        run(&["ip", "link", "delete", HOST_END]);
    });
}

#[test]
fn a_refused_change_says_what_to_do() {
    Room::with(|room| {
        let fault = Fault::Message { send: 0, message: 0, errno: Errno::EPERM };
        let text = add(room, &Faulty::with(&[fault])).unwrap_err().to_string();
        assert_eq!(
            text,
            "net0 was not plugged in: unable to add the veth pair 'veth101i0' and 'eth0': Operation not permitted \
             (EPERM); this needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN"
        );
    });
}

#[test]
fn a_handler_that_dies_ends_the_call_and_leaves_nothing() {
    Room::with(|room| {
        let before = settled(room);
        let kernel = Faulty::meanwhile(|| std::thread::sleep(Duration::from_millis(200)));
        let mut calls = 0;
        let mut dies = || {
            calls += 1;
            Err(Interrupted)
        };
        let error = hotplug_add_on(&kernel, VMID, 0, &nic(EVERYTHING), &room.netns(), &mut dies);
        let error = error.unwrap_err();
        assert!(error.is_interrupted(), "{error}");
        assert_eq!(calls, 1);
        assert_same(&before, &settled(room), "interrupted");
    });
}

#[test]
fn a_container_that_ends_meanwhile_is_an_error() {
    Room::with(|room| {
        let before = settled(room);
        let mut container = Command::new("unshare")
            .args(["--net", "sleep", "1000"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let netns = std::path::PathBuf::from(format!("/proc/{}/ns/net", container.id()));
        let own = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        while std::fs::read_link(&netns).unwrap() == own {
            std::thread::sleep(Duration::from_millis(5));
        }
        let pid = nix::unistd::Pid::from_raw(container.id().try_into().unwrap());
        let kernel = Faulty::meanwhile(move || {
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
            // A zombie has no namespaces any more.
            while std::fs::File::open(format!("/proc/{pid}/ns/net")).is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let error = hotplug_add_on(&kernel, VMID, 0, &nic(EVERYTHING), &netns, &mut patient);
        let text = error.unwrap_err().to_string();
        assert!(text.ends_with("went away: the container stopped"), "{text}");
        container.wait().unwrap();
        assert_same(&before, &settled(room), "the container ended");
    });
}
