//! An interface that was changed shows the same as one that was plugged in like that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod room;

use std::time::Duration;

use common::Root;
use pve_container::interfaces::Container;
use pve_container::operation::{Change, Operations, Request};
use pve_netlink::{Errno, Host};
use room::fault::{Fault, Faulty};
use room::quick::quick;
use room::state::{assert_same, settled, state};
use room::{HOST_END, Room, VMID, nic, patient, run, second_bridge, try_run};

const NAME: &str = "name=eth0,hwaddr=BC:24:11:00:00:01";
const ADDRESS: &str = "ip=10.20.0.5/24,gw=10.20.0.1";

struct Changes<'a> {
    room: &'a Room,
    operations: Operations,
}

impl Changes<'_> {
    fn carry_out(&self, change: Change) {
        let request = self.request(change);
        self.operations.carry_out(&Host, &request, &mut patient).unwrap();
    }

    fn request(&self, change: Change) -> Request {
        Request { vmid: VMID, netid: 0, container: Container::NetNs(self.room.netns()), change }
    }

    fn plug(&self, net: &str) {
        if try_run(&["ip", "link", "show", HOST_END]).is_ok() {
            self.carry_out(Change::Remove);
        }
        self.carry_out(Change::Add(Box::new(nic(net))));
    }

    fn each(&self, nets: &[String]) {
        for to in nets {
            self.plug(to);
            let wanted = settled(self.room);
            // What is so already is not touched.
            self.carry_out(Change::Update(Box::new(nic(to)), None));
            assert_same(&wanted, &settled(self.room), &format!("{to} again"));
            for from in nets.iter().filter(|from| *from != to) {
                self.plug(from);
                self.carry_out(Change::Update(Box::new(nic(to)), Some(Box::new(nic(from)))));
                for _ in 0..40 {
                    if state(self.room) == wanted {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                assert_same(&wanted, &settled(self.room), &format!("from {from} to {to}"));
            }
        }
    }
}

fn with(test: impl FnOnce(&Changes<'_>) + Send) {
    let root = Root::with_iptables_firewall();
    Room::with(|room| {
        second_bridge();
        test(&Changes { room, operations: Operations::below(root.path()) });
    });
}

#[test]
fn from_each_to_each() {
    with(|changes| {
        changes.each(&[
            format!("{NAME},bridge=vmbr0,{ADDRESS}"),
            format!("{NAME},bridge=vmbr1,ip=10.20.0.6/24,gw=10.99.0.1"),
            format!("{NAME},bridge=vmbr0,firewall=1,ip6=2001:db8:20::5/64,gw6=2001:db8:20::1"),
            format!("name=net0,hwaddr=BC:24:11:00:00:02,bridge=vmbr1,mtu=1300,{ADDRESS}"),
        ]);
    });
}

#[test]
fn down_and_up_again() {
    with(|changes| {
        let up = format!("{NAME},bridge=vmbr0,firewall=1,{ADDRESS}");
        changes.plug(&up);
        let wanted = settled(changes.room);
        let down = format!("{up},link_down=1");
        changes.carry_out(Change::Update(Box::new(nic(&down)), None));
        let shown = run(&["ip", "link", "show", HOST_END]);
        assert!(shown.contains("state DOWN") && !shown.contains("master"), "{shown}");
        assert!(try_run(&["ip", "link", "show", "fwbr101i0"]).is_err());
        let quiet = quick(changes.room);
        changes.carry_out(Change::Update(Box::new(nic(&down)), None));
        assert!(quick(changes.room) == quiet, "what is so already is not touched");
        changes.carry_out(Change::Update(Box::new(nic(&up)), None));
        assert_same(&wanted, &settled(changes.room), "up again");
    });
}

fn filter_vlans() {
    run(&["ip", "link", "set", "vmbr0", "type", "bridge", "vlan_filtering", "1"]);
}

#[test]
#[ignore = "needs a kernel with bridge VLAN filtering: t/kernel runs it"]
fn from_each_to_each_on_a_bridge_that_filters_vlans() {
    with(|changes| {
        filter_vlans();
        changes.each(&[
            format!("{NAME},bridge=vmbr0,tag=5,rate=2"),
            format!("{NAME},bridge=vmbr0,tag=6,trunks=7;9-11,firewall=1"),
            format!("{NAME},bridge=vmbr0,rate=3"),
        ]);
    });
}

#[test]
#[ignore = "needs a kernel with bridge VLAN filtering: t/kernel runs it"]
fn a_failure_leaves_vlans_and_limits_as_they_were() {
    with(|changes| {
        filter_vlans();
        let from = format!("{NAME},bridge=vmbr0,tag=5,trunks=7;9-11,rate=2,firewall=1,{ADDRESS}");
        changes.plug(&from);
        for to in ["tag=6,rate=2", "tag=5,trunks=7;9-11,rate=1,firewall=1"] {
            // What is last fails: no address reaches this gateway.
            let to = format!("{NAME},bridge=vmbr0,{to},ip=manual,gw=10.77.0.1");
            let request = changes.request(Change::Update(Box::new(nic(&to)), None));
            let before = settled(changes.room);
            let kernel = Faulty::default();
            let error = changes.operations.carry_out(&kernel, &request, &mut patient).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("make 10.77.0.1 the default gateway"), "{text}");
            assert!(!text.contains("undoing"), "{text}");
            assert_same(&before, &settled(changes.room), &to);

            let same = quick(changes.room);
            let sends = kernel.sends().len();
            for send in (0..sends).step_by(3) {
                let fault = Fault::Message { send, message: 0, errno: Errno::EIO };
                let kernel = Faulty::with(&[fault]);
                let error =
                    changes.operations.carry_out(&kernel, &request, &mut patient).unwrap_err();
                // The undoing itself is what fails from here on.
                if error.to_string().contains("undoing failed") {
                    changes.plug(&from);
                    break;
                }
                let now = quick(changes.room);
                assert!(same == now, "{to}, {fault:?}: {error}\nwas {same:?}\nis  {now:?}");
            }
        }
    });
}

#[test]
#[ignore = "needs a kernel with 802.1Q and bonds: t/kernel runs it"]
fn the_bridge_of_a_vlan_goes_with_what_it_was_made_for() {
    with(|changes| {
        run(&["ip", "link", "add", "bond0", "address", "02:00:00:00:00:0b", "type", "bond"]);
        run(&["ip", "link", "set", "bond0", "master", "vmbr0"]);
        run(&["ip", "link", "set", "bond0", "up"]);
        let there = || try_run(&["ip", "link", "show", "vmbr0v5"]).is_ok();
        let undone = |change| {
            let before = settled(changes.room);
            let request = changes.request(change);
            let done = changes.operations.carry_out(&Host, &request, &mut patient).unwrap();
            assert!(there());
            changes.operations.cancel(&Host, done.0.as_str(), &mut patient).unwrap();
            assert!(!there());
            assert_same(&before, &settled(changes.room), "undone");
        };
        let tagged = nic(&format!("{NAME},bridge=vmbr0,tag=5,{ADDRESS}"));
        undone(Change::Add(Box::new(tagged.clone())));
        changes.plug(&format!("{NAME},bridge=vmbr0,{ADDRESS}"));
        undone(Change::Update(Box::new(tagged), None));
    });
}
