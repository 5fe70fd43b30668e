//! Links that no test machine's kernel makes, from messages made here; and messages that are none.

#![allow(clippy::unwrap_used)]

use pve_netlink::inventory::Links;
use serde_json::{Value, json};

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&((4 + value.len()) as u16).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn link(index: u32, name: &str, flags: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![0, 0, 1, 0];
    body.extend(words(&[index, flags, 0]));
    body.extend(attribute(3, &[name.as_bytes(), b"\0"].concat()));
    body.extend(attributes.concat());
    let mut message = words(&[16 + body.len() as u32]);
    message.extend_from_slice(&16_u16.to_ne_bytes());
    message.extend_from_slice(&[2, 0]);
    message.extend(words(&[1, 0]));
    message.extend(body);
    message
}

fn shown(messages: &[Vec<u8>]) -> Value {
    serde_json::to_value(Links::from_messages(messages.concat())).unwrap()
}

fn of_kind(kind: &str, data: &[Vec<u8>]) -> Value {
    let info = [attribute(1, kind.as_bytes()), attribute(2, &data.concat())].concat();
    let all = shown(&[link(7, "x", 0, &[attribute(18, &info)]), link(3, "below", 1, &[])]);
    all["x"]["linkinfo"]["info_data"].clone()
}

#[test]
fn flags_and_what_depends_on_other_attributes() {
    let up = link(2, "eth0", 0x1_1043, &[attribute(1, &[2, 0, 0, 0, 0, 1])]);
    let port = link(
        5,
        "eth0.5",
        0x1003,
        &[
            attribute(5, &words(&[2])),
            attribute(10, &words(&[9])),
            attribute(1, &[2, 0, 0, 0, 0, 1]),
            attribute(54, &[2, 0, 0, 0, 0, 1]),
            attribute(39, &[1]),
            attribute(0x8000 | 55, &attribute(2, &words(&[5]))),
            attribute(44, &words(&[4])),
            attribute(16, &[9]),
            attribute(0x8000 | 52, &[attribute(53, b"one\0"), attribute(53, b"two\0")].concat()),
        ],
    );
    let elsewhere =
        link(6, "veth0", 0, &[attribute(5, &words(&[3])), attribute(37, &words(&[u32::MAX]))]);
    let all = shown(&[up, port, elsewhere, link(8, "none", 0, &[attribute(5, &words(&[0]))])]);
    assert_eq!(all["eth0"]["flags"], json!(["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]));
    assert_eq!(all["eth0"]["link_type"], "ether");
    assert_eq!(
        all["eth0.5"],
        json!({
            "ifindex": 5, "ifname": "eth0.5", "link_type": "ether", "link": "eth0", "master": "if9",
            "flags": ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"],
            "address": "02:00:00:00:00:01", "proto_down": true, "proto_down_reason": ["0", "2"],
            "event": "NOTIFY PEERS", "operstate_index": 9, "altnames": ["one", "two"],
        })
    );
    assert_eq!(all["veth0"]["link_index"], 3);
    assert_eq!(all["veth0"]["link_netnsid"], -1);
    assert_eq!(all["none"]["link"], Value::Null);
}

#[test]
fn a_link_on_top_of_one_that_is_down() {
    let all = shown(&[
        link(2, "low", 0x1002, &[]),
        link(3, "high", 0x1002, &[attribute(5, &words(&[2]))]),
    ]);
    assert_eq!(all["high"]["flags"], json!(["BROADCAST", "MULTICAST", "M-DOWN"]));
}

#[test]
fn virtual_functions() {
    let vf = [
        attribute(1, &[words(&[3]), vec![2, 0, 0, 0, 0, 9], vec![0; 26]].concat()),
        attribute(13, &[0xff; 32]),
        attribute(2, &words(&[3, 5, 0])),
        attribute(12, &attribute(1, &[words(&[3, 5, 2]), vec![0x88, 0xa8, 0, 0]].concat())),
        attribute(3, &words(&[3, 100])),
        attribute(6, &words(&[3, 10, 100])),
        attribute(4, &words(&[3, 1])),
        attribute(5, &words(&[3, 2])),
        attribute(7, &words(&[3, u32::MAX])),
        attribute(9, &words(&[3, 0])),
    ];
    let list = attribute(22, &attribute(1, &vf.concat()));
    let all = shown(&[link(2, "eth0", 0, &[attribute(21, &words(&[1])), list])]);
    assert_eq!(
        all["eth0"]["vfinfo_list"],
        json!([{
            "vf": 3, "link_type": "ether", "address": "02:00:00:00:00:09",
            "broadcast": "ff:ff:ff:ff:ff:ff",
            "vlan_list": [{ "vlan": 5, "qos": 2, "protocol": "802.1ad" }],
            "tx_rate": 100, "rate": { "max_tx": 100, "min_tx": 10 },
            "spoofchk": true, "link_state": "disable", "trust": false,
        }])
    );
}

#[test]
fn programs_of_the_driver() {
    let xdp = [attribute(2, &[1]), attribute(4, &words(&[7])), attribute(5, &words(&[7]))].concat();
    let all = shown(&[
        link(2, "eth0", 0, &[attribute(0x8000 | 43, &xdp)]),
        link(3, "eth1", 0, &[attribute(43, &attribute(2, &[0]))]),
    ]);
    assert_eq!(
        all["eth0"]["xdp"],
        json!({ "mode": 1, "prog": { "id": 7 }, "attached": [{ "mode": 1, "prog": { "id": 7 } }] })
    );
    assert_eq!(all["eth1"].get("xdp"), None);
}

#[test]
fn kinds_that_are_rare() {
    assert_eq!(
        of_kind(
            "macsec",
            &[
                attribute(1, &[2, 0, 0, 0, 0, 1, 0, 1]),
                attribute(4, &0x0080_c200_0100_0002_u64.to_ne_bytes()),
                attribute(13, &[2]),
                attribute(15, &[0]),
                attribute(7, &[1]),
                attribute(5, &words(&[8])),
            ],
        ),
        json!({
            "sci": "0200000000010001", "cipher_suite": "GCM-AES-256", "validation": "strict",
            "offload": "off", "encrypt": true, "window": 8,
        })
    );
    assert_eq!(
        of_kind(
            "netkit",
            &[
                attribute(5, &words(&[1])),
                attribute(2, &[1]),
                attribute(3, &words(&[0])),
                attribute(4, &words(&[2])),
                attribute(6, &words(&[1])),
            ],
        ),
        json!({
            "mode": "l3", "type": "primary", "policy": "forward", "peer_policy": "blackhole",
            "scrub": "default",
        })
    );
    assert_eq!(of_kind("xfrm", &[attribute(2, &words(&[0]))]), json!({ "if_id": "0" }));
    assert_eq!(of_kind("xfrm", &[attribute(3, &[])]), json!({ "external": true }));
    assert_eq!(of_kind("dsa", &[attribute(1, &words(&[3]))]), json!({ "conduit": "below" }));
    assert_eq!(of_kind("wwan", &[attribute(1, &words(&[4]))]), json!({ "linkid": 4 }));
    assert_eq!(
        of_kind("bareudp", &[attribute(1, &[0x19, 0xeb]), attribute(2, &[0x88, 0x47])]),
        json!({ "dstport": 6635, "ethertype": "mpls_uc", "multiproto": false })
    );
    assert_eq!(
        of_kind(
            "ipoib",
            &[attribute(1, &[0xff, 0xff]), attribute(2, &[1, 0]), attribute(3, &[0, 0])]
        ),
        json!({ "key": "0xffff", "mode": "connected", "umcast": "0000" })
    );
    assert_eq!(of_kind("wireguard", &[]), Value::Null);
}

#[test]
fn bytes_that_are_no_links_show_none() {
    let bytes = link(
        2,
        "eth0",
        0x1043,
        &[
            attribute(
                18,
                &[attribute(1, b"bridge\0"), attribute(2, &attribute(47, &[9; 8]))].concat(),
            ),
            attribute(5, &words(&[1])),
            attribute(26, &attribute(10, &attribute(8, &[9]))),
        ],
    );
    for length in 0..bytes.len() {
        let mut cut = bytes[..length].to_vec();
        assert_eq!(Links::from_messages(cut.clone()).len(), 0, "{length}");
        // The same with a length in front that fits, as the kernel never sends it.
        if let Some(head) = cut.get_mut(..4) {
            head.copy_from_slice(&(length as u32).to_ne_bytes());
            let _ = shown(&[cut]);
        }
    }
    // Every attribute with every short value.
    for kind in 0..70_u16 {
        for value in 0..10 {
            let _ = shown(&[link(2, "eth0", 0, &[attribute(kind, &vec![0xff; value])])]);
        }
    }
    for kind in ["bond", "bridge", "gre", "ip6tnl", "macvlan", "sit", "tun", "vlan", "vti", "vxlan"]
    {
        for number in 0..50 {
            for value in 0..10 {
                let _ = of_kind(kind, &[attribute(number, &vec![0xff; value])]);
            }
        }
    }
}
