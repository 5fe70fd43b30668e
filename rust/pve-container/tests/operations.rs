//! Operations have records, which others read, end and clean up; they wait for each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod room;

use std::fs;
use std::os::fd::BorrowedFd;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::Root;
use pve_container::interfaces::Container;
use pve_container::operation::{
    About, Change, Filter, Kind, OperationError, Operations, Request, State,
};
use pve_netlink::interface::Interface;
use pve_netlink::netns::NetNs;
use pve_netlink::wire::Wire;
use pve_netlink::{Host, Kernel};
use room::fault::Faulty;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.20.0.5/24,gw=10.20.0.1,\
    ip6=2001:db8:20::5/64";
const OTHER: &str = "name=eth1,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip=10.20.0.6/24,gw=10.20.0.2";

fn request(room: &Room, change: Change) -> Request {
    Request { vmid: VMID, netid: 0, container: Container::NetNs(room.netns()), change }
}

fn add(room: &Room) -> Request {
    request(room, Change::Add(Box::new(nic(NET))))
}

fn update(room: &Room, net: &str) -> Request {
    request(room, Change::Update(Box::new(nic(net)), None))
}

fn remove(room: &Room) -> Request {
    request(room, Change::Remove)
}

fn there() -> bool {
    room::try_run(&["ip", "link", "show", HOST_END]).is_ok()
}

#[test]
fn an_operation_has_a_record() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        let (id, plugged) = operations.carry_out(&Host, &add(room), &mut patient).unwrap();
        let status = operations.status(id.as_str()).unwrap();
        assert_eq!((status.kind, status.state), (Kind::Add, State::Succeeded));
        assert_eq!((status.vmid, status.netid, status.background), (VMID, 0, false));
        assert_eq!(status.interface, plugged);
        assert_eq!((status.pid, status.error), (std::process::id(), None));
        let names: Vec<_> = status.steps.iter().map(|step| step.name.as_str()).collect();
        let wanted =
            ["plan", "make the links", "connect the host's end", "configure the container's end"];
        assert_eq!(names, wanted);
        for step in &status.steps {
            assert!(step.end.unwrap() >= step.start && step.start >= status.created, "{step:?}");
        }
        assert_eq!(status.steps.last().unwrap().end, status.ended);

        let error = operations.carry_out(&Host, &add(room), &mut patient).unwrap_err();
        assert!(error.to_string().contains("exists already"), "{error}");
        operations.carry_out(&Host, &remove(room), &mut patient).unwrap();
        let all = operations.list(&Filter::default()).unwrap();
        let states: Vec<_> = all.iter().map(|status| (status.kind, status.state)).collect();
        let wanted = [
            (Kind::Add, State::Succeeded),
            (Kind::Add, State::Failed),
            (Kind::Remove, State::Succeeded),
        ];
        assert_eq!(states, wanted);
        assert_eq!(all[1].error, Some(error.to_string()));
        let failed = Filter { state: Some(State::Failed), ..Filter::default() };
        assert_eq!(operations.list(&failed).unwrap(), [all[1].clone()]);
        let others = Filter { vmid: Some(VMID + 1), ..Filter::default() };
        assert_eq!(operations.list(&others).unwrap(), []);
        assert_eq!(operations.clean_up(Duration::from_secs(3600)).unwrap(), [""; 0]);
        assert_eq!(operations.clean_up(Duration::ZERO).unwrap().len(), 3);
        let error = operations.status(id.as_str()).unwrap_err();
        assert!(matches!(error, OperationError::Unknown { .. }), "{error}");
    });
}

#[test]
fn what_is_wrong_with_a_record_is_told() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    let about = About { kind: Kind::Add, vmid: VMID, netid: 0, background: false };
    let running = operations.begin(&Host, about, &mut patient).unwrap();
    let id = running.id().to_string();
    running.finish(&Ok(None));
    let path = root.path().join(format!("run/pve-network-rust/operations/{id}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();

    fs::write(&path, format!("{text}{{\"step\"")).unwrap();
    assert_eq!(operations.status(&id).unwrap().state, State::Succeeded, "cut off while writing");
    fs::write(&path, text.replace("\"version\":1", "\"version\":2")).unwrap();
    let error = operations.status(&id).unwrap_err();
    assert!(matches!(error, OperationError::Newer { version: 2, .. }), "{error}");
    fs::write(&path, "{").unwrap();
    let error = operations.status(&id).unwrap_err();
    assert!(matches!(error, OperationError::Unknown { .. }), "it is about to begin: {error}");
    assert_eq!(operations.list(&Filter::default()).unwrap(), []);
    for bad in ["x\n", "{\"running\":{\"at\":1}}\n"] {
        fs::write(&path, bad).unwrap();
        let error = operations.status(&id).unwrap_err();
        assert!(matches!(error, OperationError::Unreadable { .. }), "{bad:?}: {error}");
        assert!(operations.list(&Filter::default()).is_err(), "{bad:?}");
    }
    for bad in ["", "../x", "0"] {
        let error = operations.cancel(&Host, bad, &mut patient).unwrap_err();
        assert!(matches!(error, OperationError::BadId { .. }), "{bad:?}: {error}");
    }
}

#[test]
fn without_a_record_nothing_is_touched() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    fs::create_dir_all(root.path().join("run")).unwrap();
    fs::write(root.path().join("run/pve-network-rust"), "").unwrap();
    Room::with(|room| {
        let error = operations.carry_out(&Host, &add(room), &mut patient).unwrap_err();
        assert!(matches!(error, OperationError::File { .. }), "{error}");
        assert!(!there());
    });
}

/// A kernel that holds what is sent from the given send on, until it is let go.
struct Held {
    from: usize,
    sends: Mutex<usize>,
    free: Mutex<bool>,
    waiting: Condvar,
}

impl Held {
    fn from(from: usize) -> &'static Self {
        let (sends, free) = (Mutex::new(0), Mutex::new(false));
        Box::leak(Box::new(Self { from, sends, free, waiting: Condvar::new() }))
    }

    fn let_go(&self) {
        *self.free.lock().unwrap() = true;
        self.waiting.notify_all();
    }

    fn hold(&self) {
        let number = {
            let mut sends = self.sends.lock().unwrap();
            *sends += 1;
            *sends
        };
        if number > self.from {
            let free = self.free.lock().unwrap();
            let _free = self.waiting.wait_while(free, |free| !*free).unwrap();
        }
    }

    fn wait_until_held(&self) {
        while *self.sends.lock().unwrap() <= self.from {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

struct HeldWire(Box<dyn Wire>, &'static Held);

impl Wire for HeldWire {
    fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.1.hold();
        self.0.send(bytes)
    }
    fn receive(&mut self, timeout: Duration) -> std::io::Result<Option<&[u8]>> {
        self.0.receive(timeout)
    }
    fn socket(&self) -> BorrowedFd<'_> {
        self.0.socket()
    }
}

impl Kernel for &'static Held {
    fn interface(
        &self,
        wire: &dyn Wire,
        name: &str,
    ) -> Result<Option<Interface>, pve_netlink::Error> {
        Host.interface(wire, name)
    }
    fn wire(&self) -> Result<Box<dyn Wire>, pve_netlink::Error> {
        Ok(Box::new(HeldWire(Host.wire()?, self)))
    }
    fn netns(&self, wire: &dyn Wire, path: &std::path::Path) -> Result<NetNs, pve_netlink::Error> {
        Host.netns(wire, path)
    }
    fn wire_in(&self, netns: &NetNs) -> Result<Box<dyn Wire>, pve_netlink::Error> {
        Ok(Box::new(HeldWire(Host.wire_in(netns)?, self)))
    }
    fn check_still_there(&self, netns: &NetNs) -> Result<(), pve_netlink::Error> {
        Host.check_still_there(netns)
    }
    fn disable_ipv6(&self, name: &str) -> Result<(), pve_netlink::Error> {
        Host.disable_ipv6(name)
    }
}

fn leaked(held: &'static Held) -> &'static dyn Kernel {
    Box::leak(Box::new(held))
}

#[test]
fn the_caller_goes_on_while_the_kernel_deletes() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        let before = settled(room);
        operations.carry_out(&Host, &add(room), &mut patient).unwrap();
        let held = Held::from(0);
        let background = operations.start(leaked(held), remove(room)).unwrap();
        held.wait_until_held();
        assert!(there(), "the call is back, and the kernel has not even been asked");
        assert!(!background.wait(Some(Duration::ZERO), &mut patient).unwrap());
        let status = operations.status(background.id().as_str()).unwrap();
        assert_eq!((status.state, status.background), (State::Running, true));
        let mut hook = || Err(pve_container::hotplug::Interrupted);
        let error = background.wait(None, &mut hook).unwrap_err();
        assert!(matches!(error, OperationError::Interrupted), "{error}");
        held.let_go();
        assert_eq!(background.result(&mut patient).unwrap(), None);
        assert!(background.wait(Some(Duration::ZERO), &mut patient).unwrap());
        assert_same(&before, &settled(room), "taken out");
    });
}

#[test]
fn one_waits_for_another_and_is_cancelled_while_it_does() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        let held = Held::from(1);
        let first = operations.start(leaked(held), add(room)).unwrap();
        held.wait_until_held();
        let second = operations.start(&Host, remove(room)).unwrap();
        let third = operations.start(&Host, remove(room)).unwrap();
        let state = |id: &str| operations.status(id).unwrap().state;
        assert_eq!(state(second.id().as_str()), State::Pending);
        let cancelled = operations.cancel(&Host, third.id().as_str(), &mut patient).unwrap();
        assert_eq!((cancelled.state, cancelled.steps), (State::Cancelled, Vec::new()));
        assert!(third.result(&mut patient).is_err());
        assert_eq!(state(second.id().as_str()), State::Pending);
        held.let_go();
        first.result(&mut patient).unwrap();
        second.result(&mut patient).unwrap();
        assert!(!there());
    });
}

#[test]
fn before_the_point_of_no_return_it_is_cancelled() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        let before = settled(room);
        let held = Held::from(1);
        let background = operations.start(leaked(held), add(room)).unwrap();
        held.wait_until_held();
        assert!(there());
        let id = background.id().to_string();
        let cancelling = thread::scope(|scope| {
            let cancelling = scope.spawn(|| operations.cancel(&Host, &id, &mut patient));
            let path = root.path().join(format!("run/pve-network-rust/operations/{id}.jsonl"));
            while !fs::read_to_string(&path).unwrap().contains("\"cancel\"") {
                thread::sleep(Duration::from_millis(1));
            }
            held.let_go();
            cancelling.join().unwrap().unwrap()
        });
        assert_eq!(cancelling.state, State::Cancelled);
        let error = background.result(&mut patient).unwrap_err();
        assert_eq!(error.to_string(), format!("operation '{id}' was cancelled"));
        assert_same(&before, &settled(room), "cancelled");
        let error = operations.cancel(&Host, &id, &mut patient).unwrap_err();
        assert!(error.to_string().contains("it is cancelled, so there is nothing"), "{error}");
    });
}

#[test]
fn what_is_done_is_undone() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    let carry_out = |request: &Request| {
        operations.carry_out(&Host, request, &mut patient).unwrap().0.to_string()
    };
    let cancel = |id: &str| operations.cancel(&Host, id, &mut patient);
    Room::with(|room| {
        let empty = settled(room);
        let added = carry_out(&add(room));
        assert_eq!(cancel(&added).unwrap().state, State::Undone);
        assert_same(&empty, &settled(room), "plugging in");

        let added = carry_out(&add(room));
        let plugged = settled(room);
        let changed = carry_out(&update(room, &NET.replace("10.20.0.", "10.30.0.")));
        assert!(run(&["ip", "link"]).contains(HOST_END));
        let error = cancel(&added).unwrap_err();
        assert!(
            matches!(&error, OperationError::Superseded { by, .. } if *by == changed),
            "{error}"
        );
        assert_eq!(cancel(&changed).unwrap().state, State::Undone);
        assert_same(&plugged, &settled(room), "other addresses");

        let changed = carry_out(&update(room, OTHER));
        assert_eq!(cancel(&changed).unwrap().state, State::Undone);
        assert_same(&plugged, &settled(room), "another pair");

        let removed = carry_out(&remove(room));
        assert_same(&empty, &settled(room), "taken out");
        assert_eq!(cancel(&removed).unwrap().state, State::Undone);
        assert_same(&plugged, &settled(room), "taking out");

        assert_eq!(cancel(&added).unwrap().state, State::Undone);
        assert_same(&empty, &settled(room), "the first one");
    });
}

#[test]
fn a_container_that_does_not_run_is_told() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        for change in [
            Change::Add(Box::new(nic(NET))),
            Change::Update(Box::new(nic(NET)), None),
            Change::Remove,
        ] {
            let container = Container::Vmid(VMID.to_string());
            let request = Request { vmid: VMID, netid: 0, container, change };
            let error = operations.carry_out(&Host, &request, &mut patient).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("container 101 is not running: "), "{text}");
            assert!(text.contains("pending change"), "{text}");
        }
        operations.carry_out(&Host, &add(room), &mut patient).unwrap();
        let container = Container::Vmid(VMID.to_string());
        let left = Request { vmid: VMID, netid: 0, container, change: Change::Remove };
        operations.carry_out(&Host, &left, &mut patient).unwrap();
        assert!(!there(), "what is left over is removed");
    });
}

#[test]
fn plugging_in_takes_no_more_sends_with_a_record() {
    let root = Root::new();
    let operations = Operations::below(root.path());
    Room::with(|room| {
        let kernel = Faulty::default();
        operations.carry_out(&kernel, &add(room), &mut patient).unwrap();
        assert_eq!(kernel.sends().len(), 3);
    });
}
