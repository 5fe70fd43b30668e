//! The trampoline: every call from Perl goes through here.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use perlxs_sys as sys;

use crate::arg::{Arg, Input};
use crate::context::Context;
use crate::error::{Error, Message, Repr};
use crate::interpreter::{Perl, Sv};
use crate::panic;
use crate::ret::Returned;

/// One call: its arguments, and how to name them in an error.
pub struct Call<'a> {
    raw: *const sys::pxs_call,
    _call: PhantomData<&'a sys::pxs_call>,
}

impl<'a> Call<'a> {
    /// The interpreter that made the call.
    pub fn perl(&self) -> Perl {
        // SAFETY: the shim set it to the interpreter that is running.
        unsafe { Perl::from_raw((*self.raw).perl) }
    }

    /// Makes the parameter at `index`, counted from 0.
    ///
    /// # Errors
    /// The argument is missing or is none that a `T` can be made of.
    #[inline]
    pub fn arg<'c, T: Arg<'c>>(&'c self, index: usize) -> Result<T, Error> {
        // SAFETY: the shim has set nargs, and as many arguments and views.
        unsafe {
            if index >= (*self.raw).nargs as usize {
                return T::missing(self, index);
            }
            let sv = *(&raw const (*self.raw).args).cast::<*mut sys::SV>().add(index);
            let view = (&raw const (*self.raw).views).cast::<sys::pxs_view>().add(index);
            T::decode(Input::new(self, index, sv, view))
        }
    }

    pub(crate) fn original(&self, index: usize) -> *mut sys::SV {
        // SAFETY: only asked for an argument that was given.
        unsafe { *(&raw const (*self.raw).originals).cast::<*mut sys::SV>().add(index) }
    }

    #[cold]
    pub(crate) fn argument_error(&self, index: usize, path: &str, reason: &str) -> Error {
        // SAFETY: an export's names are C string literals, one for each of its parameters.
        let (function, name) = unsafe {
            let export = &*(*self.raw).export_;
            (CStr::from_ptr(export.name), CStr::from_ptr((*export.args.add(index)).name))
        };
        let (function, name) = (function.to_string_lossy(), name.to_string_lossy());
        Error::die(format!("{function}: argument {} (${name}{path}): {reason}\n", index + 1))
    }
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
    let mut context = Context::new(perl);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let call = Call { raw, _call: PhantomData };
        body(&call, &mut context)
    }));
    // SAFETY: the shim's structure; the borrow above has ended.
    unsafe {
        if !context.is_empty() {
            context.deliver(perl, raw);
        }
        match outcome {
            Ok(Ok(returned)) => give(raw, returned),
            Ok(Err(error)) => raise(perl, raw, error),
            Err(panic) => raise_internal(perl, raw, &panic::text(panic)),
        }
    }
}

/// # Safety
/// `call` is the shim's.
#[inline]
unsafe fn give(call: *mut sys::pxs_call, returned: Returned) {
    // SAFETY: fields of a live structure are written.
    unsafe {
        (*call).returns = match returned {
            Returned::Undef => sys::PXS_RETURN_UNDEF,
            Returned::Int(value) => {
                (*call).is.iv = value;
                sys::PXS_RETURN_INT
            }
            Returned::Num(value) => {
                (*call).is.nv = value;
                sys::PXS_RETURN_NUM
            }
            Returned::Scalar(sv) => {
                (*call).is.sv = sv.into_raw();
                sys::PXS_RETURN_SV
            }
            Returned::List(list) => {
                (*call).is.sv = list.into_raw();
                sys::PXS_RETURN_LIST
            }
            Returned::Empty => sys::PXS_RETURN_EMPTY,
        };
    }
}

/// # Safety
/// `call` is the shim's.
#[cold]
unsafe fn raise(perl: Perl, call: *mut sys::pxs_call, error: Error) {
    // SAFETY: fields of a live structure are written; the class names are literals.
    unsafe {
        match *error.0 {
            Repr::Message(text) => {
                (*call).status = sys::PXS_DIE;
                (*call).error = text.to_sv(perl);
            }
            Repr::Object { class, fallback, fields } => {
                match catch_unwind(AssertUnwindSafe(|| fields(perl))) {
                    Ok(Ok(sv)) => {
                        (*call).status = sys::PXS_DIE_OBJECT;
                        (*call).error = Sv::into_raw(sv);
                        (*call).class = class.as_ptr().cast();
                        (*call).class_len = class.len();
                        (*call).fallback = fallback.as_ptr().cast();
                        (*call).fallback_len = fallback.len();
                    }
                    failed => {
                        let why = match failed {
                            Err(panic) => panic::text(panic),
                            _ => "its fields are no Perl data".to_owned(),
                        };
                        let why = format!("an object of class {class} cannot be raised: {why}");
                        raise_internal(perl, call, &why);
                    }
                }
            }
            Repr::Interrupted(status) => (*call).status = status,
        }
    }
}

/// # Safety
/// `call` is the shim's.
#[cold]
unsafe fn raise_internal(perl: Perl, call: *mut sys::pxs_call, why: &str) {
    // SAFETY: fields of a live structure are written.
    unsafe {
        (*call).status = sys::PXS_INTERNAL;
        (*call).error = Message::Text(format!("internal error: {why}\n")).to_sv(perl);
    }
}
