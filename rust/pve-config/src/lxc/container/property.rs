//! From the values of a property string to typed ones, and back.

use std::str::FromStr;

use pve_schema::{
    Environment, Error, Map, PerlStr, PerlString, Properties, Schema, Value, parse_property_string,
    print_property_string,
};

use super::Flag;

/// A value that passed its schema's check and is still none of its type.
pub fn misfit(name: &str, value: PerlStr<'_>) -> PerlString<'static> {
    let text = format!("{name}: no value that can be worked with: '");
    let mut text = PerlString::Bytes(text.into_bytes().into());
    text.push(value);
    text.push_literal("'\n");
    text
}

/// A boolean.
pub fn flag(properties: &Properties<'_>, name: &str) -> Option<Flag> {
    properties.get(name).map(|value| Flag(value.is_true()))
}

/// A string.
pub fn string<'a>(properties: &Properties<'a>, name: &str) -> Option<PerlString<'a>> {
    properties.get_str(name).map(PerlString::from)
}

/// A number.
pub fn number<T: FromStr + ToString>(
    properties: &Properties<'_>,
    name: &str,
) -> Result<Option<T>, PerlString<'static>> {
    properties.get_str(name).map(|value| parse_number(name, value)).transpose()
}

/// Reads a number, of which a leading plus is no part.
pub fn parse_number<T: FromStr + ToString>(
    name: &str,
    value: PerlStr<'_>,
) -> Result<T, PerlString<'static>> {
    let text = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
    let number = text.strip_prefix('+').unwrap_or(text).parse();
    number.ok().filter(is_sensible).ok_or_else(|| misfit(name, value))
}

/// Whether a number is written in digits: not so infinity, which is what is too large for a double.
fn is_sensible(number: &impl ToString) -> bool {
    number.to_string().bytes().any(|b| b.is_ascii_digit())
}

/// The parts of a string between separators.
pub fn list<'a>(properties: &Properties<'a>, name: &str, separator: u8) -> Vec<PerlString<'a>> {
    let value = properties.get_str(name);
    value.iter().flat_map(|value| value.split(separator)).map(PerlString::from).collect()
}

/// A list of strings as one.
pub fn joined(list: &[PerlString<'_>], separator: &'static str) -> PerlString<'static> {
    let mut text = PerlString::new();
    for (i, part) in list.iter().enumerate() {
        text.push_literal(if i == 0 { "" } else { separator });
        text.push(part.as_perl());
    }
    text
}

/// A property string in the making.
#[derive(Default)]
pub struct Pairs<'a>(Map<'a>);

impl<'a> Pairs<'a> {
    /// Adds a string, if there is one.
    pub fn string(&mut self, name: &'static str, value: Option<&'a PerlString<'a>>) {
        if let Some(value) = value {
            self.0.push(PerlString::literal(name), value.as_perl());
        }
    }

    /// Adds a list, if it is not empty.
    pub fn list(&mut self, name: &'static str, list: &[PerlString<'_>]) {
        if !list.is_empty() {
            self.0.push(PerlString::literal(name), joined(list, ";"));
        }
    }

    /// Adds something that is written in digits, if it is there.
    pub fn number(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            let digits = value.to_string().into_bytes();
            self.0.push(PerlString::literal(name), PerlString::Bytes(digits.into()));
        }
    }

    /// Adds a boolean, if it is there.
    pub fn flag(&mut self, name: &'static str, value: Option<Flag>) {
        self.number(name, value.map(|flag| u8::from(flag.0)));
    }

    /// Checks the properties and writes them as the reference does.
    ///
    /// # Errors
    ///
    /// What does not fit the schema, or would be read as something else.
    pub fn print(mut self, schema: &'static Schema) -> Result<PerlString<'static>, Error> {
        let environment = Environment::empty();
        let mut text = print_property_string(schema, &mut self.0, &[], &environment)?;
        // The first value stands without its key, and would be taken apart at an equals sign.
        let default =
            schema.default_position().and_then(|at| schema.properties.get(at)).map(|p| p.name);
        let value = default.and_then(|name| self.0.get(name)).and_then(Value::as_scalar);
        if value.is_some_and(|value| value.to_perl().as_bytes().contains(&b'=')) {
            let name = PerlStr::literal(default.unwrap_or_default());
            text = PerlString::concat(&[name, PerlStr::literal("="), text.as_perl()]);
        }
        let read = parse_property_string(schema, text.as_perl(), &environment)?.to_map(0);
        let is_read = |name: PerlStr<'_>, value: &Value<'_>| {
            let (Some(value), Some((_, read))) =
                (value.as_scalar(), read.iter().find(|(n, _)| *n == name))
            else {
                return false;
            };
            read.as_scalar().is_some_and(|read| read.to_perl() == value.to_perl())
        };
        match self
            .0
            .iter()
            .find(|(name, value)| name.as_bytes() != b"size" && !is_read(*name, value))
        {
            None => Ok(text),
            Some((name, _)) => Err(Error::died(&[
                PerlStr::literal("the value of '"),
                name,
                PerlStr::literal("' would be read as something else\n"),
            ])),
        }
    }
}
