//! What the plugins of a section file do beyond their tables.

use std::borrow::Cow;

use super::table::Type;
use super::{Section, line};
use crate::{Error, Map, PerlStr, PerlString, Value};

/// Type and ID of a section.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// The name of the type.
    pub kind: Cow<'a, [u8]>,
    /// The ID.
    pub id: &'a [u8],
    /// Why the section is to be skipped, if it is; a newline at the end does not count.
    pub refusal: Option<PerlString<'static>>,
}

/// The methods of a base plugin that its types override (`PVE::SectionConfig`), each with the reference's own behaviour
/// where a file has none.
pub trait BasePlugin {
    /// Type and ID of a line, if it starts a section (`parse_section_header`).
    fn parse_section_header<'a>(&self, line: &'a [u8]) -> Option<Header<'a>> {
        let (kind, id) = line::parse_section_header(line)?;
        Some(Header { kind: Cow::Borrowed(kind), id, refusal: None })
    }

    /// Completes a section before it is checked: what overriding `check_config` does first. `create` tells whether it is
    /// a new one, or one of a file.
    fn before_check<'a>(&self, kind: &Type, id: PerlStr<'_>, config: &mut Map<'a>, create: bool) {
        let _ = (kind, id, config, create);
    }

    /// Checks a section as a whole, decoded: what overriding `check_config` does last.
    ///
    /// # Errors
    ///
    /// What the reference dies with.
    fn after_check<'a>(
        &self,
        kind: &Type,
        config: &mut Map<'a>,
        create: bool,
    ) -> Result<(), Error> {
        let _ = (kind, config, create);
        Ok(())
    }

    /// Whether [`decode_value`](BasePlugin::decode_value) does anything with the values of a key: most are left alone, and
    /// need not be asked about.
    fn decodes(&self, key: PerlStr<'_>) -> bool {
        let _ = key;
        true
    }

    /// Turns a value that passed its check into what a program sees (`decode_value`); `None` if the setting is dropped.
    ///
    /// # Errors
    ///
    /// What the reference dies with.
    fn decode_value<'a>(
        &self,
        kind: &Type,
        key: PerlStr<'_>,
        value: Value<'a>,
        warnings: &mut Vec<PerlString<'static>>,
    ) -> Result<Option<Value<'a>>, Error> {
        let _ = (kind, key, warnings);
        Ok(Some(value))
    }

    /// The text of a value (`encode_value`); `None` if it is its own.
    ///
    /// # Errors
    ///
    /// What the reference dies with.
    fn encode_value(
        &self,
        key: &str,
        value: &Value<'_>,
    ) -> Result<Option<PerlString<'static>>, Error> {
        let _ = (key, value);
        Ok(None)
    }

    /// The first line of a section, with its newline (`format_section_header`).
    fn format_section_header(&self, kind: PerlStr<'_>, id: PerlStr<'_>) -> PerlString<'static> {
        PerlString::concat(&[kind, PerlStr::literal(": "), id, PerlStr::literal("\n")])
    }

    /// Whether a file's sections are as the reference leaves them; a file may add some, or defaults (what overriding
    /// `parse_config` does).
    fn after_parse<'a>(&self, sections: &mut Vec<Section<'a>>) {
        let _ = sections;
    }
}
