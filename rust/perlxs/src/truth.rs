//! Perl's own idea of truth, for parameters that stand for one of a Perl function.

use perlxs_sys as sys;

use crate::arg::{Arg, Input};
use crate::de::View;
use crate::error::Error;

/// Any value at all: undef, `""`, `"0"` and 0 are false, everything else is true (an overloaded object by its string).
pub struct Truth(pub bool);

impl<'a> Arg<'a> for Truth {
    const KIND: u32 = sys::PXS_ARG_PERL;

    fn decode(input: Input<'a>) -> Result<Truth, Error> {
        Ok(Truth(match input.view() {
            View::Undef | View::Bool(false) | View::Int(0) => false,
            View::Num(value) => value != 0.0,
            View::Bytes(text) | View::Text(text) => !matches!(text, b"" | b"0"),
            _ => true,
        }))
    }
}
