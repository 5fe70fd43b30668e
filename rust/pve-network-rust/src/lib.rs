//! The library that Perl loads: one Perl package a file below bindings/.
//!
//! An export is one line of logic: it decodes nothing and decides nothing, that is done by the crates which it calls.

mod bindings;

perlxs::library! {
    boot_PVE__Network__Rust,
    "PVE::Network::Rust",
    [&bindings::rust::package::PACKAGE]
}
