//! Checking the settings of a section (`PVE::SectionConfig::check_config` and `check_value`).

use super::base::BasePlugin;
use super::definition::Definition;
use super::table::{Table, Type};
use crate::{Environment, Error, Kind, Map, PerlStr, PerlString, Scalar, Value};

/// How [`check_config`] checks.
#[derive(Clone, Copy)]
pub struct CheckConfig<'c, B> {
    /// The types.
    pub table: &'c Table,
    /// What they do beyond their tables.
    pub base: &'c B,
    /// What the checks ask of the host.
    pub environment: &'c Environment<'c>,
    /// The section is a new one: what it must have has to be there, and what is fixed may be set.
    pub create: bool,
    /// Values have been checked against their schemas before.
    pub skip_schema_check: bool,
}

/// Checks the settings of a section, and decodes their values.
///
/// # Errors
///
/// What the reference dies with: the first setting that does not fit. Where the reference looks at settings in the order
/// of a Perl hash, this takes the order of `config`, and that of their names for those that are missing.
pub fn check_config<'a, B: BasePlugin>(
    how: &CheckConfig<'_, B>,
    kind: &Type,
    id: PerlStr<'_>,
    mut config: Map<'a>,
    warnings: &mut Vec<PerlString<'static>>,
) -> Result<Map<'a>, Error> {
    how.base.before_check(kind, id, &mut config, how.create);
    let mut settings = Map::with_capacity(config.len() + 1);
    settings.push("type", PerlString::from(PerlStr::Bytes(kind.name.as_bytes())).into_owned());
    let missing = if how.create {
        require(how.table, kind, |name| config.get(name).is_some())
    } else {
        Ok(())
    };
    for (key, value) in config.into_entries() {
        let name = key.as_perl();
        let usage = how.table.usage(kind, name.as_bytes());
        if !how.create && usage.is_some_and(|usage| usage.fixed) {
            return Err(about("can't change value of fixed parameter '", name, "'\n"));
        }
        if !value.is_defined() {
            return Err(about("got undefined value for option '", name, "'\n"));
        }
        let value = check_data(how, kind, name, value)?;
        let decoded = how.base.decode_value(kind, name, value, warnings)?;
        if let Some(value) = decoded {
            settings.insert(key, value);
        }
    }
    missing?;
    how.base.after_check(kind, &mut settings, how.create)?;
    Ok(settings)
}

/// Whether a section has what it must have.
pub(super) fn require(
    table: &Table,
    kind: &Type,
    is_there: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let required = kind.written.iter().take(kind.required);
    match required.map(|number| table.name(*number)).find(|name| !is_there(name)) {
        Some(missing) => {
            let name = PerlStr::Bytes(missing.as_bytes());
            Err(about("missing value for required option '", name, "'\n"))
        }
        None => Ok(()),
    }
}

fn about(before: &'static str, name: PerlStr<'_>, after: &'static str) -> Error {
    Error::died(&[PerlStr::literal(before), name, PerlStr::literal(after)])
}

/// The definition of a setting that a type may have. `Ok(None)` is the type itself.
fn definition_of<'t>(
    table: &'t Table,
    kind: &'t Type,
    key: PerlStr<'_>,
) -> Result<&'t Definition, Error> {
    let number = table.number(key.as_bytes()).filter(|number| kind.usage(*number).is_some());
    let number = number.ok_or_else(|| about("unexpected property '", key, "'\n"))?;
    let unknown = || Error::died(&[PerlStr::literal("unknown property type\n")]);
    table.definition(kind, number).ok_or_else(unknown)
}

fn check_data<'a, B>(
    how: &CheckConfig<'_, B>,
    kind: &Type,
    key: PerlStr<'_>,
    value: Value<'a>,
) -> Result<Value<'a>, Error> {
    if key.as_bytes() == b"type" {
        if let Value::Scalar(scalar) = &value {
            if scalar.to_perl().as_bytes() == kind.name.as_bytes() {
                return Ok(value);
            }
        }
    }
    let definition = definition_of(how.table, kind, key)?;
    match value {
        Value::Scalar(scalar) => {
            let text = scalar.to_perl();
            refuse_line_feed(text.as_bytes())?;
            if !how.skip_schema_check {
                check_text(definition, text.as_perl(), how.environment)?;
            }
            Ok(converted(definition, scalar).into())
        }
        reference if how.skip_schema_check => Ok(reference),
        reference => {
            let wanted = definition.kind().map_or("", Kind::name);
            Err(Error::died(&[
                PerlStr::literal("type check ('"),
                PerlStr::literal(wanted),
                PerlStr::literal("') failed - got "),
                PerlStr::literal(reference.reference_kind()),
                PerlStr::literal("\n"),
            ]))
        }
    }
}

/// Refuses a value that would not stay in its line.
fn refuse_line_feed(text: &[u8]) -> Result<(), Error> {
    if memchr::memchr2(b'\n', b'\r', text).is_some() {
        return Err(Error::died(&[PerlStr::literal("property contains a line feed\n")]));
    }
    Ok(())
}

/// Checks the text of a value against its schema.
fn check_text(
    definition: &Definition,
    text: PerlStr<'_>,
    environment: &Environment<'_>,
) -> Result<(), Error> {
    definition
        .check(text, environment)
        .map_err(|problem| Error::died(&[problem.as_perl(), PerlStr::literal("\n")]))
}

/// Whether a value is kept as a number: that of a number or a boolean.
fn is_number(definition: &Definition) -> bool {
    let is_number = matches!(definition.kind(), Some(Kind::Boolean | Kind::Integer | Kind::Number));
    is_number && !definition.is_list()
}

/// The value as what its type says.
fn converted<'a>(definition: &Definition, value: Scalar<'a>) -> Scalar<'a> {
    if is_number(definition) { value.to_number().into() } else { value }
}

/// The text of a line's value, and whether it is kept as a number.
pub(super) type Checked<'a> = (&'a [u8], bool);

/// Checks the value of a line, against its schema too (`check_value`). The property is known, by its number; `has_returns`
/// tells whether the value may have a carriage return.
pub(super) fn check_line<'a>(
    kind: &Type,
    (number, definition): (usize, &Definition),
    key: &[u8],
    value: Option<&'a [u8]>,
    has_returns: bool,
    environment: &Environment<'_>,
) -> Result<Checked<'a>, Error> {
    if kind.usage(number).is_none() {
        return match value {
            Some(value) if key == b"type" && value == kind.name.as_bytes() => Ok((value, false)),
            _ => Err(about("unexpected property '", PerlStr::Bytes(key), "'\n")),
        };
    }
    let is_flag = definition.kind() == Some(Kind::Boolean) && !definition.is_list();
    let value = match value {
        Some(value) => value,
        None if is_flag => b"1",
        None => return Err(Error::died(&[PerlStr::literal("got undefined value\n")])),
    };
    if has_returns {
        refuse_line_feed(value)?;
    }
    check_text(definition, PerlStr::Bytes(value), environment)?;
    Ok((value, is_number(definition)))
}
