//! `ovs_options`: words of the form `key=value`.

use pve_schema::{Map, PerlStr, PerlString, Scalar};

use super::config::true_value;
use super::space;

/// The options in the order in which they stand. The reference writes them in Perl's hash order.
pub(super) struct Options {
    list: Vec<(PerlString<'static>, PerlString<'static>)>,
}

impl Options {
    /// Reads those of an interface; words without `=` are dropped, and a repeated option has its last value.
    pub(super) fn of(iface: &Map<'_>) -> Options {
        Options::parse(true_value(iface, "ovs_options").map(Scalar::to_perl).as_ref())
    }

    /// Reads a text, if there is one.
    pub(super) fn parse(text: Option<&PerlString<'_>>) -> Options {
        let mut options = Options { list: Vec::new() };
        let Some(text) = text else { return options };
        for word in space::split(text.as_perl()) {
            let Some(at) = memchr::memchr(b'=', word.as_bytes()) else { continue };
            let key = word.slice(0, at);
            if key.is_true() {
                options.set(key, word.tail(at + 1));
            }
        }
        options
    }

    /// Sets an option.
    pub(super) fn set(&mut self, key: PerlStr<'_>, value: PerlStr<'_>) {
        match self.list.iter_mut().find(|(known, _)| known.as_perl() == key) {
            Some((_, old)) => *old = value.into_owned(),
            None => self.list.push((key.into_owned(), value.into_owned())),
        }
    }

    /// Takes an option out.
    pub(super) fn take(&mut self, key: &'static str) -> Option<PerlString<'static>> {
        let key = PerlStr::literal(key);
        let at = self.list.iter().position(|(known, _)| known.as_perl() == key)?;
        Some(self.list.remove(at).1)
    }

    /// The text of all, or `None` if it is one that Perl holds for false.
    pub(super) fn text(&self) -> Option<PerlString<'static>> {
        let mut text = PerlString::new();
        for (i, (key, value)) in self.list.iter().enumerate() {
            if i > 0 {
                text.push_literal(" ");
            }
            text.extend(&[key.as_perl(), PerlStr::literal("="), value.as_perl()]);
        }
        text.as_perl().is_true().then_some(text)
    }
}
