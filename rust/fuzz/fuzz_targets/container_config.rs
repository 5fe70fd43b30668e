//! A configuration file, read and written as typed data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::lxc::container::{Container, Dialect, Options, parse_container_config};
use pve_config::lxc::generate_container_config;
use pve_schema::Environment;

fuzz_target!(|raw: &[u8]| {
    let environment = Environment::new(&|zone| zone == b"Europe/Vienna");
    let options = |dialect| Options { dialect, is_vnet: &|name| name == b"vnet1", environment };
    let strict = parse_container_config(100, raw, &options(Dialect::Strict));
    let relaxed = parse_container_config(100, raw, &options(Dialect::Relaxed)).container;
    let Ok(container) = relaxed else {
        assert!(strict.container.is_err());
        return;
    };
    let text = generate_container_config(&container).expect("what was read can be written");
    let again = parse_container_config(100, text.as_bytes(), &options(Dialect::Relaxed));
    let again = again.container.expect("what was written can be read");
    assert_eq!(as_written(container, &again), Container { digest: None, ..again });
});

/// Without the digest and the unused volumes that were left out: another setting, typed or not, uses them again.
fn as_written<'a>(mut container: Container<'a>, written: &Container<'_>) -> Container<'a> {
    container.digest = None;
    container.current.unused.retain(|index, _| written.current.unused.contains_key(index));
    container.current.other.retain(|name, _| {
        !name.0.as_bytes().starts_with(b"unused") || written.current.other.contains_key(name)
    });
    container
}
