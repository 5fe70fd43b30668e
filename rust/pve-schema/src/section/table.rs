//! The types of a section file, and what their sections may hold.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::definition::Definition;
use super::names::Names;
use crate::{Error, PerlStr, Property};

/// How a type uses a property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// It may be missing.
    pub optional: bool,
    /// It is set when the section is made, and never again.
    pub fixed: bool,
}

/// An option of a [`SectionType`] that may be missing.
pub const fn option(name: &'static str) -> (&'static str, Usage) {
    (name, Usage { optional: true, fixed: false })
}

/// An option that must be there.
pub const fn required(name: &'static str) -> (&'static str, Usage) {
    (name, Usage { optional: false, fixed: false })
}

/// An option that must be there, and is never changed.
pub const fn fixed(name: &'static str) -> (&'static str, Usage) {
    (name, Usage { optional: false, fixed: true })
}

/// An option that may be missing, and is never changed.
pub const fn fixed_option(name: &'static str) -> (&'static str, Usage) {
    (name, Usage { optional: true, fixed: true })
}

/// Whether a type keeps its properties to itself (`isolate-properties`), and which of them others may use all the same
/// (`expose-properties`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Its properties are everybody's.
    #[default]
    Unified,
    /// They are its own.
    Isolated(Exposed),
}

/// What an isolated type shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposed {
    /// All of its properties, or none.
    All(bool),
    /// Those of these names.
    Some(Vec<String>),
}

/// A section type as a constant table.
pub struct SectionType {
    /// Its name.
    pub name: &'static str,
    /// The properties that it declares.
    pub properties: &'static [Property],
    /// The properties that its sections may have, its own or those of others.
    pub options: &'static [(&'static str, Usage)],
}

/// A section type as it is registered.
#[derive(Clone)]
pub struct TypeDeclaration {
    /// Its name.
    pub name: Cow<'static, str>,
    /// The properties that it declares.
    pub properties: Vec<(Cow<'static, str>, Definition)>,
    /// The properties that its sections may have.
    pub options: Vec<(Cow<'static, str>, Usage)>,
    /// Who may use its properties.
    pub isolation: Isolation,
}

impl From<&SectionType> for TypeDeclaration {
    fn from(table: &SectionType) -> Self {
        let property =
            |property: &'static Property| (property.name.into(), Definition::Table(property));
        let option = |(name, usage): &(&'static str, Usage)| (Cow::Borrowed(*name), *usage);
        Self {
            name: table.name.into(),
            properties: table.properties.iter().map(property).collect(),
            options: table.options.iter().map(option).collect(),
            isolation: Isolation::Unified,
        }
    }
}

/// All types of a section file: what `PVE::SectionConfig::init` makes of the registered plugins.
pub struct Table {
    /// The numbers of the properties by name, everybody's and isolated ones alike.
    pub(super) numbers: Names,
    pub(super) properties: Vec<Shared>,
    pub(super) types: Vec<Type>,
    pub(super) type_numbers: Names,
    /// The numbers of the base plugin's properties.
    pub(super) base: HashSet<usize>,
    /// Some types keep properties to themselves.
    pub(super) is_isolated: bool,
}

/// A property's name, and its definition where everybody may use it.
pub(super) struct Shared {
    pub name: String,
    pub definition: Option<Definition>,
}

/// A registered type.
pub struct Type {
    /// Its place among the registered ones.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// By the number of a property, how it is used; shorter than the list of them where the last ones are not.
    pub(super) usages: Vec<Option<Usage>>,
    /// The properties that it keeps to itself.
    pub(super) own: HashMap<usize, Definition>,
    /// The numbers of the properties that it uses in the order in which they are written: those that must be there, then
    /// the others, each sorted by name.
    pub(super) written: Vec<usize>,
    /// How many of these must be there.
    pub(super) required: usize,
}

impl Type {
    pub(super) fn usage(&self, number: usize) -> Option<Usage> {
        self.usages.get(number).copied().flatten()
    }
}

impl Table {
    /// A type by its name.
    pub fn kind(&self, name: &[u8]) -> Option<&Type> {
        self.type_numbers.number(name).and_then(|number| self.types.get(number))
    }

    /// A type by its name (`PVE::SectionConfig::lookup`).
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`
    pub fn lookup(&self, name: PerlStr<'_>) -> Result<&Type, Error> {
        self.kind(name.as_bytes()).ok_or_else(|| {
            Error::died(&[
                PerlStr::literal("unknown section type '"),
                name,
                PerlStr::literal("'\n"),
            ])
        })
    }

    /// The types, in the order in which they were registered.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    pub(super) fn number(&self, key: &[u8]) -> Option<usize> {
        self.numbers.number(key)
    }

    pub(super) fn name(&self, number: usize) -> &str {
        self.properties.get(number).map_or("", |property| &property.name)
    }

    /// The schema of a property for a type (`get_property_schema`).
    pub(super) fn definition<'t>(
        &'t self,
        kind: &'t Type,
        number: usize,
    ) -> Option<&'t Definition> {
        let own = if kind.own.is_empty() { None } else { kind.own.get(&number) };
        own.or_else(|| self.properties.get(number).and_then(|shared| shared.definition.as_ref()))
    }

    /// How a type uses a property.
    pub fn usage(&self, kind: &Type, key: &[u8]) -> Option<Usage> {
        self.number(key).and_then(|number| kind.usage(number))
    }
}
