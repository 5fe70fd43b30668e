//! What a function does beside returning: warnings, and changes to hashes of the caller.
//!
//! Both are put into effect by the shim after the function has returned, whether it failed or not, in this order: the
//! changes, then the warnings, then the result or error.

use perlxs_sys as sys;

use crate::arg::Hash;
use crate::interpreter::Perl;

/// A parameter for warnings and effects. It is no argument in Perl.
pub struct Context {
    pub(crate) warnings: Vec<Vec<u8>>,
    pub(crate) effects: Vec<Effect>,
}

/// A key of the caller's hash to delete.
pub(crate) struct Effect {
    pub(crate) hash: *mut sys::SV,
    pub(crate) key: Vec<u8>,
}

impl Context {
    pub(crate) fn new() -> Context {
        Context { warnings: Vec::new(), effects: Vec::new() }
    }

    /// Perl's `warn` with these bytes; as there, a text without a newline at its end gets the caller's file and line.
    pub fn warn(&mut self, text: impl Into<Vec<u8>>) {
        self.warnings.push(text.into());
    }

    /// `delete $hash->{$key}` on the caller's own hash.
    pub fn delete<T>(&mut self, hash: &Hash<T>, key: impl Into<Vec<u8>>) {
        self.effects.push(Effect { hash: hash.original, key: key.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.effects.is_empty()
    }

    /// Hands everything to the shim.
    ///
    /// # Safety
    /// `call` is the call that the shim is making with `perl`.
    #[cold]
    pub(crate) unsafe fn deliver(self, perl: Perl, call: *mut sys::pxs_call) {
        // SAFETY: arrays and strings made here belong to the call from then on; `original` is an argument of it.
        unsafe {
            if !self.warnings.is_empty() {
                (*call).warnings = sys::pxs_new_array(perl.raw(), self.warnings.len());
                for text in &self.warnings {
                    let (ptr, len) = (text.as_ptr().cast(), text.len());
                    let text = sys::pxs_new_string(perl.raw(), ptr, len, 0);
                    sys::pxs_array_push(perl.raw(), (*call).warnings, text);
                }
            }
            if !self.effects.is_empty() {
                (*call).effects = sys::pxs_new_array(perl.raw(), 2 * self.effects.len());
                for effect in &self.effects {
                    let (ptr, len) = (effect.key.as_ptr().cast(), effect.key.len());
                    let hash = sys::pxs_inc(perl.raw(), effect.hash);
                    let key = sys::pxs_new_string(perl.raw(), ptr, len, 0);
                    sys::pxs_array_push(perl.raw(), (*call).effects, hash);
                    sys::pxs_array_push(perl.raw(), (*call).effects, key);
                }
            }
        }
    }
}
