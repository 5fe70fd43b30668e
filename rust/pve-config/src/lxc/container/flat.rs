//! Typed data, made settings as text.

use pve_schema::{
    Environment, Error, FormatError, Kind, Map, PerlStr, PerlString, Scalar, Schema, Value,
    parse_boolean, print_property_string,
};

use super::super::keys;
use super::typed::{NUMBERED, is_list, list_separator, map_schema};

type Result<T> = std::result::Result<T, Error>;

/// The structure that `write_pct_config` takes.
pub(super) fn configuration(config: &Map<'_>) -> Result<Map<'static>> {
    let mut flat = section(config)?;
    for key in ["pending", "snapshots", "vmid", "digest"] {
        flat.remove(key);
    }
    if let Some(pending) = config.get("pending").filter(|pending| pending.is_defined()) {
        flat.insert("pending", section(map("pending", pending)?)?);
    }
    let mut snapshots = Map::new();
    if let Some(given) = config.get("snapshots").filter(|snapshots| snapshots.is_defined()) {
        for (name, snapshot) in map("snapshots", given)?.iter() {
            snapshots.push(name.into_owned(), section(map("snapshots", snapshot)?)?);
        }
    }
    flat.insert("snapshots", snapshots);
    Ok(flat)
}

fn section(config: &Map<'_>) -> Result<Map<'static>> {
    let mut flat = Map::new();
    for (key, value) in config.iter().filter(|(_, value)| value.is_defined()) {
        let name = key.to_string();
        if matches!(name.as_str(), "pending" | "snapshots") {
            continue;
        }
        if let Some((_, prefix, schema)) = NUMBERED.iter().find(|(list, _, _)| *list == name) {
            for setting in list(&name, value)? {
                let (key, value) = numbered(&name, prefix, schema, map(&name, setting)?)?;
                flat.insert(key, value);
            }
        } else if name == "other" {
            for (key, text) in map(&name, value)?.iter() {
                flat.insert(key.into_owned(), scalar(&name, text)?);
            }
        } else if name == "lxc" {
            flat.insert("lxc", value.clone().into_owned());
        } else {
            flat.insert(key.into_owned(), setting(&name, value)?);
        }
    }
    Ok(flat)
}

fn numbered(
    list: &str,
    prefix: &str,
    schema: &'static Schema,
    setting: &Map<'_>,
) -> Result<(PerlString<'static>, PerlString<'static>)> {
    let id = setting.get("id").and_then(Value::as_scalar).map(|id| id.to_perl().to_string());
    let key = id
        .map(|id| format!("{prefix}{id}"))
        .filter(|key| keys::find(key.as_bytes()).is_some())
        .ok_or_else(|| bad(list, "an item needs its number as 'id'"))?;
    let mut setting = setting.clone();
    setting.remove("id");
    if let Some(vnet) = setting.remove("vnet") {
        if setting.get("bridge").is_none() {
            setting.insert("bridge", vnet);
        }
    }
    let text = properties(&key, schema, &setting)?;
    Ok((PerlString::from(key), text))
}

fn setting(key: &str, value: &Value<'_>) -> Result<Scalar<'static>> {
    if let Some(separator) = list_separator(key) {
        return match value {
            Value::List(items) => joined(key, items, separator),
            _ => scalar(key, value),
        };
    }
    if let Some(schema) = map_schema(key) {
        return properties(key, schema, map(key, value)?).map(Scalar::from);
    }
    if key == "startup" {
        let order = map(key, value)?;
        let part = |name: &str| {
            let number = order.get(name).filter(|number| number.is_defined())?;
            Some(scalar(key, number).map(|number| format!("{name}={}", number.to_perl())))
        };
        let parts: Result<Vec<String>> =
            ["order", "up", "down"].into_iter().filter_map(part).collect();
        return Ok(PerlString::from(parts?.join(",")).into());
    }
    let value = scalar(key, value)?;
    let kind = keys::find(key.as_bytes()).map(|known| known.property.kind);
    if kind == Some(Kind::Boolean) {
        return boolean(key, &value);
    }
    Ok(value)
}

fn properties(key: &str, schema: &'static Schema, given: &Map<'_>) -> Result<PerlString<'static>> {
    let mut flat = Map::new();
    for (name, value) in given.iter().filter(|(_, value)| value.is_defined()) {
        let property = schema.properties.iter().find(|p| p.name == name.to_string());
        let value = match value {
            Value::List(items) if property.is_some_and(|p| is_list(p.name)) => {
                joined(key, items, ";")?
            }
            value => scalar(key, value)?,
        };
        let is_boolean = property.is_some_and(|p| p.kind == Kind::Boolean);
        flat.push(name.into_owned(), if is_boolean { boolean(key, &value)? } else { value });
    }
    print_property_string(schema, &mut flat, &[], &Environment::empty()).map_err(|e| within(key, e))
}

/// The error with the setting's key before the property's.
fn within(key: &str, error: Error) -> Error {
    let Error::Format(error) = error else { return error };
    let prefixed = |(property, text): (PerlString<'static>, PerlString<'static>)| {
        let parts = [PerlStr::Bytes(key.as_bytes()), PerlStr::literal("."), property.as_perl()];
        (PerlString::concat(&parts), text)
    };
    Error::Format(FormatError {
        message: "format error\n",
        errors: error.errors.into_iter().map(prefixed).collect(),
    })
}

fn bad(key: &str, why: &str) -> Error {
    Error::Format(FormatError {
        message: "format error\n",
        errors: vec![(PerlString::from(key.to_owned()), PerlString::from(why.to_owned()))],
    })
}

fn boolean(key: &str, value: &Scalar<'_>) -> Result<Scalar<'static>> {
    match parse_boolean(value.to_perl().as_perl()) {
        Some(value) => Ok(Scalar::Int(value.into())),
        None => Err(bad(key, "a boolean is 1, on, yes, true, 0, off, no or false")),
    }
}

fn joined(key: &str, items: &[Value<'_>], separator: &str) -> Result<Scalar<'static>> {
    let mut text = PerlString::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(PerlStr::Bytes(separator.as_bytes()));
        }
        text.push(scalar(key, item)?.to_perl().as_perl());
    }
    Ok(text.into())
}

fn scalar(key: &str, value: &Value<'_>) -> Result<Scalar<'static>> {
    match value.as_scalar() {
        Some(scalar) => Ok(scalar.clone().into_owned()),
        None => Err(bad(key, "a single value is expected")),
    }
}

fn list<'v, 'a>(key: &str, value: &'v Value<'a>) -> Result<&'v [Value<'a>]> {
    value.as_list().ok_or_else(|| bad(key, "a list is expected"))
}

fn map<'v, 'a>(key: &str, value: &'v Value<'a>) -> Result<&'v Map<'a>> {
    value.as_map().ok_or_else(|| bad(key, "a map of settings is expected"))
}
