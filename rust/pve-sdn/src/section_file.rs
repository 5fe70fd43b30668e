//! Reading section files (`PVE::SectionConfig::parse_config`).

use pve_schema::format::{CONFIG_ID, split_list};
use pve_schema::{Environment, Kind, PerlNumber, PerlStr, PerlString, Scalar, check_value};
use serde_json::{Map, Value};

use crate::layout::{Layout, SectionType};

/// What a section file holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections {
    /// The sections by id; null where one lacks an option that it must have.
    pub ids: Map<String, Value>,
    /// What reading it warned about.
    pub warnings: Vec<String>,
}

/// The characters of a string, a byte being one.
pub(crate) fn characters(text: PerlStr<'_>) -> String {
    match text {
        PerlStr::Bytes(bytes) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        PerlStr::Text(text) => text.to_owned(),
    }
}

/// Reads the file; as in Perl, a byte is a character.
pub(crate) fn read(layout: &Layout, raw: &[u8]) -> Sections {
    let mut lines: Vec<&[u8]> = raw.split(|byte| *byte == b'\n').collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let mut reader = Reader { layout, lines, at: 0, line: 0, sections: Sections::default() };
    while reader.at < reader.lines.len() {
        match reader.next_line() {
            Some(line) if is_true(line) => reader.section(line),
            _ => {}
        }
    }
    reader.sections
}

struct Reader<'a> {
    layout: &'a Layout,
    lines: Vec<&'a [u8]>,
    at: usize,
    /// The number of the line that warnings are about.
    line: usize,
    sections: Sections,
}

impl<'a> Reader<'a> {
    /// The next line that is no comment.
    fn next_line(&mut self) -> Option<&'a [u8]> {
        while let Some(line) = self.lines.get(self.at) {
            self.at += 1;
            if trim_start(line).first() != Some(&b'#') {
                return Some(line);
            }
        }
        None
    }

    fn section(&mut self, header: &[u8]) {
        self.line = self.at;
        let Some((kind, id)) = split_header(header) else {
            let line = characters(PerlStr::Bytes(header));
            return self.warn(&format!(" - ignore config line: {line}\n"));
        };
        let (kind, id) = (characters(PerlStr::Bytes(kind)), characters(PerlStr::Bytes(id)));
        let kind = if self.layout.folds_type { kind.to_ascii_lowercase() } else { kind };
        let section_type = match self.section_type(&kind) {
            Ok(found) => Some(found),
            Err(why) => {
                self.warn(&format!(" (skip section '{id}'): {why}\n"));
                None
            }
        };
        let mut options = Map::new();
        while let Some(line) = self.next_line().filter(|line| is_true(line)) {
            if let Some(section_type) = section_type {
                self.line = self.at;
                self.option(section_type, &id, line, &mut options);
            }
        }
        if let Some(section_type) = section_type {
            let section = self.finish(section_type, &id, options);
            self.sections.ids.insert(id, section);
        }
    }

    fn section_type(&self, kind: &str) -> Result<&'a SectionType, String> {
        if self.layout.folds_type {
            let name = PerlStr::Bytes(kind.as_bytes());
            (CONFIG_ID.check)(name, &Environment::empty()).map_err(|why| {
                let why = characters(why.as_perl());
                why.strip_suffix('\n').map(str::to_owned).unwrap_or(why)
            })?;
        }
        let found = self.layout.types.iter().find(|section_type| section_type.name == kind);
        found.ok_or_else(|| format!("unsupported type '{kind}'"))
    }

    fn option(
        &mut self,
        section_type: &SectionType,
        id: &str,
        line: &[u8],
        options: &mut Map<String, Value>,
    ) {
        let Some((key, value)) = split_option(line) else {
            let line = characters(PerlStr::Bytes(line));
            return self.warn(&format!(" (section '{id}') - ignore config line: {line}\n"));
        };
        let key = characters(PerlStr::Bytes(key));
        let is_list = self.layout.lists.contains(&key.as_str());
        if !is_list && options.contains_key(&key) {
            return self.refuse(id, &key, "duplicate attribute\n");
        }
        match (self.check(section_type, &key, value), is_list) {
            (Err(why), _) => self.refuse(id, &key, &why),
            (Ok(value), false) => {
                options.insert(key, value);
            }
            (Ok(value), true) => match options.get_mut(&key) {
                Some(Value::Array(list)) => list.push(value),
                _ => {
                    options.insert(key, Value::Array(vec![value]));
                }
            },
        }
    }

    /// `PVE::SectionConfig::check_value`
    fn check(
        &self,
        section_type: &SectionType,
        key: &str,
        value: Option<&[u8]>,
    ) -> Result<Value, String> {
        let Some(property) = self.layout.properties.property(key.as_bytes()) else {
            return Err("unknown property type\n".into());
        };
        let is_boolean = property.kind == Kind::Boolean;
        if key == "type" && value == Some(section_type.name.as_bytes()) {
            return Ok(section_type.name.into());
        }
        if !section_type.has(key) {
            return Err(format!("unexpected property '{key}'\n"));
        }
        let Some(value) = value.or(is_boolean.then_some(b"1")) else {
            return Err("got undefined value\n".into());
        };
        if value.contains(&b'\r') {
            return Err("property contains a line feed\n".into());
        }
        check_value(property, Some(&Scalar::bytes(value)), &Environment::empty())
            .map_err(|why: PerlString<'_>| characters(why.as_perl()) + "\n")?;
        Ok(match property.kind {
            Kind::String => characters(PerlStr::Bytes(value)).into(),
            _ => match PerlNumber::from_prefix(value) {
                PerlNumber::Int(number) => number.into(),
                PerlNumber::UInt(number) => number.into(),
                PerlNumber::Num(number) => number.into(),
            },
        })
    }

    /// `PVE::SectionConfig::check_config`
    fn finish(
        &mut self,
        section_type: &SectionType,
        id: &str,
        mut options: Map<String, Value>,
    ) -> Value {
        if let Some(missing) =
            section_type.required.iter().find(|required| !options.contains_key(**required))
        {
            self.warn(&format!(
                " (skip section '{id}'): missing value for required option '{missing}'\n"
            ));
            return Value::Null;
        }
        for key in self.layout.node_sets {
            if let Some(value) = options.get_mut(*key) {
                *value = node_set(value);
            }
        }
        options.insert("type".into(), section_type.name.into());
        Value::Object(options)
    }

    fn refuse(&mut self, id: &str, key: &str, why: &str) {
        self.warn(&format!(" (section '{id}') - unable to parse value of '{key}': {why}"));
    }

    fn warn(&mut self, what: &str) {
        let (file, line) = (self.layout.file, self.line);
        self.sections.warnings.push(format!("file /etc/pve/{file} line {line}{what}"));
    }
}

fn node_set(list: &Value) -> Value {
    let mut nodes = Map::new();
    if let Value::String(list) = list {
        let text = PerlStr::Bytes(list.as_bytes());
        let _: Result<(), std::convert::Infallible> = split_list(text, |node| {
            nodes.insert(characters(node), 1.into());
            Ok(())
        });
    }
    Value::Object(nodes)
}

/// Perl's truth of a line.
fn is_true(line: &[u8]) -> bool {
    !matches!(line, b"" | b"0")
}

/// `^(\S+):\s*(\S+)\s*$`
fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = trim_end(line);
    // The greedy \S+ ends at the last colon that leaves an id.
    let mut colons = (1..line.len()).rev().filter(|at| line[*at] == b':');
    colons.find_map(|at| {
        let (kind, id) = (&line[..at], trim_start(&line[at + 1..]));
        let is_word = |text: &[u8]| !text.is_empty() && !text.iter().any(|byte| is_space(*byte));
        (is_word(kind) && is_word(id)).then_some((kind, id))
    })
}

/// `^\s+(\S+)(\s+(.*\S))?\s*$`
fn split_option(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let trimmed = trim_start(line);
    if trimmed.len() == line.len() {
        return None;
    }
    let text = trim_end(trimmed);
    let end = text.iter().position(|byte| is_space(*byte)).unwrap_or(text.len());
    let (key, value) = text.split_at(end);
    let value = trim_start(value);
    (!key.is_empty()).then_some((key, (!value.is_empty()).then_some(value)))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    &text[start..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}
