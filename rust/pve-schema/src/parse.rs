//! Reading property strings: `name=eth0,bridge=vmbr0,firewall=1` (`PVE::JSONSchema::parse_property_string`).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::Errors;
use crate::object::{check_properties, check_string};
use crate::{Environment, Error, PerlStr, PerlString, Properties, Property, Schema, class};

/// Reads and checks a property string.
///
/// Parts stand between commas; blank ones are skipped. A part is `KEY=VALUE`, or the value of the schema's default key.
///
/// # Errors
///
/// A text for a string that cannot be taken apart, a [`FormatError`](crate::FormatError) for properties that do not fit
/// the schema. Where the reference reports in the order of a Perl hash, this follows the schema, then the string.
pub fn parse_property_string<'a>(
    schema: &'static Schema,
    data: PerlStr<'a>,
    environment: &Environment<'_>,
) -> Result<Properties<'a>, Error> {
    let mut properties = Properties::new(schema);
    read(&mut properties, data, environment)?;
    Ok(properties)
}

/// Checks a property string, as [`parse_property_string`] does.
pub(crate) fn check_property_string(
    schema: &'static Schema,
    data: PerlStr<'_>,
    environment: &Environment<'_>,
) -> Result<(), Error> {
    read(&mut Properties::new(schema), data, environment)
}

fn read<'a>(
    properties: &mut Properties<'a>,
    data: PerlStr<'a>,
    environment: &Environment<'_>,
) -> Result<(), Error> {
    let mut reading = Reading { properties, unknown: Unknown::default(), default_seen: None };
    reading.parts(data)?;
    let Reading { properties, unknown, .. } = reading;
    let mut errors = Errors::default();
    let check = |at: usize, property: &Property| match properties.value(at) {
        Some(value) if !properties.is_boolean(at) => check_string(property, value, environment),
        _ => Ok(()),
    };
    check_properties(properties.schema, properties.given, check, &mut errors);
    for key in unknown.keys {
        let text =
            "property is not defined in schema and the schema does not allow additional properties";
        errors.add_new(key, PerlString::literal(text));
    }
    errors.into_result("format error\n")
}

/// Keys that the schema does not have. They are an error, but a repeated one is another error.
#[derive(Default)]
struct Unknown<'a> {
    keys: Vec<PerlStr<'a>>,
    index: HashSet<Cow<'a, [u8]>>,
}

/// How many unknown keys are looked through one by one.
const FEW: usize = 16;

impl<'a> Unknown<'a> {
    /// Adds a key; false if it is there already.
    fn add(&mut self, key: PerlStr<'a>) -> bool {
        if self.keys.len() < FEW {
            if self.keys.contains(&key) {
                return false;
            }
        } else {
            if self.index.is_empty() {
                self.index = self.keys.iter().map(|key| Cow::Borrowed(key.as_bytes())).collect();
            }
            if !self.index.insert(Cow::Borrowed(key.as_bytes())) {
                return false;
            }
        }
        self.keys.push(key);
        true
    }
}

struct Reading<'p, 'a> {
    properties: &'p mut Properties<'a>,
    unknown: Unknown<'a>,
    default_seen: Option<&'static str>,
}

impl<'a> Reading<'_, 'a> {
    fn parts(&mut self, data: PerlStr<'a>) -> Result<(), Error> {
        let bytes = data.as_bytes();
        let has_newline = memchr::memchr(b'\n', bytes).is_some();
        let mut start = 0;
        loop {
            let rest = bytes.get(start..).unwrap_or_default();
            let key_end = rest.iter().position(|b| matches!(b, b'=' | b',')).unwrap_or(rest.len());
            let (equals, end) = match rest.get(key_end) {
                Some(b'=') => {
                    let value = rest.get(key_end..).unwrap_or_default();
                    let length = value.iter().position(|b| *b == b',').unwrap_or(value.len());
                    (Some(start + key_end), start + key_end + length)
                }
                _ => (None, start + key_end),
            };
            if !class::is_blank(data.slice(start, end)) {
                match equals {
                    None => self.default_value(data.slice(start, end))?,
                    Some(equals) => {
                        let mut value = data.slice(equals + 1, end);
                        let mut fine = equals > start && end > equals + 1;
                        if has_newline {
                            // A dot matches no newline, and `$` also matches before a last one.
                            value = value.strip_final_newline().unwrap_or(value);
                            fine &= !value.is_empty() && !value.as_bytes().contains(&b'\n');
                        }
                        if !fine {
                            let text = "missing key in comma-separated list property\n";
                            return Err(Error::died(&[PerlStr::literal(text)]));
                        }
                        self.key_value(data.slice(start, equals), value)?;
                    }
                }
            }
            if end == bytes.len() {
                return Ok(());
            }
            start = end + 1;
        }
    }

    fn key_value(&mut self, key: PerlStr<'a>, value: PerlStr<'a>) -> Result<(), Error> {
        let schema = self.properties.schema;
        let Some(mut at) = schema.position(key.as_bytes()) else {
            return if self.unknown.add(key) { Ok(()) } else { Err(duplicate(key)) };
        };
        if self.properties.is_given(at) {
            return Err(duplicate(key));
        }
        let alias =
            schema.properties.get(at).and_then(|p| p.alias.map(|target| (target, p.key_alias)));
        if let Some((target, key_alias)) = alias {
            if let Some(at) = key_alias.and_then(|name| schema.position(name.as_bytes())) {
                if self.properties.is_given(at) {
                    return Err(already_defined(
                        "key alias '",
                        key_alias.unwrap_or_default(),
                        "' is already defined\n",
                    ));
                }
                self.properties.set(at, key);
            }
            let Some(target_at) = schema.position(target.as_bytes()) else { return Ok(()) };
            if self.properties.is_given(target_at) {
                return Err(already_defined("key '", target, "' is already defined (via alias)\n"));
            }
            at = target_at;
        }
        self.properties.set_value(at, value);
        Ok(())
    }

    fn default_value(&mut self, part: PerlStr<'a>) -> Result<(), Error> {
        let schema = self.properties.schema;
        if let Some(name) = self.default_seen {
            return Err(duplicate(PerlStr::literal(name)));
        }
        let default =
            schema.default_position().and_then(|at| Some((at, schema.properties.get(at)?)));
        let Some((at, property)) = default else {
            let text = "value without key, but schema does not define a default key\n";
            return Err(Error::died(&[PerlStr::literal(text)]));
        };
        self.default_seen = Some(property.name);
        // The reference asks for truth, so that a false value gives way.
        if self.properties.value(at).is_some_and(PerlStr::is_true) {
            return Err(duplicate(PerlStr::literal(property.name)));
        }
        self.properties.set_value(at, part);
        Ok(())
    }
}

fn duplicate(key: PerlStr<'_>) -> Error {
    Error::died(&[
        PerlStr::literal("duplicate key in comma-separated list property: "),
        key,
        PerlStr::literal("\n"),
    ])
}

fn already_defined(before: &'static str, key: &'static str, after: &'static str) -> Error {
    Error::died(&[PerlStr::literal(before), PerlStr::literal(key), PerlStr::literal(after)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Property;

    static DRIVE: Schema = Schema::new(
        "drive",
        &[
            Property::string("file", "").default_key(),
            Property::string("media", "").optional().one_of(&["disk", "cdrom"]),
            Property::boolean("ro", "").optional(),
            Property::alias("virtio", "mac", Some("model")),
            Property::string("mac", "").optional(),
            Property::string("model", "").optional(),
        ],
    );

    fn parse(text: &'static str) -> Result<Vec<(&'static str, String)>, String> {
        parse_property_string(&DRIVE, PerlStr::literal(text), &Environment::empty())
            .map(|p| p.iter().map(|(name, value)| (name, value.to_perl().to_string())).collect())
            .map_err(|e| e.to_string())
    }

    fn pairs(pairs: &[(&'static str, &str)]) -> Result<Vec<(&'static str, String)>, String> {
        Ok(pairs.iter().map(|(k, v)| (*k, (*v).to_owned())).collect())
    }

    #[test]
    fn parts_and_the_default_key() {
        assert_eq!(parse("a,, ,ro=YES"), pairs(&[("file", "a"), ("ro", "1")]));
        assert_eq!(parse("ro=off,file=a=b\n"), pairs(&[("file", "a=b"), ("ro", "0")]));
        // A false value of the default key is overwritten.
        assert_eq!(parse("file=0,a"), pairs(&[("file", "a")]));
    }

    #[test]
    fn strings_that_cannot_be_taken_apart() {
        let duplicate =
            |key: &str| Err(format!("duplicate key in comma-separated list property: {key}\n"));
        assert_eq!(parse("a,b"), duplicate("file"));
        assert_eq!(parse("file=a,b"), duplicate("file"));
        assert_eq!(parse("x=1,x=2"), duplicate("x"));
        for text in ["=a", "ro=", "ro=a\nb"] {
            assert_eq!(
                parse(text),
                Err("missing key in comma-separated list property\n".into()),
                "{text}"
            );
        }
    }

    #[test]
    fn aliases_set_their_target() {
        assert_eq!(
            parse("a,virtio=00"),
            pairs(&[("file", "a"), ("mac", "00"), ("model", "virtio")])
        );
        assert_eq!(
            parse("a,mac=1,virtio=2"),
            Err("key 'mac' is already defined (via alias)\n".into())
        );
        assert_eq!(
            parse("a,model=1,virtio=2"),
            Err("key alias 'model' is already defined\n".into())
        );
    }

    #[test]
    fn errors_are_collected_by_key() {
        let unknown =
            "property is not defined in schema and the schema does not allow additional properties";
        assert_eq!(
            parse("media=tape,0=x,_root=y"),
            Err(format!(
                "format error\nfile: property is missing and it is not optional\nmedia: value 'tape' does not have a value \
                 in the enumeration 'disk, cdrom'\n_root: {unknown}\\n{unknown}\n"
            ))
        );
    }

    #[test]
    fn many_unknown_keys_are_not_looked_through_one_by_one() {
        let keys: Vec<String> = (0..40).map(|i| format!("k{i}=1")).collect();
        let text = format!("{},k39=1", keys.join(","));
        let error =
            parse_property_string(&DRIVE, PerlStr::Bytes(text.as_bytes()), &Environment::empty())
                .err();
        assert_eq!(error, Some(duplicate(PerlStr::literal("k39"))));
    }
}
