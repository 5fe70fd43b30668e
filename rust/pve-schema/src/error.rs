//! What goes wrong with a value, in the words that callers of the reference match on.

use crate::{PerlStr, PerlString};

/// A property string or a set of properties that does not fit its schema (a `PVE::Exception` with `errors`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// `format error`, with a newline when parsing, without one when printing: there the reference's exception adds
    /// the place it was raised at.
    pub message: &'static str,
    /// The properties at fault, each with what is wrong, in the order of the schema.
    pub errors: Vec<(PerlString<'static>, PerlString<'static>)>,
}

impl FormatError {
    /// The exception as a string (`PVE::Exception::stringify`); where `message` has no newline, without the place.
    pub fn to_perl(&self) -> PerlString<'static> {
        let mut text = PerlString::new();
        text.push_literal(self.message);
        if !self.message.ends_with('\n') {
            text.push_literal("\n");
        }
        for (key, message) in &self.errors {
            text.push(key.as_perl());
            text.push_literal(": ");
            text.push(message.as_perl());
            text.push_literal("\n");
        }
        text
    }
}

/// The failure of a function of this crate, or of one that stands for a reference function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Properties that do not fit their schema.
    #[error("{}", .0.to_perl())]
    Format(FormatError),
    /// The text that the reference dies with.
    #[error("{text}")]
    Died {
        /// The text.
        text: PerlString<'static>,
        /// The reference's text has no newline of its own: the boundary adds Perl's ` at FILE line N.` and a newline.
        at_caller: bool,
    },
}

impl Error {
    /// Dies with these parts, the last of which ends in a newline.
    pub fn died(parts: &[PerlStr<'_>]) -> Self {
        Error::Died { text: PerlString::concat(parts), at_caller: false }
    }

    /// Dies with these parts, to which Perl adds where.
    pub fn died_at_caller(parts: &[PerlStr<'_>]) -> Self {
        Error::Died { text: PerlString::concat(parts), at_caller: true }
    }

    /// Perl's refusal to use a string as a reference (`use strict 'refs'`), `kind` being `a HASH` or `an ARRAY`.
    pub fn not_a_reference(value: PerlStr<'_>, kind: &'static str) -> Self {
        // Perl shows the first 32 bytes.
        let (shown, more) = if value.as_bytes().len() > 32 {
            let cut = match value {
                PerlStr::Text(text) => (0..=32).rev().find(|at| text.is_char_boundary(*at)),
                PerlStr::Bytes(_) => Some(32),
            };
            (value.slice(0, cut.unwrap_or(0)), "\"...")
        } else {
            (value, "\"")
        };
        Self::died_at_caller(&[
            PerlStr::literal("Can't use string (\""),
            shown,
            PerlStr::literal(more),
            PerlStr::literal(") as "),
            PerlStr::literal(kind),
            PerlStr::literal(" ref while \"strict refs\" in use"),
        ])
    }

    /// The text as Perl sees it, without the place for an error that gets one.
    pub fn to_perl(&self) -> PerlString<'static> {
        match self {
            Error::Format(error) => error.to_perl(),
            Error::Died { text, .. } => text.clone(),
        }
    }
}

/// Errors by property, as they are collected.
#[derive(Default)]
pub(crate) struct Errors(pub Vec<(PerlString<'static>, PerlString<'static>)>);

impl Errors {
    /// Adds one (`PVE::JSONSchema::add_error`): further messages for the same property follow a backslash and an n.
    pub fn add(&mut self, path: PerlStr<'_>, message: PerlString<'static>) {
        let path = if path.is_true() { path } else { PerlStr::literal("_root") };
        match self.0.iter_mut().find(|(key, _)| key.as_perl() == path) {
            Some((_, known)) => {
                known.push_literal("\\n");
                known.push(message.as_perl());
            }
            None => self.0.push((path.into_owned(), message)),
        }
    }

    /// Adds one for a property that is not a schema's.
    pub fn add_new(&mut self, path: PerlStr<'_>, message: PerlString<'static>) {
        if path.is_true() && path.as_bytes() != b"_root" {
            self.0.push((path.into_owned(), message));
        } else {
            self.add(path, message);
        }
    }

    /// The result of a check whose message for misfits is `message`.
    pub fn into_result(self, message: &'static str) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Format(FormatError { message, errors: self.0 }))
        }
    }
}
