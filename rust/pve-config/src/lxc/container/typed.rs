//! Settings as text, made typed data.

use pve_schema::{
    Environment, Kind, Map, PerlNumber, PerlStr, PerlString, Property, Scalar, Schema, Value,
    parse_boolean, parse_property_string, size, startup,
};

use super::super::config::Section;
use super::super::keys;
use super::super::schema::{DEVICE, FEATURES, MOUNT_POINT, NETWORK, ROOTFS, UNUSED};

/// The lists of numbered settings: their key, their name in a file, their schema.
pub(super) static NUMBERED: [(&str, &str, &Schema); 4] = [
    ("networks", "net", &NETWORK),
    ("mount_points", "mp", &MOUNT_POINT),
    ("devices", "dev", &DEVICE),
    ("unused", "unused", &UNUSED),
];

/// The schema of a setting that is one map.
pub(super) fn map_schema(key: &str) -> Option<&'static Schema> {
    match key {
        "rootfs" => Some(&ROOTFS),
        "features" => Some(&FEATURES),
        _ => None,
    }
}

/// What separates the items of a setting that is a list, when it is written.
pub(super) fn list_separator(key: &str) -> Option<&'static str> {
    match key {
        "nameserver" | "searchdomain" => Some(" "),
        "tags" => Some(";"),
        "delete" => Some(","),
        _ => None,
    }
}

/// The properties of property strings that are lists.
pub(super) fn is_list(property: &str) -> bool {
    matches!(property, "trunks" | "mountoptions" | "mount")
}

/// One section.
pub(super) fn section(section: Section<'_, '_>, vnets: &[String]) -> Map<'static> {
    let mut map = Map::new();
    let mut numbered: [Vec<(u32, Map<'static>)>; 4] = Default::default();
    let mut other = Map::new();
    for (key, value) in section.iter() {
        let text = value.to_perl();
        let name = std::str::from_utf8(key).unwrap_or_default();
        let owned_key = || PerlString::Bytes(key.to_vec().into());
        if let Some((list, id, schema)) = numbered_setting(name) {
            match properties(schema, text.as_perl()) {
                Some(mut properties) => {
                    add_vnet(&mut properties, vnets);
                    numbered[list].push((id, properties));
                }
                None => other.push(owned_key(), text.into_owned()),
            }
            continue;
        }
        match typed(name, value) {
            Some(value) => map.insert(owned_key(), value),
            None => other.push(owned_key(), text.into_owned()),
        }
    }
    for ((key, _, _), mut settings) in NUMBERED.iter().zip(numbered) {
        settings.sort_by_key(|(id, _)| *id);
        if !settings.is_empty() {
            map.insert(*key, settings.into_iter().map(with_id).collect::<Vec<_>>());
        }
    }
    if !section.lxc().is_empty() {
        let pair = |(key, value): &(&[u8], &[u8])| {
            let text = |bytes: &[u8]| Value::from(PerlString::Bytes(bytes.to_vec().into()));
            Value::List(vec![text(key), text(value)])
        };
        map.insert("lxc", section.lxc().iter().map(pair).collect::<Vec<_>>());
    }
    if !other.is_empty() {
        map.insert("other", other);
    }
    map
}

fn with_id((id, properties): (u32, Map<'static>)) -> Value<'static> {
    let mut map = Map::with_capacity(properties.len() + 1);
    map.push("id", Scalar::Int(id.into()));
    for (key, value) in properties.iter() {
        map.push(key.into_owned(), value.clone());
    }
    map.into()
}

/// Which list a key belongs to, and its number in it.
fn numbered_setting(key: &str) -> Option<(usize, u32, &'static Schema)> {
    let known = keys::find(key.as_bytes())?;
    let list = NUMBERED.iter().position(|(_, name, _)| *name == known.property.name)?;
    let (_, name, schema) = NUMBERED[list];
    Some((list, key.strip_prefix(name)?.parse().ok()?, schema))
}

fn add_vnet(network: &mut Map<'static>, vnets: &[String]) {
    let Some(bridge) = network.get("bridge").and_then(Value::as_scalar).cloned() else { return };
    if vnets.iter().any(|vnet| vnet.as_bytes() == bridge.to_perl().as_bytes()) {
        network.push("vnet", bridge);
    }
}

/// A setting that is not numbered; `None` if it is no valid one.
fn typed(key: &str, value: &Scalar<'_>) -> Option<Value<'static>> {
    let text = value.to_perl();
    let perl = text.as_perl();
    if key == "delete" || list_separator(key).is_some() {
        return Some(Value::List(items(perl, b",; \t")));
    }
    if let Some(schema) = map_schema(key) {
        return properties(schema, perl).map(Value::Map);
    }
    if key == "startup" {
        let order = startup::parse(perl)?;
        let number = |(key, value): (PerlStr<'_>, &Value<'_>)| {
            let value = value.as_scalar()?.to_perl();
            Some((key.into_owned(), integer(value.as_perl())))
        };
        let mut map = Map::new();
        for (key, value) in order.iter().filter_map(number) {
            map.push(key, value);
        }
        return Some(map.into());
    }
    if matches!(key, "description" | "env" | "snapstate") {
        return Some(value.clone().into_owned().into());
    }
    let property = keys::find(key.as_bytes())?.property;
    match (property.kind, value) {
        (Kind::String, _) => Some(value.clone().into_owned().into()),
        (Kind::Boolean | Kind::Integer, Scalar::Bytes(_) | Scalar::Text(_)) => None,
        (Kind::Boolean | Kind::Integer, _) => Some(value.clone().into_owned().into()),
        (Kind::Number, _) => number(perl),
    }
}

/// The properties of a property string; `None` if it does not fit its schema.
fn properties(schema: &'static Schema, text: PerlStr<'_>) -> Option<Map<'static>> {
    let read = parse_property_string(schema, text, &Environment::empty()).ok()?.to_map(1);
    let mut map = Map::with_capacity(read.len());
    for (key, value) in read.iter() {
        let name = key.to_string();
        let property = schema.properties.iter().find(|property| property.name == name)?;
        map.push(key.into_owned(), typed_property(property, value.as_scalar()?)?);
    }
    Some(map)
}

fn typed_property(property: &Property, value: &Scalar<'_>) -> Option<Value<'static>> {
    let text = value.to_perl();
    let perl = text.as_perl();
    match property.kind {
        Kind::Boolean => Some(Scalar::Int(parse_boolean(perl)?.into()).into()),
        Kind::Integer => Some(integer(perl)),
        Kind::Number => number(perl),
        Kind::String if property.name == "size" => Some(Scalar::from(size::parse(perl)?).into()),
        Kind::String if property.name == "trunks" => {
            Some(Value::List(perl.split(b';').map(integer).collect()))
        }
        Kind::String if is_list(property.name) => Some(Value::List(items(perl, b"; "))),
        Kind::String => Some(text.into_owned().into()),
    }
}

fn integer(text: PerlStr<'_>) -> Value<'static> {
    Scalar::from(PerlNumber::from_prefix(text.as_bytes()).int()).into()
}

fn number(text: PerlStr<'_>) -> Option<Value<'static>> {
    let is_decimal = text.as_bytes().iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
    is_decimal.then(|| Scalar::from(PerlNumber::from_prefix(text.as_bytes())).into())
}

fn items(text: PerlStr<'_>, separators: &[u8]) -> Vec<Value<'static>> {
    text.as_bytes()
        .split(|byte| separators.contains(byte))
        .filter(|item| !item.is_empty())
        .map(|item| PerlString::Bytes(item.to_vec().into()).into())
        .collect()
}
