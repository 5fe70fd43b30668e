//! After a failure at any message of changing or taking out an interface, everything is as it was, and the first error is
//! what the caller sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod room;

use common::Root;
use pve_container::interfaces::Container;
use pve_container::operation::{Change, Operations, Request, State};
use pve_netlink::{Errno, Host};
use room::fault::{Fault, Faulty};
use room::quick::quick;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, second_bridge, try_run};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.20.0.5/24,gw=10.20.0.1,\
    ip6=2001:db8:20::5/64,gw6=2001:db8:20::1,firewall=1";

struct Faults<'a> {
    room: &'a Room,
    operations: Operations,
    net: &'static str,
}

impl Faults<'_> {
    fn request(&self, change: Change) -> Request {
        Request { vmid: VMID, netid: 0, container: Container::NetNs(self.room.netns()), change }
    }

    fn prepare(&self) {
        if try_run(&["ip", "link", "show", HOST_END]).is_ok() {
            self.operations.carry_out(&Host, &self.request(Change::Remove), &mut patient).unwrap();
        }
        let add = Change::Add(Box::new(nic(self.net)));
        self.operations.carry_out(&Host, &self.request(add), &mut patient).unwrap();
    }

    fn each(&self, what: &str, change: Change) {
        let request = self.request(change);
        self.prepare();
        let kernel = Faulty::default();
        self.operations.carry_out(&kernel, &request, &mut patient).unwrap();
        let sends = kernel.sends();
        self.prepare();
        let thorough = settled(self.room);
        let mut before = quick(self.room);
        let mut faults = vec![Fault::Interface, Fault::Netns, Fault::Wire, Fault::WireIn];
        for (send, count) in sends.iter().enumerate() {
            faults.extend([Fault::Send(send), Fault::Answers(send)]);
            let message = |message| Fault::Message { send, message, errno: Errno::EIO };
            faults.extend((0..*count).map(message));
        }
        let (mut failed, mut done) = (0, 0);
        for fault in faults {
            let kernel = Faulty::with(&[fault]);
            match self.operations.carry_out(&kernel, &request, &mut patient) {
                Ok((id, _)) => {
                    done += 1;
                    let status = self.operations.status(id.as_str()).unwrap();
                    assert_eq!(status.state, State::Succeeded, "{what}, {fault:?}");
                    self.prepare();
                    before = quick(self.room);
                }
                Err(error) => {
                    failed += 1;
                    let text = error.to_string();
                    // These go on, and are in the way of undoing, too.
                    let lasts = matches!(
                        fault,
                        Fault::Interface | Fault::Netns | Fault::Wire | Fault::WireIn
                    );
                    assert!(lasts || !text.contains("undoing failed"), "{what}, {fault:?}: {text}");
                    let now = quick(self.room);
                    assert!(
                        before == now,
                        "{what}, {fault:?}: {text}\nwas {before:?}\nis  {now:?}"
                    );
                }
            }
        }
        println!("{what}: {failed} failed, {done} succeeded, sends {sends:?}");
        assert!(failed > 5, "{failed} {done}");
        assert_same(&thorough, &settled(self.room), what);
    }
}

fn with(net: &'static str, test: impl FnOnce(&Faults<'_>) + Send) {
    let root = Root::with_iptables_firewall();
    Room::with(|room| {
        second_bridge();
        test(&Faults { room, operations: Operations::below(root.path()), net });
    });
}

fn to(net: &str) -> Change {
    Change::Update(Box::new(nic(net)), Some(Box::new(nic(NET))))
}

#[test]
fn taking_out() {
    with(NET, |faults| faults.each("taken out", Change::Remove));
}

#[test]
fn another_bridge() {
    with(NET, |faults| faults.each("another bridge", to(&NET.replace("vmbr0", "vmbr1"))));
}

#[test]
fn no_firewall_and_the_link_down() {
    with(NET, |faults| {
        faults.each("no firewall", to(&NET.replace(",firewall=1", "")));
        faults.each("link down", to(&format!("{NET},link_down=1")));
    });
}

#[test]
fn other_addresses() {
    with(NET, |faults| {
        let other = NET.replace("10.20.0.5/24,gw=10.20.0.1", "10.20.0.6/24,gw=10.99.0.1");
        faults.each("another address", to(&other));
        faults.each("another IPv6 address", to(&NET.replace("db8:20:", "db8:21:")));
    });
}

#[test]
fn another_pair() {
    with(NET, |faults| faults.each("another name", to(&NET.replace("name=eth0", "name=net0"))));
}

#[test]
fn the_first_error_is_the_one_seen_and_the_undos_is_attached() {
    with(NET, |faults| {
        faults.prepare();
        let request = faults.request(to(&NET.replace("name=eth0", "name=net0")));
        let kernel = Faulty::default();
        faults.operations.carry_out(&kernel, &request, &mut patient).unwrap();
        let sends = kernel.sends();
        let add = sends.iter().rposition(|count| *count > 4).unwrap();
        faults.prepare();
        let first = Fault::Message { send: add, message: 0, errno: Errno::EIO };
        let others = (add + 1..add + 30).map(Fault::Send);
        let faulty: Vec<_> = std::iter::once(first).chain(others).collect();
        let error = faults.operations.carry_out(&Faulty::with(&faulty), &request, &mut patient);
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("net0 was not plugged in: unable to bring up 'net0'"), "{text}");
        assert!(text.contains("undoing failed too: unable to send"), "{text}");
    });
}
