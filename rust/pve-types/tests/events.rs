//! Events as JSON: the cases of t/vectors/events.jsonl, and what a later version writes.

#![allow(clippy::unwrap_used, clippy::panic)]

use pve_types::{AnyEvent, Envelope, MigrationPhase, SystemEvent, Time};
use serde_json::{Map, Value, json};

fn cases() -> Vec<Map<String, Value>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../t/vectors/events.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn recorded_cases() {
    let mut names = std::collections::BTreeSet::new();
    for case in cases() {
        let name = case["case"].as_str().unwrap();
        if let Some(wanted) = case.get("event") {
            let input = case.get("input").unwrap_or(wanted);
            let event = SystemEvent::from_object(object(input)).unwrap();
            assert_eq!(serde_json::to_value(&event).unwrap(), *wanted, "{name}");
            let again: SystemEvent =
                serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
            assert_eq!(again, event, "{name}");
            assert_eq!(AnyEvent::from(event).name(), wanted["event"].as_str().unwrap());
            names.insert(wanted["event"].as_str().unwrap().to_owned());
        } else {
            let error = SystemEvent::from_object(object(&case["input"])).unwrap_err().to_string();
            let wanted = case["error"].as_str().unwrap();
            assert!(error.starts_with(wanted), "{name}: {error}, not {wanted}");
        }
    }
    // serde names all variants where it knows none.
    let unknown = SystemEvent::from_object(object(&json!({ "event": "?" }))).unwrap_err();
    let expected = unknown.to_string();
    let expected = expected.split("expected one of ").nth(1).unwrap();
    let expected = expected.split(", ").map(|name| name.trim_matches('\'').to_owned());
    assert_eq!(names, expected.collect(), "each event has a case");
}

#[test]
fn what_a_later_version_adds_is_kept() {
    let mut later = 0;
    for case in cases().into_iter().filter(|case| case.contains_key("later")) {
        let event: AnyEvent = serde_json::from_value(case["input"].clone()).unwrap();
        assert!(matches!(event, AnyEvent::Other(_)), "{event:?}");
        assert_eq!(serde_json::to_value(&event).unwrap(), case["input"]);
        assert_eq!(event.name(), case["input"]["event"].as_str().unwrap());
        later += 1;
    }
    assert!(later > 3);
    let envelope = json!({
        "version": 2, "sequence": 7, "time": 1_700_000_000.123, "node": "a",
        "event": { "event": "container_started", "id": 100 }, "signature": { "by": "b" }
    });
    let read: Envelope = serde_json::from_value(envelope.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), envelope);
}

#[test]
fn an_envelope_is_one_line_of_json() {
    let event = SystemEvent::Custom { name: "a\nb".into(), data: Value::Null };
    let envelope = Envelope::new(1, Time(1_700_000_000_001), "pve1", event.into());
    let text = serde_json::to_string(&envelope).unwrap();
    let wanted = "{\"version\":1,\"sequence\":1,\"time\":1700000000.001,\"node\":\"pve1\",\
                  \"event\":{\"event\":\"custom\",\"name\":\"a\\nb\",\"data\":null}}";
    assert_eq!(text, wanted);
    assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope);
}

#[test]
fn every_millisecond_comes_back() {
    for time in (0..100_000).map(|step| 1_700_000_000_000 + step * 7).chain([0, 1, 999]) {
        let text = serde_json::to_string(&Time(time)).unwrap();
        assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), Time(time), "{text}");
        // As Perl prints a number.
        let printed = format!("{:.*}", 3, Time(time).seconds());
        assert!(printed.len() <= 15);
        assert_eq!(serde_json::from_str::<Time>(&printed).unwrap(), Time(time), "{printed}");
    }
    assert_eq!(Time::from_seconds(f64::NAN), Time(0));
    assert_eq!(Time::from_seconds(-1.0), Time(0));
}

#[test]
fn phases_are_in_order() {
    assert!(MigrationPhase::PerlOnly < MigrationPhase::RustReadOnly);
    assert!(MigrationPhase::RustSdn < MigrationPhase::RustFull);
}
