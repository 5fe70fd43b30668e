//! What a parameter of an exported function may be.

use std::ffi::CStr;
use std::ops::Deref;

use perlxs_sys as sys;
use serde::Deserialize;

use crate::call::Call;
use crate::de::{View, from_view};
use crate::error::{DecodeError, Error};
use crate::interpreter::Perl;
use crate::number;
use crate::text::{Bytes, Text};

/// One argument as the caller passed it, its magic resolved.
pub struct Input<'a> {
    call: &'a Call<'a>,
    index: usize,
    sv: *mut sys::SV,
    view: *const sys::pxs_view,
}

impl<'a> Input<'a> {
    #[inline]
    pub(crate) fn new(
        call: &'a Call<'a>,
        index: usize,
        sv: *mut sys::SV,
        view: *const sys::pxs_view,
    ) -> Input<'a> {
        Input { call, index, sv, view }
    }

    pub(crate) fn perl(&self) -> Perl {
        self.call.perl()
    }

    pub(crate) fn raw(&self) -> *mut sys::SV {
        self.sv
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'a> {
        // SAFETY: the shim made the view of an argument that is alive and unchanged during the call: no Perl code runs,
        // except where a function has a Signals parameter, and then the macro takes everything owned before that can be
        // used.
        unsafe { View::from_raw(self.view) }
    }

    pub(crate) fn class_name(&self) -> Option<String> {
        match self.view() {
            View::Object(class) | View::Overloaded(class) => {
                Some(String::from_utf8_lossy(class).into_owned())
            }
            _ => None,
        }
    }

    /// An error that names the function and the argument.
    #[cold]
    pub(crate) fn error(&self, reason: &str) -> Error {
        self.call.argument_error(self.index, "", reason)
    }

    #[cold]
    fn decode_error(&self, error: DecodeError) -> Error {
        let (reason, path) = error.into_parts();
        self.call.argument_error(self.index, &path.to_string(), &reason)
    }

    fn structure<T: Deserialize<'a>>(&self, objects: bool) -> Result<T, Error> {
        // SAFETY: the shim has resolved magic and checked the depth of an argument of these kinds; for its life, see view.
        unsafe { from_view(self.perl(), self.view(), objects) }.map_err(|e| self.decode_error(e))
    }
}

/// A parameter of an exported function.
pub trait Arg<'a>: Sized {
    /// How the shim resolves the argument's magic: one of `PXS_ARG_*`.
    const KIND: u32 = sys::PXS_ARG_SCALAR;
    /// The class that an object must be of.
    const CLASS: Option<&'static CStr> = None;
    /// Whether the argument may be left out at the end of the list.
    const OPTIONAL: bool = false;

    /// Makes the parameter of the argument.
    fn decode(input: Input<'a>) -> Result<Self, Error>;

    /// What it is when the argument is left out.
    fn missing(call: &'a Call<'a>, index: usize) -> Result<Self, Error> {
        Err(call.argument_error(index, "", "is missing"))
    }
}

macro_rules! integers {
    ($($type:ty, $name:literal;)*) => {$(
        impl<'a> Arg<'a> for $type {
            #[inline]
            fn decode(input: Input<'a>) -> Result<Self, Error> {
                let bounds = (<$type>::MIN as i128, <$type>::MAX as i128);
                number::integer(input.perl(), &input.view(), bounds, $name)
                    .map_err(|reason| input.error(&reason))
            }
        }
    )*};
}

integers! {
    i8, "an integer"; i16, "an integer"; i32, "an integer"; i64, "an integer";
    u8, "an unsigned integer"; u16, "an unsigned integer"; u32, "an unsigned integer";
    u64, "an unsigned integer"; usize, "an unsigned integer";
}

impl<'a> Arg<'a> for f64 {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        number::float(&input.view()).map_err(|reason| input.error(&reason))
    }
}

impl<'a> Arg<'a> for bool {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        number::boolean(&input.view()).map_err(|reason| input.error(&reason))
    }
}

impl<'a> Arg<'a> for Text<'a> {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        input.view().text(input.perl()).map(Text).map_err(|reason| input.error(&reason))
    }
}

impl<'a> Arg<'a> for Bytes<'a> {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        input.view().bytes(input.perl()).map(Bytes).map_err(|reason| input.error(&reason))
    }
}

impl<'a> Arg<'a> for String {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        Text::decode(input).map(Text::into_owned)
    }
}

impl<'a> Arg<'a> for Vec<u8> {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        Bytes::decode(input).map(Bytes::into_owned)
    }
}

impl<'a, T: Arg<'a>> Arg<'a> for Option<T> {
    const KIND: u32 = T::KIND;
    const CLASS: Option<&'static CStr> = T::CLASS;
    const OPTIONAL: bool = true;

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        match input.view() {
            View::Undef => Ok(None),
            _ => T::decode(input).map(Some),
        }
    }

    fn missing(_: &'a Call<'a>, _: usize) -> Result<Self, Error> {
        Ok(None)
    }
}

/// Any structure that serde can make of `T`. Objects are refused.
pub struct Data<T>(pub T);

impl<'a, T: Deserialize<'a>> Arg<'a> for Data<T> {
    const KIND: u32 = sys::PXS_ARG_DATA;

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        input.structure(false).map(Data)
    }
}

/// As [`Data`], but objects are read as Perl code reads them: an overloaded one by its string, another as what it is
/// built of. For parameters that stand for one of a Perl function, which never asked.
pub struct PerlData<T>(pub T);

impl<'a, T: Deserialize<'a>> Arg<'a> for PerlData<T> {
    const KIND: u32 = sys::PXS_ARG_PERL;

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        input.structure(true).map(PerlData)
    }
}

/// A hash of the caller's, read as [`PerlData`], that the function may change through
/// [`Context::delete`](crate::Context::delete).
pub struct Hash<T> {
    value: T,
    /// What the caller passed, before a tied or magical one was copied.
    pub(crate) original: *mut sys::SV,
}

impl<T> Deref for Hash<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'a, T: Deserialize<'a>> Arg<'a> for Hash<T> {
    const KIND: u32 = sys::PXS_ARG_PERL;

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        let original = input.call.original(input.index);
        Ok(Hash { value: input.structure(true)?, original })
    }
}

/// The invocant of a class method: a class name or an object, or anything at all where the method ignores it.
pub struct Class(Option<String>);

impl Class {
    /// The class's name; None if the invocant is neither a class name nor an object.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'a> Arg<'a> for Class {
    fn decode(input: Input<'a>) -> Result<Self, Error> {
        match input.view() {
            View::Object(class) | View::Overloaded(class) => {
                Ok(Class(Some(String::from_utf8_lossy(class).into_owned())))
            }
            name @ (View::Bytes(_) | View::Text(_)) => {
                let name = name.text(input.perl()).map_err(|reason| input.error(&reason))?;
                Ok(Class(Some(name.into_owned())))
            }
            _ => Ok(Class(None)),
        }
    }
}

/// The invocant of a method that does not use it.
pub struct Ignored;

impl<'a> Arg<'a> for Ignored {
    fn decode(_: Input<'a>) -> Result<Self, Error> {
        Ok(Ignored)
    }
}
