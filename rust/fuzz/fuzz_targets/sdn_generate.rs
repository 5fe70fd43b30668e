//! What is generated for a configuration in effect, on nodes of every kind; and what differs between two of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_schema::{Error, Map, PerlStr, PerlString, Scalar, Value};
use pve_sdn::diff::diff;
use pve_sdn::generate::{Answer, Bridge, Machine, Route, generate};

struct Node;

fn string(text: &str) -> PerlString<'static> {
    PerlString::from(text).into_owned()
}

impl Machine for Node {
    fn node_name(&mut self) -> Result<PerlString<'static>, Error> {
        Ok(string("here"))
    }

    fn interfaces(&mut self) -> Result<Map<'static>, Error> {
        let mut iface = Map::new();
        iface.push("address", Scalar::literal("192.0.2.1"));
        let mut ifaces = Map::new();
        ifaces.push("vmbr0", iface);
        let mut config = Map::new();
        config.push("ifaces", ifaces);
        Ok(config)
    }

    fn bridge(&mut self, name: PerlStr<'_>) -> Bridge {
        let length = name.as_bytes().len();
        Bridge {
            exists: length % 5 != 0,
            is_vlan_aware: length % 2 == 0,
            is_ovs: Ok(length % 3 == 0).into(),
            ports: Ok(vec![string("eth0")]).into(),
        }
    }

    fn route(&mut self, target: PerlStr<'_>) -> Answer<Route> {
        match target.as_bytes().len() % 2 {
            0 => Err(Error::died(&[PerlStr::literal("no route\n")])).into(),
            _ => Ok(Route { source: Some(string("192.0.2.1")), interface: Some(string("eth0")) })
                .into(),
        }
    }
}

fn data(value: &serde_json::Value) -> Value<'static> {
    match value {
        serde_json::Value::Null => Value::UNDEF,
        serde_json::Value::Bool(value) => Scalar::Int(i64::from(*value)).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Scalar::Int(number).into(),
            None => Scalar::Num(number.as_f64().unwrap_or_default()).into(),
        },
        serde_json::Value::String(text) => Value::Scalar(string(text).into()),
        serde_json::Value::Array(list) => Value::List(list.iter().map(data).collect()),
        serde_json::Value::Object(object) => {
            let mut map = Map::new();
            for (key, value) in object {
                map.push(string(key), data(value));
            }
            Value::Map(map)
        }
    }
}

fuzz_target!(|raw: &[u8]| {
    let Ok(json) = serde_json::from_slice(raw) else { return };
    let Value::Map(running) = data(&json) else { return };
    let Ok(plan) = generate(&running, &mut Node).plan else { return };
    let text = plan.text();
    assert_eq!(generate(&running, &mut Node).plan.map(|plan| plan.text()), Ok(text));
    let same = diff((&running, &plan), (&running, &plan));
    assert!(same.is_ok_and(|same| same.is_empty()));
    let empty = (Map::new(), Default::default());
    if let Ok(all) = diff((&empty.0, &empty.1), (&running, &plan)) {
        let _ = (all.text(), all.to_map());
    }
});
