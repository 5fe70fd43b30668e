//! Exports for the tests of the Perl boundary; never installed.
//!
//! Each file is one subject. `t/lib/PerlXS/Calls.pm` has arguments for every export, for the tests of memory.

pub mod any;
pub mod counter;
pub mod effects;
pub mod errors;
pub mod grump;
pub mod intercept;
pub mod namespace;
pub mod panics;
pub mod results;
pub mod structures;
pub mod values;
pub mod waiting;

perlxs::library! { boot_PerlXS__Test, "PerlXS::Test", [
    &values::bindings::PACKAGE,
    &structures::bindings::PACKAGE,
    &results::bindings::PACKAGE,
    &errors::bindings::PACKAGE,
    &effects::bindings::PACKAGE,
    &panics::bindings::PACKAGE,
    &waiting::bindings::PACKAGE,
    &counter::bindings::PACKAGE,
    &grump::bindings::PACKAGE,
    &intercept::bindings::PACKAGE,
    &namespace::bindings::PACKAGE,
] }
