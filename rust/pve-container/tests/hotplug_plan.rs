//! What is planned, and what is refused before anything is touched.
#![allow(clippy::unwrap_used, clippy::panic)]

use pve_container::hotplug::{ContainerNic, Error, Kind, NodeSetup, plan};
use pve_netlink::bridge::Vlans;
use pve_netlink::host::port::Bridge;
use pve_netlink::interface::Interface;
use pve_netlink::plan::{Inverse, Step};

const NET: &str = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01";

const NODE: NodeSetup = NodeSetup { learning: true, firewall_bridges: true };

fn parse(value: &str) -> Result<ContainerNic, Error> {
    ContainerNic::from_pairs(value.split(',').map(|pair| pair.split_once('=').unwrap()))
}

fn bridge(driver: &str) -> Interface {
    Interface { name: "vmbr0".into(), index: 7, mtu: 1500, driver: driver.into() }
}

/// All steps, on a bridge that filters VLANs.
fn all_steps(more: &str) -> Vec<Step> {
    let nic = parse(&format!("{NET}{more}")).unwrap();
    let plan = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap();
    let target = Bridge { name: "vmbr0".into(), mtu: 1500, vlan_filtering: true };
    [plan.make(), plan.connect(&target, None), plan.inside().to_vec()].concat()
}

fn steps(more: &str) -> Vec<String> {
    all_steps(more).iter().map(ToString::to_string).collect()
}

#[test]
fn the_order_is_the_references() {
    assert_eq!(
        steps(",ip=10.0.0.5/32,gw=192.0.2.1,ip6=2001:db8::5/64,gw6=2001:db8::1"),
        [
            "add the veth pair 'veth101i0' and 'eth0'",
            "look at 'vmbr0'",
            "disable IPv6 on 'veth101i0'",
            "remove the VLANs of the port 'veth101i0'",
            "set the VLANs of the port 'veth101i0'",
            "set the VLANs of the port 'veth101i0'",
            "bring up 'veth101i0'",
            "bring up 'eth0' in the container",
            "add the address 10.0.0.5/32 in the container",
            "add the on-link route to 192.0.2.1 in the container",
            "make 192.0.2.1 the default gateway of the container",
            "add the address 2001:db8::5/64 in the container",
            "make 2001:db8::1 the default gateway of the container",
        ]
    );
}

#[test]
fn addresses_that_the_container_sees_to_are_left_to_it() {
    for more in ["", ",ip=dhcp,ip6=auto", ",ip=manual,ip6=manual", ",ip6=dhcp"] {
        assert_eq!(steps(more).last().unwrap(), "bring up 'eth0' in the container", "{more}");
    }
}

#[test]
fn with_the_link_down_there_is_no_port_and_the_host_end_is_down() {
    let nic = parse(&format!("{NET},link_down=1")).unwrap();
    let plan = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap();
    assert_eq!(plan.pair.master, None);
    assert_eq!(
        steps(",link_down=1")[2..],
        ["bring up 'veth101i0'", "bring down 'veth101i0'", "bring up 'eth0' in the container"]
    );
}

#[test]
fn the_host_end_has_the_bridges_mtu_and_the_other_its_own() {
    let nic = parse(&format!("{NET},mtu=1400")).unwrap();
    let pair = plan(101, 3, &nic, Some(&bridge("bridge")), NODE).unwrap().pair;
    assert_eq!((pair.name.as_str(), pair.mtu, pair.peer_mtu), ("veth101i3", 1500, 1400));
    assert_eq!((pair.master, pair.queues), (Some(7), 1));
    assert_eq!(pair.peer_address, Some([0xbc, 0x24, 0x11, 0, 0, 1]));
}

#[test]
fn what_outlives_the_pair_has_an_inverse() {
    let steps = all_steps(",ip=10.0.0.5/24,gw=10.0.0.1");
    let inverses: Vec<_> = steps.iter().map(|step| &step.inverse).collect();
    assert!(matches!(inverses.first(), Some(Inverse::Changes(_))));
    assert_eq!(inverses.last(), Some(&&Inverse::RestoreDefault));
    assert!(inverses[1..inverses.len() - 1].iter().all(|one| **one == Inverse::None));
}

#[test]
fn what_is_not_done_here_is_refused_by_its_key() {
    for (more, start) in [
        (",type=phys", "type: an interface of type 'phys' cannot"),
        (",ip=dhcp,host-managed=1", "host-managed: an interface with a DHCP client on the host"),
    ] {
        let nic = parse(&format!("{NET}{more}")).unwrap();
        let error = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("use PVE::LXC's own hotplug for this interface"), "{text}");
        assert_eq!(error.kind(), Kind::Config);
    }
    for more in [",firewall=0,rate=0,type=veth,host-managed=1", ",tag=,trunks="] {
        let nic = parse(&format!("{NET}{more}")).unwrap();
        assert!(plan(101, 0, &nic, Some(&bridge("bridge")), NODE).is_ok(), "{more}");
    }
}

#[test]
fn a_port_of_a_vlan_or_behind_a_firewall_joins_its_bridge_once_that_is_known() {
    for more in [",tag=5", ",trunks=5;7-9", ",firewall=1"] {
        let nic = parse(&format!("{NET}{more}")).unwrap();
        let plan = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap();
        assert_eq!(plan.pair.master, None, "{more}");
        assert!(steps(more).iter().any(|step| step.contains("a port of 'vmbr0'")), "{more}");
    }
    let nic = parse(&format!("{NET},tag=5,trunks=6;7-9")).unwrap();
    let plan = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap();
    assert_eq!(plan.vlans.tag, Some(5));
    assert_eq!(plan.vlans.trunks, [Vlans::tagged(6, 6), Vlans::tagged(7, 9)]);
}

#[test]
fn a_firewall_that_needs_no_bridges_gets_none() {
    let nic = parse(&format!("{NET},firewall=1")).unwrap();
    let node = NodeSetup { firewall_bridges: false, ..NODE };
    let found = bridge("bridge");
    let none = plan(101, 0, &nic, Some(&found), node).unwrap();
    assert_eq!(none, plan(101, 0, &parse(NET).unwrap(), Some(&found), node).unwrap());
    let one = plan(101, 0, &nic, Some(&found), NODE).unwrap();
    assert_eq!(&*one.firewall.unwrap().bridge, "fwbr101i0");
}

#[test]
fn with_the_link_down_there_is_no_firewall_bridge_and_no_limit() {
    let down = steps(",link_down=1");
    assert_eq!(steps(",link_down=1,firewall=1,rate=5,tag=7"), down);
}

#[test]
fn vlans_and_rates_that_are_none_are_named() {
    for (more, start) in [
        (",tag=0", "tag: invalid value '0': a VLAN's id is from 1 to 4094"),
        (",tag=4095", "tag: invalid value '4095'"),
        (",trunks=5;4096", "trunks: invalid value '4096': VLANs are ids"),
        (",trunks=9-5", "trunks: invalid value '9-5'"),
        (",rate=fast", "rate: invalid value 'fast': a number of MB/s is needed"),
    ] {
        let nic = parse(&format!("{NET}{more}")).unwrap();
        let error = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap_err();
        assert!(error.to_string().starts_with(start), "{error}");
        assert_eq!(error.kind(), Kind::Config);
    }
}

#[test]
fn a_bridge_must_be_one() {
    let nic = parse(NET).unwrap();
    let refused = |found: Option<&Interface>| plan(101, 0, &nic, found, NODE).unwrap_err();
    let none = refused(None);
    assert!(none.to_string().starts_with("bridge 'vmbr0' does not exist;"), "{none}");
    let veth = refused(Some(&bridge("veth"))).to_string();
    assert_eq!(veth, "'vmbr0' is not a Linux bridge but an interface of type 'veth'");
    let ovs = refused(Some(&bridge("openvswitch"))).to_string();
    assert!(ovs.starts_with("bridge: a port of the Open vSwitch bridge 'vmbr0' cannot"), "{ovs}");
    let nic = parse("name=eth0").unwrap();
    let missing = plan(101, 0, &nic, None, NODE).unwrap_err().to_string();
    assert_eq!(missing, "bridge: missing value: the bridge to plug into");
}

#[test]
fn an_mtu_above_the_bridges_is_refused_in_the_references_words() {
    let nic = parse(&format!("{NET},mtu=9000")).unwrap();
    let text = plan(101, 0, &nic, Some(&bridge("bridge")), NODE).unwrap_err().to_string();
    assert!(text.ends_with("MTU size '9000' is bigger than bridge MTU '1500'"), "{text}");
}

#[test]
fn a_bad_value_is_named_with_its_key() {
    for bad in [
        "hwaddr=01:00:00:00:00:01",
        "hwaddr=00:00:00:00:00:00",
        "hwaddr=BC:24:11:00:00",
        "hwaddr=BC:24:11:00:00:01:02",
        "hwaddr=BC:24:11:00:00:+1",
        "hwaddr=nonsense",
        "mtu=63",
        "mtu=65536",
        "mtu=-1",
        "mtu=x",
        "ip=10.0.0.5",
        "ip=10.0.0.5/33",
        "ip=10.0.0.5/7",
        "ip=10.0.0.5/+24",
        "ip=10.0.0.256/24",
        "ip=2001:db8::1/64",
        "ip=auto",
        "ip6=10.0.0.5/24",
        "ip6=2001:db8::1/129",
        "gw=10.0.0.1/24",
        "gw=2001:db8::1",
        "gw6=10.0.0.1",
        "name=sixteen-bytes-xx",
        "name=a/b",
        "name=..",
        "bridge=a b",
        "link_down=2",
        "firewall=maybe",
        "nonsense=1",
    ] {
        let key = bad.split('=').next().unwrap();
        let error = parse(&format!("bridge=vmbr0,{bad}")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{key}: invalid value '")), "{bad}: {error}");
    }
    assert_eq!(
        parse("bridge=vmbr0").unwrap_err().to_string(),
        "name: missing value: the interface inside the container"
    );
}
