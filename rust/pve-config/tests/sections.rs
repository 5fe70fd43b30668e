//! Section files made at random from lines of the recorded ones: nothing panics, and what is written is read again as it was.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/json.rs"]
mod json;
#[path = "support/random.rs"]
mod random;

use json::to_json;
use pve_config::sdn::{self, File};
use pve_schema::section::{Config, Parsed, Written};
use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};
use random::Random;

const NAME: PerlStr<'static> = PerlStr::literal("file");

/// The structure that a program hands back.
fn structure<'a>(config: &Config<'a>) -> Map<'a> {
    let (mut ids, mut order) = (Map::new(), Map::new());
    for section in &config.sections {
        if let Some(place) = section.order {
            order.push(section.id.clone(), Scalar::Int(place as i64));
        }
        let settings = section.settings.clone();
        ids.push(section.id.clone(), settings.map_or(Value::UNDEF, Value::Map));
    }
    let mut map = Map::new();
    map.push(PerlString::literal("ids"), ids);
    map.push(PerlString::literal("order"), order);
    map
}

/// The sections without sets that are empty, of which nothing is written.
fn comparable(config: &Config<'_>) -> serde_json::Value {
    let mut config = to_json(config);
    let ids = config["ids"].as_object_mut().expect("sections by ID");
    for settings in ids.values_mut().filter_map(serde_json::Value::as_object_mut) {
        settings.retain(|_, value| value.as_object().is_none_or(|set| !set.is_empty()));
    }
    config["ids"].take()
}

/// Whether the file could be written at all.
fn comes_back(
    raw: &[u8],
    what: &str,
    read: impl for<'a> Fn(&'a [u8]) -> Parsed<'a>,
    write: impl Fn(&Map<'_>) -> Written,
) -> bool {
    let first = read(raw).config;
    let Ok(text) = write(&structure(&first)).text else { return false };
    let again = read(text.as_bytes());
    assert!(again.warnings.is_empty(), "{what}: {:?}", again.warnings);
    assert_eq!(comparable(&again.config), comparable(&first), "{what}");
    let once_more = write(&structure(&again.config)).text.expect("what was read");
    assert_eq!(once_more, text, "{what}");
    true
}

/// The lines of the recorded files.
fn lines(cases: &[&str]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for case in cases.iter().flat_map(|cases| cases.lines()) {
        let case: serde_json::Value = serde_json::from_str(case).expect("a recorded case");
        let input = case["input"].as_str().unwrap_or_default().chars();
        let raw: Vec<u8> = input.map(|c| u8::try_from(c).expect("a byte")).collect();
        lines.extend(raw.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    lines
}

fn check(
    cases: &[&str],
    seed: u64,
    read: impl for<'a> Fn(&'a [u8]) -> Parsed<'a>,
    write: impl Fn(&Map<'_>) -> Written,
) {
    let lines = lines(cases);
    let mut random = Random(seed);
    let mut written = 0;
    for round in 0..3_000 {
        let count = random.below(30);
        let chosen: Vec<&[u8]> = (0..count).map(|_| &*lines[random.below(lines.len())]).collect();
        let mut raw = chosen.join(&b'\n');
        raw.push(b'\n');
        let changes = random.below(4);
        random.change(&mut raw, changes);
        written += usize::from(comes_back(&raw, &format!("round {round}"), &read, &write));
    }
    assert!(written > 300, "only {written} files were written");
}

macro_rules! vectors {
    ($name:literal) => {
        include_str!(concat!("../../../t/vectors/", $name, ".jsonl"))
    };
}

fn check_sdn(file: File, cases: &[&str], seed: u64) {
    check(
        cases,
        seed,
        |raw| sdn::parse_config(file, NAME, raw, false).expect("a table"),
        |config| sdn::write_config(file, config, false).expect("a table"),
    );
}

#[test]
fn zones() {
    check_sdn(File::Zones, &[vectors!("sdn/zones")], 0x9e37_79b9_7f4a_7c15);
}

#[test]
fn vnets() {
    check_sdn(File::Vnets, &[vectors!("sdn/vnets")], 0x2545_f491_4f6c_dd1d);
}

#[test]
fn subnets() {
    check_sdn(File::Subnets, &[vectors!("sdn/subnets")], 0x1234_5678_9abc_def1);
}

#[test]
fn others() {
    for file in [File::Controllers, File::Ipams, File::Dns, File::Fabrics] {
        check_sdn(file, &[vectors!("sdn/odd")], 0x0fed_cba9_8765_4321);
    }
}
