use serde_json::{Value, json};

use super::{Complete, controller, subnet, vnet, zone};
use crate::config::Objects;
use crate::subnet::with_id;
use crate::{Error, Section};

fn objects(ids: Value) -> Objects {
    Objects::of(json!({ "ids": ids }))
}

/// What is wrong, as `key: why` or as the text that is died with.
fn why<T>(checked: Result<T, Error>) -> Option<String> {
    let why = |error| match error {
        Error::Parameter { errors } => {
            let parts = errors.iter().map(|(key, why)| format!("{key}: {why}"));
            parts.collect::<Vec<_>>().join("; ")
        }
        error => error.to_string(),
    };
    checked.err().map(why)
}

#[test]
fn tags_are_one_vnets_own() {
    let zones = objects(json!({
        "s": { "type": "simple" }, "l": { "type": "vlan" }, "q": { "type": "qinq" },
        "x": { "type": "vxlan" }, "e": { "type": "evpn" }, "o": { "type": "odd" },
    }));
    let check = |vnet: Value| {
        let vnets = objects(json!({
            "a1": { "zone": "l", "tag": 10 }, "a2": { "zone": "q", "tag": "10" },
            "a3": { "zone": "q" }, "a4": { "zone": "e", "tag": 10 }, "a5": null, "it": vnet,
        }));
        why(zone::update_vnet(&vnets, "it", &zones))
    };
    for (vnet, wanted) in [
        (json!({ "zone": "s" }), None),
        (json!({ "zone": "s", "tag": 1 }), Some("tag: vlan tag is not allowed on simple zone")),
        (json!({ "zone": "l" }), Some("tag: missing vlan tag")),
        (json!({ "zone": "l", "tag": 4096 }), None),
        (json!({ "zone": "l", "tag": 4096.5 }), Some("tag: vlan tag max value is 4096")),
        (json!({ "zone": "l", "tag": "10" }), Some("tag: tag 10 already exist in vnet a1")),
        (json!({ "zone": "l", "tag": "010" }), None),
        (json!({ "zone": "q" }), Some("tag: tag-less vnet already exists in zone q vnet a3")),
        (json!({ "zone": "q", "tag": 10 }), Some("tag: tag 10 already exist in zone q vnet a2")),
        (json!({ "zone": "q", "tag": 4097 }), Some("tag: VLAN tag maximal value is 4096")),
        (json!({ "zone": "x" }), Some("tag: missing vxlan tag")),
        (
            json!({ "zone": "x", "tag": 10 }),
            Some("tag: vxlan tag 10 already exist in vnet a4 in zone e "),
        ),
        (json!({ "zone": "x", "tag": 11, "vlanaware": 1 }), None),
        (
            json!({ "zone": "e", "tag": 11, "vlanaware": 1 }),
            Some("vlan-aware: vlan-aware option can't be enabled with evpn"),
        ),
        (json!({ "zone": "o" }), Some("unknown section type 'odd'")),
        (json!({ "zone": "none" }), Some("cannot lookup undefined type!")),
    ] {
        let text = vnet.to_string();
        assert_eq!(check(vnet).as_deref(), wanted, "{text}");
    }
}

#[test]
fn a_zone_fits_its_controller_and_its_vnets() {
    let controllers = objects(json!({ "c": { "type": "evpn" }, "b": { "type": "bgp" } }));
    let check = |zone: Value| {
        let zones = objects(json!({ "it": zone, "z": { "type": "evpn", "vrf-vxlan": 5 } }));
        zone::update("it", &zones, &controllers)
    };
    let evpn = |controller: &str, vrf: u32| {
        check(json!({ "type": "evpn", "controller": controller, "vrf-vxlan": vrf }))
    };
    assert_eq!(evpn("c", 6), Ok(Complete::NeedsMac));
    assert_eq!(why(evpn("c", 5)).as_deref(), Some("vrf-vxlan 5 is already declared in z"));
    assert_eq!(why(evpn("b", 6)).as_deref(), Some("b is not a evpn controller type"));
    assert_eq!(why(evpn("d", 6)).as_deref(), Some("controller d don't exist"));
    let both = "fabric: must have exactly one of peers / fabric defined; \
                peers: must have exactly one of peers / fabric defined";
    assert_eq!(why(check(json!({ "type": "vxlan" }))).as_deref(), Some(both));
    assert_eq!(check(json!({ "type": "vxlan", "fabric": "f" })), Ok(Complete::Yes));
    let vnets = objects(json!({ "v": { "type": "vnet", "zone": "z" }, "w": null }));
    assert_eq!(why(zone::delete("z", &vnets)).as_deref(), Some("zone z is used by vnet v"));
    assert_eq!(zone::delete("y", &vnets), Ok(()));
}

#[test]
fn vnets_with_subnets_stay_as_they_are() {
    let subnets = objects(json!({ "z-10.0.0.0-8": { "vnet": "v" } }));
    let vnets = objects(json!({ "v": { "vlanaware": 1 }, "w": { "vlanaware": 1 } }));
    let text = "vlanaware: vlanaware vnet is not compatible with subnets";
    assert_eq!(why(vnet::update("v", &vnets, &subnets)).as_deref(), Some(text));
    assert_eq!(vnet::update("w", &vnets, &subnets), Ok(()));
    let text = "vnet: Can't delete vnet if subnets exists";
    assert_eq!(why(vnet::delete("v", &subnets)).as_deref(), Some(text));
    assert_eq!(vnet::delete("w", &subnets), Ok(()));
}

#[test]
fn a_node_has_few_controllers() {
    let controllers = objects(json!({
        "b1": { "type": "bgp", "node": "n" }, "b2": { "type": "bgp", "node": "n" },
        "b3": { "type": "bgp", "node": "n" }, "e1": { "type": "evpn", "peers": "p" },
        "i1": { "type": "isis", "node": "n" },
    }));
    let check = |id, node| why(controller::update(id, &controllers, node));
    assert_eq!(check("b1", "n").as_deref(), Some("only 1 bgp controller can be defined"));
    assert_eq!(check("b1", "m"), None);
    assert_eq!(check("e1", "n"), None);
    assert_eq!(check("i1", "n"), None);
    let zones = objects(json!({ "z": { "controller": "e1" } }));
    let text = "controller e1 is used by z";
    assert_eq!(why(controller::delete("e1", &controllers, &zones)).as_deref(), Some(text));
    assert_eq!(controller::delete("b1", &controllers, &zones), Ok(()));
}

fn a_subnet(cidr: &str, more: Value) -> Section {
    let id = format!("z-{}", cidr.replace('/', "-"));
    with_id(&id, more.as_object().unwrap())
}

#[test]
fn what_a_subnet_has_is_inside() {
    let vnets = objects(json!({ "v": { "zone": "z" }, "w": { "vlanaware": 1 } }));
    let check = |cidr, more| why(subnet::update(&a_subnet(cidr, more), &vnets).0);
    let range = |start: &str, end: &str| {
        let range = format!("start-address={start},end-address={end}");
        check(
            "10.0.0.0/24",
            json!({ "dhcp-range": [range, "start-address=10.0.0.50,end-address=10.0.0.60"] }),
        )
    };
    for (got, wanted) in [
        (check("10.0.0.0/24", json!({ "vnet": "v", "gateway": "10.0.0.1" })), None),
        (check("10.0.0.1/32", json!({ "gateway": "10.0.1.1" })), None),
        (check("10.0.0.0/24", json!({ "vnet": "x" })), Some("vnet: x don't exist")),
        (
            check("10.0.0.0/24", json!({ "vnet": "w" })),
            Some("vnet: you can't add a subnet on a vlanaware vnet"),
        ),
        (
            check("10.0.0.0/24", json!({ "gateway": "10.0.1.1" })),
            Some("gateway: 10.0.1.1 is not in subnet 10.0.0.0/24"),
        ),
        (range("10.0.0.1", "10.0.0.9"), None),
        (range("x", "10.0.0.9"), Some("dhcp-range: start-address is not a valid IP x")),
        (range("10.0.0.1", "10.0.0.0/31"), Some("dhcp-range: end-address must be a singular IP")),
        (
            range("10.0.0.9", "10.0.0.1"),
            Some("dhcp-range: start-address 10.0.0.9 must be smaller than end-address 10.0.0.1"),
        ),
        (
            range("10.0.0.1", "10.0.1.1"),
            Some("dhcp-range: end-address 10.0.1.1 is not in subnet 10.0.0.0/24"),
        ),
        (range("10.0.0.1", "10.0.0.50"), Some("dhcp-range: dhcp ranges must not overlap")),
        (
            range("::ffff:10.0.0.1", "10.0.0.9"),
            Some("Can't call method \"binip\" on an undefined value"),
        ),
    ] {
        assert_eq!(got.as_deref(), wanted);
    }
}

#[test]
fn a_configuration_has_subnets_that_fit_together() {
    let vnets = objects(json!({ "v": { "zone": "z" } }));
    let subnets = objects(json!({
        "y-10.0.0.0-8": { "vnet": "v" },
        "z-10.0.0.0-16": { "vnet": "v", "gateway": "11.0.0.1" },
        "z-10.0.5.0-24": { "vnet": "v" },
        "z-10.1.0.0-16": { "vnet": "v" },
        "z-10.0.0.0-8": { "vnet": "v" },
        "z-fd00::-64": { "vnet": "v" },
        "z-x": { "vnet": "v" },
    }));
    let (findings, warnings) = subnet::validate(&subnets, &vnets);
    let found: Vec<String> =
        findings.iter().map(|f| format!("{} {}: {}", f.subnet, f.key, f.message)).collect();
    assert_eq!(
        found,
        [
            "y-10.0.0.0-8 vnet: vnet v is in zone z, the subnet in zone y",
            "z-10.0.0.0-16 gateway: 11.0.0.1 is not in subnet 10.0.0.0/16",
            "z-10.0.0.0-8 subnet: 10.0.0.0/8 overlaps subnet z-10.0.0.0-16",
            "z-10.0.5.0-24 subnet: 10.0.5.0/24 overlaps subnet z-10.0.0.0-16",
            "z-x subnet: x/ is not a valid CIDR network",
        ]
    );
    assert!(warnings.is_empty());
}
