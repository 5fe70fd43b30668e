//! Writing property strings (`PVE::JSONSchema::print_property_string`).

use crate::error::Errors;
use crate::object::{check_data, check_properties};
use crate::schema::MAX_PROPERTIES;
use crate::{Environment, Error, Format, Map, PerlStr, PerlString, Property, Schema, Value, size};

/// Writes properties as one string: the default key's value first, then the other required properties, then the rest,
/// each in string order. Properties in `skip` are left out; they are checked all the same.
///
/// As in the reference, a property under an alias of its name is renamed in `data`.
///
/// # Errors
///
/// A [`FormatError`](crate::FormatError) whose message has no newline for values that do not fit the schema, a text for a
/// value with a comma or a property that the schema does not have.
pub fn print_property_string(
    schema: &'static Schema,
    data: &mut Map<'_>,
    skip: &[&str],
    environment: &Environment<'_>,
) -> Result<PerlString<'static>, Error> {
    let mut errors = Errors::default();
    rename_aliases(schema, data, &mut errors);
    let mut values = [const { &Value::UNDEF }; MAX_PROPERTIES];
    let mut given = 0;
    for (at, property) in schema.properties.iter().enumerate() {
        let value = data.get(property.name).filter(|value| value.is_defined());
        if let (Some(slot), Some(value)) = (values.get_mut(at), value) {
            *slot = value;
            given |= u32::from(property.alias.is_none()) << at;
        }
    }
    let check = |at: usize, property: &Property| {
        values.get(at).map_or(Ok(()), |value| check_data(property, value, environment))
    };
    check_properties(schema, given, check, &mut errors);
    errors.into_result("format error")?;

    let mut keys: Vec<(PerlStr<'_>, &Value<'_>)> = data
        .iter()
        .filter(|(key, value)| {
            value.is_defined() && !skip.iter().any(|s| s.as_bytes() == key.as_bytes())
        })
        .collect();
    keys.sort_by_key(|(key, _)| *key);
    let mut printing =
        Printing { schema, text: PerlString::new(), started: false, done: Vec::new() };
    let is_default =
        |key: PerlStr<'_>| schema.property(key.as_bytes()).is_some_and(|p| p.default_key);
    let is_required =
        |key: PerlStr<'_>| schema.property(key.as_bytes()).is_some_and(|p| !p.optional);
    let in_order = keys
        .iter()
        .filter(|(key, _)| is_default(*key))
        .chain(keys.iter().filter(|(key, _)| !is_default(*key) && is_required(*key)))
        .chain(keys.iter().filter(|(key, _)| !is_default(*key) && !is_required(*key)));
    for (key, value) in in_order {
        printing.property(*key, value, data)?;
    }
    Ok(printing.text)
}

fn rename_aliases(schema: &'static Schema, data: &mut Map<'_>, errors: &mut Errors) {
    for property in schema.properties {
        let Some(target) = property.alias else { continue };
        if data.get(property.name).is_none() {
            continue;
        }
        if data.get(target).is_some_and(Value::is_defined) {
            let text = PerlString::concat(&[
                PerlStr::literal("cannot set both '"),
                PerlStr::literal(property.name),
                PerlStr::literal("' and its alias target '"),
                PerlStr::literal(target),
                PerlStr::literal("'"),
            ]);
            errors.add(PerlStr::literal(property.name), text);
        } else if let Some(value) = data.remove(property.name) {
            data.insert(PerlString::literal(target), value);
        }
    }
}

struct Printing {
    schema: &'static Schema,
    text: PerlString<'static>,
    /// Something was written, perhaps an empty value.
    started: bool,
    /// Properties that were written together with another one.
    done: Vec<&'static str>,
}

impl Printing {
    fn property(
        &mut self,
        key: PerlStr<'_>,
        value: &Value<'_>,
        data: &Map<'_>,
    ) -> Result<(), Error> {
        let Some(property) = self.schema.property(key.as_bytes()) else {
            return Err(Error::died(&[
                PerlStr::literal("invalid key '"),
                key,
                PerlStr::literal("'\n"),
            ]));
        };
        if self.done.contains(&property.name) {
            return Ok(());
        }
        if self.started {
            self.text.push_literal(",");
        }
        self.started = true;
        // A key alias is written as the key of the property that its alias stands for.
        let combined = self
            .schema
            .properties
            .iter()
            .find(|p| p.key_alias == Some(property.name))
            .and_then(|p| self.schema.property(p.alias?.as_bytes()))
            .and_then(|target| {
                Some((target, data.get(target.name).filter(|value| value.is_defined())?))
            });
        let text = formatted(property, value)?;
        if let Some((target, value)) = combined {
            self.text.push(text.as_perl());
            self.text.push_literal("=");
            self.text.push(formatted(target, value)?.as_perl());
            self.done.push(target.name);
            return Ok(());
        }
        if !property.default_key {
            self.text.push(key);
            self.text.push_literal("=");
        }
        self.text.push(text.as_perl());
        Ok(())
    }
}

fn formatted<'v>(property: &Property, value: &'v Value<'_>) -> Result<PerlString<'v>, Error> {
    // A reference has not passed the check.
    let Some(scalar) = value.as_scalar() else { return Ok(PerlString::new()) };
    if matches!(property.format, Some(Format::One(rule)) if rule.name == crate::format::DISK_SIZE.name)
    {
        return Ok(PerlString::Bytes(size::format(scalar.to_number()).into_bytes().into()));
    }
    let text = scalar.to_perl();
    if memchr::memchr(b',', text.as_bytes()).is_some() {
        return Err(Error::died(&[
            PerlStr::literal("illegal value with commas for "),
            PerlStr::literal(property.name),
            PerlStr::literal("\n"),
        ]));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scalar;
    use crate::format::DISK_SIZE;

    static DRIVE: Schema = Schema::new(
        "drive",
        &[
            Property::string("file", "").default_key(),
            Property::string("zone", ""),
            Property::string("size", "").optional().format(Format::One(&DISK_SIZE)),
            Property::alias("virtio", "mac", Some("model")),
            Property::string("mac", "").optional(),
            Property::string("model", "").optional(),
        ],
    );

    fn print(pairs: &[(&'static str, Scalar<'static>)], skip: &[&str]) -> Result<String, String> {
        let mut map = Map::new();
        for (key, value) in pairs {
            map.push(PerlString::literal(key), value.clone());
        }
        print_property_string(&DRIVE, &mut map, skip, &Environment::empty())
            .map(|text| text.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_key_comes_first_then_what_is_required() {
        let mut data = vec![
            ("size", Scalar::Int(1536 << 20)),
            ("file", Scalar::literal("a")),
            ("mac", Scalar::literal("00")),
            ("zone", Scalar::literal("z")),
        ];
        assert_eq!(print(&data, &[]), Ok("a,zone=z,mac=00,size=1536M".into()));
        assert_eq!(print(&data, &["size"]), Ok("a,zone=z,mac=00".into()));
        data.push(("model", Scalar::literal("virtio")));
        assert_eq!(print(&data, &["mac"]), Ok("a,zone=z,virtio=00,size=1536M".into()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            print(&[("file", Scalar::literal("a"))], &[]),
            Err("format error\nzone: property is missing and it is not optional\n".into())
        );
        let data = [("file", Scalar::literal("a")), ("zone", Scalar::literal("1,2"))];
        assert_eq!(print(&data, &[]), Err("illegal value with commas for zone\n".into()));
        let data = [
            ("file", Scalar::literal("a")),
            ("zone", Scalar::literal("z")),
            ("x", Scalar::literal("1")),
        ];
        assert_eq!(print(&data, &[]), Err("invalid key 'x'\n".into()));
    }

    #[test]
    fn an_alias_is_renamed_in_the_data() {
        let mut map = Map::new();
        for (key, value) in [("file", "a"), ("zone", "z"), ("virtio", "00")] {
            map.push(PerlString::literal(key), PerlStr::literal(value));
        }
        let text = print_property_string(&DRIVE, &mut map, &[], &Environment::empty());
        assert_eq!(text.map(|t| t.to_string()), Ok("a,zone=z,mac=00".into()));
        assert!(map.get("virtio").is_none() && map.get("mac").is_some());
    }
}
