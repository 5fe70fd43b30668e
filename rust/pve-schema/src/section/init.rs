//! Making the table of a section file (`PVE::SectionConfig::init`).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::definition::Definition;
use super::names::Names;
use super::table::{Exposed, Isolation, Shared, Table, Type, TypeDeclaration, Usage};
use crate::{Error, PerlStr, Property};

impl Table {
    /// Makes the table of `types`, whose sections may also use the properties of the base plugin, among them `type`.
    /// `isolation` is `propertyIsolation` of the base plugin: every type keeps its properties to itself.
    ///
    /// # Errors
    ///
    /// What the reference dies with: a property declared twice, or one used that is not there or that is another type's own.
    pub fn new(
        base: &'static [Property],
        types: &[TypeDeclaration],
        isolation: bool,
    ) -> Result<Table, Error> {
        let isolates = |kind: &TypeDeclaration| isolation || kind.isolation != Isolation::Unified;
        let is_isolated = types.iter().any(isolates);
        let mut init = Init { isolation, is_isolated, ..Init::default() };
        for property in base {
            init.base.insert(property.name);
            init.share(property.name, Definition::Table(property));
        }
        types.iter().try_for_each(|kind| init.declare(kind))?;
        let mut table = Table {
            types: Vec::with_capacity(types.len()),
            type_numbers: Names::default(),
            numbers: Names::default(),
            properties: Vec::new(),
            base: (0..base.len()).collect(),
            is_isolated,
        };
        for kind in types {
            let made = init.make(table.types.len(), kind)?;
            if table.type_numbers.add(kind.name.as_bytes()) != made.number {
                return Err(Error::died_at_caller(&[
                    PerlStr::literal("duplicate plugin registration (type = "),
                    PerlStr::Bytes(kind.name.as_bytes()),
                    PerlStr::literal(")"),
                ]));
            }
            table.types.push(made);
        }
        table.numbers = init.numbers;
        table.properties = init.properties;
        Ok(table)
    }
}

#[derive(Default)]
struct Init<'t> {
    isolation: bool,
    is_isolated: bool,
    base: HashSet<&'static str>,
    numbers: Names,
    properties: Vec<Shared>,
    /// By a property's name, the type that it is from: the first one, or the one that shares it.
    origins: HashMap<&'t str, &'t str>,
}

impl<'t> Init<'t> {
    fn number(&mut self, name: &str) -> usize {
        let number = self.numbers.add(name.as_bytes());
        if number == self.properties.len() {
            self.properties.push(Shared { name: name.to_owned(), definition: None });
        }
        number
    }

    fn share(&mut self, name: &str, definition: Definition) {
        let number = self.number(name);
        if let Some(shared) = self.properties.get_mut(number) {
            shared.definition = Some(definition);
        }
    }

    fn is_shared(&self, name: &str) -> bool {
        let number = self.numbers.number(name.as_bytes());
        let shared = number.and_then(|number| self.properties.get(number));
        shared.is_some_and(|shared| shared.definition.is_some())
    }

    fn declare(&mut self, kind: &'t TypeDeclaration) -> Result<(), Error> {
        for (name, definition) in &kind.properties {
            if self.isolation || !is_exposed(&kind.isolation, name) {
                self.number(name);
                self.origins.entry(name).or_insert(&kind.name);
                continue;
            }
            if self.is_shared(name) {
                let origin = self.origins.get(&**name).copied().unwrap_or("<base>");
                return Err(if self.is_isolated {
                    died(&["duplicate property '", name, "' - already defined in '", origin, "'\n"])
                } else {
                    died_at_caller(&["duplicate property '", name, "'"])
                });
            }
            self.share(name, definition.clone());
            self.origins.insert(name, &kind.name);
        }
        Ok(())
    }

    fn make(&mut self, number: usize, kind: &'t TypeDeclaration) -> Result<Type, Error> {
        let isolates = self.isolation || kind.isolation != Isolation::Unified;
        let mut own = HashMap::new();
        let mut options: HashMap<Cow<'_, str>, Usage> = HashMap::new();
        for (name, usage) in &kind.options {
            options.insert(Cow::Borrowed(name), *usage);
        }
        if isolates {
            for (name, definition) in &kind.properties {
                own.insert(self.number(name), definition.clone());
                options
                    .entry(Cow::Borrowed(name))
                    .or_insert(Usage { optional: definition.is_optional(), fixed: false });
            }
        }
        let mut names: Vec<(&str, Usage)> = options.iter().map(|(k, v)| (&**k, *v)).collect();
        names.sort_unstable_by_key(|(name, usage)| (usage.optional, *name));
        let mut made = Type {
            number,
            name: kind.name.clone().into_owned(),
            usages: Vec::new(),
            own,
            written: Vec::with_capacity(names.len()),
            required: names.iter().filter(|(_, usage)| !usage.optional).count(),
        };
        for (name, usage) in names {
            let known = self.numbers.number(name.as_bytes());
            let is_own = known.is_some_and(|number| made.own.contains_key(&number));
            let is_usable = if isolates { self.base.contains(name) } else { self.is_shared(name) };
            let Some(property) = known.filter(|_| is_own || is_usable) else {
                return Err(self.unusable(name, kind));
            };
            if made.usages.len() <= property {
                made.usages.resize(property + 1, None);
            }
            if let Some(slot) = made.usages.get_mut(property) {
                *slot = Some(usage);
            }
            made.written.push(property);
        }
        Ok(made)
    }

    /// Why a type may not use a property.
    fn unusable(&self, name: &str, kind: &TypeDeclaration) -> Error {
        let Some(origin) = self.origins.get(name).copied().filter(|_| self.is_isolated) else {
            return died_at_caller(&["undefined property '", name, "'"]);
        };
        if self.isolation {
            let end = "') in isolation mode\n";
            died(&["cannot use property '", name, "' of foreign plugin ('", origin, end])
        } else if kind.isolation != Isolation::Unified {
            let middle = "' from foreign plugin '";
            died(&["isolated plugin cannot use property '", name, middle, origin, "'\n"])
        } else {
            died(&["cannot use property '", name, "' from isolated plugin '", origin, "'\n"])
        }
    }
}

fn is_exposed(isolation: &Isolation, name: &str) -> bool {
    match isolation {
        Isolation::Unified => true,
        Isolation::Isolated(Exposed::All(all)) => *all,
        Isolation::Isolated(Exposed::Some(names)) => names.iter().any(|exposed| exposed == name),
    }
}

fn died(parts: &[&str]) -> Error {
    Error::died(&perl(parts))
}

fn died_at_caller(parts: &[&str]) -> Error {
    Error::died_at_caller(&perl(parts))
}

fn perl<'a>(parts: &[&'a str]) -> Vec<PerlStr<'a>> {
    parts.iter().map(|part| PerlStr::Bytes(part.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    static BASE: [Property; 2] =
        [Property::string("type", ""), Property::string("nodes", "").optional()];
    static PATH: Property = Property::string("path", "");

    fn kind(name: &'static str, declares: bool, isolation: Isolation) -> TypeDeclaration {
        TypeDeclaration {
            name: name.into(),
            properties: if declares {
                vec![("path".into(), Definition::Table(&PATH))]
            } else {
                Vec::new()
            },
            options: vec![
                ("path".into(), Usage { optional: false, fixed: true }),
                ("nodes".into(), Usage { optional: true, fixed: false }),
            ],
            isolation,
        }
    }

    fn error(types: &[TypeDeclaration], isolation: bool) -> Option<String> {
        Table::new(&BASE, types, isolation).err().map(|error| error.to_string())
    }

    #[test]
    fn unified_properties_are_everybodys() {
        let types = [kind("a", true, Isolation::Unified), kind("b", false, Isolation::Unified)];
        let table = Table::new(&BASE, &types, false).unwrap();
        let b = table.kind(b"b").unwrap();
        assert_eq!(table.usage(b, b"path"), Some(Usage { optional: false, fixed: true }));
        assert_eq!(table.usage(b, b"type"), None);
        assert_eq!(
            error(&[kind("b", false, Isolation::Unified)], false),
            Some("undefined property 'path'".into())
        );
        let twice = [kind("a", true, Isolation::Unified), kind("b", true, Isolation::Unified)];
        assert_eq!(error(&twice, false), Some("duplicate property 'path'".into()));
    }

    #[test]
    fn isolated_properties_are_their_types_own() {
        let none = || Isolation::Isolated(Exposed::All(false));
        let all = Isolation::Isolated(Exposed::All(true));
        let b = || kind("b", false, Isolation::Unified);
        assert_eq!(error(&[kind("a", true, none()), kind("b", true, none())], false), None);
        assert_eq!(error(&[kind("a", true, all.clone()), b()], false), None);
        assert_eq!(
            error(&[kind("a", true, none()), b()], false),
            Some("cannot use property 'path' from isolated plugin 'a'\n".into())
        );
        assert_eq!(
            error(&[kind("a", true, Isolation::Unified), kind("b", false, none())], false),
            Some("isolated plugin cannot use property 'path' from foreign plugin 'a'\n".into())
        );
        assert_eq!(
            error(&[kind("a", true, Isolation::Unified), b()], true),
            Some("cannot use property 'path' of foreign plugin ('a') in isolation mode\n".into())
        );
        assert_eq!(
            error(&[kind("a", true, all.clone()), kind("b", true, all)], false),
            Some("duplicate property 'path' - already defined in 'a'\n".into())
        );
    }
}
