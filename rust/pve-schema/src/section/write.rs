//! Writing section files (`PVE::SectionConfig::write_config`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::base::BasePlugin;
use super::definition::Definition;
use super::table::{Table, Type};
use crate::{Error, Kind, Map, PerlNumber, PerlStr, PerlString, Scalar, Value};

/// What writing a file gave.
#[derive(Debug)]
pub struct Written {
    /// The file's text, or what the reference dies with.
    pub text: Result<PerlString<'static>, Error>,
    /// The places of sections that had none: the reference enters them into `order` of the caller's hash, before anything
    /// can go wrong. In the order of their IDs, where the reference takes that of a Perl hash.
    pub placed: Vec<(PerlString<'static>, PerlNumber)>,
}

/// Writes a section file, in the structure that [`parse_config`](super::parse_config) gives.
///
/// A section of a type that is not in the table is an error, or with `allow_unknown` written as it stands.
///
/// # Errors
///
/// In [`Written::text`]: a section of an unknown type or without what it must have, a newline in a value, or something else
/// than Perl's data where the structure has a hash or a list. Where the reference would write the address of a reference,
/// such as `HASH(0x55d0c8a3f2e8)`, this is an error.
pub fn write_config<B: BasePlugin>(
    table: &Table,
    base: &B,
    config: &Map<'_>,
    allow_unknown: bool,
) -> Written {
    let mut placed = Vec::new();
    let writer = Writer { table, base, allow_unknown };
    let text = sections(config, &mut placed).and_then(|sections| {
        let mut out = PerlString::Bytes(Cow::Owned(Vec::with_capacity(sections.len() * 128)));
        for (id, section, _) in sections {
            writer.section(&mut out, id, section)?;
            out.push_literal("\n");
        }
        Ok(out)
    });
    Written { text, placed }
}

type Placed<'v, 'a> = (PerlStr<'v>, &'v Value<'a>, PerlNumber);

/// The sections in the order in which they are written.
fn sections<'v, 'a>(
    config: &'v Map<'a>,
    placed: &mut Vec<(PerlString<'static>, PerlNumber)>,
) -> Result<Vec<Placed<'v, 'a>>, Error> {
    let Some(ids) = hash(config.get("ids"))? else { return Ok(Vec::new()) };
    let mut order = HashMap::new();
    if let Some(known) = hash(config.get("order"))?.filter(|_| !ids.is_empty()) {
        for (id, place) in known.iter() {
            order.insert(characters(id), number(place)?);
        }
    }
    let mut last = PerlNumber::Int(0);
    let mut unplaced = Vec::new();
    let mut sections = Vec::with_capacity(ids.len());
    for (id, section) in ids.iter() {
        match order.get(&characters(id)).copied().flatten() {
            Some(place) => {
                if compare(place, last) == Ordering::Greater {
                    last = place;
                }
                sections.push((id, section, place));
            }
            None => unplaced.push((id, section)),
        }
    }
    unplaced.sort_by_key(|(id, _)| *id);
    for (id, section) in unplaced {
        last = after(last);
        placed.push((id.into_owned(), last));
        sections.push((id, section, last));
    }
    sections.sort_by(|a, b| compare(a.2, b.2).then_with(|| a.0.cmp(&b.0)));
    Ok(sections)
}

/// A string's characters, as a key by which it is found in either of Perl's forms.
fn characters(string: PerlStr<'_>) -> Cow<'_, [u8]> {
    match string {
        PerlStr::Bytes(bytes) if !bytes.is_ascii() => {
            Cow::Owned(string.chars().collect::<String>().into_bytes())
        }
        other => Cow::Borrowed(other.as_bytes()),
    }
}

/// A place; `None` for one that is not defined.
fn number(place: &Value<'_>) -> Result<Option<PerlNumber>, Error> {
    match place {
        Value::Scalar(Scalar::Undef) => Ok(None),
        Value::Scalar(scalar) => Ok(Some(scalar.to_number())),
        reference => Err(Error::died_at_caller(&[
            PerlStr::literal("the place of a section is a reference to "),
            PerlStr::literal(reference.reference_kind()),
        ])),
    }
}

fn after(place: PerlNumber) -> PerlNumber {
    match place {
        PerlNumber::Int(place) => {
            place.checked_add(1).map_or(PerlNumber::UInt(1 << 63), PerlNumber::Int)
        }
        other => PerlNumber::Num(other.as_f64() + 1.0),
    }
}

/// Perl's `<=>`.
fn compare(a: PerlNumber, b: PerlNumber) -> Ordering {
    match (a, b) {
        (PerlNumber::Int(a), PerlNumber::Int(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Perl's `$value->%*`, `None` for undef.
pub(super) fn hash<'v, 'a>(value: Option<&'v Value<'a>>) -> Result<Option<&'v Map<'a>>, Error> {
    match value {
        None | Some(Value::Scalar(Scalar::Undef)) => Ok(None),
        Some(Value::Map(map)) => Ok(Some(map)),
        Some(Value::List(_)) => {
            Err(Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")]))
        }
        Some(Value::Scalar(scalar)) => {
            Err(Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH"))
        }
    }
}

struct Writer<'w, B> {
    table: &'w Table,
    base: &'w B,
    allow_unknown: bool,
}

impl<B: BasePlugin> Writer<'_, B> {
    fn section(
        &self,
        out: &mut PerlString<'static>,
        id: PerlStr<'_>,
        section: &Value<'_>,
    ) -> Result<(), Error> {
        let empty = Map::new();
        let settings = hash(Some(section))?.unwrap_or(&empty);
        let undefined = Value::UNDEF;
        let kind_name = text(PerlStr::literal("type"), settings.get("type").unwrap_or(&undefined))?;
        let kind_name = kind_name.as_perl();
        let kind = self.table.kind(kind_name.as_bytes());
        if kind.is_none() && !self.allow_unknown {
            return Err(Error::died(&[
                PerlStr::literal("unknown section type '"),
                kind_name,
                PerlStr::literal("'\n"),
            ]));
        }
        out.push(self.base.format_section_header(kind_name, id).as_perl());
        match kind {
            Some(kind) => self.known(out, kind, id, settings),
            None => unknown(out, settings),
        }
    }

    fn known(
        &self,
        out: &mut PerlString<'static>,
        kind: &Type,
        id: PerlStr<'_>,
        settings: &Map<'_>,
    ) -> Result<(), Error> {
        let mut values: Vec<Option<&Value<'_>>> = vec![None; kind.usages.len()];
        let (mut comment, mut disable) = (None, None);
        for (key, value) in settings.iter() {
            match key.as_bytes() {
                b"comment" => comment = Some(value),
                b"disable" => disable = Some(value),
                key => {
                    let slot = self.table.number(key).and_then(|number| values.get_mut(number));
                    if let Some(slot) = slot.filter(|_| value.is_defined()) {
                        *slot = Some(value);
                    }
                }
            }
        }
        if let Some(comment) = comment.filter(|comment| comment.is_true()) {
            let number = self.table.number(b"comment");
            let definition = number.and_then(|number| self.table.definition(kind, number));
            self.setting(out, "comment", definition, comment)?;
        }
        if disable.is_some_and(Value::is_true) {
            out.push_literal("\tdisable\n");
        }
        for (place, number) in kind.written.iter().enumerate() {
            let name = self.table.name(*number);
            if matches!(name, "comment" | "disable") {
                continue;
            }
            let Some(value) = values.get(*number).copied().flatten() else {
                if place < kind.required {
                    return Err(Error::died(&[
                        PerlStr::literal("section '"),
                        id,
                        PerlStr::literal("' - missing value for required option '"),
                        PerlStr::Bytes(name.as_bytes()),
                        PerlStr::literal("'\n"),
                    ]));
                }
                continue;
            };
            self.setting(out, name, self.table.definition(kind, *number), value)?;
        }
        Ok(())
    }

    fn setting(
        &self,
        out: &mut PerlString<'static>,
        name: &str,
        definition: Option<&Definition>,
        value: &Value<'_>,
    ) -> Result<(), Error> {
        let key = PerlStr::Bytes(name.as_bytes());
        let encoded = self.base.encode_value(name, value)?;
        if definition.is_some_and(Definition::is_list) {
            return list(out, key, value);
        }
        let value = match (&encoded, value) {
            (Some(encoded), _) => Cow::Borrowed(encoded),
            (None, Value::Scalar(scalar)) => {
                let is_flag = definition.and_then(Definition::kind) == Some(Kind::Boolean);
                if is_flag {
                    refuse_line_feed(key, scalar.to_perl().as_perl())?;
                    let flag = if scalar.is_true() { "1" } else { "0" };
                    out.extend(&[TAB, key, SPACE, PerlStr::literal(flag), NEWLINE]);
                    return Ok(());
                }
                Cow::Owned(scalar.to_perl().into_owned())
            }
            (None, reference) => return Err(reference_in_text(key, reference)),
        };
        let value = value.as_perl();
        refuse_line_feed(key, value)?;
        if !value.is_empty() {
            out.extend(&[TAB, key, SPACE, value, NEWLINE]);
        }
        Ok(())
    }
}

const TAB: PerlStr<'static> = PerlStr::literal("\t");
const SPACE: PerlStr<'static> = PerlStr::literal(" ");
const NEWLINE: PerlStr<'static> = PerlStr::literal("\n");

fn refuse_line_feed(key: PerlStr<'_>, value: PerlStr<'_>) -> Result<(), Error> {
    match memchr::memchr2(b'\n', b'\r', value.as_bytes()) {
        Some(_) => Err(Error::died(&[
            PerlStr::literal("property '"),
            key,
            PerlStr::literal("' contains a line feed\n"),
        ])),
        None => Ok(()),
    }
}

fn reference_in_text(key: PerlStr<'_>, value: &Value<'_>) -> Error {
    Error::died_at_caller(&[
        PerlStr::literal("property '"),
        key,
        PerlStr::literal("' is a reference to "),
        PerlStr::literal(value.reference_kind()),
    ])
}

fn text<'v>(key: PerlStr<'_>, value: &'v Value<'_>) -> Result<PerlString<'v>, Error> {
    match value {
        Value::Scalar(scalar) => Ok(scalar.to_perl()),
        reference => Err(reference_in_text(key, reference)),
    }
}

/// Writes a list, a line each. The reference looks for line feeds in the list's address only.
fn list(out: &mut PerlString<'static>, key: PerlStr<'_>, value: &Value<'_>) -> Result<(), Error> {
    let Value::List(values) = value else {
        if let Value::Scalar(scalar) = value {
            refuse_line_feed(key, scalar.to_perl().as_perl())?;
        }
        return Err(Error::died_at_caller(&[
            PerlStr::literal("property '"),
            key,
            PerlStr::literal("' is not an array"),
        ]));
    };
    for value in values {
        out.extend(&[TAB, key, SPACE, text(key, value)?.as_perl(), NEWLINE]);
    }
    Ok(())
}

/// Writes the settings of a section of an unknown type: a comment first, then the others sorted by key.
fn unknown(out: &mut PerlString<'static>, settings: &Map<'_>) -> Result<(), Error> {
    let mut sorted: Vec<_> = settings.iter().filter(|(key, _)| key.as_bytes() != b"type").collect();
    sorted.sort_by_key(|(key, _)| (key.as_bytes() != b"comment", *key));
    for (key, value) in sorted {
        match value {
            Value::List(_) => list(out, key, value)?,
            value => out.extend(&[TAB, key, SPACE, text(key, value)?.as_perl(), NEWLINE]),
        }
    }
    Ok(())
}
