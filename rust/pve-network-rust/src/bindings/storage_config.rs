//! `PVE::Network::Rust::Storage::Config`

use std::borrow::Cow;

use perlxs::{Context, Error};
use pve_config::storage::{self, StorageKind};
use pve_schema::section::{self, TypeDeclaration};
use pve_schema::{Map, PerlString, Scalar, Value};
use serde::{Deserialize, Deserializer};

use crate::{error, section_file, storages, string};

/// What register_type is told beside a plugin's own methods.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct More {
    shared: Flag,
    path: PathName,
}

/// A Perl boolean.
#[derive(Default)]
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Flag, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Flag(value.as_scalar().is_none_or(Scalar::is_true)))
    }
}

/// What the path of a storage is.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PathName {
    #[default]
    Any,
    Folder,
    Mounted,
}

impl From<PathName> for storage::Path {
    fn from(name: PathName) -> storage::Path {
        match name {
            PathName::Any => storage::Path::Any,
            PathName::Folder => storage::Path::Folder,
            PathName::Mounted => storage::Path::Mounted,
        }
    }
}

/// Configurations of storages.
#[perlxs::package(name = "PVE::Network::Rust::Storage::Config")]
pub mod package {
    use super::*;

    use perlxs::{Data, Hash, Ignored, PerlData, Truth};

    use crate::string::{Text, Words};

    /// Stands for `PVE::Storage::Plugin->parse_config`.
    ///
    /// `$filename` is used in messages only. `$raw` is the file's content, bytes. `$allow_unknown` is not used, as there.
    ///
    /// Returns a reference to a hash: `ids`, the storages by ID, undef for one that lacks what it must have; `order`, their
    /// places in the file; `digest`; and `errors`, if there are some, a list of hashes with `context`, `section`, `key` and
    /// `err`.
    #[export]
    fn parse_config<'a>(
        context: &mut Context,
        _class: Ignored,
        filename: Option<PerlData<Words<'_>>>,
        raw: Option<&'a [u8]>,
        _allow_unknown: Option<Truth>,
    ) -> Result<section_file::Read<'a>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        let filename = string::or_empty(&filename);
        let raw = raw.unwrap_or_default();
        let parsed = storage::parse_config(&storages, filename.as_perl(), raw);
        Ok(section_file::read(context, parsed))
    }

    /// Stands for `PVE::Storage::Plugin->write_config`.
    ///
    /// `$cfg` is a reference to a hash as parse_config returns it. As by the Perl method, storages that have no place in
    /// `order` get one in that hash. With `$allow_unknown` storages of types that are not known are written as they stand.
    /// `$filename` is not used.
    ///
    /// Returns the text of the file.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`, `section '...' - missing value for required option '...'`, `property '...' contains
    /// a line feed`
    #[export]
    fn write_config(
        context: &mut Context,
        _class: Ignored,
        _filename: Option<Ignored>,
        cfg: Hash<Map<'_>>,
        allow_unknown: Option<Truth>,
    ) -> Result<Text, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        let written = storage::write_config(&storages, &cfg, section_file::is_true(allow_unknown));
        section_file::text(context, &cfg, written)
    }

    /// Adds a type of storage to those of PVE, in this process. register_plugin does this for a plugin.
    ///
    /// `$properties`, `$options` and `$plugindata` are references to hashes as the methods of that name of a plugin return
    /// them. `$more` is a reference to a hash: `shared` is true if all nodes see the same content; `path` is `folder` where
    /// check_config treats the path as `dir` does, `mounted` where it does so as `nfs` does.
    ///
    /// # Errors
    ///
    /// `duplicate plugin registration (type = ...)`, `duplicate property '...'`, `undefined property '...'`, as
    /// PVE::SectionConfig; `property '...' ...: only the plugin itself can check it` for a pattern and for a format that is
    /// not known here.
    #[export]
    fn register_type(
        _class: Ignored,
        kind: &str,
        properties: Data<Map<'_>>,
        options: Data<Map<'_>>,
        plugindata: Data<Map<'_>>,
        more: Option<Data<More>>,
    ) -> Result<(), Error> {
        let more = more.map_or_else(More::default, |more| more.0);
        let storage = StorageKind::of_plugin(&plugindata.0, more.shared.0, more.path.into());
        TypeDeclaration::of_plugin(kind, &properties.0, &options.0, &plugindata.0, &storage::rule)
            .and_then(|kind| storages::register(kind, storage))
            .map_err(error::schema)
    }

    /// Takes out a type of storage that register_type added.
    ///
    /// # Errors
    ///
    /// `storage type '...' is not registered`; what register_type dies with, if other types use its properties.
    #[export]
    fn unregister_type(_class: Ignored, kind: &str) -> Result<(), Error> {
        storages::unregister(kind).map_err(error::schema)
    }

    /// Stands for `check_config` of the plugin of a storage type: checks the settings of a storage and decodes them.
    ///
    /// `$type` is the name of the type. `$config` is a reference to a hash of the settings as texts; it stays as it is.
    /// With `$create` what a storage must have has to be there, without it what is fixed may not. With
    /// `$skipSchemaCheck` values are not checked against their schemas.
    ///
    /// Returns a reference to a hash of the settings, decoded.
    ///
    /// # Errors
    ///
    /// `can't change value of fixed parameter '...'`, `missing value for required option '...'`, and what is wrong with a
    /// value.
    #[export]
    fn check_config(
        context: &mut Context,
        _class: Ignored,
        kind: &str,
        section_id: PerlData<Words<'_>>,
        config: PerlData<Map<'_>>,
        create: Option<Truth>,
        skip_schema_check: Option<Truth>,
    ) -> Result<Data<Map<'static>>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        let flags = (section_file::is_true(create), section_file::is_true(skip_schema_check));
        let id = section_id.0.to_perl();
        let checked = storage::check_config(&storages, kind, id.as_perl(), config.0, flags);
        string::warn_all(context, checked.1);
        checked.0.map(|settings| Data(settings.into_owned())).map_err(error::schema)
    }

    /// Stands for `PVE::SectionConfig::delete_from_config`: which settings a storage has once some are deleted.
    ///
    /// `$type` is the name of the type, `$config` a reference to a hash of the storage's settings, `$new` one of those that
    /// are set in the same go, `$delete` a reference to a list of keys. No argument is changed.
    ///
    /// Returns a reference to a hash of the settings.
    ///
    /// # Errors
    ///
    /// `no such option '...'`, `unable to delete required option '...'`, `unable to delete fixed option '...'`, `cannot set
    /// and delete property '...' at the same time!`
    #[export]
    fn delete_from_config(
        _class: Ignored,
        kind: &str,
        config: PerlData<Map<'_>>,
        new: PerlData<Map<'_>>,
        delete: Data<Vec<PerlString<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        storage::delete_from_config(&storages, kind, config.0, &new.0, &delete.0)
            .map(|settings| Data(settings.into_owned()))
            .map_err(error::schema)
    }

    /// Stands for `PVE::Storage::Plugin->createSchema`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that make a storage. Descriptions are this
    /// project's own. With `$skip_type` there is no `type`; `$base` is a reference to a hash of further properties.
    ///
    /// # Errors
    ///
    /// `cannot use 'skip_type' for configs with more than 1 section type`, where a plugin isolates its properties.
    #[export]
    fn create_schema(
        _class: Ignored,
        skip_type: Option<Truth>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        let base = base.map(|base| base.0.into_owned()).unwrap_or_default();
        let skip_type = section_file::is_true(skip_type);
        section::create_schema(storages.table(), skip_type, base).map(Data).map_err(error::schema)
    }

    /// Stands for `PVE::Storage::Plugin->updateSchema`, and with `$type` for that of the type's plugin with its
    /// `$single_class`.
    ///
    /// Returns a reference to a hash: the JSON schema of the parameters that change a storage. `$base` is a reference to a
    /// hash of further properties.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'`
    #[export]
    fn update_schema(
        _class: Ignored,
        kind: Option<&str>,
        base: Option<Data<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        let base = base.map(|base| base.0.into_owned()).unwrap_or_default();
        let kind = kind.map(|kind| storages.lookup(kind)).transpose().map_err(error::schema)?;
        Ok(Data(section::update_schema(storages.table(), kind, base)))
    }

    /// Stands for `PVE::Storage::Plugin::sensitive_properties`.
    ///
    /// Returns a reference to a list of the properties of a type that are kept apart from the file.
    #[export]
    fn sensitive_properties(
        _class: Ignored,
        kind: &str,
    ) -> Result<Data<Vec<Cow<'static, str>>>, Error> {
        let storages = storages::storages().map_err(error::schema)?;
        Ok(Data(storages.sensitive_properties(kind)))
    }
}
