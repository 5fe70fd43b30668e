//! What plugging into a VNet means is what the reference made of each recorded question.
#![allow(clippy::unwrap_used, clippy::panic)]

use pve_sdn::config::{File, Objects, Running};
use pve_sdn::zone::{Node, Plug, PlugPlan, bridge};
use pve_sdn::{Error, Value};
use serde_json::json;

const CASES: &str = include_str!("../../../t/vectors/sdn/plug.jsonl");

/// The node of the recorded questions.
struct Here {
    filters_vlans: bool,
}

impl Node for Here {
    fn name(&self) -> &str {
        "here"
    }
    fn filters_vlans(&self, _: &str) -> bool {
        self.filters_vlans
    }
    fn learning_is_disabled(&self, bridge: &str) -> bool {
        bridge == "vmbr1"
    }
}

fn answer(result: Result<Value, Error>) -> Value {
    match result {
        Ok(called) => json!({ "called": called }),
        Err(error) => json!({ "error": error.to_string(), "at": i32::from(error.at_caller()) }),
    }
}

/// The arguments of `PVE::Network::tap_plug` that a plan stands for.
fn arguments(plan: PlugPlan<'_>, case: &Value) -> Value {
    let mut options = json!({});
    if !plan.learning {
        options["learning"] = 0.into();
    }
    if plan.isolation {
        options["isolation"] = 1.into();
    }
    assert_eq!(plan.tag.map(u64::from), case["tag"].as_u64());
    assert_eq!(plan.trunks, case["trunks"].as_str().unwrap_or_default());
    json!({
        "bridge": plan.bridge, "tag": case["tag"], "trunks": case["trunks"], "options": options,
    })
}

#[test]
fn plugging_is_that_of_the_reference() {
    let mut count = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap();
        let (zones, warnings) = Objects::read(File::Zones, Some(text("zones").as_bytes()));
        assert!(warnings.is_empty());
        let running = Running::read(Some(text("running").as_bytes()));
        let node = Here { filters_vlans: case["filtering"] == 1 };
        let bridge = bridge(text("bridge"), &running, &zones);
        let plug = Plug {
            tag: case["tag"].as_u64().map(|tag| u16::try_from(tag).unwrap()),
            trunks: case["trunks"].as_str().unwrap_or_default(),
        };
        let plugged = bridge.plug(plug, &node).map(|plan| arguments(plan, &case));
        assert_eq!(answer(plugged), case["tap_plug"], "{line}");
        for create in ["tap_create", "veth_create"] {
            let created = bridge.create().map(|name| json!({ "bridge": name }));
            assert_eq!(answer(created), case[create], "{line}");
        }
        for change in ["add_bridge_fdb", "del_bridge_fdb"] {
            let kept = bridge.keeps_addresses();
            let kept = kept.map(|kept| if kept { 1.into() } else { Value::Null });
            assert_eq!(answer(kept), case[change], "{line}");
        }
        count += 1;
    }
    assert!(count > 400, "{count}");
}
