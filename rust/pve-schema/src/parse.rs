//! Reading property strings: `name=eth0,bridge=vmbr0,firewall=1` (`PVE::JSONSchema::parse_property_string`).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::Errors;
use crate::object::{Checked, check_properties};
use crate::schema::MAX_PROPERTIES;
use crate::{
    Environment, Error, Kind, Map, PerlStr, PerlString, Scalar, Schema, class, parse_boolean,
};

/// What a property string gave, checked against its schema.
#[derive(Clone)]
pub struct Properties<'a> {
    schema: &'static Schema,
    slots: [Slot<'a>; MAX_PROPERTIES],
}

#[derive(Clone, Copy)]
enum Slot<'a> {
    Absent,
    Str(PerlStr<'a>),
    Boolean(bool),
}

impl<'a> Slot<'a> {
    fn is_given(self) -> bool {
        !matches!(self, Slot::Absent)
    }

    /// Perl's truth.
    fn is_true(self) -> bool {
        match self {
            Slot::Absent => false,
            Slot::Str(string) => string.is_true(),
            Slot::Boolean(value) => value,
        }
    }

    fn checked(self) -> Option<Checked<'a>> {
        match self {
            Slot::Absent => None,
            Slot::Str(string) => Some(Checked::Str(string.into())),
            Slot::Boolean(value) => {
                Some(Checked::Str(PerlString::literal(if value { "1" } else { "0" })))
            }
        }
    }
}

impl<'a> Properties<'a> {
    /// The value of a property: booleans as integers, anything else as it was written.
    pub fn get(&self, name: &str) -> Option<Scalar<'a>> {
        match self.slots.get(self.schema.position(name.as_bytes())?)? {
            Slot::Absent => None,
            Slot::Str(string) => Some(Scalar::from(*string)),
            Slot::Boolean(value) => Some(Scalar::Int(i64::from(*value))),
        }
    }

    /// The value of a property that is not a boolean.
    pub fn get_str(&self, name: &str) -> Option<PerlStr<'a>> {
        match self.slots.get(self.schema.position(name.as_bytes())?)? {
            Slot::Str(string) => Some(*string),
            _ => None,
        }
    }

    /// The properties that are there, in the order of the schema.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Scalar<'a>)> {
        self.schema.properties.iter().zip(&self.slots).filter_map(|(property, slot)| match slot {
            Slot::Absent => None,
            Slot::Str(string) => Some((property.name, Scalar::from(*string))),
            Slot::Boolean(value) => Some((property.name, Scalar::Int(i64::from(*value)))),
        })
    }

    /// The properties that are there, with room for `more`.
    pub fn to_map(&self, more: usize) -> Map<'a> {
        let given = self.slots.iter().filter(|slot| slot.is_given()).count();
        let mut map = Map::with_capacity(given + more);
        for (name, value) in self.iter() {
            map.push(PerlString::literal(name), value);
        }
        map
    }
}

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
    let mut reading = Reading {
        properties: Properties { schema, slots: [Slot::Absent; MAX_PROPERTIES] },
        unknown: Unknown::default(),
        default_seen: None,
    };
    for part in data.split(b',') {
        reading.part(part)?;
    }
    let Reading { properties, unknown, .. } = reading;
    let mut errors = Errors::default();
    let slots = &properties.slots;
    check_properties(
        schema,
        |at| slots.get(at).and_then(|slot| slot.checked()),
        environment,
        &mut errors,
    );
    for key in unknown.keys {
        let text =
            "property is not defined in schema and the schema does not allow additional properties";
        errors.add(key, PerlString::literal(text));
    }
    errors.into_result("format error\n")?;
    Ok(properties)
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

struct Reading<'a> {
    properties: Properties<'a>,
    unknown: Unknown<'a>,
    default_seen: Option<&'static str>,
}

impl<'a> Reading<'a> {
    fn part(&mut self, part: PerlStr<'a>) -> Result<(), Error> {
        if class::is_blank(part) {
            return Ok(());
        }
        match memchr::memchr(b'=', part.as_bytes()) {
            None => self.default_value(part),
            Some(at) => {
                // `.` matches no newline, and `$` also matches before a last one.
                let value = part.tail(at + 1);
                let value = value.strip_final_newline().unwrap_or(value);
                if at == 0 || value.is_empty() || memchr::memchr(b'\n', value.as_bytes()).is_some()
                {
                    return Err(Error::died(&[PerlStr::literal(
                        "missing key in comma-separated list property\n",
                    )]));
                }
                self.key_value(part.slice(0, at), value)
            }
        }
    }

    fn key_value(&mut self, key: PerlStr<'a>, value: PerlStr<'a>) -> Result<(), Error> {
        let schema = self.properties.schema;
        let Some(mut at) = schema.position(key.as_bytes()) else {
            return if self.unknown.add(key) { Ok(()) } else { Err(duplicate(key)) };
        };
        if self.is_given(at) {
            return Err(duplicate(key));
        }
        if let Some((target, key_alias)) =
            schema.properties.get(at).and_then(|p| p.alias.map(|a| (a, p.key_alias)))
        {
            if let Some(at) = key_alias.and_then(|name| schema.position(name.as_bytes())) {
                if self.is_given(at) {
                    return Err(already_defined(
                        "key alias '",
                        key_alias.unwrap_or_default(),
                        "' is already defined\n",
                    ));
                }
                self.set(at, Slot::Str(key));
            }
            let Some(target_at) = schema.position(target.as_bytes()) else { return Ok(()) };
            if self.is_given(target_at) {
                return Err(already_defined("key '", target, "' is already defined (via alias)\n"));
            }
            at = target_at;
        }
        self.set_value(at, value);
        Ok(())
    }

    fn default_value(&mut self, part: PerlStr<'a>) -> Result<(), Error> {
        let schema = self.properties.schema;
        if let Some(name) = self.default_seen {
            return Err(duplicate(PerlStr::literal(name)));
        }
        let Some((at, property)) =
            schema.default_position().and_then(|at| schema.properties.get(at).map(|p| (at, p)))
        else {
            let text = "value without key, but schema does not define a default key\n";
            return Err(Error::died(&[PerlStr::literal(text)]));
        };
        self.default_seen = Some(property.name);
        if self.properties.slots.get(at).is_some_and(|slot| slot.is_true()) {
            return Err(duplicate(PerlStr::literal(property.name)));
        }
        self.set_value(at, part);
        Ok(())
    }

    fn is_given(&self, at: usize) -> bool {
        self.properties.slots.get(at).is_some_and(|slot| slot.is_given())
    }

    fn set(&mut self, at: usize, value: Slot<'a>) {
        if let Some(slot) = self.properties.slots.get_mut(at) {
            *slot = value;
        }
    }

    fn set_value(&mut self, at: usize, value: PerlStr<'a>) {
        let boolean =
            self.properties.schema.properties.get(at).is_some_and(|p| p.kind == Kind::Boolean);
        let slot = match parse_boolean(value) {
            Some(value) if boolean => Slot::Boolean(value),
            _ => Slot::Str(value),
        };
        self.set(at, slot);
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
