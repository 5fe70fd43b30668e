//! Subs of Perl's that another one answers for.
//!
//! An op stands before the first one of the sub, and the sub itself stays what and where it is: names that were imported,
//! methods that were found before and references that somebody keeps all come by that op.

use std::ptr::NonNull;
use std::time::Duration;

use perlxs_sys as sys;

use crate::arg::{Arg, Input};
use crate::de::View;
use crate::error::Error;
use crate::interpreter::Perl;

/// A reference to a sub.
pub struct Code {
    perl: Perl,
    raw: *mut sys::SV,
}

impl<'a> Arg<'a> for Code {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        match input.view() {
            View::Code => Ok(Code { perl: input.perl(), raw: input.raw() }),
            _ => Err(input.error("is not a reference to a sub")),
        }
    }
}

/// A sub whose calls come by here. It is as it was once this is dropped.
pub struct Intercept {
    perl: Perl,
    raw: NonNull<sys::pxs_intercept>,
}

impl Intercept {
    /// Puts the op before `sub`, which goes on answering; none where it has no body in Perl, or has such an op already.
    pub fn new(sub: &Code) -> Option<Intercept> {
        // SAFETY: the argument is alive during the call.
        let raw = unsafe { sys::pxs_intercept_new(sub.perl.raw(), sub.raw) };
        NonNull::new(raw).map(|raw| Intercept { perl: sub.perl, raw })
    }

    /// From the next call on `instead` answers, or without it the sub itself. With `failed` the sub itself answers where
    /// `instead` has an internal error, and `failed` is called with its text.
    pub fn answer(&mut self, instead: Option<&Code>, failed: Option<&Code>) {
        let raw = |code: Option<&Code>| code.map_or(std::ptr::null_mut(), |code| code.raw);
        // SAFETY: ours until it is dropped; the arguments are alive, and references to subs.
        unsafe {
            sys::pxs_intercept_answer(
                self.perl.raw(),
                self.raw.as_ptr(),
                raw(instead),
                raw(failed),
            );
        }
    }

    /// The next call is answered by the sub itself.
    pub fn pass(&mut self) {
        // SAFETY: ours until it is dropped.
        unsafe { sys::pxs_intercept_pass(self.raw.as_ptr()) }
    }

    /// How often the sub was called in this process, without calls that passed; a child of a fork starts at none.
    pub fn calls(&self) -> u64 {
        // SAFETY: ours until it is dropped.
        unsafe { sys::pxs_intercept_calls(self.raw.as_ptr()) }
    }

    /// How many of the calls that another sub answered were measured, one in sixteen, and how long these took together.
    pub fn measured(&self) -> (u64, Duration) {
        // SAFETY: ours until it is dropped.
        let times = unsafe { sys::pxs_intercept_measured(self.raw.as_ptr()) };
        (times.calls, Duration::from_nanos(times.nanoseconds))
    }
}

impl Drop for Intercept {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after this.
        unsafe { sys::pxs_intercept_remove(self.perl.raw(), self.raw.as_ptr()) }
    }
}

/// Calls `code` at the next call of an intercepted sub, and then at the first one after each `seconds`.
pub fn look_every(seconds: u32, code: &Code) {
    // SAFETY: it is a reference to a sub that is alive.
    unsafe {
        sys::pxs_look_every(code.perl.raw(), seconds, code.raw);
    }
}
