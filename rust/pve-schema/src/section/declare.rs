//! Types that plugins declare at run time, from what their `properties`, `options` and `plugindata` give.

use std::sync::Arc;

use super::definition::{Declared, Definition};
use super::table::{Exposed, Isolation, TypeDeclaration, Usage};
use crate::{Error, Format, Kind, Map, PerlStr, Scalar, Value};

/// Finds a format by its name.
pub type Formats = dyn Fn(&str) -> Option<Format>;

impl TypeDeclaration {
    /// A type of a plugin, from the hashes that its methods `properties`, `options` and `plugindata` return. `formats`
    /// knows the formats that properties may have.
    ///
    /// # Errors
    ///
    /// A text that names the property, if something of it cannot be checked here: a pattern, a format that is not known,
    /// or a type that is none of a value's.
    pub fn of_plugin(
        name: &str,
        properties: &Map<'_>,
        options: &Map<'_>,
        plugindata: &Map<'_>,
        formats: &Formats,
    ) -> Result<TypeDeclaration, Error> {
        let mut declared = TypeDeclaration {
            name: name.to_owned().into(),
            properties: Vec::with_capacity(properties.len()),
            options: Vec::with_capacity(options.len()),
            isolation: isolation(plugindata)?,
        };
        for (key, schema) in properties.iter() {
            let Value::Map(schema) = schema else { return Err(refused(key, "has no schema")) };
            let definition = Definition::Declared(Arc::new(definition(key, schema, formats)?));
            declared.properties.push((key.to_string().into(), definition));
        }
        for (key, usage) in options.iter() {
            let Value::Map(usage) = usage else { return Err(refused(key, "has no options")) };
            let usage = Usage { optional: flag(usage, "optional"), fixed: flag(usage, "fixed") };
            declared.options.push((key.to_string().into(), usage));
        }
        Ok(declared)
    }
}

fn flag(map: &Map<'_>, key: &str) -> bool {
    map.get(key).is_some_and(|value| value.as_scalar().is_none_or(Scalar::is_true))
}

fn isolation(plugindata: &Map<'_>) -> Result<Isolation, Error> {
    if !flag(plugindata, "isolate-properties") {
        return Ok(Isolation::Unified);
    }
    let exposed = match plugindata.get("expose-properties") {
        None => Exposed::All(false),
        Some(Value::Scalar(all)) => Exposed::All(all.is_true()),
        Some(Value::Map(names)) => {
            let named =
                names.iter().filter(|(_, value)| value.as_scalar().is_none_or(Scalar::is_true));
            Exposed::Some(named.map(|(name, _)| name.to_string()).collect())
        }
        Some(Value::List(_)) => {
            let text = "'expose-properties' should be a boolean or a hash\n";
            return Err(Error::died(&[PerlStr::literal(text)]));
        }
    };
    Ok(Isolation::Isolated(exposed))
}

fn definition(key: PerlStr<'_>, schema: &Map<'_>, formats: &Formats) -> Result<Declared, Error> {
    let text = |name: &str| {
        let value = schema.get(name).and_then(Value::as_scalar).filter(|v| v.is_defined())?;
        Some(value.to_perl().into_owned())
    };
    let kind = text("type").map(|kind| kind.to_string());
    if kind.as_deref() == Some("array") {
        let Some(Value::Map(items)) = schema.get("items") else {
            return Err(refused(key, "is a list of items without a schema"));
        };
        let optional = flag(schema, "optional");
        return Ok(Declared { list: true, optional, ..definition(key, items, formats)? });
    }
    let kind = match kind.as_deref() {
        None => None,
        Some("string") => Some(Kind::String),
        Some("boolean") => Some(Kind::Boolean),
        Some("integer") => Some(Kind::Integer),
        Some("number") => Some(Kind::Number),
        Some(_) => return Err(refused(key, "has a type that is none of a value's")),
    };
    if ["pattern", "oneOf", "allOf", "alias"].iter().any(|name| schema.get(name).is_some()) {
        return Err(refused(key, "has a pattern, an alias or schemas to choose from"));
    }
    let format = match schema.get("format") {
        None => None,
        Some(Value::Scalar(name)) => {
            let known = formats(&name.to_perl().to_string());
            Some(known.ok_or_else(|| refused(key, "has a format that is not known here"))?)
        }
        Some(_) => return Err(refused(key, "has a format of its own")),
    };
    let values = match schema.get("enum") {
        Some(Value::List(values)) => {
            let scalars = values.iter().filter_map(Value::as_scalar);
            Some(scalars.map(|value| value.to_perl().into_owned()).collect())
        }
        _ => None,
    };
    let length = |name| text(name).and_then(|text| text.to_string().parse().ok());
    Ok(Declared {
        kind,
        list: false,
        optional: flag(schema, "optional"),
        format,
        values,
        minimum: text("minimum"),
        maximum: text("maximum"),
        min_length: length("minLength"),
        max_length: length("maxLength"),
    })
}

fn refused(key: PerlStr<'_>, why: &'static str) -> Error {
    Error::died(&[
        PerlStr::literal("property '"),
        key,
        PerlStr::literal("' "),
        PerlStr::literal(why),
        PerlStr::literal(": only the plugin itself can check it\n"),
    ])
}
