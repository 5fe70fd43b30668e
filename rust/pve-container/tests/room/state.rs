//! What `ip` shows of both ends, without what differs from one making of a link to the next.

use serde_json::{Map, Value};

use super::{Room, run};

/// Indexes, queue counts, timers that run, how many addresses and groups a bridge has learned from frames so far, and how many
/// packets have passed before a class was there.
const LEFT_OUT: &[&str] = &[
    "ifindex",
    "link_index",
    "num_tx_queues",
    "num_rx_queues",
    "gc_timer",
    "hello_timer",
    "hold_timer",
    "message_age_timer",
    "forward_delay_timer",
    "tcn_timer",
    "topology_change_timer",
    "fdb_n_learned",
    "mcast_n_groups",
    "direct_packets_stat",
];

const QUESTIONS: &[&[&str]] = &[
    &["ip", "-j", "-d", "link"],
    &["ip", "-j", "addr"],
    &["ip", "-j", "-4", "route", "show", "table", "all"],
    &["ip", "-j", "-6", "route", "show", "table", "all"],
    &["bridge", "-j", "vlan"],
    &["tc", "-j", "qdisc"],
    &["bridge", "-j", "-d", "link"],
];

/// The state of the host and of the container.
pub fn state(room: &Room) -> Value {
    let mut all = Map::new();
    for question in QUESTIONS {
        let name = question.join(" ");
        let mut answer = parse(&run(question));
        // bridge(8) looks for the other end's index in the host's namespace, and names whatever has it there.
        if let (Value::Array(ports), "bridge") = (&mut answer, question[0]) {
            let ports = ports.iter_mut().filter_map(Value::as_object_mut);
            ports.for_each(|port| drop(port.remove("link")));
        }
        all.insert(format!("host: {name}"), answer);
        all.insert(format!("container: {name}"), parse(&room.container(question)));
    }
    Value::Object(all)
}

/// The state once the kernel has done what it does on its own after a change: carrier, duplicate address detection.
pub fn settled(room: &Room) -> Value {
    let mut last = state(room);
    for _ in 0..100 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let now = state(room);
        let tentative = now.to_string().contains("\"tentative\"");
        if now == last && !tentative && !carrier_changes(&now) {
            return now;
        }
        last = now;
    }
    panic!("the state does not settle: {last:#}");
}

/// As [`settled`], after the second within which the kernel has looked at all carriers.
pub fn at_rest(room: &Room) -> Value {
    std::thread::sleep(std::time::Duration::from_millis(1200));
    settled(room)
}

/// Whether a link has a carrier that the kernel has yet to look at, which it does once a second (net/core/link_watch.c).
fn carrier_changes(state: &Value) -> bool {
    let answers = state.as_object().into_iter().flat_map(Map::values);
    let links = answers.filter_map(Value::as_array).flatten();
    links.filter_map(|link| link["flags"].as_array()).any(|flags| {
        ["NO-CARRIER", "LOWER_UP"].iter().all(|flag| flags.iter().any(|found| found == flag))
    })
}

fn parse(text: &str) -> Value {
    let mut value = if text.trim().is_empty() {
        Value::Array(Vec::new())
    } else {
        serde_json::from_str(text).unwrap()
    };
    normalise(&mut value);
    value
}

pub(super) fn normalise(value: &mut Value) {
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(normalise);
            // In the order in which links were made, otherwise.
            let name = |value: &Value| {
                ["ifname", "dev"].map(|key| value[key].as_str().map(ToOwned::to_owned))
            };
            values.sort_by_key(name);
        }
        Value::Object(map) => {
            map.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
            // The kernel makes up the hardware address of a host's end.
            let of_container = |name: &str| name.starts_with("veth10");
            if map.get("ifname").and_then(Value::as_str).is_some_and(of_container) {
                map.remove("address");
            }
            // Nor does it matter which it makes up for a firewall bridge.
            let of_firewall = |key| {
                map.get(key)
                    .and_then(Value::as_str)
                    .is_some_and(|name: &str| name.starts_with("fw"))
            };
            if of_firewall("ifname") || of_firewall("master") {
                map.remove("address");
                // Nor the numbers of ports, which depend on what was a port meanwhile.
                let numbers = ["id", "no", "designated_port"];
                let ids = ["bridge_id", "root_id", "designated_bridge", "designated_root"];
                for data in ["info_data", "info_slave_data"] {
                    let data = map.get_mut("linkinfo").and_then(|info| info.get_mut(data));
                    if let Some(Value::Object(data)) = data {
                        data.retain(|key, _| {
                            !numbers.contains(&key.as_str())
                                && !ids.iter().any(|id| key.ends_with(id))
                        });
                    }
                }
            }
            // A bridge's own state is unknown until the kernel has looked at its carrier again, which it does in its own time.
            let name = map.get("ifname").and_then(Value::as_str);
            let is_bridge = name.is_some_and(|name| name == "vmbr0" || name.starts_with("fwbr"));
            if is_bridge && map.get("operstate").and_then(Value::as_str) == Some("UNKNOWN") {
                map.insert("operstate".into(), "UP".into());
            }
            // Without a carrier the kernel looks for the other end in the link's own namespace, where the reference had
            // both once. It does not look again after the move.
            if map.get("operstate").and_then(Value::as_str) == Some("LOWERLAYERDOWN") {
                map.insert("operstate".into(), "DOWN".into());
            }
            map.values_mut().for_each(normalise);
        }
        _ => {}
    }
}

/// Panics with what differs, by question and place in its answer.
pub fn assert_same(wanted: &Value, found: &Value, what: &str) {
    let differences = differences(wanted, found);
    assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
}

/// What differs, by question and place in its answer.
pub fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", wanted, found, &mut differences);
    differences
}

fn compare(place: &str, wanted: &Value, found: &Value, differences: &mut Vec<String>) {
    let mut part = |key: &str, wanted: Option<&Value>, found: Option<&Value>| {
        let place = format!("{place}/{key}");
        let (wanted, found) = (wanted.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
        compare(&place, wanted, found, differences);
    };
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for key in wanted.keys().chain(found.keys().filter(|key| !wanted.contains_key(*key))) {
                part(key, wanted.get(key), found.get(key));
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            for index in 0..wanted.len().max(found.len()) {
                part(&index.to_string(), wanted.get(index), found.get(index));
            }
        }
        _ if wanted == found => {}
        _ => differences.push(format!("{place}: wanted {wanted}, found {found}")),
    }
}
