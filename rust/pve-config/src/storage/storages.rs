//! The types of storage that are known.

use std::borrow::Cow;

use pve_schema::section::{SectionType, Table, Type, TypeDeclaration};
use pve_schema::{Error, Map, PerlString, Scalar, Value};

use super::properties::COMMON;
use super::types::TYPES;

/// A type of storage as a constant table.
pub struct StorageType {
    /// Its name, its properties, and which its sections may have.
    pub section: SectionType,
    /// What its storages may hold.
    pub content: &'static [&'static str],
    /// What they hold where nothing is said.
    pub default_content: &'static [&'static str],
    /// The formats of images that they may have.
    pub formats: &'static [&'static str],
    /// The properties that are kept apart from the file.
    pub sensitive: &'static [&'static str],
    /// All nodes see the same content.
    pub shared: bool,
    /// What the path is.
    pub path: Path,
}

/// What the path of a storage is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Path {
    /// Like any other property.
    #[default]
    Any,
    /// A folder: its path may have letters, digits and a few other characters, and is brought into its shortest form.
    Folder,
    /// Where the storage is mounted; `/mnt/pve/ID` where it is missing.
    Mounted,
}

/// What a type of storage is, beside its properties.
#[derive(Clone, Debug, Default)]
pub struct StorageKind {
    /// What its storages may hold.
    pub content: Vec<Cow<'static, str>>,
    /// What they hold where nothing is said; `None` if the type does not tell.
    pub default_content: Option<Vec<Cow<'static, str>>>,
    /// The formats of images that they may have.
    pub formats: Vec<Cow<'static, str>>,
    /// The properties that are kept apart from the file; `None` if the type does not tell.
    pub sensitive: Option<Vec<Cow<'static, str>>>,
    /// All nodes see the same content.
    pub shared: bool,
    /// What the path is.
    pub path: Path,
}

impl From<&StorageType> for StorageKind {
    fn from(table: &StorageType) -> Self {
        let all = |names: &[&'static str]| names.iter().map(|name| Cow::Borrowed(*name)).collect();
        Self {
            content: all(table.content),
            default_content: Some(all(table.default_content)),
            formats: all(table.formats),
            sensitive: Some(all(table.sensitive)),
            shared: table.shared,
            path: table.path,
        }
    }
}

impl StorageKind {
    /// What a plugin's method `plugindata` tells.
    pub fn of_plugin(plugindata: &Map<'_>, shared: bool, path: Path) -> StorageKind {
        let pair = |key| match plugindata.get(key) {
            Some(Value::List(pair)) => pair.as_slice(),
            _ => &[],
        };
        let content = pair("content");
        StorageKind {
            content: names(content.first()).unwrap_or_default(),
            default_content: names(content.get(1)),
            formats: names(pair("format").first()).unwrap_or_default(),
            sensitive: names(plugindata.get("sensitive-properties")),
            shared,
            path,
        }
    }

    /// The properties that are kept apart from the file (`PVE::Storage::Plugin::sensitive_properties`).
    pub fn sensitive_properties(&self) -> Vec<Cow<'static, str>> {
        let of_old =
            || ["encryption-key", "keyring", "master-pubkey", "password"].map(Cow::Borrowed);
        let mut names = self.sensitive.clone().unwrap_or_else(|| of_old().to_vec());
        names.sort_unstable();
        names
    }
}

/// The keys of a hash whose values are true.
fn names(hash: Option<&Value<'_>>) -> Option<Vec<Cow<'static, str>>> {
    let Some(Value::Map(hash)) = hash else { return None };
    let chosen = hash.iter().filter(|(_, value)| value.as_scalar().is_none_or(Scalar::is_true));
    Some(chosen.map(|(name, _)| name.to_string().into()).collect())
}

/// The types of storage of an installation: those of PVE, and those of other plugins.
pub struct Storages {
    table: Table,
    /// By the number of a type.
    kinds: Vec<StorageKind>,
}

impl Storages {
    /// The types of PVE and `others`.
    ///
    /// # Errors
    ///
    /// What `PVE::SectionConfig::init` dies with: a type or a property that is there twice, or a property that is not there.
    pub fn new(others: &[(TypeDeclaration, StorageKind)]) -> Result<Storages, Error> {
        let own = TYPES
            .iter()
            .map(|table| (TypeDeclaration::from(&table.section), StorageKind::from(*table)));
        let (types, kinds): (Vec<_>, Vec<_>) = own.chain(others.iter().cloned()).unzip();
        Ok(Storages { table: Table::new(&COMMON, &types, false)?, kinds })
    }

    /// The types' properties.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A type by its name (`PVE::SectionConfig::lookup`).
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`
    pub fn lookup(&self, name: &str) -> Result<&Type, Error> {
        self.table.lookup(PerlString::from(name).as_perl())
    }

    /// The properties of a type that are kept apart from the file (`PVE::Storage::Plugin::sensitive_properties`).
    pub fn sensitive_properties(&self, name: &str) -> Vec<Cow<'static, str>> {
        let kind = self.table.kind(name.as_bytes()).and_then(|kind| self.kind(kind));
        kind.map_or_else(
            || StorageKind::default().sensitive_properties(),
            |kind| kind.sensitive_properties(),
        )
    }

    /// What a type is.
    pub fn kind(&self, kind: &Type) -> Option<&StorageKind> {
        self.kind_of(kind.number)
    }

    /// What a type is, by its number.
    pub fn kind_of(&self, number: usize) -> Option<&StorageKind> {
        self.kinds.get(number)
    }
}
