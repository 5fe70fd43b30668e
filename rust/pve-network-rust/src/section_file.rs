//! Section files as Perl code reads and writes them.

use perlxs::{Context, Data, Error, Hash, PerlData, Truth};
use pve_config::sdn::{self, File};
use pve_schema::section::{Config, Parsed, Written};
use pve_schema::{Map, PerlString, Scalar};

use crate::error;
use crate::string::{self, Text, Words};

/// What reading a file gives.
pub(crate) type Read<'a> = Data<Config<'a>>;

/// Warns of what reading a file found.
pub(crate) fn read<'a>(context: &mut Context, parsed: Parsed<'a>) -> Read<'a> {
    string::warn_all(context, parsed.warnings);
    Data(parsed.config)
}

/// The text of a file; sections without a place get one in the caller's hash.
pub(crate) fn text(
    context: &mut Context,
    cfg: &Hash<Map<'_>>,
    written: Written,
) -> Result<Text, Error> {
    for (id, place) in written.placed {
        let place = Scalar::from(place);
        context.changes(cfg, vec!["order".into()]).store(string::message(id), &place)?;
    }
    written.text.map(Text).map_err(error::schema)
}

/// A flag that may be left out.
pub(crate) fn is_true(flag: Option<Truth>) -> bool {
    flag.is_some_and(|flag| flag.0)
}

/// A file of SDN's configuration.
pub(crate) fn read_sdn<'a>(
    context: &mut Context,
    file: File,
    filename: Option<PerlData<Words<'_>>>,
    raw: Option<&'a [u8]>,
    allow_unknown: Option<Truth>,
) -> Result<Read<'a>, Error> {
    let filename = string::or_empty(&filename);
    let raw = raw.unwrap_or_default();
    sdn::parse_config(file, filename.as_perl(), raw, is_true(allow_unknown))
        .map(|parsed| read(context, parsed))
        .map_err(error::schema)
}

/// The text of a file of SDN's configuration.
pub(crate) fn write_sdn(
    context: &mut Context,
    file: File,
    cfg: &Hash<Map<'_>>,
    allow_unknown: Option<Truth>,
) -> Result<Text, Error> {
    let written = sdn::write_config(file, cfg, is_true(allow_unknown)).map_err(error::schema)?;
    text(context, cfg, written)
}

/// The settings of a section of SDN's configuration, checked and decoded.
pub(crate) fn check_sdn(
    file: File,
    kind: &str,
    id: PerlData<Words<'_>>,
    config: PerlData<Map<'_>>,
    create: Option<Truth>,
    skip_schema_check: Option<Truth>,
) -> Result<Data<Map<'static>>, Error> {
    let (id, flags) = (id.0.to_perl(), (is_true(create), is_true(skip_schema_check)));
    sdn::check_config(file, kind, id.as_perl(), config.0, flags)
        .map(|settings| Data(settings.into_owned()))
        .map_err(error::schema)
}

/// The settings of a section of SDN's configuration without those that are deleted.
pub(crate) fn delete_sdn(
    file: File,
    kind: &str,
    config: PerlData<Map<'_>>,
    new: PerlData<Map<'_>>,
    delete: Data<Vec<PerlString<'_>>>,
) -> Result<Data<Map<'static>>, Error> {
    sdn::delete_from_config(file, kind, config.0, &new.0, &delete.0)
        .map(|settings| Data(settings.into_owned()))
        .map_err(error::schema)
}

/// The schema of the parameters that make a section of SDN's configuration.
pub(crate) fn create_schema_sdn(
    file: File,
    skip_type: Option<Truth>,
    base: Option<Data<Map<'_>>>,
) -> Result<Data<Map<'static>>, Error> {
    let base = base.map(|base| base.0.into_owned()).unwrap_or_default();
    sdn::create_schema(file, is_true(skip_type), base).map(Data).map_err(error::schema)
}

/// The schema of the parameters that change a section of SDN's configuration.
pub(crate) fn update_schema_sdn(
    file: File,
    kind: Option<&str>,
    base: Option<Data<Map<'_>>>,
) -> Result<Data<Map<'static>>, Error> {
    let base = base.map(|base| base.0.into_owned()).unwrap_or_default();
    sdn::update_schema(file, kind, base).map(Data).map_err(error::schema)
}
