//! Reads recorded cases, one JSON line each, from standard input and prints where this crate differs from them.
//!
//! `oracle --batch < LIST_OF_FILES | cargo run --release --example compare_cases [-- --strict]`
#![allow(clippy::expect_used, reason = "a tool for developers: a case that is no case ends it")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::BufRead;

use pve_schema::Environment;
use serde_json::Value;
use support::compare::difference;
use support::record::record;

fn main() {
    let strict = std::env::args().any(|arg| arg == "--strict");
    let table = std::fs::read("/usr/share/zoneinfo/zone.tab").unwrap_or_default();
    let lines = table.split(|b| *b == b'\n').filter(|line| !line.starts_with(b"#"));
    let zones: Vec<&[u8]> = lines.filter_map(|line| line.split(|b| *b == b'\t').nth(2)).collect();
    let has_zone = |zone: &[u8]| zones.contains(&zone);
    let environment = Environment::new(&has_zone).with_perl(36);
    let (mut count, mut differences) = (0, 0);
    for line in std::io::stdin().lock().lines() {
        let mut case: Value =
            serde_json::from_str(&line.expect("a line")).expect("a recorded case");
        let case = case.as_object_mut().expect("an object");
        let file = case.remove("file").expect("a file name");
        let file = file.as_str().unwrap_or_default();
        let text = case.remove("input").expect("an input");
        let text = text.as_str().unwrap_or_default();
        let input: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        count += 1;
        if let Some(difference) = difference(
            file,
            &Value::Object(case.clone()),
            &record(file, &input, strict, &environment),
        ) {
            differences += 1;
            println!("{difference}\n    of {text:?}");
        }
    }
    println!("{count} cases, {differences} differences");
}
