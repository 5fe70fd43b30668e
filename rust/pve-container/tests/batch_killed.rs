//! A process that is killed at any system call of a batch leaves what the next reconciling undoes or completes, each
//! interface for itself: it is there as wanted, or nothing of it is.
//!
//! Run without arguments, this program starts itself as the process to kill.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod room;

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::Root;
use pve_container::interfaces::Container;
use pve_container::operation::batch::Item;
use pve_container::operation::{Change, Filter, Kind, Operations, Request, State};
use pve_netlink::Host;
use room::killed::kill_at;
use room::state::{assert_same, settled};
use room::{Room, VMID, nic, patient, try_run};

const NETS: [&str; 3] = [
    "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.20.0.5/24,gw=10.20.0.1",
    "name=eth1,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip6=2001:db8:20::5/64,firewall=1",
    "name=eth2,bridge=vmbr0,hwaddr=BC:24:11:00:00:03",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--batch") => batch(&arguments[2..]),
        // cargo-nextest asks for the tests by name before it runs them.
        _ if arguments.iter().any(|argument| argument == "--list") => {
            if !arguments.iter().any(|argument| argument == "--ignored") {
                println!("killed_at_every_step: test");
            }
        }
        _ => killed_at_every_step(),
    }
}

fn items(netns: &Path, kind: Kind) -> Vec<Item> {
    let item = |(netid, net): (usize, &&str)| {
        let change = match kind {
            Kind::Add => Change::Add(Box::new(nic(net))),
            _ => Change::Remove,
        };
        let container = Container::NetNs(netns.into());
        Ok(Request { vmid: VMID, netid: netid.try_into().unwrap(), container, change })
    };
    NETS.iter().enumerate().map(item).collect()
}

/// The process to kill: a folder, a namespace, and what to do.
fn batch(arguments: &[String]) {
    let [root, netns, what] = arguments else { panic!("{arguments:?}") };
    let operations = Operations::below(Path::new(root));
    let kind = if what == "add" { Kind::Add } else { Kind::Remove };
    let items = items(Path::new(netns), kind);
    // std would hold back what does not end a line.
    nix::unistd::write(std::io::stdout(), b"r").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let results = operations.batch(&Host, &items, &mut patient).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

fn start(room: &Room, root: &Root, what: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .arg("--batch")
        .args([root.path(), &room.netns()])
        .arg(what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn is_there(netid: usize) -> bool {
    try_run(&["ip", "link", "show", &format!("veth{VMID}i{netid}")]).is_ok()
}

fn carry_out(operations: &Operations, items: &[Item]) {
    let results = operations.batch(&Host, items, &mut patient).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// Those that are there, or those that are not.
fn of(items: Vec<Item>, there: bool) -> Vec<Item> {
    let all = items.into_iter().enumerate();
    all.filter(|(netid, _)| is_there(*netid) == there).map(|(_, item)| item).collect()
}

fn killed_at_every_step() {
    let root = Root::with_iptables_firewall();
    Room::with(|room| {
        let operations = Operations::below(root.path());
        let of_kind = |kind| items(&room.netns(), kind);
        let without = settled(room);
        carry_out(&operations, &of_kind(Kind::Add));
        let with = settled(room);
        carry_out(&operations, &of_kind(Kind::Remove));
        for (what, kind, before, after) in
            [("add", Kind::Add, &without, &with), ("remove", Kind::Remove, &with, &without)]
        {
            let (mut kills, mut mixed) = (0, 0);
            loop {
                let (other, there) = match kind {
                    Kind::Add => (Kind::Remove, true),
                    _ => (Kind::Add, false),
                };
                carry_out(&operations, &of(of_kind(other), there));
                operations.clean_up(Duration::ZERO).unwrap();
                if !kill_at(start(room, &root, what), kills) {
                    break;
                }
                let place = format!("{what}, killed at stop {kills}");
                kills += 1;
                operations.reconcile(&Host, &mut patient).unwrap();
                let all = operations.list(&Filter::default()).unwrap();
                assert!(all.iter().all(|one| one.state.is_final()), "{place}: {all:?}");
                assert!(all.iter().all(|one| one.error.is_none()), "{place}: {all:?}");
                let done: Vec<bool> = (0..NETS.len())
                    .map(|netid| {
                        let own = all.iter().find(|one| one.netid as usize == netid);
                        let done = own.is_some_and(|own| own.state == State::Succeeded);
                        assert_eq!(
                            is_there(netid),
                            done == (kind == Kind::Add),
                            "{place}: {all:?}"
                        );
                        done
                    })
                    .collect();
                match (done.contains(&true), done.contains(&false)) {
                    (false, true) => assert_same(before, &settled(room), &place),
                    (true, false) => assert_same(after, &settled(room), &place),
                    _ => mixed += 1,
                }
            }
            println!("{what}: {kills} kills, {mixed} with some done");
            assert!(kills > 20 && mixed > 0, "{kills} {mixed}");
        }
        carry_out(&operations, &of(of_kind(Kind::Remove), true));
        assert_same(&without, &settled(room), "at the end");
    });
}
