//! The recorded storage.cfg files: structure and warnings are equal.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/json.rs"]
mod json;

use json::to_json;
use pve_config::storage::{Storages, parse_config, write_config};
use pve_schema::section::Config;
use pve_schema::{Map, PerlStr, PerlString, Scalar};
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

/// The settings of sections, by type; some do not fit, and are warned of.
const SETTINGS: [(&str, &[&str]); 5] = [
    (
        "dir",
        &[
            "path /srv/a",
            "path //a/./b/",
            "content iso,images",
            "content none",
            "content backup;rootdir  vztmpl",
            "content-dirs iso=a,backup=/b/c",
            "prune-backups keep-last=3,keep-daily=7",
            "prune-backups keep-all=1",
            "nodes b,a",
            "nodes a,-",
            "disable",
            "shared 01",
            "mkdir yes",
            "is_mountpoint /srv",
            "preallocation metadata",
            "max-protected-backups -1",
            "format qcow2",
            "format raw2",
            "bwlimit clone=1.50,move=0",
            "unknown x",
        ],
    ),
    (
        "nfs",
        &[
            "server 10.0.0.1",
            "server s",
            "export /e",
            "options vers=4.2 x",
            "path /p",
            "content iso",
        ],
    ),
    ("lvmthin", &["thinpool t", "vgname v", "vgname -", "content images", "tagged_only"]),
    (
        "rbd",
        &["pool p", "monhost 10.0.0.1,[fd00::1]:3300", "krbd 1", "username admin", "namespace n"],
    ),
    (
        "pbs",
        &[
            "server b.example",
            "datastore d",
            "port 8007",
            "port 0",
            "fingerprint x",
            "username root@pam",
        ],
    ),
];

/// xorshift64, Marsaglia 2003.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

fn structure(config: Config<'_>) -> Map<'_> {
    let (mut ids, mut order) = (Map::new(), Map::new());
    for section in config.sections {
        if let Some(place) = section.order {
            order.push(section.id.clone(), Scalar::UInt(place));
        }
        if let Some(settings) = section.settings {
            ids.push(section.id, settings);
        }
    }
    let mut map = Map::new();
    map.push("ids", ids);
    map.push("order", order);
    map
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let storages = Storages::new(&[]).expect("the tables are in order");
    let parse = |raw: &[u8]| -> (Vec<PerlString<'static>>, Map<'static>) {
        let parsed = parse_config(&storages, PerlStr::literal("storage.cfg"), raw);
        (parsed.warnings, structure(parsed.config).into_owned())
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..3_000 {
        let mut text = String::new();
        for at in 0..1 + random.below(5) {
            let (kind, settings) = SETTINGS[random.below(SETTINGS.len())];
            text += &format!("{kind}: s{at}\n");
            for _ in 0..random.below(9) {
                text += &format!("\t{}\n", settings[random.below(settings.len())]);
            }
            text.push('\n');
        }
        let (_, first) = parse(text.as_bytes());
        let written = write_config(&storages, &first, false).text.expect(&text);
        let (warnings, again) = parse(written.as_bytes());
        assert_eq!(warnings, [], "round {round}:\n{text}\n{written}");
        // Of a storage `local` that is made up, the priority is not written: no type has such a property.
        let ids = |map: &Map<'_>| {
            let mut ids = to_json(map.get("ids").expect("the storages"));
            ids["local"]["priority"].take();
            ids
        };
        assert_eq!(ids(&first), ids(&again), "round {round}:\n{text}\n{written}");
    }
}

#[test]
fn long_lines_are_read_whole() {
    let storages = Storages::new(&[]).expect("the tables are in order");
    let long = "x".repeat(1 << 20);
    let text =
        format!("nfs: n1\n\tserver s\n\texport /e\n\toptions {long}\n\t{long} x\n{long}: y\n");
    let parsed = parse_config(&storages, PerlStr::literal("storage.cfg"), text.as_bytes());
    assert_eq!(parsed.warnings.len(), 2);
    assert!(parsed.warnings.iter().all(|warning| warning.as_bytes().len() > long.len()));
    let config = to_json(&parsed.config);
    assert_eq!(config["ids"]["n1"]["options"].as_str().map(str::len), Some(long.len()));
}
