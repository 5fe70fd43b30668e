//! The functions that change something, what each starts from, and what can go wrong with it.

use pve_netlink::host::plug::{Plug, tap_plug};
use pve_netlink::host::unplug::{tap_unplug, veth_delete};
use pve_netlink::host::{Call, Died, bridge_vlan, fdb, interface, query, rate, veth};
use pve_netlink::tc::Rate;

use crate::room::plug::{Function, MAC, behind_firewall, plain, plug};

/// What goes wrong.
pub enum Fault {
    /// These commands run before the call, which dies with this text.
    Before(&'static [&'static str], &'static str),
    /// They run before each send in turn; the call succeeds, or dies with one of these texts.
    Meanwhile(&'static [&'static str], &'static [&'static str]),
}

use Fault::{Before, Meanwhile};

/// A function with a set of arguments.
pub struct Case {
    /// For messages.
    pub function: &'static str,
    /// The commands that make what it starts from.
    pub room: &'static [&'static str],
    /// What is called after those.
    pub start: &'static [Function],
    /// The function.
    pub call: Function,
    pub faults: &'static [Fault],
}

/// Bridges with addresses, one with a port that leads out of the host.
const BRIDGES: &str = "
    ip link add vmbr0 address 02:00:00:00:00:01 type bridge
    ip link add nic0 address 02:00:00:00:00:0c type dummy
    ip link add bond0 address 02:00:00:00:00:0b type bond
    ip link set nic0 master bond0
    ip link set bond0 master vmbr0
    ip link set bond0 up
    ip link set vmbr0 up
    ip address add 10.0.0.1/24 dev vmbr0
    ip address add fd00::1/64 dev vmbr0 nodad
    ip link add vmbr1 address 02:00:00:00:00:02 type bridge
    ip link set vmbr1 up";
const FILTERING: &str = "ip link set vmbr0 type bridge vlan_filtering 1";
const PAIR: &str = "
    ip link add veth101i0 address 02:00:00:00:01:01 type veth peer name veth101i0p address 02:00:00:00:01:02
    ip link set veth101i0 up
    ip link set veth101i0p up";
const TAP: &str = "
    ip tuntap add dev tap101i0 mode tap
    ip link set tap101i0 address 02:00:00:00:01:03";
/// The link of a VLAN, which has no more of MTU and state than what it is on.
const VLAN: &str = "
    ip link add nic1 address 02:00:00:00:00:0d type dummy
    ip link add link nic1 name nic1.7 type vlan id 7";

/// The kernel's settings cannot be written, as in a container that is not privileged.
const READ_ONLY: [&str; 2] =
    ["mount --bind /proc/sys /proc/sys", "mount -o remount,bind,ro /proc/sys"];
/// Something else has the frames of the interface.
const BUSY: &str = "ip link add link veth101i0 name upper address 02:00:00:00:02:01 type macvlan";

fn in_vlans() -> Plug {
    Plug { tag: Some("5".into()), trunks: Some("7;9-11".into()), ..plain() }
}

fn plug_plain(call: &mut Call<'_>) -> Result<(), Died> {
    plug(call, &plain())
}

fn plug_limited(call: &mut Call<'_>) -> Result<(), Died> {
    plug(call, &Plug { rate: Rate::new(1_000_000), ..plain() })
}

fn plug_behind_firewall(call: &mut Call<'_>) -> Result<(), Died> {
    plug(call, &behind_firewall())
}

fn plug_in_vlans(call: &mut Call<'_>) -> Result<(), Died> {
    plug(call, &in_vlans())
}

fn plug_without_learning(call: &mut Call<'_>) -> Result<(), Died> {
    plug(call, &Plug { firewall: false, isolated: true, ..behind_firewall() })
}

fn set_vlan_link(call: &mut Call<'_>) -> Result<(), Died> {
    interface::iface_set(call, "nic1.7", &["mtu".into(), "1400".into(), "up".into()])
}

pub const CASES: &[Case] = &[
    Case {
        function: "iface_create of a bridge",
        room: &[BRIDGES],
        start: &[],
        call: |call| interface::iface_create(call, "br5", "bridge", &[]),
        faults: &[
            Before(&["ip link add br5 type dummy"], "failed to create interface 'br5'\n"),
            Before(
                &["ip link property add dev vmbr0 altname br5"],
                "failed to create interface 'br5'\n",
            ),
            Meanwhile(
                &["ip link add br5 address 02:00:00:00:00:05 type dummy"],
                &["failed to create interface 'br5'\n"],
            ),
        ],
    },
    Case {
        function: "iface_create of a pair",
        room: &[BRIDGES],
        start: &[],
        call: |call| {
            let words = ["peer", "name", "v5p"].map(ToOwned::to_owned);
            interface::iface_create(call, "v5", "veth", &words)
        },
        faults: &[
            Before(&["ip link add v5 type dummy"], "failed to create interface 'v5'\n"),
            Before(&["ip link add v5p type dummy"], "failed to create interface 'v5'\n"),
            Meanwhile(
                &["ip link add v5p address 02:00:00:00:00:05 type dummy"],
                &["failed to create interface 'v5'\n"],
            ),
        ],
    },
    Case {
        function: "iface_delete",
        room: &[BRIDGES, PAIR],
        start: &[plug_plain],
        call: |call| interface::iface_delete(call, "veth101i0"),
        faults: &[
            Before(&["ip link delete veth101i0"], "failed to delete interface 'veth101i0'\n"),
            Meanwhile(&["ip link delete veth101i0"], &["failed to delete interface 'veth101i0'\n"]),
        ],
    },
    Case {
        function: "iface_delete of what cannot be deleted",
        room: &[BRIDGES],
        start: &[],
        call: |call| interface::iface_delete(call, "lo"),
        faults: &[Before(&[], "failed to delete interface 'lo'\n")],
    },
    Case {
        function: "iface_set",
        room: &[BRIDGES, VLAN, "ip link set nic1 up"],
        start: &[],
        call: set_vlan_link,
        faults: &[
            Before(
                &["ip link delete nic1.7"],
                "failed to set interface options for 'nic1.7' (mtu 1400 up)\n",
            ),
            Before(
                &["ip link set nic1 mtu 1300", "ip link set nic1.7 mtu 1200"],
                "failed to set interface options for 'nic1.7' (mtu 1400 up)\n",
            ),
            // Its MTU is set before it cannot be brought up.
            Before(
                &["ip link set nic1 down"],
                "failed to set interface options for 'nic1.7' (mtu 1400 up)\n",
            ),
            Meanwhile(
                &["ip link set nic1 down"],
                &[
                    "failed to set interface options for 'nic1.7' (mtu 1400 up)\n",
                    // It was up, and cannot be without what it is on.
                    "Text(\"failed to set interface options for 'nic1.7' (mtu 1400 up)\\n\"): RTNETLINK answers: Network is down\nundoing failed too: unable to bring up 'nic1.7' again: Network is down (ENETDOWN)\n",
                ],
            ),
            Meanwhile(
                &["ip link delete nic1"],
                &["failed to set interface options for 'nic1.7' (mtu 1400 up)\n"],
            ),
        ],
    },
    Case {
        function: "iface_set_master",
        room: &[BRIDGES, FILTERING, PAIR],
        start: &[plug_in_vlans],
        call: |call| interface::iface_set_master(call, "veth101i0", Some("vmbr1")),
        faults: &[
            Before(&["ip link delete veth101i0"], "can't enslave 'veth101i0' to 'vmbr1'\n"),
            Before(&["ip link delete vmbr1"], "can't enslave 'veth101i0' to 'vmbr1'\n"),
            // It is out of its own bridge before it is refused.
            Before(
                &["ip link delete vmbr1", "ip link add vmbr1 type dummy"],
                "can't enslave 'veth101i0' to 'vmbr1'\n",
            ),
            Before(
                &["ip link set veth101i0 nomaster", BUSY],
                "can't enslave 'veth101i0' to 'vmbr1'\n",
            ),
            Meanwhile(&["ip link delete vmbr1"], &["can't enslave 'veth101i0' to 'vmbr1'\n"]),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr1'\n"]),
            Meanwhile(&["ip link delete vmbr0"], &[]),
        ],
    },
    Case {
        function: "iface_set_master of a bridge",
        room: &[BRIDGES],
        start: &[],
        call: |call| interface::iface_set_master(call, "vmbr1", Some("vmbr0")),
        faults: &[Before(&[], "can't enslave 'vmbr1' to 'vmbr0'\n")],
    },
    Case {
        function: "iface_set_master without a bridge",
        room: &[BRIDGES, PAIR],
        start: &[plug_plain],
        call: |call| interface::iface_set_master(call, "veth101i0", None),
        faults: &[
            Before(&["ip link delete veth101i0"], "can't unenslave 'veth101i0'\n"),
            Meanwhile(&["ip link delete veth101i0"], &["can't unenslave 'veth101i0'\n"]),
        ],
    },
    Case {
        function: "disable_ipv6",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: |_| query::disable_ipv6(&pve_netlink::Host, "veth101i0"),
        faults: &[Before(
            &READ_ONLY,
            "failed to open /proc/sys/net/ipv6/conf/veth101i0/disable_ipv6 for writing: Read-only file system\n",
        )],
    },
    Case {
        function: "tap_create",
        room: &[BRIDGES, TAP],
        start: &[],
        call: |call| veth::tap_create(call, "tap101i0", Some("vmbr0")),
        faults: &[
            Before(&["ip link delete vmbr0"], "bridge 'vmbr0' does not exist\n"),
            Before(&["ip link delete tap101i0"], "interface activation failed\n"),
            Before(
                &["ip link set bond0 nomaster", "ip link set vmbr0 mtu 65535"],
                "interface activation failed\n",
            ),
            Before(&READ_ONLY, "interface activation failed\n"),
            Meanwhile(&["ip link delete tap101i0"], &["interface activation failed\n"]),
            Meanwhile(&["ip link delete vmbr0"], &["bridge 'vmbr0' does not exist\n"]),
        ],
    },
    Case {
        function: "tap_create of a link that cannot come up",
        room: &[BRIDGES, VLAN, "ip link set vmbr0 mtu 1300"],
        start: &[],
        call: |call| veth::tap_create(call, "nic1.7", Some("vmbr0")),
        faults: &[Before(&[], "interface activation failed\n")],
    },
    Case {
        function: "veth_create",
        room: &[BRIDGES],
        start: &[],
        call: |call| veth::veth_create(call, "veth101i0", "veth101i0p", Some("vmbr0"), Some(MAC)),
        faults: &[
            Before(&["ip link delete vmbr0"], "bridge 'vmbr0' does not exist\n"),
            Before(
                &["ip link add veth101i0 type dummy"],
                "can't activate interface 'veth101i0p' - command '/sbin/ip link set veth101i0p up mtu 1500' failed: exit code 1\n\n",
            ),
            Before(
                &["ip link add veth101i0p type dummy"],
                "can't create interface veth101i0 - command '/sbin/ip link add name veth101i0 mtu 1500 type veth peer name veth101i0p mtu 1500 addr BC:24:11:00:00:01' failed: exit code 2\n\n",
            ),
            Before(
                &["ip link property add dev vmbr0 altname veth101i0"],
                "can't create interface veth101i0 - command '/sbin/ip link add name veth101i0 mtu 1500 type veth peer name veth101i0p mtu 1500 addr BC:24:11:00:00:01' failed: exit code 2\n\n",
            ),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/veth101i0/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(&["ip link delete vmbr0"], &["bridge 'vmbr0' does not exist\n"]),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "can't activate interface 'veth101i0' - command '/sbin/ip link set veth101i0 up mtu 1500' failed: exit code 2\n\n",
                ],
            ),
            Meanwhile(
                &["ip link add veth101i0p address 02:00:00:00:00:05 type dummy"],
                &[
                    "can't create interface veth101i0 - command '/sbin/ip link add name veth101i0 mtu 1500 type veth peer name veth101i0p mtu 1500 addr BC:24:11:00:00:01' failed: exit code 2\n\n",
                ],
            ),
        ],
    },
    Case {
        function: "veth_create with an MTU that no pair has",
        room: &[BRIDGES],
        start: &[],
        call: |call| veth::veth_create(call, "veth101i0", "veth101i0p", Some("lo"), Some(MAC)),
        faults: &[Before(
            &[],
            "can't create interface veth101i0 - command '/sbin/ip link add name veth101i0 mtu 65536 type veth peer name veth101i0p mtu 65536 addr BC:24:11:00:00:01' failed: exit code 2\n\n",
        )],
    },
    Case {
        function: "veth_create with an address that is none",
        room: &[BRIDGES],
        start: &[],
        call: |call| {
            let mac = Some("01:00:5E:00:00:01");
            veth::veth_create(call, "veth101i0", "veth101i0p", Some("vmbr0"), mac)
        },
        faults: &[Before(
            &[],
            "can't create interface veth101i0 - command '/sbin/ip link add name veth101i0 mtu 1500 type veth peer name veth101i0p mtu 1500 addr 01:00:5E:00:00:01' failed: exit code 2\n\n",
        )],
    },
    Case {
        function: "veth_create of what is there",
        room: &[
            BRIDGES,
            "ip link add veth101i0 address 02:00:00:00:01:01 mtu 1400 type veth peer name veth101i0p address 02:00:00:00:01:02",
        ],
        start: &[],
        call: |call| veth::veth_create(call, "veth101i0", "veth101i0p", Some("vmbr0"), Some(MAC)),
        faults: &[
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/veth101i0/disable_ipv6 for writing: Read-only file system\n",
            ),
            Before(
                &["ip link set veth101i0p name other"],
                "can't activate interface 'veth101i0p' - command '/sbin/ip link set veth101i0p up mtu 1500' failed: exit code 1\n\n",
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "can't activate interface 'veth101i0' - command '/sbin/ip link set veth101i0 up mtu 1500' failed: exit code 2\n\n",
                ],
            ),
        ],
    },
    Case {
        function: "veth_delete",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: |call| veth_delete(call, "veth101i0"),
        faults: &[
            Meanwhile(&["ip link delete veth101i0"], &["failed to delete interface 'veth101i0'\n"]),
            Meanwhile(&["ip link delete fwbr101i0"], &[]),
            Meanwhile(&["ip link delete fwln101i0"], &[]),
        ],
    },
    Case {
        function: "tap_plug",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: plug_plain,
        faults: &[
            Before(&["ip link delete vmbr0"], "interface vmbr0 does not exist\n"),
            Before(
                &["ip link delete vmbr0", "ip link add vmbr0 type dummy"],
                "bridge 'vmbr0' is neither a linux nor an OVS bridge!\n",
            ),
            Before(&["ip link delete veth101i0"], "can't enslave 'veth101i0' to 'vmbr0'\n"),
            Before(&[BUSY], "can't enslave 'veth101i0' to 'vmbr0'\n"),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/veth101i0/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["can't enslave 'veth101i0' to 'vmbr0'\n", "interface vmbr0 does not exist\n"],
            ),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr0'\n"]),
            Meanwhile(&[BUSY], &["can't enslave 'veth101i0' to 'vmbr0'\n"]),
        ],
    },
    Case {
        function: "tap_plug without learning",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: plug_without_learning,
        faults: &[
            Meanwhile(
                &["ip link delete vmbr0"],
                &["can't enslave 'veth101i0' to 'vmbr0'\n", "interface vmbr0 does not exist\n"],
            ),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr0'\n"]),
        ],
    },
    Case {
        function: "tap_plug with an address that no port has",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: |call| {
            let mac = Some("00:00:00:00:00:00".into());
            plug(call, &Plug { mac, learning: Some(false), ..plain() })
        },
        faults: &[Before(
            &[],
            "command '/sbin/bridge fdb append 00:00:00:00:00:00 dev veth101i0 master static' failed: exit code 255\n",
        )],
    },
    Case {
        function: "tap_plug from another bridge",
        room: &[BRIDGES, FILTERING, PAIR],
        start: &[plug_in_vlans],
        call: |call| tap_plug(call, "veth101i0", "vmbr1", &plain()),
        faults: &[
            Before(&["ip link delete vmbr1"], "interface vmbr1 does not exist\n"),
            Meanwhile(
                &["ip link delete vmbr1"],
                &["can't enslave 'veth101i0' to 'vmbr1'\n", "interface vmbr1 does not exist\n"],
            ),
            Meanwhile(&["ip link delete vmbr0"], &[]),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr1'\n"]),
        ],
    },
    Case {
        function: "tap_plug with a limit",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: plug_limited,
        faults: &[
            // Has the place of what is to police.
            Before(
                &["tc qdisc add dev veth101i0 clsact"],
                "command '/sbin/tc qdisc add dev veth101i0 handle ffff: ingress' failed: exit code 2\n",
            ),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr0'\n"]),
        ],
    },
    Case {
        function: "tap_plug in VLANs",
        room: &[BRIDGES, FILTERING, PAIR],
        start: &[],
        call: plug_in_vlans,
        faults: &[
            Before(&[BUSY], "can't enslave 'veth101i0' to 'vmbr0'\n"),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["can't enslave 'veth101i0' to 'vmbr0'\n", "interface vmbr0 does not exist\n"],
            ),
            Meanwhile(&["ip link delete veth101i0"], &["can't enslave 'veth101i0' to 'vmbr0'\n"]),
        ],
    },
    Case {
        function: "tap_plug in a VLAN out of range",
        room: &[BRIDGES, FILTERING, PAIR],
        start: &[],
        call: |call| plug(call, &Plug { tag: Some("4095".into()), ..plain() }),
        faults: &[Before(
            &[],
            "unable to add vlan 4095 to interface veth101i0 - command '/sbin/bridge vlan add dev veth101i0 vid 4095 pvid untagged' failed: exit code 255\n\n",
        )],
    },
    Case {
        function: "tap_plug with trunks out of range",
        room: &[BRIDGES, FILTERING, PAIR],
        start: &[],
        call: |call| plug(call, &Plug { trunks: Some("7;4095".into()), ..behind_firewall() }),
        faults: &[Before(
            &[],
            "unable to add vlan 4095 to interface fwpr101p0 - command '/sbin/bridge vlan add dev fwpr101p0 vid 4095' failed: exit code 255\n\n",
        )],
    },
    Case {
        function: "tap_plug behind a firewall",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: plug_behind_firewall,
        faults: &[
            Before(&["ip link delete vmbr0"], "interface vmbr0 does not exist\n"),
            Before(&["ip link delete veth101i0"], "can't enslave 'veth101i0' to 'fwbr101i0'\n"),
            Before(&[BUSY], "can't enslave 'veth101i0' to 'fwbr101i0'\n"),
            Before(
                &["ip link add fwpr101p0 type dummy"],
                "can't create interface fwln101i0 - command '/sbin/ip link add name fwln101i0 mtu 1500 type veth peer name fwpr101p0 mtu 1500' failed: exit code 2\n\n",
            ),
            Before(
                &["ip link property add dev vmbr1 altname fwbr101i0"],
                "failed to create interface 'fwbr101i0'\n",
            ),
            Before(
                &["ip link property add dev vmbr1 altname fwln101i0"],
                "can't create interface fwln101i0 - command '/sbin/ip link add name fwln101i0 mtu 1500 type veth peer name fwpr101p0 mtu 1500' failed: exit code 2\n\n",
            ),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/fwbr101i0/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["can't enslave 'fwpr101p0' to 'vmbr0'\n", "interface vmbr0 does not exist\n"],
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &["can't enslave 'veth101i0' to 'fwbr101i0'\n"],
            ),
            Meanwhile(
                &["ip link add fwpr101p0 address 02:00:00:00:00:05 type dummy"],
                &[
                    "can't create interface fwln101i0 - command '/sbin/ip link add name fwln101i0 mtu 1500 type veth peer name fwpr101p0 mtu 1500' failed: exit code 2\n\n",
                ],
            ),
        ],
    },
    Case {
        function: "tap_plug without its firewall",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: plug_limited,
        faults: &[
            Before(
                &["tc qdisc add dev veth101i0 clsact"],
                "command '/sbin/tc qdisc add dev veth101i0 handle ffff: ingress' failed: exit code 2\n",
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["can't enslave 'veth101i0' to 'vmbr0'\n", "interface vmbr0 does not exist\n"],
            ),
            Meanwhile(&["ip link delete fwbr101i0"], &["failed to delete interface 'fwbr101i0'\n"]),
        ],
    },
    Case {
        function: "tap_plug through the bridge of a VLAN",
        room: &[BRIDGES, PAIR],
        start: &[],
        call: |call| plug(call, &Plug { tag: Some("5".into()), ..plain() }),
        faults: &[
            Before(&[BUSY], "can't enslave 'veth101i0' to 'vmbr0v5'\n"),
            Before(&["ip link set bond0 nomaster"], "no physical interface on bridge 'vmbr0'\n"),
            Before(
                &["ip link add link bond0 name other type vlan id 5"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
            ),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/bond0.5/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["interface vmbr0 does not exist\n", "no physical interface on bridge 'vmbr0'\n"],
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "can't enslave 'veth101i0' to 'vmbr0'\n",
                    "can't enslave 'veth101i0' to 'vmbr0v5'\n",
                ],
            ),
            Meanwhile(
                &["ip link delete bond0"],
                &[
                    "can't activate interface 'bond0.5' - command '/sbin/ip link set bond0.5 up' failed: exit code 2\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 1\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
                    "no physical interface on bridge 'vmbr0'\n",
                ],
            ),
        ],
    },
    Case {
        function: "tap_unplug",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: |call| tap_unplug(call, "veth101i0"),
        faults: &[
            Meanwhile(&["ip link delete veth101i0"], &["can't unenslave 'veth101i0'\n"]),
            Meanwhile(&["ip link delete fwbr101i0"], &["failed to delete interface 'fwbr101i0'\n"]),
            Meanwhile(&["ip link delete fwln101i0"], &["failed to delete interface 'fwln101i0'\n"]),
            Meanwhile(&["ip link delete vmbr0"], &[]),
        ],
    },
    Case {
        function: "tap_rate_limit",
        room: &[BRIDGES, PAIR],
        start: &[plug_plain],
        call: |call| rate::tap_rate_limit(call, "veth101i0", Rate::new(1_000_000)),
        faults: &[
            Before(
                &["ip link delete veth101i0"],
                "command '/sbin/tc qdisc add dev veth101i0 root handle 1: htb default 1' failed: exit code 1\n",
            ),
            Before(
                &["tc qdisc add dev veth101i0 clsact"],
                "command '/sbin/tc qdisc add dev veth101i0 handle ffff: ingress' failed: exit code 2\n",
            ),
            Before(
                &[
                    "tc qdisc add dev veth101i0 root handle 7: htb",
                    "tc qdisc add dev veth101i0 clsact",
                ],
                "command '/sbin/tc qdisc add dev veth101i0 handle ffff: ingress' failed: exit code 2\n",
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "command '/sbin/tc qdisc add dev veth101i0 root handle 1: htb default 1' failed: exit code 1\n",
                    "command '/sbin/tc qdisc add dev veth101i0 root handle 1: htb default 1' failed: exit code 2\n",
                ],
            ),
        ],
    },
    Case {
        function: "tap_rate_change",
        room: &[BRIDGES, PAIR],
        start: &[plug_limited],
        call: |call| rate::tap_rate_change(call, "veth101i0", Rate::new(10_000)),
        faults: &[
            Before(
                &["ip link delete veth101i0"],
                "command '/sbin/tc qdisc add dev veth101i0 root handle 1: htb default 1' failed: exit code 1\n",
            ),
            Before(
                &["tc qdisc delete dev veth101i0 ingress", "tc qdisc add dev veth101i0 clsact"],
                "command '/sbin/tc qdisc add dev veth101i0 handle ffff: ingress' failed: exit code 2\n",
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "command '/sbin/tc class add dev veth101i0 parent 1: classid 1:1 htb rate 10000bps burst 1048576b' failed: exit code 2\n",
                    "command '/sbin/tc qdisc add dev veth101i0 root handle 1: htb default 1' failed: exit code 1\n",
                ],
            ),
            Meanwhile(
                &["tc qdisc delete dev veth101i0 root"],
                &[
                    "command '/sbin/tc class add dev veth101i0 parent 1: classid 1:1 htb rate 10000bps burst 1048576b' failed: exit code 2\n",
                ],
            ),
            Meanwhile(
                &["tc qdisc delete dev veth101i0 ingress"],
                &[
                    "command '/sbin/tc filter add dev veth101i0 parent ffff: prio 50 basic police rate 10000bps burst 1048576b mtu 64kb drop' failed: exit code 2\n",
                ],
            ),
        ],
    },
    Case {
        function: "add_bridge_fdb",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: |call| fdb::add_bridge_fdb(call, "veth101i0", "BC:24:11:00:00:02"),
        faults: &[
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "command '/sbin/bridge fdb append BC:24:11:00:00:02 dev veth101i0 master static' failed: exit code 255\n",
                ],
            ),
            Meanwhile(
                &["ip link set veth101i0 nomaster"],
                &[
                    "command '/sbin/bridge fdb append BC:24:11:00:00:02 dev veth101i0 master static' failed: exit code 255\n",
                ],
            ),
            Meanwhile(
                &["ip link set fwpr101p0 nomaster"],
                &[
                    "command '/sbin/bridge fdb append BC:24:11:00:00:02 dev fwpr101p0 master static' failed: exit code 255\n",
                ],
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &[
                    "command '/sbin/bridge fdb append BC:24:11:00:00:02 dev fwpr101p0 master static' failed: exit code 255\n",
                ],
            ),
        ],
    },
    Case {
        function: "add_bridge_fdb of an address that no port has",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: |call| fdb::add_bridge_fdb(call, "veth101i0", "00:00:00:00:00:00"),
        faults: &[Before(
            &[],
            "command '/sbin/bridge fdb append 00:00:00:00:00:00 dev veth101i0 master static' failed: exit code 255\n",
        )],
    },
    Case {
        function: "del_bridge_fdb",
        room: &[BRIDGES, PAIR],
        start: &[plug_behind_firewall],
        call: |call| fdb::del_bridge_fdb(call, "veth101i0", MAC),
        faults: &[
            Before(
                &["bridge fdb delete BC:24:11:00:00:01 dev veth101i0 master static"],
                "command '/sbin/bridge fdb del BC:24:11:00:00:01 dev veth101i0 master static' failed: exit code 255\n",
            ),
            Before(
                &["bridge fdb delete BC:24:11:00:00:01 dev fwpr101p0 master static"],
                "command '/sbin/bridge fdb del BC:24:11:00:00:01 dev fwpr101p0 master static' failed: exit code 255\n",
            ),
            Meanwhile(
                &["ip link delete veth101i0"],
                &[
                    "command '/sbin/bridge fdb del BC:24:11:00:00:01 dev veth101i0 master static' failed: exit code 255\n",
                ],
            ),
            Meanwhile(
                &["ip link set fwpr101p0 nomaster"],
                &[
                    "command '/sbin/bridge fdb del BC:24:11:00:00:01 dev fwpr101p0 master static' failed: exit code 255\n",
                ],
            ),
        ],
    },
    Case {
        function: "copy_bridge_config",
        room: &[
            BRIDGES,
            "ip link set vmbr0 type bridge ageing_time 100 priority 4096 mcast_snooping 0",
        ],
        start: &[],
        call: |call| query::copy_bridge_config(call, "vmbr0", "vmbr1"),
        faults: &[
            Meanwhile(&["ip link delete vmbr1"], &[]),
            Meanwhile(&["ip link delete vmbr0"], &[]),
        ],
    },
    Case {
        function: "activate_bridge_vlan",
        room: &[BRIDGES],
        start: &[],
        call: |call| bridge_vlan::activate_bridge_vlan(call, "vmbr0", Some("5")).map(drop),
        faults: &[
            Before(&["ip link delete vmbr0"], "bridge 'vmbr0' is not active\n"),
            Before(&["ip link set bond0 nomaster"], "no physical interface on bridge 'vmbr0'\n"),
            Before(&["ip link add vmbr0v5 type dummy"], "can't enslave 'bond0.5' to 'vmbr0v5'\n"),
            Before(
                &["ip link property add dev vmbr1 altname vmbr0v5"],
                "failed to create interface 'vmbr0v5'\n",
            ),
            Before(
                &["ip link property add dev vmbr1 altname bond0.5"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
            ),
            Before(
                &["ip link add link bond0 name other type vlan id 5"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
            ),
            Before(
                &[
                    "ip link add link bond0 name bond0.5 type vlan id 5",
                    "ip link set bond0.5 up",
                    "ip link set bond0.5 down",
                    "ip link set bond0.5 master vmbr1",
                ],
                "interface bond0.5 already exist in bridge vmbr1\n",
            ),
            Before(
                &["ip link set bond0 down", "ip link add link bond0 name bond0.5 type vlan id 5"],
                "can't activate interface 'bond0.5' - command '/sbin/ip link set bond0.5 up' failed: exit code 2\n\n",
            ),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/bond0.5/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(
                &["ip link delete vmbr0"],
                &["bridge 'vmbr0' is not active\n", "no physical interface on bridge 'vmbr0'\n"],
            ),
            Meanwhile(
                &["ip link delete bond0"],
                &[
                    "can't activate interface 'bond0.5' - command '/sbin/ip link set bond0.5 up' failed: exit code 2\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 1\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
                    "no physical interface on bridge 'vmbr0'\n",
                ],
            ),
            Meanwhile(
                &["ip link add vmbr0v5 address 02:00:00:00:00:05 type dummy"],
                &[
                    "can't enslave 'bond0.5' to 'vmbr0v5'\n",
                    "failed to create interface 'vmbr0v5'\n",
                ],
            ),
            Meanwhile(
                &["ip link add bond0.5 address 02:00:00:00:00:05 type dummy"],
                &[
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
                ],
            ),
        ],
    },
    Case {
        function: "activate_bridge_vlan out of range",
        room: &[BRIDGES],
        start: &[],
        call: |call| bridge_vlan::activate_bridge_vlan(call, "vmbr0", Some("4095")).map(drop),
        faults: &[Before(&[], "got strange vlan tag '4095'\n")],
    },
    Case {
        function: "activate_bridge_vlan_slave",
        room: &[BRIDGES],
        start: &[],
        call: |call| bridge_vlan::activate_bridge_vlan_slave(call, "vmbr1", "bond0", "5"),
        faults: &[
            Before(&["ip link delete vmbr1"], "bridge 'vmbr1' does not exist\n"),
            Before(
                &["ip link delete bond0"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 1\n\n",
            ),
            Before(
                &["ip link delete vmbr1", "ip link add vmbr1 type dummy"],
                "can't enslave 'bond0.5' to 'vmbr1'\n",
            ),
            Before(
                &["ip link add link bond0 name other type vlan id 5"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
            ),
            Before(
                &["ip link property add dev vmbr1 altname bond0.5"],
                "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
            ),
            Before(
                &[
                    "ip link add link bond0 name bond0.5 type vlan id 5",
                    "ip link set bond0.5 up",
                    "ip link set bond0.5 down",
                    "ip link set bond0.5 master vmbr0",
                ],
                "interface bond0.5 already exist in bridge vmbr0\n",
            ),
            Before(
                &["ip link set bond0 down"],
                "can't activate interface 'bond0.5' - command '/sbin/ip link set bond0.5 up' failed: exit code 2\n\n",
            ),
            Before(
                &READ_ONLY,
                "failed to open /proc/sys/net/ipv6/conf/bond0.5/disable_ipv6 for writing: Read-only file system\n",
            ),
            Meanwhile(
                &["ip link delete vmbr1"],
                &["bridge 'vmbr1' does not exist\n", "can't enslave 'bond0.5' to 'vmbr1'\n"],
            ),
            Meanwhile(
                &["ip link delete bond0"],
                &[
                    "can't activate interface 'bond0.5' - command '/sbin/ip link set bond0.5 up' failed: exit code 2\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 1\n\n",
                    "can't add vlan tag 5 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.5 type vlan id 5' failed: exit code 2\n\n",
                ],
            ),
        ],
    },
    Case {
        function: "activate_bridge_vlan_slave in a VLAN out of range",
        room: &[BRIDGES],
        start: &[],
        call: |call| bridge_vlan::activate_bridge_vlan_slave(call, "vmbr1", "bond0", "4096"),
        faults: &[Before(
            &[],
            "can't add vlan tag 4096 to interface bond0 - command '/sbin/ip link add link bond0 name bond0.4096 type vlan id 4096' failed: exit code 2\n\n",
        )],
    },
];
