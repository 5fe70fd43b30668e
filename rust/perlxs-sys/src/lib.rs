//! Raw access to the Perl interpreter: types and constants by bindgen, every macro behind one C shim.
//!
//! The shim (`shim/`) is where Perl may die: it resolves argument magic before Rust starts and pushes the result, or
//! raises the error, after Rust has returned. Nothing that Rust calls from here runs Perl code, except
//! [`pxs_poll_signals`], which catches whatever that code throws. Running out of memory ends the process, as it does in
//! Perl itself.
//!
//! `shim/perlxs.h` documents every function; the safe layer above is the crate `perlxs`.

#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, non_snake_case)]
#[allow(clippy::all, clippy::pedantic)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bindings::*;
