//! Perl's strings between the schema crates, which tell bytes from characters, and the boundary.

use perlxs::{Context, Message, PerlData, Return, Returned, to_perl};
use pve_schema::{Map, PerlString, Scalar, Value};
use serde::de::{Deserialize, Deserializer, Error as _};

/// A text to warn or die with, or a hash key.
pub(crate) fn message(text: PerlString<'_>) -> Message {
    match text {
        PerlString::Bytes(bytes) => Message::Bytes(bytes.into_owned()),
        PerlString::Text(text) => Message::Text(text.into_owned()),
    }
}

/// Warns with each, in order.
pub(crate) fn warn_all(context: &mut Context, warnings: Vec<PerlString<'_>>) {
    warnings.into_iter().for_each(|warning| context.warn(message(warning)));
}

/// A string as a result.
pub(crate) struct Text(pub PerlString<'static>);

impl Return for Text {
    fn into_perl(self, perl: perlxs::Perl) -> Result<Returned, perlxs::Error> {
        to_perl(perl, &self.0).map(Returned::Scalar)
    }
}

/// An argument that Perl code uses as a string: bytes, characters, or a number's text.
pub(crate) struct Words<'a>(Scalar<'a>);

impl Words<'_> {
    /// The string.
    pub(crate) fn to_perl(&self) -> PerlString<'_> {
        self.0.to_perl()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Words<'a>, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Scalar(scalar) => Ok(Words(scalar)),
            other => {
                let kind = other.reference_kind();
                Err(D::Error::custom(format_args!("expected a string, got {kind} reference")))
            }
        }
    }
}

/// The text of an optional argument; Perl's undef is the empty string wherever text is wanted.
pub(crate) fn or_empty<'a>(argument: &'a Option<PerlData<Words<'_>>>) -> PerlString<'a> {
    argument.as_ref().map_or(PerlString::new(), |argument| argument.0.to_perl())
}

/// A value of a hash as text, if it is there and is a scalar.
pub(crate) fn scalar_text(map: &Map<'_>, key: &str) -> Option<String> {
    let value = map.get(key)?.as_scalar().filter(|value| value.is_defined())?;
    Some(value.to_perl().to_string())
}
