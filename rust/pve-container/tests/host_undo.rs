//! After a failure at any message of a function of `PVE::Network`, the host is as it was: links, bridges, MTUs, VLANs, port
//! switches, addresses led to ports, traffic control, IPv6 settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use pve_netlink::host::before::{self, Before};
use pve_netlink::host::plug::Plug;
use pve_netlink::host::unplug::tap_unplug;
use pve_netlink::host::{Call, Died, bridge_vlan, fdb, rate, veth};
use pve_netlink::link::{LinkSettings, Shown, VethPair};
use pve_netlink::plan::{Change, Link, Step};
use pve_netlink::request::Raw;
use pve_netlink::tc::{self, Rate};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::{Errno, Host, Kernel};
use room::fault::{Fault, Faulty};
use room::free::Free;
use room::plug::{Function, MAC, behind_firewall, plain, plug};
use room::state::{assert_same, settled};
use room::{Room, run, try_run};

const NAMES: &[&str] = &[
    "vmbr0",
    "nic0",
    "bond0",
    "bond0.5",
    "vmbr0v5",
    "veth101i0",
    "veth101i0p",
    "fwbr101i0",
    "fwln101i0",
    "fwpr101p0",
];
fn call(kernel: &dyn Kernel, function: Function) -> Result<(), Died> {
    let surroundings = Free::surroundings();
    let cancel = Cancel::new();
    function(&mut Call::here(kernel, &cancel, &surroundings))
}

/// The traffic control without what counts and what the kernel numbers anew.
type Traffic = Vec<Option<(String, u32, Option<u64>)>>;

/// All that undoing could have missed, read without starting a process.
fn snapshot() -> Vec<Option<(Before, Traffic)>> {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(&Host, Host.wire().unwrap(), &cancel, None);
    let found = tx.look(NAMES).unwrap();
    let part = |part: Option<Raw>| {
        part.map(|part| (tc::kind(&part).to_owned(), tc::handle(&part), tc::rate(&part)))
    };
    let one = |shown: Option<_>| {
        shown.map(|shown| {
            let mut before = before::read(&mut tx, shown, &[], true).unwrap();
            let before::Traffic { root, class, ingress, filter } =
                std::mem::take(&mut before.traffic);
            (before, [root, class, ingress, filter].map(part).to_vec())
        })
    };
    found.into_iter().map(one).collect()
}

/// Let the function fail at every message in turn. `prepare` makes what it starts from, and again after a time when it did
/// not fail, since the reference does without that message, too.
fn each_fault(room: &Room, what: &str, prepare: &dyn Fn(), function: Function) {
    prepare();
    let kernel = Faulty::default();
    call(&kernel, function).unwrap_or_else(|died| panic!("{what}: {died:?}"));
    let sends = kernel.sends();
    prepare();
    let thorough = settled(room);
    let mut before = snapshot();
    let (mut failed, mut done) = (0, 0);
    for (send, count) in sends.iter().enumerate() {
        let messages =
            (0..*count).map(|message| Fault::Message { send, message, errno: Errno::EIO });
        let faults = messages.chain([Fault::Send(send), Fault::Answers(send)]);
        // It goes on for the undo, which would need it to make a firewall bridge again.
        let makes_nothing_again =
            before.iter().flatten().all(|(link, _)| !link.name.starts_with("fw"));
        let ipv6 = (send == 0 && makes_nothing_again).then_some(Fault::DisableIpv6);
        for fault in faults.chain(ipv6) {
            match call(&Faulty::with(&[fault]), function) {
                Ok(()) => {
                    done += 1;
                    prepare();
                    before = snapshot();
                }
                Err(died) => {
                    failed += 1;
                    assert!(matches!(&died, Died::Text(text) if text.ends_with('\n')), "{died:?}");
                    let now = snapshot();
                    for (was, is) in before.iter().zip(&now) {
                        assert!(was == is, "{what}, {fault:?}, {died:?}:\nwas {was:?}\nis  {is:?}");
                    }
                }
            }
        }
    }
    assert!(failed >= 4, "{what}: {failed} failures, {done} successes of {sends:?}");
    if done == 0 {
        assert_same(&thorough, &settled(room), what);
    }
}

/// A pair that is not plugged in, and nothing left of a firewall bridge; without starting a process, which takes long in
/// t/kernel.
fn unplugged() {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(&Host, Host.wire().unwrap(), &cancel, None);
    let links = ["veth101i0", "fwln101i0", "fwbr101i0", "vmbr0v5", "bond0.5"];
    let found = tx.look(&links).unwrap();
    let link = |name: &str| Link::Host(name.into());
    let delete = |shown: &Shown| Step::new(&link(&shown.name), Change::Delete);
    let mut steps: Vec<_> = found.iter().flatten().map(delete).collect();
    let pair = VethPair {
        name: "veth101i0".into(),
        address: Some([2, 0, 0, 0, 1, 1]),
        mtu: 1400,
        peer_name: "veth101i0p".into(),
        peer_mtu: 1400,
        peer_address: Some([2, 0, 0, 0, 1, 2]),
        queues: 1,
        ..VethPair::default()
    };
    let add = Change::AddVeth { pair: Box::new(pair), inside: false };
    steps.push(Step::new(&link("veth101i0"), add));
    for end in ["veth101i0", "veth101i0p"] {
        steps.push(Step::new(&link(end), Change::Set(LinkSettings::UP)));
    }
    tx.carry_out(&steps).unwrap();
}

fn plugged_as(plugged: fn() -> Plug) {
    unplugged();
    let surroundings = Free::surroundings();
    let cancel = Cancel::new();
    plug(&mut Call::here(&Host, &cancel, &surroundings), &plugged()).unwrap();
}

#[test]
fn plugging_in() {
    Room::with(|room| {
        each_fault(room, "plain", &unplugged, |call| plug(call, &plain()));
        each_fault(room, "firewall", &unplugged, |call| plug(call, &behind_firewall()));
    });
}

#[test]
fn plugging_in_again() {
    Room::with(|room| {
        let there = || plugged_as(behind_firewall);
        each_fault(room, "without its firewall", &there, |call| plug(call, &plain()));
        each_fault(room, "the same", &there, |call| plug(call, &behind_firewall()));
    });
}

#[test]
fn taking_out() {
    Room::with(|room| {
        let there = || plugged_as(behind_firewall);
        each_fault(room, "out", &there, |call| tap_unplug(call, "veth101i0"));
        let more =
            |call: &mut Call<'_>| fdb::add_bridge_fdb(call, "veth101i0", "BC:24:11:00:00:02");
        each_fault(room, "another address", &there, more);
        each_fault(room, "no address", &there, |call| fdb::del_bridge_fdb(call, "veth101i0", MAC));
    });
}

#[test]
fn making_a_pair() {
    Room::with(|room| {
        let gone = || {
            let _ = try_run(&["ip", "link", "delete", "veth101i0"]);
        };
        each_fault(room, "a pair", &gone, |call| {
            veth::veth_create(call, "veth101i0", "veth101i0p", Some("vmbr0"), Some(MAC))
        });
        each_fault(room, "a VM's", &unplugged, |call| {
            veth::tap_create(call, "veth101i0", Some("vmbr0"))
        });
    });
}

fn filter_vlans(on: bool) {
    let on = if on { "1" } else { "0" };
    run(&["ip", "link", "set", "vmbr0", "type", "bridge", "vlan_filtering", on]);
}

fn in_vlans() -> Plug {
    Plug {
        tag: Some("5".into()),
        trunks: Some("7;9-11".into()),
        rate: Rate::new(2_000_000),
        ..behind_firewall()
    }
}

fn in_vlan() -> Plug {
    Plug { tag: Some("6".into()), rate: Rate::new(1_000_000), ..plain() }
}

#[test]
#[ignore = "needs a kernel with bridge VLAN filtering: t/kernel runs it"]
fn on_a_bridge_that_filters_vlans() {
    Room::with(|room| {
        filter_vlans(true);
        each_fault(room, "in VLANs", &unplugged, |call| plug(call, &in_vlans()));
        let there = || plugged_as(in_vlans);
        each_fault(room, "in another VLAN", &there, |call| plug(call, &in_vlan()));
        each_fault(room, "out of VLANs", &there, |call| tap_unplug(call, "veth101i0"));
        let there = || plugged_as(in_vlan);
        each_fault(room, "in VLANs instead", &there, |call| plug(call, &in_vlans()));
        let slower =
            |call: &mut Call<'_>| rate::tap_rate_limit(call, "veth101i0", Rate::new(10_000));
        each_fault(room, "slower", &there, slower);
        let limit = snapshot().into_iter().flatten().find(|(link, _)| &*link.name == "veth101i0");
        let limit = limit.unwrap().1;
        assert_eq!(limit[1], Some(("htb".into(), 0x1_0001, Some(1_000_000))), "{limit:?}");
        assert_eq!(limit[3], Some(("basic".into(), 1, Some(1_000_000))), "{limit:?}");
        let change =
            |call: &mut Call<'_>| rate::tap_rate_change(call, "veth101i0", Rate::new(10_000));
        each_fault(room, "slower at once", &there, change);
        each_fault(room, "no limit", &there, |call| rate::tap_rate_limit(call, "veth101i0", None));
    });
}

#[test]
#[ignore = "needs a kernel with 802.1Q and bonds: t/kernel runs it"]
fn through_the_bridge_of_a_vlan() {
    Room::with(|room| {
        run(&["ip", "link", "add", "bond0", "address", "02:00:00:00:00:0b", "type", "bond"]);
        run(&["ip", "link", "set", "bond0", "master", "vmbr0"]);
        run(&["ip", "link", "set", "bond0", "up"]);
        let tagged = |call: &mut Call<'_>| plug(call, &Plug { tag: Some("5".into()), ..plain() });
        each_fault(room, "in a VLAN", &unplugged, tagged);
        each_fault(room, "its bridge", &unplugged, |call| {
            bridge_vlan::activate_bridge_vlan(call, "vmbr0", Some("5")).map(|_| ())
        });
    });
}
