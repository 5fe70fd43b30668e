//! A process that is killed at any system call of an operation leaves what the next reconciling undoes or completes: then
//! links, addresses, routes, VLANs, limits and firewall bridges are as they were before, or as they were wanted.
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
use pve_container::hotplug::ContainerNic;
use pve_container::interfaces::Container;
use pve_container::operation::{Change, Filter, Operations, Request, State};
use pve_netlink::Host;
use room::killed::kill_at;
use room::quick::quick;
use room::state::{assert_same, settled};
use room::{HOST_END, Room, VMID, nic, patient, run, second_bridge, try_run};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.20.0.5/24,gw=10.20.0.1,\
    ip6=2001:db8:20::5/64,gw6=2001:db8:20::1,firewall=1";
const ELSEWHERE: &str = "name=eth0,bridge=vmbr1,hwaddr=BC:24:11:00:00:01,ip=10.20.0.6/24,gw=10.99.0.1,\
    ip6=2001:db8:21::5/64,gw6=2001:db8:21::1";
const RENAMED: &str = "name=net0,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip=10.20.0.5/24,gw=10.20.0.1,\
    ip6=2001:db8:20::5/64,gw6=2001:db8:20::1";

/// Set where the bridges filter VLANs, which not every kernel does: t/kernel runs it.
const FILTERING: &str = "PVE_TEST_FILTERING";

fn filtering() -> bool {
    std::env::var_os(FILTERING).is_some()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--change") => change(&arguments[2..]),
        // cargo-nextest asks for the tests by name before it runs them.
        _ if arguments.iter().any(|argument| argument == "--list") => {
            if !arguments.iter().any(|argument| argument == "--ignored") {
                println!("killed_at_every_step: test");
            }
        }
        _ => killed_at_every_step(),
    }
}

/// What is wanted, with VLANs and limits where the bridges filter.
fn wanted(net: &str, with_vlans: &str) -> Box<ContainerNic> {
    let with_vlans = if filtering() { with_vlans } else { "" };
    Box::new(nic(&format!("{net}{with_vlans}")))
}

fn request(netns: &Path, what: &str) -> Request {
    let net = || wanted(NET, ",tag=5,rate=2");
    let change = match what {
        "add" => Change::Add(net()),
        "remove" => Change::Remove,
        "elsewhere" => Change::Update(wanted(ELSEWHERE, ",trunks=7;9-11,rate=4"), Some(net())),
        "renamed" => Change::Update(wanted(RENAMED, ",tag=6,rate=2"), None),
        other => panic!("{other}"),
    };
    Request { vmid: VMID, netid: 0, container: Container::NetNs(netns.into()), change }
}

/// The process to kill: a folder, a namespace, what to do, and whether in the background.
fn change(arguments: &[String]) {
    let [root, netns, what, background] = arguments else { panic!("{arguments:?}") };
    let operations = Operations::below(Path::new(root));
    let request = request(Path::new(netns), what);
    // std would hold back what does not end a line.
    nix::unistd::write(std::io::stdout(), b"r").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    if background == "yes" {
        operations.start(&Host, request).unwrap().result(&mut patient).unwrap();
    } else {
        operations.carry_out(&Host, &request, &mut patient).unwrap();
    }
}

struct Killing<'a> {
    room: &'a Room,
    root: &'a Root,
    operations: Operations,
}

impl Killing<'_> {
    fn carry_out(&self, what: &str) {
        let request = request(&self.room.netns(), what);
        self.operations.carry_out(&Host, &request, &mut patient).unwrap();
    }

    /// Not plugged in; or plugged in, as `NET` says.
    fn prepare(&self, plugged: bool) {
        if try_run(&["ip", "link", "show", HOST_END]).is_ok() {
            self.carry_out("remove");
        }
        if plugged {
            self.carry_out("add");
        }
    }

    fn start(&self, what: &str, background: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .arg("--change")
            .args([self.root.path(), &self.room.netns()])
            .args([what, background])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn each(&self, what: &str, plugged: bool, background: &str) {
        self.prepare(plugged);
        self.carry_out(what);
        let wanted = settled(self.room);
        self.prepare(plugged);
        let thorough = settled(self.room);
        let mut before = quick(self.room);
        let (mut kills, mut undone, mut completed) = (0, 0, 0);
        while kill_at(self.start(what, background), kills) {
            let place = format!("{what}, background {background}, killed at stop {kills}");
            kills += 1;
            let done = self.operations.reconcile(&Host, &mut patient).unwrap();
            let all = self.operations.list(&Filter::default()).unwrap();
            assert!(all.iter().all(|one| one.state.is_final()), "{place}: {all:?}");
            let last = all.last();
            assert!(last.is_none_or(|last| last.error.is_none()), "{place}: {last:?}");
            // Where it was killed after its end, or before its begin, there is nothing to do.
            let is_done = match done.as_slice() {
                [] => last
                    .is_some_and(|last| last.state == State::Succeeded && last.kind == kind(what)),
                [one] => one.state == State::Succeeded,
                more => panic!("{place}: {more:?}"),
            };
            if is_done && quick(self.room) != before {
                completed += 1;
                assert_same(&wanted, &settled(self.room), &place);
                self.prepare(plugged);
                before = quick(self.room);
            } else {
                undone += 1;
                let now = quick(self.room);
                assert!(before == now, "{place}\nwas {before:?}\nis  {now:?}");
            }
            self.operations.clean_up(Duration::ZERO).unwrap();
        }
        self.prepare(plugged);
        assert_same(&thorough, &settled(self.room), what);
        println!(
            "{what}, background {background}: {kills} kills, {undone} undone, {completed} completed"
        );
        assert!(undone > 5 && completed > 0, "{undone} {completed}");
    }
}

fn kind(what: &str) -> pve_container::operation::Kind {
    use pve_container::operation::Kind;
    match what {
        "add" => Kind::Add,
        "remove" => Kind::Remove,
        _ => Kind::Update,
    }
}

fn killed_at_every_step() {
    let root = Root::with_iptables_firewall();
    Room::with(|room| {
        second_bridge();
        for bridge in ["vmbr0", "vmbr1"].iter().filter(|_| filtering()) {
            run(&["ip", "link", "set", bridge, "type", "bridge", "vlan_filtering", "1"]);
        }
        for command in [
            "ip link add eth9 address 02:00:00:00:00:09 type veth peer name far9",
            "ip link set eth9 up",
            "ip link set far9 up",
            "ip addr add 10.9.0.2/24 dev eth9",
        ] {
            room.container(&command.split(' ').collect::<Vec<_>>());
        }
        let operations = Operations::below(root.path());
        let killing = Killing { room, root: &root, operations };
        killing.each("add", false, "no");
        killing.each("elsewhere", true, "no");
        // The kernel that filters starts processes slowly, and what the rest undoes is the same.
        if !filtering() {
            killing.each("remove", true, "no");
            killing.each("renamed", true, "no");
            for (what, plugged) in
                [("add", false), ("remove", true), ("elsewhere", true), ("renamed", true)]
            {
                killing.each(what, plugged, "yes");
            }
        }
    });
}
