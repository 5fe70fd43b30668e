//! Configurations made at random: nothing panics, and what is written is read again as it was.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/random.rs"]
mod random;
mod support;

use random::Random;
use support::round_trip;

/// Whole lines, as they are found in files.
const LINES: &[&str] = &[
    "#note",
    "#100%25 %C3%A9",
    "#",
    "description: text",
    "description: 0",
    "arch: amd64",
    "arch: vax",
    "cores: 2",
    "cores: 0",
    "memory: 0512",
    "memory: 99999999999999999999",
    "swap: 12.5",
    "cpulimit: 1.50",
    "cpulimit: 00",
    "onboot: yes",
    "onboot: maybe",
    "hostname: a.b",
    "hostname: -",
    "tags: a;b,c  d",
    "tags: ,",
    "nameserver: 1.1.1.1 fe80::1%eth0",
    "searchdomain: a.b,c",
    "timezone: Europe/Vienna",
    "timezone: host",
    "startup: order=1,up=2",
    "startup: ,",
    "startup: 3,,down=4",
    "features: nesting=1,mount=nfs;cifs",
    "features:  ",
    "net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp",
    "net0: name=vnet1",
    "net1: bridge=blue,tag=5,trunks=1;2;3,rate=1e2",
    "net31: name=x,ip=10.0.0.1/24,gw=10.0.0.254,firewall=on",
    "net32: name=eth0",
    "net2: name=a,rate=0.1234567890123456789,mtu=+1500",
    "net3: ip6=auto,gw6=fd00::1,link_down=0,host-managed=1",
    "rootfs: local:100/vm-100-disk-0.raw,size=8G",
    "rootfs: volume=/mnt,acl=1,replicate=0",
    "mp0: local:100/a.raw,mp=/a,size=1.5G,backup=1",
    "mp0: /dev/sda,mp=/b,idmap=u:0:100000:65536;g:0:5:7,mountoptions=noatime;nodev",
    "mp1: local:100/vm-100-disk-0.raw,mp=/c,idmap=passthrough",
    "mp255: volume=a=b,mp=/d",
    "mp2: /x,mp=/y,size=99999999999T",
    "unused0: local:100/vm-100-disk-0.raw",
    "unused1: volume=local:x",
    "dev0: /dev/fuse,mode=0660,uid=007",
    "dev1: uid=1",
    "hookscript: local:snippets/x",
    "lock: backup",
    "lock: foo",
    "parent: snap1",
    "snaptime: 1700000000",
    "snapstate: prepare",
    "snapstate: foo",
    "x snapstate: delete",
    "delete: net0, mp1",
    "delete: ",
    "env: A=1",
    "entrypoint: /sbin/init  x",
    "lxc.idmap: u 0 1 1",
    "lxc.mount.entry = a b",
    "lxc.environment.runtime: A=1",
    "lxc.environment.runtime: B = 2 ",
    "lxc.environment.runtime:",
    "lxc.rootfs.path: x",
    "lxc.cgroup.x: y",
    "lxc.net.0.type:",
    "lxc: x",
    "foo: bar",
    "foo1: a, b",
    "Foo: x",
    " foo: x",
    "digest: x",
    "snapname: x",
    "unusedfoo: local:100/a.raw",
    "vmgenid: 1",
    "",
    "[pve:pending]",
    "[PVE:pending]",
    "[snap1]",
    "[snap-2]",
    "[pending]",
    "[a]",
    "[snap1] ",
    "template: 1",
    "unprivileged: 1",
    "ostype: debian",
    "cmode: tty",
    "tty: 7",
    "console: 0",
    "debug: TRUE",
    "protection: off",
];

fn configuration(random: &mut Random, changes: usize) -> Vec<u8> {
    let count = random.below(20);
    let lines: Vec<&str> = (0..count).map(|_| LINES[random.below(LINES.len())]).collect();
    let mut text = lines.join("\n").into_bytes();
    text.push(b'\n');
    random.change(&mut text, changes);
    text
}

#[test]
fn typed_configurations_come_back() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..6_000 {
        let changes = random.below(4);
        let text = configuration(&mut random, changes);
        round_trip::typed(&text, &format!("round {round}"));
    }
}

#[test]
fn what_the_reference_writes_it_reads() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..6_000 {
        let text = configuration(&mut random, 0);
        round_trip::reference(&text, &format!("round {round}"));
    }
}
