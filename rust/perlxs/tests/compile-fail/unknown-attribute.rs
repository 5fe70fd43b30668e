//! `objekt` is no attribute of a package.

#[perlxs::package(name = "Test", objekt = u32)]
mod bindings {}

fn main() {}
