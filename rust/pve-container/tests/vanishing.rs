//! What a function works with goes away while it is at work: the bridge, or the container. What it made goes, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use pve_container::hotplug_net::hotplug_net;
use pve_container::net_plug::{Net, Place};
use pve_container::vnets::Vnets;
use pve_netlink::host::plug::{Plug, tap_plug};
use pve_netlink::host::{Call, Died, veth};
use pve_netlink::netns::NetNs;
use pve_netlink::wait::Cancel;
use room::fault::Faulty;
use room::free::Free;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, patient, run, try_run};

const PEER: &str = "veth101i0p";

fn pair() {
    let _ = try_run(&["ip", "link", "delete", HOST_END]);
    let own = ["ip", "link", "add", HOST_END, "address", "02:00:00:00:00:0a", "type", "veth"];
    let peer = ["peer", "name", PEER, "address", "02:00:00:00:00:0b"];
    let add: Vec<_> = own.into_iter().chain(peer).collect();
    run(&add);
    for end in [HOST_END, PEER] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{end}/disable_ipv6"), "1").unwrap();
        run(&["ip", "link", "set", end, "up"]);
    }
}

fn without_pair() {
    for link in [HOST_END, "fwbr101i0", "fwln101i0"] {
        let _ = try_run(&["ip", "link", "delete", link]);
    }
}

fn without_bridge() {
    let _ = try_run(&["ip", "link", "delete", "vmbr0"]);
}

fn bridge() {
    without_bridge();
    run(&["ip", "link", "add", "vmbr0", "address", "02:00:00:00:00:01", "type", "bridge"]);
    run(&["ip", "link", "set", "nic0", "master", "vmbr0"]);
    run(&["ip", "link", "set", "vmbr0", "up"]);
}

type Function = fn(&mut Call<'_>) -> Result<(), Died>;

fn call(kernel: &Faulty, function: Function) -> Result<(), Died> {
    let surroundings = Free::surroundings();
    let cancel = Cancel::new();
    function(&mut Call::here(kernel, &cancel, &surroundings))
}

/// The bridge goes before each send in turn.
fn each_time(room: &Room, what: &str, prepare: fn(), function: Function) {
    let start = || {
        without_pair();
        prepare();
        bridge();
    };
    start();
    let kernel = Faulty::default();
    call(&kernel, function).unwrap();
    without_bridge();
    let done = settled(room);
    start();
    without_bridge();
    let undone = settled(room);
    let mut failed = 0;
    for send in 0..kernel.sends().len() {
        start();
        let result = call(&Faulty::before_send(send, without_bridge), function);
        failed += usize::from(result.is_err());
        let wanted = if result.is_ok() { &done } else { &undone };
        assert_same(wanted, &settled(room), &format!("{what}, before send {send}: {result:?}"));
    }
    assert!(failed >= 1, "{what}: {failed}");
}

fn plug(call: &mut Call<'_>, firewall: bool) -> Result<(), Died> {
    let plug = Plug { learning: Some(false), firewall, isolated: true, ..Plug::default() };
    tap_plug(call, HOST_END, "vmbr0", &plug)
}

#[test]
fn the_bridge() {
    Room::with(|room| {
        each_time(
            room,
            "a pair",
            || {},
            |call| {
                veth::veth_create(call, HOST_END, PEER, Some("vmbr0"), Some("BC:24:11:00:00:01"))
            },
        );
        each_time(room, "plain", pair, |call| plug(call, false));
        each_time(room, "firewall", pair, |call| plug(call, true));
    });
}

/// A process in a network namespace of its own, which ends when it is told to.
struct Container(Mutex<Child>);

impl Container {
    fn start() -> Self {
        let sleep = ["--net", "sleep", "600"];
        let child = Command::new("unshare").args(sleep).stdin(Stdio::null()).spawn().unwrap();
        let container = Self(Mutex::new(child));
        let own = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        while std::fs::read_link(container.netns()).unwrap() == own {
            std::thread::sleep(Duration::from_millis(5));
        }
        container
    }

    fn netns(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.0.lock().unwrap().id()).into()
    }

    fn end(&self) {
        let mut child = self.0.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn the_container() {
    Room::with(|room| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let vnets = Vnets::read(root, "vmbr0", &mut |warning| panic!("{warning}")).unwrap();
        let net = Net { name: "eth0".into(), bridge: Some("vmbr0".into()), ..Net::default() };
        let plug = |kernel: &Faulty, path: &Path| {
            let place = Place { kernel, root, vnets: &vnets };
            let netns = NetNs::open(path).unwrap();
            let container = ("101", Some(&netns));
            let surroundings = Free::surroundings();
            hotplug_net(place, &surroundings, container, HOST_END, &net, &mut patient)
        };
        let before = settled(room);
        let kernel = Faulty::default();
        let container = Container::start();
        plug(&kernel, &container.netns()).result.unwrap();
        without_pair();
        for send in 0..kernel.sends().len() {
            let container = std::sync::Arc::new(Container::start());
            let netns = container.netns();
            let ending = container.clone();
            let kernel = Faulty::before_send(send, move || ending.end());
            let done = plug(&kernel, &netns);
            let text = "command 'lxc-attach -n 101 -s NETWORK -- /sbin/ip link set eth0 up' \
                failed: exit code 1\n";
            assert_eq!(done.result, Err(Died::Text(text.into())), "before send {send}");
            assert_same(&before, &settled(room), &format!("before send {send}"));
        }
    });
}
