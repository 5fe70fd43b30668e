//! What a function does beside returning: warnings, and changes to hashes of the caller.
//!
//! Both are put into effect by the shim after the function has returned, whether it failed or not, in this order: the
//! changes, then the warnings, then the result or error.

use std::collections::BTreeMap;
use std::ptr;

use perlxs_sys as sys;
use serde::Serialize;

use crate::arg::Hash;
use crate::error::{Error, Message};
use crate::interpreter::{Perl, Sv};
use crate::ser::to_perl;

/// A parameter for warnings and effects. It is no argument in Perl.
pub struct Context {
    perl: Perl,
    pub(crate) warnings: Vec<Message>,
    pub(crate) effects: Vec<Effect>,
}

/// A change to a hash of the caller's.
pub(crate) struct Effect {
    /// `None`: that of the effect before.
    pub(crate) place: Option<Place>,
    pub(crate) key: Message,
    pub(crate) value: New,
}

/// What becomes of a key.
pub(crate) enum New {
    /// It is deleted.
    Gone,
    /// It is undef.
    Undef,
    /// It is this value.
    Value(Sv),
}

/// A hash of the caller's: the argument, or one inside it.
pub(crate) struct Place {
    hash: *mut sys::SV,
    path: Vec<Message>,
}

/// Changes to one hash of the caller's.
pub struct Changes<'c> {
    context: &'c mut Context,
    place: Option<Place>,
}

impl Changes<'_> {
    fn push(&mut self, key: Message, value: New) {
        let place = self.place.take();
        self.context.effects.push(Effect { place, key, value });
    }

    /// `delete $hash->{$key}`
    pub fn delete(&mut self, key: impl Into<Message>) {
        self.push(key.into(), New::Gone);
    }

    /// `$hash->{$key} = undef`
    pub fn undefine(&mut self, key: impl Into<Message>) {
        self.push(key.into(), New::Undef);
    }

    /// `$hash->{$key} = $value`
    ///
    /// # Errors
    /// The value has no form in Perl.
    pub fn store<V: Serialize + ?Sized>(
        &mut self,
        key: impl Into<Message>,
        value: &V,
    ) -> Result<(), Error> {
        let value = to_perl(self.context.perl, value)?;
        self.push(key.into(), New::Value(value));
        Ok(())
    }
}

impl Context {
    pub(crate) fn new(perl: Perl) -> Context {
        Context { perl, warnings: Vec::new(), effects: Vec::new() }
    }

    /// Perl's `warn`; as there, a text without a newline at its end gets the caller's file and line.
    pub fn warn(&mut self, text: impl Into<Message>) {
        self.warnings.push(text.into());
    }

    /// Changes to the hash at the end of `path`, a list of keys, inside the caller's own hash. There are none if there is
    /// no hash when they are made.
    pub fn changes<T>(&mut self, hash: &Hash<T>, path: Vec<Message>) -> Changes<'_> {
        Changes { context: self, place: Some(Place { hash: hash.original, path }) }
    }

    /// `delete $hash->{$key}` on the caller's own hash.
    pub fn delete<T>(&mut self, hash: &Hash<T>, key: impl Into<Message>) {
        self.changes(hash, Vec::new()).delete(key);
    }

    /// `$hash->{$key} = {}` on the caller's own hash.
    ///
    /// # Errors
    /// Perl has no memory left.
    pub fn create_hash<T>(&mut self, hash: &Hash<T>, key: impl Into<Message>) -> Result<(), Error> {
        self.changes(hash, Vec::new()).store(key, &BTreeMap::<(), ()>::new())
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
                (*call).effects = sys::pxs_new_array(perl.raw(), 3 * self.effects.len());
                let mut literals = Literals(Vec::new());
                for Effect { place, key, value } in self.effects {
                    let place = place.map(|place| place.deliver(perl, &mut literals));
                    let place = place.unwrap_or(ptr::null_mut());
                    let value = match value {
                        New::Gone => ptr::null_mut(),
                        New::Undef => sys::pxs_undef(perl.raw()),
                        New::Value(value) => value.into_raw(),
                    };
                    sys::pxs_array_push(perl.raw(), (*call).effects, place);
                    sys::pxs_array_push(perl.raw(), (*call).effects, literals.key(perl, &key));
                    sys::pxs_array_push(perl.raw(), (*call).effects, value);
                }
            }
        }
    }
}

impl Place {
    /// A reference to an array of the argument and the path.
    ///
    /// # Safety
    /// The hash is an argument of the call that is being made with `perl`.
    unsafe fn deliver(self, perl: Perl, literals: &mut Literals) -> *mut sys::SV {
        // SAFETY: what is made here belongs to the array, and that to the reference; the argument is alive.
        unsafe {
            let place = sys::pxs_new_array(perl.raw(), 1 + self.path.len());
            sys::pxs_array_push(perl.raw(), place, sys::pxs_inc(perl.raw(), self.hash));
            for key in &self.path {
                sys::pxs_array_push(perl.raw(), place, literals.key(perl, key));
            }
            sys::pxs_new_ref(perl.raw(), place.cast())
        }
    }
}

/// The keys of the program's own that were made for one call, which has few of them, each many times.
struct Literals(Vec<(&'static str, *mut sys::SV)>);

impl Literals {
    /// A key, owned by the caller.
    ///
    /// # Safety
    /// `perl` makes the call whose effects have the keys that were asked for before.
    unsafe fn key(&mut self, perl: Perl, key: &Message) -> *mut sys::SV {
        let Message::Literal(literal) = key else { return key.to_sv(perl) };
        match self.0.iter().find(|(known, _)| ptr::eq(*known, *literal)) {
            // SAFETY: the effects hold the key until the call is over.
            Some((_, sv)) => unsafe { sys::pxs_inc(perl.raw(), *sv) },
            None => {
                // SAFETY: ptr and length are of one slice. Perl does not hash such a key again.
                let sv = unsafe {
                    match literal.is_ascii() {
                        true => {
                            sys::pxs_new_shared(perl.raw(), literal.as_ptr().cast(), literal.len())
                        }
                        false => key.to_sv(perl),
                    }
                };
                self.0.push((literal, sv));
                sv
            }
        }
    }
}
