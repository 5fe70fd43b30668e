//! The section files of recorded cases are read as the reference reads them.
#![allow(clippy::unwrap_used, clippy::panic)]

use pve_sdn::Value;
use pve_sdn::config::{File, Objects};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../t/vectors/sdn");

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{FOLDER}/{name}.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The reference's warnings name the file as it was told to; which of several missing options it names first is left to
/// the order of a Perl hash.
fn comparable(warnings: impl Iterator<Item = String>) -> Vec<String> {
    let without_option = |warning: String| match warning.split_once(" for required option '") {
        Some((before, _)) => before.to_owned(),
        None => warning,
    };
    warnings.map(|warning| without_option(warning.replace("/etc/pve/", ""))).collect()
}

fn compare(file: File, name: &str) {
    let cases = cases(name);
    assert!(cases.len() > 50);
    for case in cases {
        let input = case["input"].as_str().unwrap();
        let raw: Vec<u8> = input.chars().map(|char| u8::try_from(char).unwrap()).collect();
        let (objects, warnings) = Objects::read(file, Some(&raw));
        let ours: Value = objects
            .iter()
            .map(|(id, section)| (id.to_owned(), section.cloned().map_or(Value::Null, Value::from)))
            .collect();
        assert_eq!(ours, case["parsed"]["ids"], "{name} {}", case["file"]);
        let theirs = case["warnings"].as_array().unwrap().iter();
        let theirs = comparable(theirs.map(|warning| warning.as_str().unwrap().to_owned()));
        assert_eq!(comparable(warnings.into_iter()), theirs, "{name} {}", case["file"]);
    }
}

#[test]
fn zones() {
    compare(File::Zones, "zones");
}

#[test]
fn vnets() {
    compare(File::Vnets, "vnets");
}

#[test]
fn subnets() {
    compare(File::Subnets, "subnets");
}
