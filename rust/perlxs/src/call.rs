//! The trampoline: every call from Perl goes through here.

use std::any::Any;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use perlxs_sys as sys;

use crate::arg::{Arg, Input};
use crate::context::Context;
use crate::error::{Error, Message, Repr};
use crate::interpreter::{Perl, Sv};
use crate::ret::Returned;

/// One call: its arguments, and how to name them in an error.
pub struct Call<'a> {
    raw: *const sys::pxs_call,
    _call: PhantomData<&'a sys::pxs_call>,
}

impl<'a> Call<'a> {
    fn raw(&self) -> &sys::pxs_call {
        // SAFETY: the shim's structure outlives the call; trampoline() writes to it only after this is gone.
        unsafe { &*self.raw }
    }

    /// The interpreter that made the call.
    pub fn perl(&self) -> Perl {
        // SAFETY: the shim passed the interpreter that is running.
        unsafe { Perl::from_raw(self.raw().perl) }
    }

    /// Makes the parameter at `index`, counted from 0.
    pub fn arg<'c, T: Arg<'c>>(&'c self, index: usize) -> Result<T, Error> {
        let raw = self.raw();
        if index >= raw.nargs as usize {
            return T::missing(self, index);
        }
        // SAFETY: index is below nargs, the number of resolved arguments.
        let sv = unsafe { *raw.args.add(index) };
        T::decode(Input::new(self, index, sv))
    }

    pub(crate) fn original(&self, index: usize) -> *mut sys::SV {
        // SAFETY: only asked for an argument that was given.
        unsafe { *self.raw().originals.add(index) }
    }

    pub(crate) fn argument_error(&self, index: usize, path: &str, reason: &str) -> Error {
        // SAFETY: an export's names are C string literals, one for each of its parameters.
        let (function, name) = unsafe {
            let export = &*self.raw().export_;
            (CStr::from_ptr(export.name), CStr::from_ptr((*export.args.add(index)).name))
        };
        let (function, name) = (function.to_string_lossy(), name.to_string_lossy());
        Error::die(format!("{function}: argument {} (${name}{path}): {reason}\n", index + 1))
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => {
            panic.downcast::<&'static str>().map_or("unknown panic".into(), |s| (*s).into())
        }
    };
    text.trim_end().to_owned()
}

/// Runs an export: decodes, calls and encodes in `body`, and leaves the result or the error with the shim. Nothing
/// unwinds out of it, and when it returns no Rust value of the call is left.
///
/// # Safety
/// `raw` is the call that the shim is making.
pub unsafe fn trampoline(
    raw: *mut sys::pxs_call,
    body: impl FnOnce(&Call<'_>, &mut Context) -> Result<Returned, Error>,
) {
    // SAFETY: as promised by the caller.
    let perl = unsafe { Perl::from_raw((*raw).perl) };
    let mut context = Context::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let call = Call { raw, _call: PhantomData };
        body(&call, &mut context)
    }));
    let outcome = outcome.unwrap_or_else(|panic| {
        Err(Error::die(format!("internal error: {}\n", panic_text(panic))))
    });
    // SAFETY: the shim's structure; the borrow above has ended.
    let call = unsafe { &mut *raw };
    context.deliver(perl, call);
    match outcome {
        Ok(returned) => give(call, returned),
        Err(error) => raise(perl, call, error),
    }
}

fn give(call: &mut sys::pxs_call, returned: Returned) {
    (call.returns, call.result) = match returned {
        Returned::Undef => (sys::PXS_RETURN_SCALAR, std::ptr::null_mut()),
        Returned::Scalar(sv) => (sys::PXS_RETURN_SCALAR, sv.into_raw()),
        Returned::List(list) => (sys::PXS_RETURN_LIST, list.into_raw()),
        Returned::Empty => (sys::PXS_RETURN_EMPTY, std::ptr::null_mut()),
    };
}

fn raise(perl: Perl, call: &mut sys::pxs_call, error: Error) {
    match *error.0 {
        Repr::Message { text, at_caller } => {
            call.status = if at_caller { sys::PXS_DIE_AT } else { sys::PXS_DIE };
            call.error = text.to_sv(perl);
        }
        Repr::Object { class, fallback, fields } => {
            match catch_unwind(AssertUnwindSafe(|| fields(perl))) {
                Ok(Ok(sv)) => {
                    call.status = sys::PXS_DIE_OBJECT;
                    call.error = Sv::into_raw(sv);
                    (call.class, call.class_len) = (class.as_ptr().cast(), class.len());
                    (call.fallback, call.fallback_len) = (fallback.as_ptr().cast(), fallback.len());
                }
                _ => {
                    call.status = sys::PXS_DIE;
                    let text = "internal error: an error could not be described\n".to_owned();
                    call.error = Message::Text(text).to_sv(perl);
                }
            }
        }
        Repr::Interrupted(by) => call.status = by.status(),
    }
}
