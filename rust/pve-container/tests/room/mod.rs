//! Network namespaces of a test's own, and the kernel's state in them.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod fault;
pub mod free;
pub mod killed;
pub mod plug;
pub mod quick;
pub mod reference;
pub mod state;
pub mod tools;

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};
use pve_container::hotplug::ContainerNic;

pub const VMID: u32 = 101;
pub const HOST_END: &str = "veth101i0";

/// Make the bridge `vmbr<number>` with a carrier, as one with a cable plugged in has.
fn add_bridge(number: u8) {
    for command in [
        "link add vmbrN address 02:00:00:00:00:N1 type bridge",
        "link add nicN address 02:00:00:00:00:N2 type veth peer name farN address 02:00:00:00:00:N3",
        "link set nicN master vmbrN",
        "link set nicN up",
        "link set farN up",
        "link set vmbrN up",
    ] {
        let command = format!("ip {}", command.replace('N', &number.to_string()));
        run(&command.split(' ').collect::<Vec<_>>());
    }
    let bridge = format!("vmbr{number}");
    while !run(&["ip", "-6", "addr", "show", "dev", &bridge]).contains("fe80::") {
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Make another bridge, `vmbr1`.
pub fn second_bridge() {
    add_bridge(1);
}

/// A host and a container, both namespaces that end with the test.
pub struct Room {
    container: OwnedFd,
}

impl Room {
    /// Run a test on a thread that is in a new network namespace with a bridge `vmbr0`.
    pub fn with(test: impl FnOnce(&Room) + Send) {
        thread::scope(|scope| {
            let inside = || {
                own_namespace();
                run(&["ip", "link", "set", "lo", "up"]);
                add_bridge(0);
                test(&Room::new());
            };
            if let Err(panic) = scope.spawn(inside).join() {
                std::panic::resume_unwind(panic);
            }
        });
    }

    /// Another container beside the calling thread's namespace.
    pub fn new() -> Room {
        let open = || {
            own_namespace();
            File::open("/proc/thread-self/ns/net").unwrap().into()
        };
        let room = Room { container: thread::spawn(open).join().unwrap() };
        room.container(&["ip", "link", "set", "lo", "up"]);
        room
    }

    /// A path to the container's namespace that other processes can open, too.
    pub fn netns(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.container.as_raw_fd()).into()
    }

    /// Run something on a thread inside the container.
    pub fn inside<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let enter = || {
                setns(&self.container, CloneFlags::CLONE_NEWNET).unwrap();
                what()
            };
            scope.spawn(enter).join().unwrap()
        })
    }

    pub fn container(&self, argv: &[&str]) -> String {
        self.inside(|| run(argv))
    }
}

pub fn own_namespace() {
    unshare(CloneFlags::CLONE_NEWNET)
        .expect("a network namespace needs root: run the tests as root or under `unshare -Ur`");
    // Without duplicate address detection, an IPv6 address is what it will be from the start.
    std::fs::write("/proc/sys/net/ipv6/conf/default/accept_dad", "0\n").unwrap();
}

/// Run a command in the calling thread's namespaces; its output.
pub fn run(argv: &[&str]) -> String {
    try_run(argv).unwrap_or_else(|error| panic!("{argv:?}: {error}"))
}

pub fn try_run(argv: &[&str]) -> Result<String, String> {
    let output =
        Command::new(argv[0]).args(&argv[1..]).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The interface that a `netN` value describes.
pub fn nic(value: &str) -> ContainerNic {
    let pairs = value.trim().split(',').map(|pair| pair.split_once('=').unwrap());
    ContainerNic::from_pairs(pairs).unwrap()
}

/// The hook of a caller without signal handlers.
pub fn patient() -> Result<(), pve_container::hotplug::Interrupted> {
    Ok(())
}
