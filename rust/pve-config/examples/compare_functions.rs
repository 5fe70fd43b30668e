//! Reads recorded calls of single functions, one JSON line each, from standard input and prints where this crate differs.
#![allow(clippy::expect_used, reason = "a tool for developers: a case that is no case ends it")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::BufRead;

fn main() {
    let (mut count, mut differences) = (0, 0);
    for line in std::io::stdin().lock().lines() {
        let case = serde_json::from_str(&line.expect("a line")).expect("a recorded call");
        count += 1;
        if let Some(difference) = support::typed::difference(&case) {
            differences += 1;
            println!("{difference}");
        }
    }
    println!("{count} calls, {differences} differences");
}
