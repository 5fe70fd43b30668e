//! What a binding may not do, and that the compiler says so.

use std::env;
use std::process::Command;

/// The compiler whose own messages stand in `compile-fail/compiler`: other versions word them differently.
const WORDED_BY: &str = "rustc 1.95.";

#[test]
fn refused_by_the_macro() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}

#[test]
fn refused_by_the_compiler() {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc --version").stdout;
    let version = String::from_utf8_lossy(&version);
    if version.starts_with(WORDED_BY) {
        trybuild::TestCases::new().compile_fail("tests/compile-fail/compiler/*.rs");
    } else {
        eprintln!("not compared: the messages are those of {WORDED_BY}x, this is {version}");
    }
}
