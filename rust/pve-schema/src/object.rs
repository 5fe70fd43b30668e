//! Checking values against a schema (`PVE::JSONSchema::check_object` and `check_prop`).

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::class::{self, anchored};
use crate::error::Errors;
use crate::{Environment, Kind, PerlNumber, PerlStr, PerlString, Property, Scalar, Schema, Value};

/// Checks one value against a property; `None` where it is missing.
///
/// # Errors
///
/// The first thing that is wrong, in the reference's words.
pub fn check_value(
    property: &Property,
    value: Option<&Scalar<'_>>,
    environment: &Environment<'_>,
) -> Result<(), PerlString<'static>> {
    match value.filter(|scalar| scalar.is_defined()) {
        Some(scalar) => check_string(property, scalar.to_perl().as_perl(), environment),
        None if property.optional || property.alias.is_some() => Ok(()),
        None => Err(missing()),
    }
}

/// Checks a value of a hash against a property.
pub(crate) fn check_data(
    property: &Property,
    value: &Value<'_>,
    environment: &Environment<'_>,
) -> Result<(), PerlString<'static>> {
    match value {
        Value::Scalar(scalar) => check_string(property, scalar.to_perl().as_perl(), environment),
        reference => Err(PerlString::concat(&[
            PerlStr::literal("type check ('"),
            PerlStr::literal(property.kind.name()),
            PerlStr::literal("') failed - got "),
            PerlStr::literal(reference.reference_kind()),
        ])),
    }
}

/// Checks that a value is of a type (`PVE::JSONSchema::check_type`).
pub(crate) fn check_kind(kind: Kind, value: PerlStr<'_>) -> Result<(), PerlString<'static>> {
    let of_kind = match kind {
        Kind::String => true,
        Kind::Boolean => matches!(value.as_bytes(), b"0" | b"1"),
        Kind::Integer => is_integer(value),
        Kind::Number => is_number(value),
    };
    if of_kind {
        return Ok(());
    }
    Err(PerlString::concat(&[
        PerlStr::literal("type check ('"),
        PerlStr::literal(kind.name()),
        PerlStr::literal("') failed - got '"),
        value,
        PerlStr::literal("'"),
    ]))
}

pub(crate) fn check_string(
    property: &Property,
    value: PerlStr<'_>,
    environment: &Environment<'_>,
) -> Result<(), PerlString<'static>> {
    check_kind(property.kind, value)?;
    if let Some(format) = property.format {
        if let Err(error) = format.check(value, environment) {
            return Err(PerlString::concat(&[
                PerlStr::literal("invalid format - "),
                error.to_perl().as_perl(),
            ]));
        }
    }
    if let Some(pattern) = property.pattern {
        if !anchored(value, pattern.matches) {
            return Err(PerlString::literal("value does not match the regex pattern"));
        }
    }
    check_length(property, value)?;
    check_range(property, value)?;
    if !property.values.is_empty()
        && !property.values.iter().any(|v| v.as_bytes() == value.as_bytes())
    {
        let mut text = PerlString::concat(&[
            PerlStr::literal("value '"),
            value,
            PerlStr::literal("' does not have a value in the enumeration '"),
        ]);
        for (i, allowed) in property.values.iter().enumerate() {
            text.push_literal(if i == 0 { "" } else { ", " });
            text.push_literal(allowed);
        }
        text.push_literal("'");
        return Err(text);
    }
    Ok(())
}

fn check_length(property: &Property, value: PerlStr<'_>) -> Result<(), PerlString<'static>> {
    if let Some(longest) = property.max_length.filter(|max| value.char_len() > *max as usize) {
        return Err(ascii(format!("value may only be {longest} characters long")));
    }
    if let Some(shortest) = property.min_length.filter(|min| value.char_len() < *min as usize) {
        return Err(ascii(format!("value must be at least {shortest} characters long")));
    }
    Ok(())
}

fn check_range(property: &Property, value: PerlStr<'_>) -> Result<(), PerlString<'static>> {
    if property.maximum.is_none() && property.minimum.is_none() {
        return Ok(());
    }
    if !matches!(property.kind, Kind::Integer | Kind::Number) && !is_number(value) {
        return Ok(());
    }
    let number = PerlNumber::from_prefix(value.as_bytes()).as_f64();
    let against = |limit: i64| number.partial_cmp(&(limit as f64));
    if let Some(maximum) = property.maximum.filter(|max| against(*max) == Some(Ordering::Greater)) {
        return Err(ascii(format!("value must have a maximum value of {maximum}")));
    }
    if let Some(minimum) = property.minimum.filter(|min| against(*min) == Some(Ordering::Less)) {
        return Err(ascii(format!("value must have a minimum value of {minimum}")));
    }
    Ok(())
}

fn ascii(text: String) -> PerlString<'static> {
    PerlString::Bytes(Cow::Owned(text.into_bytes()))
}

/// `PVE::JSONSchema::is_integer`.
fn is_integer(value: PerlStr<'_>) -> bool {
    let start = usize::from(matches!(value.as_bytes().first(), Some(b'+' | b'-')));
    anchored(value.tail(start), class::is_digits)
}

/// `PVE::JSONSchema::is_number`.
pub(crate) fn is_number(value: PerlStr<'_>) -> bool {
    let start = usize::from(matches!(value.as_bytes().first(), Some(b'+' | b'-')));
    anchored(value.tail(start), |value| {
        let bytes = value.as_bytes();
        let mantissa = match bytes.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => {
                let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
                if !class::is_digits(value.tail(at + 1 + sign)) {
                    return false;
                }
                value.slice(0, at)
            }
            None => value,
        };
        match memchr::memchr(b'.', mantissa.as_bytes()) {
            None => class::is_digits(mantissa),
            Some(at) => {
                let (integer, fraction) = (mantissa.slice(0, at), mantissa.tail(at + 1));
                let digits_or_none = |part: PerlStr<'_>| part.is_empty() || class::is_digits(part);
                !(integer.is_empty() && fraction.is_empty())
                    && digits_or_none(integer)
                    && digits_or_none(fraction)
            }
        }
    })
}

/// Checks the properties of a schema, `given` having a bit for each that is there, then what these require.
pub(crate) fn check_properties(
    schema: &'static Schema,
    given: u32,
    mut check: impl FnMut(usize, &Property) -> Result<(), PerlString<'static>>,
    errors: &mut Errors,
) {
    let mut left = given | schema.required;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        let Some(property) = schema.properties.get(at) else { return };
        let checked = if given >> at & 1 == 1 { check(at, property) } else { Err(missing()) };
        if let Err(text) = checked {
            errors.add(PerlStr::literal(property.name), text);
        }
    }
    if schema.has_requirements {
        check_requirements(schema, given, errors);
    }
}

fn check_requirements(schema: &'static Schema, given: u32, errors: &mut Errors) {
    for (at, property) in schema.properties.iter().enumerate() {
        let Some(required) = property.requires.filter(|_| given >> at & 1 == 1) else { continue };
        if schema.position(required.as_bytes()).is_none_or(|at| given >> at & 1 == 0) {
            let text = PerlString::concat(&[
                PerlStr::literal("missing property required by '"),
                PerlStr::literal(property.name),
                PerlStr::literal("'"),
            ]);
            errors.add(PerlStr::literal(required), text);
        }
    }
}

fn missing() -> PerlString<'static> {
    PerlString::literal("property is missing and it is not optional")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for good in ["1", "+1", "-1.5", ".5", "5.", "1e5", "1.E-3", "1\n"] {
            assert!(is_number(PerlStr::literal(good)), "{good}");
        }
        for bad in ["", ".", "+", "e5", "1e", "1e+", "1.2.3", "1 ", "0x1", "inf", "1\n\n"] {
            assert!(!is_number(PerlStr::literal(bad)), "{bad}");
        }
        assert!(is_integer(PerlStr::literal("+007\n")));
        assert!(!is_integer(PerlStr::literal("1.0")));
    }

    #[test]
    fn the_first_fault_is_told() {
        static TAG: Property = Property::integer("tag", "").minimum(1).maximum(4094);
        let check = |text: &'static str| {
            check_value(&TAG, Some(&Scalar::literal(text)), &Environment::empty())
                .map_err(|e| e.to_string())
        };
        assert_eq!(check("4094"), Ok(()));
        assert_eq!(check("x"), Err("type check ('integer') failed - got 'x'".into()));
        assert_eq!(check("4095"), Err("value must have a maximum value of 4094".into()));
        assert_eq!(check("-1"), Err("value must have a minimum value of 1".into()));
    }

    #[test]
    fn lengths_are_in_characters() {
        static NAME: Property = Property::string("name", "").min_length(2).max_length(3);
        let check = |value: Scalar<'static>| {
            check_value(&NAME, Some(&value), &Environment::empty()).map_err(|e| e.to_string())
        };
        assert_eq!(check(Scalar::Text("äöü".into())), Ok(()));
        assert_eq!(check(Scalar::literal("ab")), Ok(()));
        assert_eq!(
            check(Scalar::literal("abcd")),
            Err("value may only be 3 characters long".into())
        );
        assert_eq!(
            check(Scalar::literal("a")),
            Err("value must be at least 2 characters long".into())
        );
    }
}
