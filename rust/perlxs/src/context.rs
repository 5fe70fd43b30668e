//! What a function does beside returning: warnings, and changes to hashes of the caller.
//!
//! Both are put into effect by the shim after the function has returned, whether it failed or not, in this order: the
//! changes, then the warnings, then the result or error.

use perlxs_sys as sys;

use crate::arg::Hash;
use crate::error::Message;
use crate::interpreter::Perl;

/// A parameter for warnings and effects. It is no argument in Perl.
pub struct Context {
    pub(crate) warnings: Vec<Message>,
    pub(crate) effects: Vec<Effect>,
}

/// A key of the caller's hash, or of a hash in it, to delete or to set.
pub(crate) struct Effect {
    pub(crate) hash: *mut sys::SV,
    /// The key of the hash in it.
    pub(crate) inside: Option<Message>,
    pub(crate) key: Message,
    pub(crate) change: Change,
}

pub(crate) enum Change {
    Delete,
    EmptyHash,
    Number(Number),
}

/// A number that Perl has as one.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A signed integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A double.
    Num(f64),
}

impl Context {
    pub(crate) fn new() -> Context {
        Context { warnings: Vec::new(), effects: Vec::new() }
    }

    /// Perl's `warn`; as there, a text without a newline at its end gets the caller's file and line.
    pub fn warn(&mut self, text: impl Into<Message>) {
        self.warnings.push(text.into());
    }

    /// `delete $hash->{$key}` on the caller's own hash.
    pub fn delete<T>(&mut self, hash: &Hash<T>, key: impl Into<Message>) {
        self.change(hash, None, key.into(), Change::Delete);
    }

    /// `$hash->{$key} = {}` on the caller's own hash.
    pub fn create_hash<T>(&mut self, hash: &Hash<T>, key: impl Into<Message>) {
        self.change(hash, None, key.into(), Change::EmptyHash);
    }

    /// `$hash->{$inside}{$key} = $value` on the caller's own hash, where there is a hash `$inside`.
    pub fn set_number<T>(
        &mut self,
        hash: &Hash<T>,
        inside: impl Into<Message>,
        key: impl Into<Message>,
        value: Number,
    ) {
        self.change(hash, Some(inside.into()), key.into(), Change::Number(value));
    }

    fn change<T>(&mut self, hash: &Hash<T>, inside: Option<Message>, key: Message, change: Change) {
        self.effects.push(Effect { hash: hash.original, inside, key, change });
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
                    sys::pxs_array_push(perl.raw(), (*call).warnings, text.to_sv(perl));
                }
            }
            if !self.effects.is_empty() {
                (*call).effects = sys::pxs_new_array(perl.raw(), 4 * self.effects.len());
                for effect in &self.effects {
                    let hash = sys::pxs_inc(perl.raw(), effect.hash);
                    let inside = match &effect.inside {
                        Some(inside) => inside.to_sv(perl),
                        None => sys::pxs_new_undef(perl.raw()),
                    };
                    let value = match effect.change {
                        Change::Delete => sys::pxs_new_undef(perl.raw()),
                        Change::EmptyHash => {
                            sys::pxs_new_ref(perl.raw(), sys::pxs_new_hash(perl.raw(), 0).cast())
                        }
                        Change::Number(Number::Int(value)) => sys::pxs_new_int(perl.raw(), value),
                        Change::Number(Number::UInt(value)) => sys::pxs_new_uint(perl.raw(), value),
                        Change::Number(Number::Num(value)) => sys::pxs_new_num(perl.raw(), value),
                    };
                    sys::pxs_array_push(perl.raw(), (*call).effects, hash);
                    sys::pxs_array_push(perl.raw(), (*call).effects, inside);
                    sys::pxs_array_push(perl.raw(), (*call).effects, effect.key.to_sv(perl));
                    sys::pxs_array_push(perl.raw(), (*call).effects, value);
                }
            }
        }
    }
}
