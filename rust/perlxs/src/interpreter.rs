//! The interpreter that made the call, and values owned by Rust.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::NonNull;

use perlxs_sys as sys;

/// The interpreter of the current call.
///
/// It is a plain pointer that must not outlive the call or leave the thread, hence neither `Send` nor `Sync`.
#[derive(Clone, Copy)]
pub struct Perl {
    raw: *mut c_void,
    _thread: PhantomData<*mut c_void>,
}

impl Perl {
    /// # Safety
    /// `raw` is the interpreter that runs on this thread (NULL on an unthreaded Perl), for as long as the value is used.
    pub unsafe fn from_raw(raw: *mut c_void) -> Perl {
        Perl { raw, _thread: PhantomData }
    }

    /// The pointer that every function of `perlxs-sys` takes first.
    pub fn raw(self) -> *mut c_void {
        self.raw
    }
}

/// A Perl value with one reference count owned by Rust.
pub struct Sv {
    perl: Perl,
    raw: NonNull<sys::SV>,
}

impl Sv {
    /// # Safety
    /// `raw` is a valid SV of which the caller gives up one reference count.
    pub unsafe fn from_owned(perl: Perl, raw: *mut sys::SV) -> Option<Sv> {
        NonNull::new(raw).map(|raw| Sv { perl, raw })
    }

    /// The raw value, still owned by `self`.
    pub fn as_raw(&self) -> *mut sys::SV {
        self.raw.as_ptr()
    }

    /// Gives the reference count to the caller.
    pub fn into_raw(self) -> *mut sys::SV {
        let raw = self.raw.as_ptr();
        std::mem::forget(self);
        raw
    }
}

impl Drop for Sv {
    fn drop(&mut self) {
        // SAFETY: one count is ours. What Rust made is plain data without destructors, so no Perl code runs.
        unsafe { sys::pxs_dec(self.perl.raw(), self.raw.as_ptr().cast()) }
    }
}
