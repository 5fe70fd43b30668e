//! Many interfaces plugged in and taken out at once: the same as one by one, and no failure harms another.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod room;

use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use common::Root;
use pve_container::hotplug::{Interrupted, hotplug_add_below, hotplug_remove};
use pve_container::interfaces::Container;
use pve_container::operation::batch::{Did, Item};
use pve_container::operation::{Change, Filter, OperationError, Operations, Request, State};
use pve_netlink::interface::Interface;
use pve_netlink::netns::NetNs;
use pve_netlink::wire::Wire;
use pve_netlink::{Errno, Host, Kernel};
use room::fault::{Fault, Faulty};
use room::state::{assert_same, at_rest};
use serde_json::Value;

use room::{Room, nic, patient, run, try_run};

const VMID: u32 = 101;

/// The `netN` of a container, each with its own name and hardware address.
fn nets(options: &[&str]) -> Vec<String> {
    let net = |(netid, options): (usize, &&str)| {
        format!("name=eth{netid},bridge=vmbr0,hwaddr=BC:24:11:00:00:{netid:02X}{options}")
    };
    options.iter().enumerate().map(net).collect()
}

fn request(vmid: u32, netid: usize, net: &str, netns: PathBuf) -> Request {
    let change = Change::Add(Box::new(nic(net)));
    let container = Container::NetNs(netns);
    Request { vmid, netid: netid.try_into().unwrap(), container, change }
}

fn item(netid: usize, net: &str, netns: PathBuf) -> Item {
    Ok(request(VMID, netid, net, netns))
}

fn adds(nets: &[String], room: &Room) -> Vec<Item> {
    nets.iter().enumerate().map(|(netid, net)| item(netid, net, room.netns())).collect()
}

fn removal(netid: u32) -> Request {
    let container = Container::Vmid(VMID.to_string());
    Request { vmid: VMID, netid, container, change: Change::Remove }
}

fn removals(count: u32) -> Vec<Item> {
    (0..count).map(removal).map(Ok).collect()
}

fn batch(kernel: &dyn Kernel, items: &[Item]) -> Vec<Result<Did, OperationError>> {
    let node = Root::with_iptables_firewall();
    let operations = Operations::below(node.path());
    let results = operations.batch(kernel, items, &mut patient).unwrap();
    let all = operations.list(&Filter::default()).unwrap();
    for did in results.iter().flatten() {
        let own = all.iter().find(|one| one.id == did.id.as_str()).unwrap();
        assert_eq!((own.state, &own.interface), (State::Succeeded, &did.interface));
    }
    assert!(all.iter().all(|one| one.state.is_final()), "{all:?}");
    results
}

fn links() -> Vec<String> {
    let mut links: Vec<_> = run(&["ip", "-o", "link"])
        .lines()
        .map(|line| line.split([' ', '@']).nth(1).unwrap().trim_end_matches(':').to_owned())
        .collect();
    links.sort();
    links
}

/// A bridge numbers its ports in the order in which they come, as the host its links.
fn unnumbered(mut state: Value) -> Value {
    match &mut state {
        Value::Array(values) => {
            values.iter_mut().for_each(|value| *value = unnumbered(value.take()))
        }
        Value::Object(map) => {
            map.retain(|key, _| !["no", "id", "designated_port"].contains(&key.as_str()));
            map.values_mut().for_each(|value| *value = unnumbered(value.take()));
        }
        _ => {}
    }
    state
}

fn same_as_one_by_one(prepare: &[&[&str]], options: &[&str], sends_of_one: usize) {
    let nets = nets(options);
    let mut wanted = None;
    Room::with(|room| {
        prepare.iter().for_each(|command| drop(run(command)));
        let node = Root::with_iptables_firewall();
        for (netid, net) in nets.iter().enumerate() {
            let netid = netid.try_into().unwrap();
            hotplug_add_below(
                node.path(),
                &Host,
                VMID,
                netid,
                &nic(net),
                &room.netns(),
                &mut patient,
            )
            .unwrap();
        }
        let plugged_in = unnumbered(at_rest(room));
        for netid in 0..nets.len() {
            hotplug_remove(VMID, netid.try_into().unwrap(), &mut patient).unwrap();
        }
        wanted = Some((plugged_in, at_rest(room)));
    });
    let (plugged_in, taken_out) = wanted.unwrap();
    Room::with(|room| {
        prepare.iter().for_each(|command| drop(run(command)));
        let kernel = Faulty::default();
        for (netid, result) in batch(&kernel, &adds(&nets, room)).into_iter().enumerate() {
            let Ok(Did { interface: Some(plugged), .. }) = result else {
                panic!("{}: {result:?}", nets[netid])
            };
            assert_eq!(plugged.name, format!("veth{VMID}i{netid}"));
            assert_eq!(plugged.peer_name, format!("eth{netid}"));
            let shown = run(&["ip", "-o", "link", "show", &plugged.name]);
            assert!(shown.starts_with(&format!("{}: ", plugged.index)), "{shown}");
        }
        let sends = kernel.sends();
        assert!(sends.len() <= sends_of_one * nets.len(), "{sends:?}");
        assert_same(&plugged_in, &unnumbered(at_rest(room)), "plugged in together");

        let count = nets.len().try_into().unwrap();
        let removed = batch(&kernel, &removals(count));
        assert!(removed.iter().all(Result::is_ok), "{removed:?}");
        assert_same(&taken_out, &at_rest(room), "taken out together");
    });
}

const ADDRESSES: &[&str] = &[
    "",
    ",ip=10.20.0.5/24,gw=10.20.0.1",
    ",ip=10.30.0.5/24,gw=10.40.0.1,ip6=fd00::5/64,gw6=fe80::1",
    ",firewall=1,ip=10.50.0.5/24",
    ",link_down=1",
    ",ip=dhcp,mtu=1400",
];

#[test]
fn the_same_as_one_by_one() {
    same_as_one_by_one(&[], ADDRESSES, 3);
}

#[test]
#[ignore = "needs a kernel with bridge VLAN filtering and policing: t/kernel runs it"]
fn the_same_as_one_by_one_with_vlans_and_rates() {
    let options = [
        ",tag=5",
        ",tag=6,rate=2.5",
        ",trunks=7;9-11",
        ",tag=5,firewall=1,rate=1",
        "",
        ",firewall=1,trunks=2",
    ];
    let filtering = ["ip", "link", "set", "vmbr0", "type", "bridge", "vlan_filtering", "1"];
    same_as_one_by_one(&[&filtering], &options, 3);
    // Where the bridge does not filter VLANs, they have bridges of their own.
    let options = ["", ",tag=5", ",rate=2.5", ",tag=5", ",tag=6,firewall=1", ",rate=1"];
    let bond: [&[&str]; 3] = [
        &["ip", "link", "add", "bond0", "address", "02:00:00:00:00:0b", "type", "bond"],
        &["ip", "link", "set", "bond0", "master", "vmbr0"],
        &["ip", "link", "set", "bond0", "up"],
    ];
    // Making the bridge of a VLAN takes sends of its own.
    same_as_one_by_one(&bond, &options, 12);
}

#[test]
fn what_fails_harms_no_other() {
    Room::with(|room| {
        let before = links();
        let nets = nets(&["", ",ip=10.20.0.5/24", "", "", "", "", ""]);
        let mut items = adds(&nets, room);
        items[2] = item(2, "name=eth2,bridge=gone", room.netns());
        items[3] = item(3, &nets[3], "/proc/self/status".into());
        // The name is taken in the container, and on the host.
        items[4] = item(4, &nets[0], room.netns());
        run(&["ip", "link", "add", "veth101i5", "type", "bridge"]);
        items.insert(5, items[0].clone());
        let results = batch(&Host, &items);
        let texts: Vec<_> = results
            .iter()
            .map(|one| one.as_ref().map_or_else(ToString::to_string, |_| "".into()))
            .collect();
        assert_eq!(texts[0], "");
        assert_eq!(texts[1], "");
        assert!(texts[2].contains("bridge 'gone' does not exist"), "{texts:?}");
        assert!(texts[3].contains("is not a network namespace"), "{texts:?}");
        assert!(texts[4].contains("'veth101i4' and 'eth0'"), "{texts:?}");
        assert!(texts[5].contains("'veth101i0' exists already"), "{texts:?}");
        assert!(texts[6].contains("'veth101i5' exists already"), "{texts:?}");
        assert_eq!(texts[7], "");

        let mut items = removals(8);
        items[3] = Ok(removal(32));
        let results = batch(&Host, &items);
        for (place, result) in results.iter().enumerate() {
            let text = result.as_ref().map_or_else(ToString::to_string, |_| String::new());
            let wanted = match place {
                0 | 1 | 6 => "",
                3 => "netid: invalid value '32'",
                5 => "interface 'veth101i5' is not a container's",
                _ => "does not exist",
            };
            assert!(
                text.contains(wanted) && text.is_empty() == wanted.is_empty(),
                "{place}: {text}"
            );
        }
        run(&["ip", "link", "delete", "veth101i5"]);
        assert_eq!(links(), before);
    });
}

#[test]
fn removals_and_additions_keep_their_order() {
    Room::with(|room| {
        let before = links();
        let nets = nets(&["", ""]);
        let mut items = adds(&nets, room);
        items.extend(removals(2));
        items.extend(adds(&nets, room));
        items.extend(removals(2));
        let results = batch(&Host, &items);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(links(), before);
    });
}

/// Each message of each send is refused once, each send fails, and the answers to it are lost.
#[test]
fn nothing_is_left_of_what_fails() {
    Room::with(|room| {
        let before = links();
        let nets = nets(&[",ip=10.20.0.5/24,gw=10.20.0.1", ",firewall=1", ""]);
        let kernel = Faulty::default();
        let all = batch(&kernel, &adds(&nets, room));
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        batch(&Host, &removals(3));
        let of_message = |send: usize, messages: usize| {
            (0..messages).map(move |message| Fault::Message { send, message, errno: Errno::EIO })
        };
        let sends = kernel.sends();
        let faults: Vec<_> = sends
            .iter()
            .enumerate()
            .flat_map(|(send, messages)| {
                of_message(send, *messages).chain([Fault::Send(send), Fault::Answers(send)])
            })
            .collect();
        for fault in faults {
            let results = batch(&Faulty::with(&[fault]), &adds(&nets, room));
            assert_eq!(results.len(), 3);
            let failed = results.iter().filter(|result| result.is_err()).count();
            let one = matches!(fault, Fault::Message { .. });
            assert!(failed <= if one { 1 } else { 3 }, "{fault:?}: {results:?}");
            let here = links();
            for (netid, result) in results.iter().enumerate() {
                let name = format!("veth{VMID}i{netid}");
                assert_eq!(here.contains(&name), result.is_ok(), "{fault:?}: {results:?}");
            }
            assert_eq!(here.contains(&"fwbr101i1".into()), results[1].is_ok(), "{fault:?}");
            batch(&Host, &removals(3));
            assert_eq!(links(), before, "{fault:?}");
        }
    });
}

#[test]
fn the_callers_hook_ends_it_between_two_rounds() {
    Room::with(|room| {
        let nets: Vec<_> = (0..40).map(|n| format!("name=eth{n},bridge=vmbr0")).collect();
        let items: Vec<_> = nets
            .iter()
            .enumerate()
            .map(|(n, net)| Ok(request(1010 + n as u32, 0, net, room.netns())))
            .collect();
        let node = Root::with_iptables_firewall();
        let mut hook = || Err(Interrupted);
        let operations = Operations::below(node.path());
        let ended = operations.batch(&Host, &items, &mut hook).unwrap_err();
        assert!(matches!(ended, OperationError::Interrupted), "{ended}");
        let count = links().iter().filter(|name| name.starts_with("veth10")).count();
        assert!(count == 32 || count == 0, "{count}");
    });
}

/// The host's kernel, where somebody puts a link of his own into each of the first groups.
struct Meddled {
    times: Mutex<u32>,
}

impl Kernel for Meddled {
    fn interface(
        &self,
        wire: &dyn Wire,
        name: &str,
    ) -> Result<Option<Interface>, pve_netlink::Error> {
        Host.interface(wire, name)
    }
    fn wire(&self) -> Result<Box<dyn Wire>, pve_netlink::Error> {
        let times = std::mem::take(&mut *self.times.lock().unwrap());
        Ok(Box::new(MeddledWire { inner: Host.wire()?, times }))
    }
    fn netns(&self, wire: &dyn Wire, path: &Path) -> Result<NetNs, pve_netlink::Error> {
        Host.netns(wire, path)
    }
    fn wire_in(&self, netns: &NetNs) -> Result<Box<dyn Wire>, pve_netlink::Error> {
        Host.wire_in(netns)
    }
    fn check_still_there(&self, netns: &NetNs) -> Result<(), pve_netlink::Error> {
        Host.check_still_there(netns)
    }
    fn disable_ipv6(&self, name: &str) -> Result<(), pve_netlink::Error> {
        Host.disable_ipv6(name)
    }
}

struct MeddledWire {
    inner: Box<dyn Wire>,
    times: u32,
}

impl Wire for MeddledWire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.send(bytes)?;
        // RTM_SETLINK with one attribute, IFLA_GROUP.
        let group = bytes.get(32..40).filter(|_| bytes[4] == 19 && bytes[34] == 27);
        let group = group.map(|bytes| u32::from_ne_bytes(bytes[4..8].try_into().unwrap()));
        if let Some(group) = group.filter(|group| *group != 0 && self.times > 0) {
            self.times -= 1;
            run(&["ip", "link", "set", "bystander", "group", &group.to_string()]);
        }
        Ok(())
    }
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>> {
        self.inner.receive(timeout)
    }
    fn socket(&self) -> BorrowedFd<'_> {
        self.inner.socket()
    }
}

#[test]
fn nothing_else_is_deleted() {
    for times in [0, 1, 2, 3, 9] {
        Room::with(|room| {
            run(&["ip", "link", "add", "bystander", "type", "bridge"]);
            let before = links();
            let nets = nets(&["", ",firewall=1", ""]);
            let added = batch(&Host, &adds(&nets, room));
            assert!(added.iter().all(Result::is_ok), "{added:?}");
            let removed = batch(&Meddled { times: Mutex::new(times) }, &removals(3));
            assert!(removed.iter().all(Result::is_ok), "{times}: {removed:?}");
            assert_eq!(links(), before, "{times}");
        });
    }
}

#[test]
fn links_go_back_to_their_groups_when_they_cannot_be_deleted_together() {
    Room::with(|room| {
        let before = links();
        let added = batch(&Host, &adds(&nets(&["", "", ""]), room));
        assert!(added.iter().all(Result::is_ok), "{added:?}");
        run(&["ip", "link", "set", "veth101i1", "group", "7"]);
        // Two looks, the group, all links, and its deletion.
        let refused = Fault::Message { send: 4, message: 0, errno: Errno::EBUSY };
        // Then they are put back, and each is looked at and deleted, which is refused here, too.
        let others =
            [7, 9, 11].map(|send| Fault::Message { send, message: 0, errno: Errno::EBUSY });
        let kernel = Faulty::with(&[&[refused], others.as_slice()].concat());
        let removed = batch(&kernel, &removals(3));
        assert!(removed.iter().all(Result::is_err), "{removed:?} {:?}", kernel.sends());
        for (name, group) in
            [("veth101i0", "default"), ("veth101i1", "7"), ("veth101i2", "default")]
        {
            let shown = run(&["ip", "-o", "link", "show", name]);
            assert!(shown.contains(&format!(" group {group} ")), "{shown}");
        }
        assert!(batch(&Host, &removals(3)).iter().all(Result::is_ok));
        assert_eq!(links(), before);
    });
}

#[test]
fn no_process_and_few_sends() {
    // More than fit into one send.
    let count = 40;
    let own = std::env::current_exe().unwrap();
    let trace = std::env::temp_dir().join(format!("batch-{}.strace", std::process::id()));
    let calls = "trace=execve,execveat,fork,vfork,clone,clone3,sendto,sendmsg,setns,socket,unshare";
    let status = std::process::Command::new("strace")
        .args(["-f", "-e", calls, "-o", trace.to_str().unwrap()])
        .arg(own)
        .args(["--exact", "the_traced_child", "--ignored", "--test-threads=1"])
        .env("PVE_TEST_COUNT", count.to_string())
        .stdout(std::process::Stdio::null())
        .status()
        .expect("strace is needed: apt-get install strace");
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(&trace).unwrap();
    assert!(status.success());
    let lines: Vec<_> = text.lines().collect();
    // The last process that the test itself starts, and the first one after.
    let marks: Vec<_> = (0..lines.len())
        .filter(|at| lines[*at].contains("execve") && lines[*at].contains("\"/bin/true\""))
        .collect();
    let [start, end] = [marks[0], *marks.last().unwrap()];
    let ours: Vec<_> = lines[start + 1..end].to_vec();
    let counted = |what: &str| ours.iter().filter(|line| line.contains(what)).count();
    assert_eq!(counted("execve("), 0, "{ours:#?}");
    assert_eq!(counted("unshare("), 0);
    // One for each interface's part inside its container.
    assert_eq!(counted("setns("), count);
    let sends = counted("sendto(") + counted("sendmsg(");
    assert!(sends <= count + 24, "{sends} sends");
}

#[test]
#[ignore = "a part of the test above"]
fn the_traced_child() {
    let count: u32 = std::env::var("PVE_TEST_COUNT").map_or(2, |count| count.parse().unwrap());
    Room::with(|room| {
        let wanted: Vec<_> = (0..count)
            .map(|n| {
                let net = format!("name=eth{n},bridge=vmbr0,ip=10.20.{n}.5/24");
                request(1010 + n, 0, &net, room.netns())
            })
            .collect();
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let (descriptors, before) = (open(), links());
        run(&["/bin/true"]);
        let added = batch(&Host, &wanted.iter().cloned().map(Ok).collect::<Vec<_>>());
        let gone = wanted.into_iter().map(|one| Ok(Request { change: Change::Remove, ..one }));
        let gone: Vec<_> = gone.collect();
        let removed = batch(&Host, &gone);
        try_run(&["/bin/true"]).unwrap();
        assert!(added.iter().chain(&removed).all(Result::is_ok), "{added:?} {removed:?}");
        assert_eq!((open(), links()), (descriptors, before));
    });
}
