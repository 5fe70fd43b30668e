//! Reading section files (`PVE::SectionConfig::parse_config`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::base::{BasePlugin, Header};
use super::check::{check_line, require};
use super::config::{Config, Section, ValueError};
use super::line::{self, Lines};
use super::table::{Table, Type};
use crate::{Environment, Error, Map, PerlStr, PerlString, Scalar, Value, digest};

/// What reading a file gave.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The sections.
    pub config: Config<'a>,
    /// The warnings, in order, each ending in a newline unless Perl adds where.
    pub warnings: Vec<PerlString<'static>>,
}

/// Reads a section file.
///
/// `filename` is used in messages only, `raw` is the content. A section of a type that is not in the table is skipped, or
/// with `allow_unknown` kept as it stands: a setting that comes more than once is a list then.
///
/// Reading never fails: whatever is wrong is a warning.
pub fn parse_config<'a, B: BasePlugin>(
    table: &Table,
    base: &B,
    filename: PerlStr<'_>,
    raw: &'a [u8],
    allow_unknown: bool,
    environment: &Environment<'_>,
) -> Parsed<'a> {
    let mut reader = Reader {
        table,
        base,
        filename,
        allow_unknown,
        environment,
        lines: Lines::new(raw),
        warnings: Vec::new(),
        errors: Vec::new(),
        sections: Vec::with_capacity((raw.len() / TYPICAL).min(1 << 16)),
        seen: Vec::new(),
        places: HashMap::with_capacity((raw.len() / TYPICAL).min(1 << 16)),
    };
    reader.read();
    let Reader { warnings, errors, mut sections, .. } = reader;
    base.after_parse(&mut sections);
    Parsed { config: Config { sections, digest: digest::sha1_hex(raw), errors }, warnings }
}

/// A section of a file most often has more bytes.
const TYPICAL: usize = 100;

struct Reader<'a, 'r, B> {
    table: &'r Table,
    base: &'r B,
    filename: PerlStr<'r>,
    allow_unknown: bool,
    environment: &'r Environment<'r>,
    lines: Lines<'a>,
    warnings: Vec<PerlString<'static>>,
    errors: Vec<ValueError>,
    sections: Vec<Section<'a>>,
    /// By the number of a property, whether the section has it.
    seen: Vec<bool>,
    /// Where in `sections` an ID is.
    places: HashMap<&'a [u8], usize>,
}

impl<'a, B: BasePlugin> Reader<'a, '_, B> {
    fn read(&mut self) {
        let mut order = 0;
        while let Some(line) = self.lines.next() {
            if !line::is_true(line) {
                continue;
            }
            let Some(header) = self.base.parse_section_header(line) else {
                let context = self.context(self.lines.number);
                self.warn(&[context.as_perl(), IGNORED, PerlStr::Bytes(line), NEWLINE]);
                continue;
            };
            let id = header.id;
            let kind = self.table.kind(&header.kind).map(|kind| kind.number);
            let Some(settings) = self.section(header) else { continue };
            order += 1;
            let section =
                Section { id: PerlStr::Bytes(id).into(), kind, order: Some(order), settings };
            match self.places.entry(id) {
                Entry::Occupied(place) => {
                    if let Some(earlier) = self.sections.get_mut(*place.get()) {
                        *earlier = section;
                    }
                }
                Entry::Vacant(place) => {
                    place.insert(self.sections.len());
                    self.sections.push(section);
                }
            }
        }
    }

    /// Reads a section's settings: `None` if it is skipped, `Some(None)` if they do not fit together.
    fn section(&mut self, header: Header<'a>) -> Option<Option<Map<'a>>> {
        let number = self.lines.number;
        if let Some(refusal) = &header.refusal {
            let text = refusal.as_perl();
            let reason = text.strip_final_newline().unwrap_or(text);
            self.skipped(number, header.id, &[reason, NEWLINE]);
        } else if !PerlStr::Bytes(&header.kind).is_true() {
            let reason = PerlStr::literal("missing type - internal error\n");
            self.skipped(number, header.id, &[reason]);
        } else if let Some(kind) = self.table.kind(&header.kind) {
            return Some(self.known(kind, &header));
        } else if self.allow_unknown {
            return Some(Some(self.unknown(&header)));
        } else {
            let kind = PerlStr::Bytes(&header.kind);
            let parts = [PerlStr::literal("unsupported type '"), kind, PerlStr::literal("'\n")];
            self.skipped(number, header.id, &parts);
        }
        while self.lines.next().is_some_and(line::is_true) {}
        None
    }

    fn known(&mut self, kind: &Type, header: &Header<'a>) -> Option<Map<'a>> {
        let mut number = self.lines.number;
        let mut config = Map::with_capacity(8);
        self.seen.clear();
        while let Some(line) = self.lines.next().filter(|line| line::is_true(line)) {
            number = self.lines.number;
            let Some((key, value)) = line::setting(line) else {
                self.unreadable(header.id, line);
                continue;
            };
            if let Err(error) = self.setting(kind, &mut config, key, value) {
                self.misfit(header.id, key, error.to_perl());
            }
        }
        match self.finish(kind, header, config) {
            Ok(settings) => Some(settings),
            Err(error) => {
                self.skipped(number, header.id, &[error.to_perl().as_perl()]);
                None
            }
        }
    }

    fn setting(
        &mut self,
        kind: &Type,
        config: &mut Map<'a>,
        key: &'a [u8],
        value: Option<&'a [u8]>,
    ) -> Result<(), Error> {
        let table = self.table;
        let property =
            table.number(key).and_then(|number| Some((number, table.definition(kind, number)?)));
        let Some((number, definition)) = property else {
            return Err(Error::died(&[PerlStr::literal("unknown property type\n")]));
        };
        let is_known = self.seen.get(number) == Some(&true);
        if is_known && !definition.is_list() {
            return Err(Error::died(&[PerlStr::literal("duplicate attribute\n")]));
        }
        let property = (number, definition);
        let has_returns = self.lines.has_returns;
        let (text, is_number) =
            check_line(kind, property, key, value, has_returns, self.environment)?;
        if is_known {
            if let Some(Value::List(list)) = config.get_mut_bytes(key) {
                list.push(Scalar::bytes(text).into());
            }
            return Ok(());
        }
        if self.seen.len() <= number {
            self.seen.resize(number + 1, false);
        }
        if let Some(seen) = self.seen.get_mut(number) {
            *seen = true;
        }
        let key = PerlStr::Bytes(key);
        if definition.is_list() {
            config.push(key, vec![Scalar::bytes(text).into()]);
        } else if is_number {
            config.push(key, Scalar::from(Scalar::bytes(text).to_number()));
        } else {
            config.push(key, Scalar::bytes(text));
        }
        Ok(())
    }

    /// Does with a section what checking it does that has not been done with its lines: its values have been checked.
    fn finish(
        &mut self,
        kind: &Type,
        header: &Header<'a>,
        mut config: Map<'a>,
    ) -> Result<Map<'a>, Error> {
        self.base.before_check(kind, PerlStr::Bytes(header.id), &mut config, true);
        let missing = require(self.table, kind, |name| config.get(name).is_some());
        let (base, warnings) = (self.base, &mut self.warnings);
        config.try_change(
            |key| base.decodes(key),
            |key, value| base.decode_value(kind, key, value, warnings),
        )?;
        config.set("type", Scalar::Bytes(header.kind.clone()));
        missing?;
        self.base.after_check(kind, &mut config, true)?;
        Ok(config)
    }

    fn unknown(&mut self, header: &Header<'a>) -> Map<'a> {
        let mut order: Vec<(&'a [u8], Value<'a>)> = Vec::new();
        let mut places: HashMap<&'a [u8], usize> = HashMap::new();
        while let Some(line) = self.lines.next().filter(|line| line::is_true(line)) {
            let Some((key, value)) = line::setting(line) else {
                self.unreadable(header.id, line);
                continue;
            };
            let value: Value<'a> = value.map_or(Scalar::Undef, Scalar::bytes).into();
            match places.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(order.len());
                    order.push((key, value));
                }
                Entry::Occupied(place) => match order.get_mut(*place.get()).map(|(_, old)| old) {
                    Some(Value::List(list)) => list.push(value),
                    Some(old) if old.is_defined() => {
                        let first = std::mem::replace(old, Value::UNDEF);
                        *old = Value::List(vec![first, value]);
                    }
                    Some(old) => *old = value,
                    None => {}
                },
            }
        }
        let mut settings = Map::with_capacity(order.len() + 1);
        for (key, value) in order.into_iter().filter(|(key, _)| *key != b"type") {
            settings.push(PerlStr::Bytes(key), value);
        }
        settings.push(PerlString::literal("type"), Scalar::Bytes(header.kind.clone()));
        settings
    }

    fn context(&self, number: usize) -> PerlString<'static> {
        PerlString::concat(&[
            PerlStr::literal("file "),
            self.filename,
            PerlStr::literal(" line "),
            PerlStr::Bytes(number.to_string().as_bytes()),
        ])
    }

    fn warn(&mut self, parts: &[PerlStr<'_>]) {
        self.warnings.push(PerlString::concat(parts));
    }

    fn skipped(&mut self, number: usize, id: &[u8], reason: &[PerlStr<'_>]) {
        let mut text = self.context(number);
        text.extend(&[
            PerlStr::literal(" (skip section '"),
            PerlStr::Bytes(id),
            PerlStr::literal("'): "),
        ]);
        text.extend(reason);
        self.warnings.push(text);
    }

    fn unreadable(&mut self, id: &[u8], line: &[u8]) {
        let mut text = self.context(self.lines.number);
        text.extend(&[
            PerlStr::literal(" (section '"),
            PerlStr::Bytes(id),
            PerlStr::literal("')"),
            IGNORED,
            PerlStr::Bytes(line),
            NEWLINE,
        ]);
        self.warnings.push(text);
    }

    fn misfit(&mut self, id: &[u8], key: &[u8], error: PerlString<'static>) {
        let context = self.context(self.lines.number);
        self.warn(&[
            context.as_perl(),
            PerlStr::literal(" (section '"),
            PerlStr::Bytes(id),
            PerlStr::literal("') - unable to parse value of '"),
            PerlStr::Bytes(key),
            PerlStr::literal("': "),
            error.as_perl(),
        ]);
        let section = PerlStr::Bytes(id).into_owned();
        self.errors.push(ValueError {
            context,
            section,
            key: PerlStr::Bytes(key).into_owned(),
            error,
        });
    }
}

const IGNORED: PerlStr<'static> = PerlStr::literal(" - ignore config line: ");
const NEWLINE: PerlStr<'static> = PerlStr::literal("\n");
