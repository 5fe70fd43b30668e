//! The schemas by which the API checks parameters (`PVE::SectionConfig::createSchema` and `updateSchema`).

use std::collections::BTreeSet;

use super::definition::{Declared, Definition};
use super::table::{Table, Type};
use crate::{Format, Map, PerlString, Property, Scalar, Value};

/// The schema of the parameters that make a section: those of all types.
///
/// With `skip_type` there is no parameter `type`; `base` are further properties.
///
/// # Errors
///
/// What the reference dies with: `skip_type` where several types have properties of their own.
pub fn create_schema(
    table: &Table,
    skip_type: bool,
    base: Map<'static>,
) -> Result<Map<'static>, crate::Error> {
    if table.is_isolated {
        let mut main = one_of(table, false);
        if skip_type {
            let types = main.remove("oneOf");
            let Some(Value::List(mut types)) = types.filter(|_| table.types.len() == 1) else {
                let text = "cannot use 'skip_type' for configs with more than 1 section type\n";
                return Err(crate::Error::died(&[crate::PerlStr::literal(text)]));
            };
            main = match types.pop() {
                Some(Value::Map(only)) => only,
                _ => Map::new(),
            };
            main.remove("instance-type");
        }
        return Ok(combined(main, vec![properties_of(base), common(table)]));
    }
    let mut properties = base;
    for (number, shared) in table.properties.iter().enumerate() {
        let Some(definition) = &shared.definition else { continue };
        if skip_type && shared.name == "type" {
            continue;
        }
        let mut schema = table.schema_of(number, definition);
        let is_required = |kind: &Type| kind.usage(number).is_some_and(|usage| !usage.optional);
        if table.is_optional(number, definition) && table.types.iter().all(is_required) {
            schema.insert("optional", Scalar::Int(0));
        }
        properties.insert(owned(&shared.name), schema);
    }
    Ok(object(properties))
}

/// The schema of the parameters that change a section: those of all types, or of `single`.
///
/// `base` are further properties.
pub fn update_schema(table: &Table, single: Option<&Type>, base: Map<'static>) -> Map<'static> {
    if table.is_isolated {
        let mut main = one_of(table, true);
        if let (Some(kind), Some(Value::List(types))) = (single, main.get_mut("oneOf")) {
            if kind.number < types.len() {
                // The types stand in the order of their names.
                let mut names: Vec<&str> = table.types.iter().map(|t| t.name.as_str()).collect();
                names.sort_unstable();
                let at = names.iter().position(|name| *name == kind.name).unwrap_or_default();
                if let Value::Map(mut only) = types.swap_remove(at) {
                    only.remove("instance-type");
                    main = only;
                }
            }
        }
        let changes = properties_of(changes());
        return combined(main, vec![changes, properties_of(base), common(table)]);
    }
    let mut properties = base;
    for (number, shared) in table.properties.iter().enumerate() {
        let Some(definition) = &shared.definition else { continue };
        let is_changed = |kind: &Type| kind.usage(number).is_some_and(|usage| !usage.fixed);
        if shared.name == "type" || single.is_some_and(|kind| kind.usage(number).is_none()) {
            continue;
        }
        if !table.is_optional(number, definition) || table.types.iter().any(is_changed) {
            properties.insert(owned(&shared.name), table.schema_of(number, definition));
        }
    }
    for (name, schema) in changes().into_entries() {
        properties.insert(name, schema);
    }
    object(properties)
}

/// The parameters that every change has.
fn changes() -> Map<'static> {
    static DIGEST: Property = Property::string(
        "digest",
        "The change is made only if this is still the SHA-1 of the configuration.",
    )
    .optional()
    .max_length(64);
    static DELETE: Property = Property::string("delete", "The settings that are to be deleted.")
        .optional()
        .format(Format::List(&crate::format::CONFIG_ID))
        .max_length(4096);
    let mut changes = Map::with_capacity(2);
    changes.push("digest", of_property(&DIGEST));
    changes.push("delete", of_property(&DELETE));
    changes
}

fn owned(text: &str) -> PerlString<'static> {
    PerlString::from(text).into_owned()
}

fn object(properties: Map<'static>) -> Map<'static> {
    let mut schema = Map::with_capacity(3);
    schema.push("type", PerlString::literal("object"));
    schema.push("additionalProperties", Scalar::Int(0));
    schema.push("properties", properties);
    schema
}

/// The schema of further properties; nothing where there are none.
fn properties_of(properties: Map<'static>) -> Map<'static> {
    if properties.is_empty() {
        return Map::new();
    }
    let mut schema = Map::with_capacity(2);
    schema.push("additionalProperties", Scalar::Int(0));
    schema.push("properties", properties);
    schema
}

fn combined(main: Map<'static>, others: Vec<Map<'static>>) -> Map<'static> {
    let mut all: Vec<Value<'static>> =
        others.into_iter().filter(|schema| !schema.is_empty()).map(Value::Map).collect();
    if all.is_empty() {
        return main;
    }
    all.push(main.into());
    let mut schema = Map::with_capacity(1);
    schema.push("allOf", all);
    schema
}

/// The base plugin's properties that must be there and that no type uses: the section's ID.
fn common(table: &Table) -> Map<'static> {
    let mut common = Map::new();
    for (number, shared) in table.properties.iter().enumerate() {
        let Some(Definition::Table(property)) = &shared.definition else { continue };
        let is_used = table.types.iter().any(|kind| kind.usage(number).is_some());
        let is_of_base = table.base.contains(&number);
        if is_of_base && !is_used && !property.optional && property.name != "type" {
            common.push(property.name, of_property(property));
        }
    }
    properties_of(common)
}

/// A schema for each type, by the parameter `type`.
fn one_of(table: &Table, is_update: bool) -> Map<'static> {
    let mut types: Vec<&Type> = table.types.iter().collect();
    types.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut schemas = Vec::with_capacity(types.len());
    for kind in types {
        let mut properties = Map::with_capacity(kind.written.len());
        for number in &kind.written {
            let Some(usage) = kind.usage(*number).filter(|u| !(is_update && u.fixed)) else {
                continue;
            };
            let Some(definition) = table.definition(kind, *number) else { continue };
            let mut schema = match kind.own.contains_key(number) {
                true => of_definition(definition),
                false => table.schema_of(*number, definition),
            };
            if is_update || usage.optional {
                schema.insert("optional", Scalar::Int(1));
            }
            properties.push(owned(table.name(*number)), schema);
        }
        let mut schema = Map::with_capacity(3);
        schema.push("instance-type", owned(&kind.name));
        schema.push("additionalProperties", Scalar::Int(0));
        schema.push("properties", properties);
        schemas.push(schema.into());
    }
    let type_schema = match table.number(b"type").and_then(|n| table.properties.get(n)) {
        Some(shared) => shared.definition.as_ref().map(of_definition).unwrap_or_default(),
        None => Map::new(),
    };
    let mut schema = Map::with_capacity(3);
    schema.push("type-property", PerlString::literal("type"));
    schema.push("type-property-schema", with_types(table, type_schema));
    schema.push("oneOf", schemas);
    schema
}

/// The schema of `type`: the names of all types.
fn with_types(table: &Table, mut schema: Map<'static>) -> Map<'static> {
    let names: BTreeSet<&str> = table.types.iter().map(|kind| kind.name.as_str()).collect();
    let names: Vec<Value<'static>> = names.into_iter().map(|name| owned(name).into()).collect();
    schema.insert("type", PerlString::literal("string"));
    schema.insert("enum", names);
    schema
}

impl Table {
    /// Whether a property of everybody's may be missing: all that types declare may.
    fn is_optional(&self, number: usize, definition: &Definition) -> bool {
        definition.is_optional() || (!self.is_isolated && !self.base.contains(&number))
    }

    /// The schema of a property of everybody's.
    fn schema_of(&self, number: usize, definition: &Definition) -> Map<'static> {
        let mut schema = of_definition(definition);
        if self.is_optional(number, definition) {
            schema.insert("optional", Scalar::Int(1));
        }
        if self.name(number) == "type" { with_types(self, schema) } else { schema }
    }
}

fn of_definition(definition: &Definition) -> Map<'static> {
    match definition {
        Definition::Table(property) => of_property(property),
        Definition::Declared(declared) => of_declared(declared),
    }
}

fn in_list(is_list: bool, optional: bool, items: Map<'static>) -> Map<'static> {
    let mut schema = items;
    if is_list {
        let items = std::mem::replace(&mut schema, Map::with_capacity(3));
        schema.push("type", PerlString::literal("array"));
        schema.push("items", items);
    }
    if optional {
        schema.push("optional", Scalar::Int(1));
    }
    schema
}

fn of_property(property: &Property) -> Map<'static> {
    let mut schema = Map::with_capacity(8);
    schema.push("type", PerlString::literal(property.kind.name()));
    schema.push("description", PerlString::literal(property.description));
    if let Some(format) = property.format {
        schema.push("format", owned(&format.name()));
    }
    if let Some(pattern) = property.pattern {
        schema.push("pattern", PerlString::literal(pattern.text));
    }
    if !property.values.is_empty() {
        let values = property.values.iter().map(|value| PerlString::literal(value).into());
        schema.push("enum", values.collect::<Vec<Value<'static>>>());
    }
    for (name, limit) in [("minimum", property.minimum), ("maximum", property.maximum)] {
        if let Some(limit) = limit {
            schema.push(name, Scalar::Int(limit));
        }
    }
    for (name, length) in [("minLength", property.min_length), ("maxLength", property.max_length)] {
        if let Some(length) = length {
            schema.push(name, Scalar::Int(length.into()));
        }
    }
    if let Some(default) = property.default {
        schema.push("default", PerlString::literal(default));
    }
    in_list(property.list, property.optional, schema)
}

fn of_declared(declared: &Declared) -> Map<'static> {
    let mut schema = Map::with_capacity(8);
    if let Some(kind) = declared.kind {
        schema.push("type", PerlString::literal(kind.name()));
    }
    if let Some(format) = declared.format {
        schema.push("format", owned(&format.name()));
    }
    if let Some(values) = &declared.values {
        let values = values.iter().map(|value| Value::from(value.clone()));
        schema.push("enum", values.collect::<Vec<_>>());
    }
    for (name, limit) in [("minimum", &declared.minimum), ("maximum", &declared.maximum)] {
        if let Some(limit) = limit {
            schema.push(name, limit.clone());
        }
    }
    for (name, length) in [("minLength", declared.min_length), ("maxLength", declared.max_length)] {
        if let Some(length) = length {
            schema.push(name, Scalar::UInt(length));
        }
    }
    in_list(declared.list, declared.optional, schema)
}
