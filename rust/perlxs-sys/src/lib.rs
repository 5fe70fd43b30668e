//! Raw access to the Perl interpreter: types and constants by bindgen, every macro behind one C shim.
//!
//! The shim (`shim/`) is where Perl may die: it resolves argument magic before Rust starts and pushes the result, or
//! raises the error, after Rust has returned. Nothing that Rust calls from here runs Perl code, except
//! [`pxs_poll_signals`], which catches whatever that code throws. Running out of memory ends the process, as it does in
//! Perl itself.
//!
//! `shim/perlxs.h` documents every function; the safe layer above is the crate `perlxs`.

#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, non_snake_case)]
#[allow(clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bindings::*;

/// An XSUB under its own symbol. A threaded Perl passes the interpreter; an unthreaded one has just one.
#[cfg(perl_multiplicity)]
#[macro_export]
macro_rules! xsub {
    ($(#[$meta:meta])* $name:ident, |$perl:ident, $cv:ident| $body:block) => {
        $(#[$meta])*
        #[allow(non_snake_case)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name(
            $perl: *mut ::std::ffi::c_void,
            $cv: *mut $crate::CV,
        ) $body
    };
}

/// An XSUB under its own symbol. A threaded Perl passes the interpreter; an unthreaded one has just one.
#[cfg(not(perl_multiplicity))]
#[macro_export]
macro_rules! xsub {
    ($(#[$meta:meta])* $name:ident, |$perl:ident, $cv:ident| $body:block) => {
        $(#[$meta])*
        #[allow(non_snake_case)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($cv: *mut $crate::CV) {
            let $perl: *mut ::std::ffi::c_void = ::std::ptr::null_mut();
            $body
        }
    };
}
