//! Reading a file line by line.

use std::borrow::Cow;

use pve_schema::text::{self, Decoder};
use pve_schema::{Error, PerlStr, PerlString, Scalar, digest};

use super::Parsed;
use super::builder::Builder;
use super::lines::{key_value, lxc_line, section_name, snapshot_state, trim_end, value_after};
use crate::lxc::keys::{self, Known};
use crate::lxc::lxc_keys::{self, Verdict};

/// What becomes of a setting.
pub enum Judgement<'a> {
    /// It has this value.
    Fine(Scalar<'a>),
    /// There is a problem with it; where problems are warnings, it is kept as it stands.
    Kept(PerlString<'static>),
    /// There is a problem with it; where problems are warnings, it is dropped.
    Dropped(PerlString<'static>),
}

/// Reads a file, line by line.
pub struct Reader<'a, 'r, J> {
    vmid: PerlStr<'r>,
    /// A problem is an error, not a warning.
    strict: bool,
    /// Judges a key, what the table has for it, and its value.
    judge: J,
    decoder: Decoder,
    warnings: Vec<PerlString<'static>>,
    builder: Builder<'a>,
    /// The comments and descriptions of the section so far, decoded.
    description: Vec<u8>,
    /// In the pending changes, or in a snapshot of that name.
    in_pending: bool,
    /// By the number of a known key, the last value of it that passed. Snapshots repeat most values of one another.
    passed: Vec<&'a [u8]>,
}

impl<'a, 'r, J> Reader<'a, 'r, J>
where
    J: Fn(&'a [u8], Option<Known>, &'a [u8]) -> Judgement<'a>,
{
    /// A reader for the container `vmid`, which messages name.
    pub fn new(vmid: PerlStr<'r>, strict: bool, decoder: Decoder, judge: J) -> Self {
        Self {
            vmid,
            strict,
            judge,
            decoder,
            warnings: Vec::new(),
            builder: Builder::new(),
            description: Vec::new(),
            in_pending: false,
            passed: Vec::new(),
        }
    }

    /// Reads a whole file.
    pub fn read(mut self, raw: &'a [u8]) -> Parsed<'a> {
        self.builder.start(digest::sha1_hex(raw), raw.len());
        let config = self.lines(raw);
        let Reader { warnings, builder, .. } = self;
        Parsed { config: config.map(|()| builder.finish()), warnings }
    }

    fn lines(&mut self, raw: &'a [u8]) -> Result<(), Error> {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', raw).chain([raw.len()]) {
            self.line(raw.get(start..end).unwrap_or_default())?;
            start = end + 1;
        }
        self.end_description();
        Ok(())
    }

    fn line(&mut self, line: &'a [u8]) -> Result<(), Error> {
        let trimmed = trim_end(line);
        match trimmed.first() {
            None => return Ok(()),
            Some(b'[') => {
                if let Some(name) = section_name(trimmed) {
                    return self.section(name);
                }
            }
            Some(b'#') => {
                self.decoder.decode_into(line.get(1..).unwrap_or_default(), &mut self.description);
                self.description.push(b'\n');
                return Ok(());
            }
            Some(b'l') => {
                if let Some((key, value)) = lxc_line(trimmed) {
                    return self.lxc(line, key, value);
                }
            }
            Some(b'd') => {
                if let Some(value) = value_after(trimmed, b"description:") {
                    self.decoder.decode_into(value, &mut self.description);
                    return Ok(());
                }
            }
            _ => {}
        }
        if let Some(state) = snapshot_state(trimmed) {
            self.builder.set(b"snapstate", None, Scalar::bytes(state));
            return Ok(());
        }
        if let Some(value) = value_after(trimmed, b"delete:") {
            if self.in_pending {
                self.builder.set(b"delete", None, Scalar::bytes(value));
                return Ok(());
            }
            return self.problem(&[PerlStr::literal(
                "property 'delete' is only allowed in [pve:pending]\n",
            )]);
        }
        match key_value(line, trimmed.len()) {
            Some((key, value)) => self.setting(key, value),
            None => self.unreadable(line),
        }
    }

    fn section(&mut self, name: &'a [u8]) -> Result<(), Error> {
        self.end_description();
        if self.passed.is_empty() {
            self.passed = vec![&[]; keys::COUNT];
        }
        if name.eq_ignore_ascii_case(b"pve:pending") {
            self.in_pending = true;
            self.builder.start_pending();
            Ok(())
        } else {
            self.in_pending = name == b"pending";
            self.builder.start_snapshot(name)
        }
    }

    fn end_description(&mut self) {
        if PerlStr::Bytes(&self.description).is_true() {
            let description = text::decoded(self.description.clone());
            self.builder.set(b"description", keys::find(b"description"), description);
        }
        self.description.clear();
    }

    fn lxc(&mut self, line: &'a [u8], key: &'a [u8], value: &'a [u8]) -> Result<(), Error> {
        let warnings = &mut self.warnings;
        let verdict = lxc_keys::judge(self.vmid, key, &mut |warning| warnings.push(warning));
        if key == b"lxc.environment.runtime" {
            self.builder.append_environment(value);
            return Ok(());
        }
        match verdict {
            Verdict::Kept => self.builder.add_lxc(key, value),
            Verdict::Refused(Some(reason)) => self.problem(&[
                PerlStr::Bytes(key),
                PerlStr::literal(": "),
                PerlStr::literal(reason),
                PerlStr::literal("\n"),
            ]),
            Verdict::Refused(None) => self.unreadable(line),
        }
    }

    fn setting(&mut self, key: &'a [u8], value: &'a [u8]) -> Result<(), Error> {
        let known = keys::find(key);
        let passed = known.and_then(|known| self.passed.get(known.number));
        let judgement = if passed.is_some_and(|passed| *passed == value) {
            Judgement::Fine(Scalar::bytes(value))
        } else {
            (self.judge)(key, known, value)
        };
        let (value, problem) = match judgement {
            Judgement::Fine(value) => {
                self.remember(known, &value);
                (Some(value), None)
            }
            Judgement::Kept(problem) => (Some(Scalar::bytes(value)), Some(problem)),
            Judgement::Dropped(problem) => (None, Some(problem)),
        };
        if let Some(problem) = problem {
            self.problem(&[
                PerlStr::literal("unable to parse value of '"),
                PerlStr::Bytes(key),
                PerlStr::literal("' - "),
                problem.as_perl(),
            ])?;
        }
        if let Some(value) = value {
            self.builder.set(key, known, value);
        }
        Ok(())
    }

    /// Remembers a value that passed. What is no string any more, or has no format, is judged quickly enough.
    fn remember(&mut self, known: Option<Known>, value: &Scalar<'a>) {
        if let (Some(known), Scalar::Bytes(Cow::Borrowed(value))) = (known, value) {
            if known.property.format.is_some() {
                if let Some(passed) = self.passed.get_mut(known.number) {
                    *passed = value;
                }
            }
        }
    }

    fn unreadable(&mut self, line: &[u8]) -> Result<(), Error> {
        self.problem(&[
            PerlStr::literal("unable to parse config: "),
            PerlStr::Bytes(line),
            PerlStr::literal("\n"),
        ])
    }

    /// Dies of a problem or warns of it.
    fn problem(&mut self, what: &[PerlStr<'_>]) -> Result<(), Error> {
        let mut text =
            PerlString::concat(&[PerlStr::literal("vm "), self.vmid, PerlStr::literal(" - ")]);
        what.iter().for_each(|part| text.push(*part));
        if self.strict {
            return Err(Error::Died { text, at_caller: false });
        }
        self.warnings.push(text);
        Ok(())
    }
}
