//! The tables that tell the shim which subs there are.

use std::ffi::{CStr, c_void};

use perlxs_sys as sys;

use crate::{fork, panic};

/// A parameter's entry.
#[repr(transparent)]
pub struct Argument(sys::pxs_arg);

// SAFETY: constant data: pointers to C string literals.
unsafe impl Sync for Argument {}

impl Argument {
    /// The parameter `name` (without sigil).
    pub const fn new(kind: u32, name: &'static CStr, class: Option<&'static CStr>) -> Argument {
        let class = match class {
            Some(class) => class.as_ptr(),
            None => std::ptr::null(),
        };
        Argument(sys::pxs_arg { kind: kind as u8, name: name.as_ptr(), class })
    }
}

/// A sub's entry.
#[repr(transparent)]
pub struct Export(sys::pxs_export);

// SAFETY: constant data: pointers to C string literals, to a table of them and to a function.
unsafe impl Sync for Export {}

impl Export {
    /// The sub `name` (with its package), shown in a usage line as `name(usage)`, which takes `min` to `args.len()`
    /// arguments; with `polls`, Perl's signal handlers may run while it does.
    pub const fn new(
        name: &'static CStr,
        usage: &'static CStr,
        args: &'static [Argument],
        min: u32,
        polls: bool,
        run: unsafe extern "C" fn(*mut sys::pxs_call),
    ) -> Export {
        assert!(args.len() <= sys::PXS_MAX_ARGS as usize, "too many parameters");
        Export(sys::pxs_export {
            name: name.as_ptr(),
            usage: usage.as_ptr(),
            args: args.as_ptr().cast(),
            min_args: min,
            max_args: args.len() as u32,
            polls: polls as u32,
            run: Some(run),
        })
    }
}

/// A package's entry.
#[repr(transparent)]
pub struct Package(sys::pxs_package);

// SAFETY: constant data: pointers to a C string literal and to a table.
unsafe impl Sync for Package {}

impl Package {
    /// The package `name`; `has_objects`: it is the class of objects.
    pub const fn new(
        name: &'static CStr,
        exports: &'static [Export],
        has_objects: bool,
    ) -> Package {
        Package(sys::pxs_package {
            name: name.as_ptr(),
            exports: exports.as_ptr().cast(),
            nexports: exports.len() as u32,
            has_handles: has_objects as u32,
        })
    }
}

/// The number of arguments up to the last one that may not be left out.
pub const fn min_args(optional: &[bool]) -> u32 {
    let mut n = optional.len();
    while n > 0 && optional[n - 1] {
        n -= 1;
    }
    n as u32
}

/// What a library's boot symbol calls: registers the packages. Dies in Perl where the module that loads the library is
/// of another version. XSLoader passes that version.
///
/// # Safety
/// Called by Perl as the boot XSUB of a library, with the arguments that it got; nothing with a destructor is alive in
/// the frames above, since it may leave by longjmp.
pub unsafe fn boot(
    perl: *mut c_void,
    cv: *mut sys::CV,
    module: &'static CStr,
    version: &'static CStr,
    packages: &'static [&'static Package],
) {
    fork::watch();
    panic::log();
    // SAFETY: Package is a pxs_package, so the slice is an array of pointers to those.
    unsafe {
        sys::pxs_boot(
            perl,
            cv,
            module.as_ptr(),
            version.as_ptr(),
            packages.as_ptr().cast(),
            packages.len() as u32,
        );
    }
}

/// The boot symbol of a library: `library! { boot_My__Module, "My::Module", [&package::PACKAGE, …] }`, where each
/// `package` is a module with `#[package]`. The version is the crate's own.
#[macro_export]
macro_rules! library {
    ($boot:ident, $module:literal, [$($package:expr),* $(,)?]) => {
        $crate::sys::xsub! {
            /// Called by XSLoader.
            ///
            /// # Safety
            /// Only Perl calls this.
            $boot, |perl, cv| {
                static PACKAGES: &[&$crate::Package] = &[$($package),*];
                const MODULE: &::std::ffi::CStr = $crate::c_str(concat!($module, "\0"));
                const VERSION: &::std::ffi::CStr =
                    $crate::c_str(concat!(env!("CARGO_PKG_VERSION"), "\0"));
                // SAFETY: Perl calls this as an XSUB, and no destructor waits in this frame.
                unsafe { $crate::boot(perl, cv, MODULE, VERSION, PACKAGES) }
            }
        }
    };
}

/// A C string of a literal that ends in NUL.
#[doc(hidden)]
pub const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}
