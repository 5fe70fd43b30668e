//! A configuration file, read and written as typed data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pve_config::lxc::container::{Container, Dialect, Options, parse_container_config};
use pve_config::lxc::generate_container_config;
use pve_schema::{Environment, PerlString};

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
    assert_eq!(normalized(container), normalized(again));
});

/// Without the digest and the volumes that are in use again.
fn normalized(mut container: Container<'_>) -> Container<'_> {
    container.digest = None;
    let current = &mut container.current;
    let volumes =
        current.mp.values().chain(&current.rootfs).map(|mount_point| mount_point.volume.clone());
    let in_use: Vec<PerlString<'_>> = volumes.collect();
    current.unused.retain(|_, volume| !in_use.contains(volume));
    current
        .other
        .retain(|key, value| !key.0.as_bytes().starts_with(b"unused") || !in_use.contains(value));
    container
}
