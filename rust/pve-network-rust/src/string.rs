//! Perl's strings between the schema crates, which tell bytes from characters, and the boundary.

use perlxs::{Context, Message, PerlData, Return, Returned, to_perl};
use pve_schema::{Map, PerlString};

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

/// The text of an optional argument; Perl's undef is the empty string wherever text is wanted.
pub(crate) fn or_empty(text: Option<PerlData<PerlString<'_>>>) -> PerlString<'_> {
    text.map_or(PerlString::new(), |text| text.0)
}

/// A value of a hash as text, if it is there and is a scalar.
pub(crate) fn scalar_text(map: &Map<'_>, key: &str) -> Option<String> {
    let value = map.get(key)?.as_scalar().filter(|value| value.is_defined())?;
    Some(value.to_perl().to_string())
}
