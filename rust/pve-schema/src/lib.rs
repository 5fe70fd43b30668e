//! The schema language of PVE: property strings, value formats and their checks.
//!
//! A [`Schema`] is a constant table. Parsing ([`parse_property_string`]), checking ([`check_value`]), printing
//! ([`print_property_string`]) and documentation ([`pod::render`]) all follow from that one table. What they do, down
//! to the error texts, is what `PVE::JSONSchema` does; the name of its function stands in each item's documentation.
//!
//! Perl has two kinds of string, bytes and characters, and keeps numbers apart from both. [`Scalar`], [`PerlStr`] and
//! [`PerlString`] keep that distinction, because a program on the other side of the boundary can observe it.
//!
//! The crate is pure: it opens no file. What the reference reads from the host comes in through [`Environment`].
#![forbid(unsafe_code)]

mod class;
pub mod digest;
mod environment;
mod error;
pub mod format;
mod number;
mod object;
mod parse;
pub mod pod;
mod print;
mod properties;
mod property;
mod same;
mod schema;
pub mod section;
pub mod size;
pub mod startup;
mod string;
pub mod text;
mod value;
mod value_serde;

pub use class::{is_space, trim_end, trim_start};
pub use environment::Environment;
pub use error::{Error, FormatError};
pub use format::{Format, Rule, parse_boolean};
pub use number::PerlNumber;
pub use object::check_value;
pub use parse::parse_property_string;
pub use print::print_property_string;
pub use properties::Properties;
pub use property::{Kind, Pattern, Property};
pub use schema::Schema;
pub use string::{PerlStr, PerlString};
pub use value::{Map, Scalar, Value};
pub use value_serde::PERL_UTF8;
