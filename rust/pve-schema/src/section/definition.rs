//! What a property of a section may be: from a constant table, or declared at run time.

use std::sync::Arc;

use crate::object::{check_kind, check_string, is_number};
use crate::{Environment, Format, Kind, PerlNumber, PerlStr, PerlString, Property};

/// The schema of a property.
#[derive(Clone)]
pub enum Definition {
    /// Of a constant table.
    Table(&'static Property),
    /// Declared by a plugin at run time.
    Declared(Arc<Declared>),
}

/// The schema of a property that a plugin declared at run time.
#[derive(Clone, Default)]
pub struct Declared {
    /// The type of its value, or of each of its values; `None` where the plugin names none.
    pub kind: Option<Kind>,
    /// Whether its value is a list.
    pub list: bool,
    /// Whether it may be missing.
    pub optional: bool,
    /// What its value must look like.
    pub format: Option<Format>,
    /// The values it may have; `None` for any.
    pub values: Option<Vec<PerlString<'static>>>,
    /// The least value of a number, as the plugin gives it.
    pub minimum: Option<PerlString<'static>>,
    /// The greatest value of a number.
    pub maximum: Option<PerlString<'static>>,
    /// The least length in characters.
    pub min_length: Option<u64>,
    /// The greatest length in characters.
    pub max_length: Option<u64>,
}

impl Definition {
    /// The type of the value, or of each of a list's.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Definition::Table(property) => Some(property.kind),
            Definition::Declared(declared) => declared.kind,
        }
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        match self {
            Definition::Table(property) => property.list,
            Definition::Declared(declared) => declared.list,
        }
    }

    /// Whether it may be missing.
    pub fn is_optional(&self) -> bool {
        match self {
            Definition::Table(property) => property.optional,
            Definition::Declared(declared) => declared.optional,
        }
    }

    /// Checks one value (`PVE::JSONSchema::check_prop`).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, without a newline of its own.
    pub fn check(
        &self,
        value: PerlStr<'_>,
        environment: &Environment<'_>,
    ) -> Result<(), PerlString<'static>> {
        match self {
            Definition::Table(property) => check_string(property, value, environment),
            Definition::Declared(declared) => declared.check(value, environment),
        }
    }
}

impl Declared {
    fn check(
        &self,
        value: PerlStr<'_>,
        environment: &Environment<'_>,
    ) -> Result<(), PerlString<'static>> {
        if let Some(kind) = self.kind {
            check_kind(kind, value)?;
        }
        if let Some(format) = self.format {
            format.check(value, environment).map_err(|error| {
                let text = error.to_perl();
                PerlString::concat(&[PerlStr::literal("invalid format - "), text.as_perl()])
            })?;
        }
        let length = value.char_len() as u64;
        if let Some(longest) = self.max_length.filter(|longest| length > *longest) {
            return Err(ascii(format!("value may only be {longest} characters long")));
        }
        if let Some(shortest) = self.min_length.filter(|shortest| length < *shortest) {
            return Err(ascii(format!("value must be at least {shortest} characters long")));
        }
        if is_number(value) {
            self.check_range(PerlNumber::from_prefix(value.as_bytes()).as_f64())?;
        }
        match &self.values {
            Some(values) if !values.iter().any(|allowed| allowed.as_perl() == value) => {
                Err(not_among(value, values))
            }
            _ => Ok(()),
        }
    }

    fn check_range(&self, number: f64) -> Result<(), PerlString<'static>> {
        let limit = |text: &PerlString<'_>| PerlNumber::from_prefix(text.as_bytes()).as_f64();
        let (text, end) = match (&self.maximum, &self.minimum) {
            (Some(maximum), _) if number > limit(maximum) => {
                ("value must have a maximum value of ", maximum)
            }
            (_, Some(minimum)) if number < limit(minimum) => {
                ("value must have a minimum value of ", minimum)
            }
            _ => return Ok(()),
        };
        Err(PerlString::concat(&[PerlStr::literal(text), end.as_perl()]))
    }
}

fn not_among(value: PerlStr<'_>, values: &[PerlString<'_>]) -> PerlString<'static> {
    let mut text = PerlString::concat(&[
        PerlStr::literal("value '"),
        value,
        PerlStr::literal("' does not have a value in the enumeration '"),
    ]);
    for (i, allowed) in values.iter().enumerate() {
        text.push_literal(if i == 0 { "" } else { ", " });
        text.push(allowed.as_perl());
    }
    text.push_literal("'");
    text
}

fn ascii(text: String) -> PerlString<'static> {
    PerlString::Bytes(text.into_bytes().into())
}
