//! Calls of single functions recorded from the reference: result, error, warnings and changed arguments are equal.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

#[test]
fn recorded_calls() {
    let cases = include_str!("../../../t/vectors/lxc-functions.jsonl").lines();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in cases {
        let case = serde_json::from_str(line).expect("a recorded call");
        failures.extend(support::typed::difference(&case));
        count += 1;
    }
    assert!(count > 800, "only {count} calls");
    assert!(
        failures.is_empty(),
        "{} of {count} calls differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
