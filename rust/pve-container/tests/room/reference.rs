//! The commands that the reference runs, recorded by `perl/record-hotplug.pl`.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Room, run, try_run};

/// One recorded case.
pub struct Case {
    pub name: String,
    pub net: String,
    pub vlan_filtering: bool,
    /// The node's firewall is the one on iptables.
    pub iptables: bool,
    commands: String,
}

pub fn case(name: &str) -> Case {
    let folder = vectors().join(name);
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    Case {
        name: name.into(),
        net: read("net"),
        vlan_filtering: folder.join("vlan_filtering").exists(),
        iptables: folder.join("iptables").exists(),
        commands: read("plug"),
    }
}

/// All cases that need no VLAN filtering, or all that do.
pub fn cases(vlan_filtering: bool) -> Vec<Case> {
    let mut names: Vec<_> = fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let cases: Vec<_> = names.iter().map(|name| case(name)).collect();
    let cases: Vec<_> =
        cases.into_iter().filter(|case| case.vlan_filtering == vlan_filtering).collect();
    assert!(!cases.is_empty());
    cases
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../t/vectors/hotplug")
}

/// Run the commands of a case in a room.
pub fn plug(case: &Case, room: &Room) {
    for line in case.commands.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            ["host", argv @ ..] => {
                run(argv);
            }
            ["container", argv @ ..] => {
                room.container(argv);
            }
            // These take away a limit of the rate, of which there is none yet.
            ["shell", argv @ .., ">/dev/null", "2>&1"] => assert!(try_run(argv).is_err(), "{line}"),
            ["absent", ..] => {}
            ["move", link, name] => {
                let netns = room.netns();
                let netns = netns.to_str().unwrap();
                run(&["ip", "link", "set", "dev", link, "netns", netns, "name", name]);
            }
            ["disable_ipv6", link] => {
                let file = format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6");
                fs::write(file, "1\n").unwrap();
            }
            _ => panic!("{}: unknown line: {line}", case.name),
        }
    }
}
