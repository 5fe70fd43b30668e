//! The recorded files of SDN: structure and warnings are equal.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/json.rs"]
mod json;

use json::to_json;
use pve_config::sdn::{File, parse_config};
use pve_schema::PerlString;
use serde_json::Value;

/// The warnings, without which of several missing options is named: that is the order of a Perl hash.
fn comparable(warnings: impl Iterator<Item = Value>) -> Vec<String> {
    let text = |warning: Value| {
        let warning = warning.as_str().unwrap_or_default().to_owned();
        match warning.split_once("missing value for required option") {
            Some((before, _)) => before.to_owned(),
            None => warning,
        }
    };
    warnings.map(text).collect()
}

fn check(file: File, cases: &str) {
    let mut count = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a recorded case");
        let name = case["file"].as_str().unwrap_or_default();
        let input = case["input"].as_str().unwrap_or_default().chars();
        let raw: Vec<u8> = input.map(|c| u8::try_from(c).expect("a byte")).collect();
        let filename = PerlString::from(file.layout().name);
        let parsed = parse_config(file, filename.as_perl(), &raw, false).expect("a table");
        assert_eq!(to_json(&parsed.config), case["parsed"], "{name}");
        let expected = case["warnings"].as_array().cloned().unwrap_or_default();
        let warnings = parsed.warnings.iter().map(to_json);
        assert_eq!(comparable(warnings), comparable(expected.into_iter()), "{name}");
        count += 1;
    }
    assert!(count >= 61, "only {count} cases");
}

#[test]
fn zones() {
    check(File::Zones, include_str!("../../../t/vectors/sdn/zones.jsonl"));
}

#[test]
fn vnets() {
    check(File::Vnets, include_str!("../../../t/vectors/sdn/vnets.jsonl"));
}

#[test]
fn subnets() {
    check(File::Subnets, include_str!("../../../t/vectors/sdn/subnets.jsonl"));
}
