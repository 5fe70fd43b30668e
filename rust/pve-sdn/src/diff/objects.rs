//! Objects of a configuration that differ (`PVE::Network::SDN::pending_config`).

use std::collections::BTreeMap;

use pve_schema::{Error, Map, PerlStr, PerlString, Value};

use super::State;
use crate::generate::Name;
use crate::generate::data::{Objects, Section};

/// An option that differs; what is not there is undef.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its value in effect.
    pub old: Value<'static>,
    /// The value that it gets.
    pub new: Value<'static>,
}

/// An object that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What becomes of it.
    pub state: State,
    /// The options that differ, by name; all of them where it is new or deleted.
    pub changes: BTreeMap<Name, Change>,
}

/// A value as it is written: the names of a set of nodes, or the elements of a list, sorted, with commas between
/// (`PVE::Network::SDN::encode_value`).
pub(super) fn written(value: &Value<'_>) -> PerlString<'static> {
    let mut words: Vec<PerlString<'static>> = match value {
        Value::Scalar(scalar) => return scalar.to_perl().into_owned(),
        Value::List(list) => list.iter().map(written).collect(),
        Value::Map(map) => map.iter().map(|(key, _)| key.into_owned()).collect(),
    };
    words.sort_by(|a, b| a.as_perl().cmp(&b.as_perl()));
    let mut text = PerlString::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push_literal(",");
        }
        text.push(word.as_perl());
    }
    text
}

fn options<'m>(object: Option<&'m Value<'m>>) -> Result<BTreeMap<Name, &'m Value<'m>>, Error> {
    let options = Section::of(object)?.iter().filter(|(_, value)| value.is_defined());
    Ok(options.map(|(key, value)| (Name(key.into_owned()), value)).collect())
}

fn compare(old: Option<&Value<'_>>, new: Option<&Value<'_>>) -> Result<Option<Object>, Error> {
    let (before, after) = (options(old)?, options(new)?);
    let names: std::collections::BTreeSet<&Name> = before.keys().chain(after.keys()).collect();
    let mut changes = BTreeMap::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old.map(|value| written(value)) == new.map(|value| written(value)) {
            continue;
        }
        let value = |value: Option<&&Value<'_>>| {
            value.map_or(Value::UNDEF, |value| (*value).clone().into_owned())
        };
        changes.insert(name.clone(), Change { old: value(old), new: value(new) });
    }
    let state = match (old.is_some(), new.is_some()) {
        (false, _) => State::New,
        (_, false) => State::Deleted,
        _ => State::Changed,
    };
    Ok((state != State::Changed || !changes.is_empty()).then_some(Object { state, changes }))
}

/// The objects of a kind that differ.
pub(super) fn differing(
    old: &Map<'_>,
    new: &Map<'_>,
    kind: &str,
) -> Result<BTreeMap<Name, Object>, Error> {
    let before = Objects::of(Section::of_map(old), kind)?;
    let after = Objects::of(Section::of_map(new), kind)?;
    let mut found = BTreeMap::new();
    for (id, value) in before.iter() {
        add(&mut found, id, compare(Some(value), after.get(id))?);
    }
    for (id, value) in after.iter().filter(|(id, _)| before.get(*id).is_none()) {
        add(&mut found, id, compare(None, Some(value))?);
    }
    Ok(found)
}

fn add(found: &mut BTreeMap<Name, Object>, id: PerlStr<'_>, object: Option<Object>) {
    if let Some(object) = object {
        found.insert(Name(id.into_owned()), object);
    }
}
