//! Plugging in starts no process, leaks no descriptor, and does not get in the way of others who do the same. One test,
//! since all of it is about the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pve_container::hotplug::{hotplug_add, hotplug_remove};
use room::{Room, nic, patient, run};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=10.20.0.5/24,gw=10.20.0.1";
const ROUNDS: &str = "PVE_TEST_ROUNDS";
const VMID: &str = "PVE_TEST_VMID";

fn in_and_out(room: &Room, vmid: u32, rounds: usize) {
    for _ in 0..rounds {
        hotplug_add(vmid, 0, &nic(NET), &room.netns(), &mut patient).unwrap();
        hotplug_remove(vmid, 0, &mut patient).unwrap();
    }
}

/// This program again, as another process that only does the child's part, perhaps under another program.
fn child(program: &[&str], vmid: u32, rounds: usize) -> Command {
    let own = std::env::current_exe().unwrap();
    let mut words = program.iter().map(Path::new).chain([own.as_path()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["--exact", "the_child", "--ignored", "--test-threads=1"]);
    command.env(VMID, vmid.to_string()).env(ROUNDS, rounds.to_string()).stdout(Stdio::null());
    command
}

#[test]
#[ignore = "the other process of the test below"]
fn the_child() {
    let number = |name: &str| std::env::var(name).unwrap().parse::<u32>().unwrap();
    in_and_out(&Room::new(), number(VMID), number(ROUNDS) as usize);
}

#[test]
fn no_process_no_descriptor_no_quarrel() {
    Room::with(|room| {
        in_and_out(room, 101, 1);
        let before = descriptors();
        in_and_out(room, 101, 100);
        for path in ["/proc/self/status", "/proc/4194305/ns/net", "/proc/self/ns/net"] {
            for _ in 0..10 {
                hotplug_add(101, 0, &nic("name=eth0,bridge=gone"), Path::new(path), &mut patient)
                    .unwrap_err();
                let _ = hotplug_add(101, 0, &nic(NET), Path::new(path), &mut patient);
                let _ = hotplug_remove(101, 0, &mut patient);
            }
        }
        assert_eq!(descriptors(), before);

        let links = run(&["ip", "-o", "link"]);
        let children: Vec<_> =
            (0..8).map(|one| child(&[], 200 + one, 10).spawn().unwrap()).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(run(&["ip", "-o", "link"]).lines().count(), links.lines().count());

        traced();
    });
}

/// Descriptors with what they lead to. All must close on exec.
fn descriptors() -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let number = entry.unwrap().file_name().into_string().unwrap();
        // The folder's own descriptor is gone by now.
        if let Ok(target) = fs::read_link(format!("/proc/self/fd/{number}")) {
            all.push(format!("{number} {}", target.display()));
        }
    }
    all.sort();
    all
}

/// The same under strace, which sees what the program does not tell.
fn traced() {
    let trace = std::env::temp_dir().join(format!("hotplug-{}.strace", std::process::id()));
    let output = trace.to_str().unwrap();
    let calls =
        "trace=execve,execveat,fork,vfork,clone,clone3,sendto,sendmsg,setns,socket,open,openat";
    let status = child(&["strace", "-f", "-e", calls, "-o", output], 300, 1)
        .status()
        .expect("strace is needed: apt-get install strace");
    assert!(status.success());
    let text = fs::read_to_string(&trace).unwrap();
    fs::remove_file(&trace).unwrap();
    // What the test does before, to have a container, ends with the first thread of ours.
    let lines: Vec<_> = text.lines().collect();
    let start = lines.iter().position(|line| line.contains("/proc/sys/net/ipv4/conf")).unwrap_or(0);
    let start = lines.iter().rposition(|line| line.contains("SIGCHLD")).map_or(start, |at| at + 1);
    let ours = &lines[start..];
    let count = |what: &str| ours.iter().filter(|line| line.contains(what)).count();
    assert_eq!(count("execve"), 0, "a process was started");
    assert_eq!(count("fork("), 0, "a process was started");
    let processes = ours.iter().filter(|line| {
        line.contains("clone") && line.contains("flags=") && !line.contains("CLONE_THREAD")
    });
    assert_eq!(processes.count(), 0, "a process was started");
    assert_eq!(count("setns("), 1);
    // Three to plug in; two to take out: look, delete.
    let sends = ours.iter().filter(|line| line.contains("sendto(") || line.contains("sendmsg("));
    assert_eq!(sends.count(), 5);
    for line in ours.iter().filter(|line| line.contains("socket(") || line.contains(" open")) {
        assert!(line.contains("CLOEXEC"), "{line}");
    }
}
