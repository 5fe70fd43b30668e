//! The recorded storage.cfg files: structure and warnings are equal.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/json.rs"]
mod json;

use json::to_json;
use pve_config::storage::{Storages, parse_config};
use pve_schema::PerlStr;
use serde_json::Value;

/// The warnings without order, and without which of several missing options is named: that is the order of a Perl hash.
fn sorted(warnings: impl Iterator<Item = Value>) -> Vec<String> {
    let text = |warning: Value| {
        let warning = warning.as_str().unwrap_or_default().to_owned();
        match warning.split_once("missing value for required option") {
            Some((before, _)) => before.to_owned(),
            None => warning.replace("via next.\n", "via next"),
        }
    };
    let mut warnings: Vec<String> = warnings.map(text).collect();
    warnings.sort();
    warnings
}

fn check(cases: &str, least: usize) {
    let storages = Storages::new(&[]).expect("the tables are in order");
    let mut count = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a recorded case");
        let file = case["file"].as_str().unwrap_or_default();
        let input = case["input"].as_str().unwrap_or_default().chars();
        let raw: Vec<u8> = input.map(|c| u8::try_from(c).expect("a byte")).collect();
        let parsed = parse_config(&storages, PerlStr::literal("storage.cfg"), &raw);
        assert_eq!(to_json(&parsed.config), case["parsed"], "{file}");
        let expected = case["warnings"].as_array().cloned().unwrap_or_default();
        let warnings = parsed.warnings.iter().map(to_json);
        assert_eq!(sorted(warnings), sorted(expected.into_iter()), "{file}");
        count += 1;
    }
    assert!(count >= least, "only {count} cases");
}

#[test]
fn recorded_files() {
    check(include_str!("../../../t/vectors/storage.jsonl"), 85);
}

#[test]
fn recorded_odd_files() {
    check(include_str!("../../../t/vectors/storage-odd.jsonl"), 25);
}
