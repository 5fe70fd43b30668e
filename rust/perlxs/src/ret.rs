//! What an exported function may return. Each has one form, whatever the context.

use perlxs_sys as sys;
use serde::Serialize;

use crate::arg::Data;
use crate::error::Error;
use crate::handle::{Handle, Handled};
use crate::interpreter::{Perl, Sv};
use crate::ser::to_perl;

/// A function's result on its way to Perl.
pub enum Returned {
    /// undef, made by the shim
    Undef,
    /// an integer
    Int(i64),
    /// a floating point number
    Num(f64),
    /// one value
    Scalar(Sv),
    /// the elements of an array
    List(Sv),
    /// the empty list, undef in scalar context
    Empty,
}

/// A result of an exported function.
pub trait Return {
    /// Makes the result a Perl value.
    fn into_perl(self, perl: Perl) -> Result<Returned, Error>;
}

impl Return for () {
    fn into_perl(self, _: Perl) -> Result<Returned, Error> {
        Ok(Returned::Undef)
    }
}

macro_rules! scalars {
    ($($type:ty),*) => {$(
        impl Return for $type {
            fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
                to_perl(perl, &self).map(Returned::Scalar)
            }
        }
    )*};
}

scalars!(u64, usize, String, &str);

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Return for $type {
            #[inline]
            fn into_perl(self, _: Perl) -> Result<Returned, Error> {
                Ok(Returned::Int(self.into()))
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, bool);

/// What Perl's own comparisons and file tests give: 1, or the empty string that is 0 as a number.
pub struct Comparison(pub bool);

impl Return for Comparison {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        // SAFETY: the new value is ours.
        let raw = unsafe {
            Sv::from_owned(perl, sys::pxs_new_comparison(perl.raw(), self.0.into()))
        };
        Ok(raw.map_or(Returned::Undef, Returned::Scalar))
    }
}

impl Return for f64 {
    #[inline]
    fn into_perl(self, _: Perl) -> Result<Returned, Error> {
        Ok(Returned::Num(self))
    }
}

impl Return for Vec<u8> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        // SAFETY: ptr and length are of one slice; the new value is ours.
        let raw = unsafe {
            Sv::from_owned(
                perl,
                sys::pxs_new_string(perl.raw(), self.as_ptr().cast(), self.len(), 0),
            )
        };
        Ok(raw.map_or(Returned::Undef, Returned::Scalar))
    }
}

impl<T: Serialize> Return for Data<T> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        let result = to_perl(perl, &self.0);
        // Before the result is returned: a return value leaks where dropping a local panics.
        drop(self);
        result.map(Returned::Scalar)
    }
}

impl<T: Handled> Return for Handle<T> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        self.into_sv(perl).map(Returned::Scalar)
    }
}

/// None is undef.
impl<T: Return> Return for Option<T> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        self.map_or(Ok(Returned::Undef), |value| value.into_perl(perl))
    }
}

impl<T: Return, E: Into<Error>> Return for Result<T, E> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        self.map_err(Into::into)?.into_perl(perl)
    }
}

/// A value, or `return;`: the empty list, which is undef in scalar context.
pub enum Empty<T> {
    /// `return $value`
    Value(T),
    /// `return`
    Nothing,
}

impl<T: Return> Return for Empty<T> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        match self {
            Empty::Value(value) => value.into_perl(perl),
            Empty::Nothing => Ok(Returned::Empty),
        }
    }
}

/// A list: in scalar context its last element, as of Perl's list operators and XSUBs.
pub struct List<T>(pub Vec<T>);

impl<T: Serialize> Return for List<T> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        // SAFETY: the array is new and ours.
        let list = unsafe {
            let av = sys::pxs_new_array(perl.raw(), self.0.len());
            Sv::from_owned(perl, av.cast())
        };
        let Some(list) = list else { return Ok(Returned::Empty) };
        for value in &self.0 {
            let value = to_perl(perl, value)?;
            // SAFETY: the array takes over the value's count.
            unsafe {
                sys::pxs_array_push(perl.raw(), list.as_raw().cast(), value.into_raw());
            }
        }
        drop(self);
        Ok(Returned::List(list))
    }
}
