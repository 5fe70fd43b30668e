//! The library that Perl loads: one Perl package a file below bindings/.
//!
//! An export is one line of logic: it decodes nothing and decides nothing, that is done by the crates which it calls.
//! Beside the bindings stand what they share: how errors look in Perl (`error.rs`), Perl's strings (`string.rs`), section
//! files (`section_file.rs`), SDN's configuration (`sdn_objects.rs`), data that is kept as JSON (`json.rs`), waiting with signal handlers (`waiting.rs`), and what
//! this process knows of its node (`node.rs`).

mod bindings;
mod error;
mod json;
mod node;
mod sdn_objects;
mod section_file;
mod storages;
mod string;
mod waiting;

perlxs::library! {
    boot_PVE__Network__Rust,
    "PVE::Network::Rust",
    [
        &bindings::rust::package::PACKAGE,
        &bindings::lxc_config::package::PACKAGE,
        &bindings::hotplug::package::PACKAGE,
        &bindings::hotplug_batch::package::PACKAGE,
        &bindings::operation::package::PACKAGE,
        &bindings::vnet_binding::package::PACKAGE,
        &bindings::host_links::package::PACKAGE,
        &bindings::container::package::PACKAGE,
        &bindings::monitor::package::PACKAGE,
        &bindings::sdn::package::PACKAGE,
        &bindings::sdn_generate::package::PACKAGE,
        &bindings::sdn_plug::package::PACKAGE,
        &bindings::sdn_subnets::package::PACKAGE,
        &bindings::sdn_subnets_config::package::PACKAGE,
        &bindings::sdn_zones::package::PACKAGE,
        &bindings::sdn_vnets::package::PACKAGE,
        &bindings::sdn_controllers::package::PACKAGE,
        &bindings::sdn_ipams::package::PACKAGE,
        &bindings::sdn_dns::package::PACKAGE,
        &bindings::sdn_fabrics::package::PACKAGE,
        &bindings::host::package::PACKAGE,
        &bindings::interfaces::package::PACKAGE,
        &bindings::storage_config::package::PACKAGE,
        &bindings::event_bus::package::PACKAGE,
        &bindings::event_follower::package::PACKAGE,
        &bindings::event_subscriber::package::PACKAGE,
        &bindings::takeover::package::PACKAGE,
        &bindings::takeover_intercept::package::PACKAGE,
    ]
}
