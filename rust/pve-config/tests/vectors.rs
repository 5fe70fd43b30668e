//! The cases recorded from the reference: structure, property strings, written text, warnings and errors are equal.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use pve_schema::Environment;
use serde_json::Value;
use support::compare::difference;
use support::record::record;

/// The zones that the cases name.
const ZONES: [&str; 2] = ["Europe/Vienna", "Europe/Berlin"];

fn check(cases: &str, strict: bool) {
    let environment =
        Environment::new(&|zone| ZONES.iter().any(|known| known.as_bytes() == zone)).with_perl(36);
    let mut failures = Vec::new();
    let mut count = 0;
    for line in cases.lines() {
        let mut case: Value = serde_json::from_str(line).expect("a recorded case");
        let case = case.as_object_mut().expect("an object");
        let file = case.remove("file").expect("a file name");
        let input = case.remove("input").expect("an input");
        let input: Vec<u8> = input
            .as_str()
            .unwrap_or_default()
            .chars()
            .map(|c| u8::try_from(c).expect("a byte"))
            .collect();
        let file = file.as_str().unwrap_or_default();
        let got = record(file, &input, strict, &environment);
        failures.extend(difference(file, &Value::Object(case.clone()), &got));
        count += 1;
    }
    assert!(count > 90, "only {count} cases");
    assert!(
        failures.is_empty(),
        "{} of {count} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn recorded_configurations() {
    check(include_str!("../../../t/vectors/lxc.jsonl"), false);
}

#[test]
fn recorded_configurations_read_strictly() {
    check(include_str!("../../../t/vectors/lxc-strict.jsonl"), true);
}
