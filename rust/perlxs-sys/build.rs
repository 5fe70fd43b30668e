//! Compiles the C shim against the running Perl's headers and has bindgen describe it to Rust.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: [&str; 8] =
    ["call.c", "resolve.c", "finish.c", "value.c", "handle.c", "signal.c", "intercept.c", "boot.c"];

const PERL_TYPES: &str = "
    #[repr(C)] pub struct SV { _closed: [u8; 0] }
    #[repr(C)] pub struct AV { _closed: [u8; 0] }
    #[repr(C)] pub struct HV { _closed: [u8; 0] }
    #[repr(C)] pub struct CV { _closed: [u8; 0] }
    #[repr(C)] pub struct pxs_intercept { _closed: [u8; 0] }
";

/// One value of Perl's own `%Config`: what this Perl was built with.
fn perl_config(perl: &str, key: &str) -> Result<String, Box<dyn Error>> {
    let script = "use Config; print $Config{$ARGV[0]} // ''";
    let out = Command::new(perl).args(["-e", script, key]).output()?;
    if !out.status.success() {
        return Err(format!("'{perl}' could not tell its '{key}'").into());
    }
    Ok(String::from_utf8(out.stdout)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let perl = env::var("PERL").unwrap_or_else(|_| "perl".into());
    let core = format!("{}/CORE", perl_config(&perl, "archlibexp")?);
    if !Path::new(&core).join("perl.h").exists() {
        return Err(format!("no perl.h in {core}: install the package libperl-dev").into());
    }
    let ccflags = perl_config(&perl, "ccflags")?;
    // Only what changes the layout of Perl's types: warnings and hardening are this build's own affair.
    let defines: Vec<&str> = ccflags
        .split_whitespace()
        .filter(|flag| flag.starts_with("-D") && !flag.starts_with("-D_FORTIFY_SOURCE"))
        .collect();

    let mut build = cc::Build::new();
    build
        .files(SOURCES.iter().map(|name| format!("shim/{name}")))
        .include("shim")
        .flag("-isystem")
        .flag(&core)
        .flag("-fvisibility=hidden")
        .flag("-fno-strict-aliasing")
        .flag("-fwrapv")
        .opt_level(2)
        .extra_warnings(true)
        .flag("-Wno-unused-parameter");
    for define in &defines {
        build.flag(define);
    }
    build.compile("perlxs_shim");

    let bindings = bindgen::Builder::default()
        .header("shim/perlxs.h")
        .clang_arg("-DPXS_RUST")
        .clang_arg("-Ishim")
        .clang_arg(format!("-isystem{core}"))
        .clang_args(&defines)
        .allowlist_function("pxs_.*")
        .allowlist_type("pxs_.*")
        .allowlist_var("PXS_.*|PERL_VERSION")
        // Perl's own types stay closed: only the shim looks into them.
        .blocklist_type("pxs_intercept")
        .allowlist_recursively(false)
        .raw_line(PERL_TYPES)
        .derive_default(true)
        .layout_tests(false)
        .generate_comments(false)
        .rust_target(bindgen::RustTarget::stable(85, 0).map_err(|e| e.to_string())?)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .generate()?;
    bindings.write_to_file(PathBuf::from(env::var("OUT_DIR")?).join("bindings.rs"))?;

    println!("cargo::rustc-check-cfg=cfg(perl_multiplicity)");
    if perl_config(&perl, "usemultiplicity")? == "define" {
        println!("cargo::rustc-cfg=perl_multiplicity");
    }
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-changed={core}/perl.h");
    println!("cargo::rerun-if-env-changed=PERL");
    Ok(())
}
