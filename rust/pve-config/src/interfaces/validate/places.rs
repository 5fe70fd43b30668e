//! In which line what is.

use std::collections::HashMap;

use pve_schema::PerlStr;

use super::super::names::key_of;
use super::super::read::Places;

/// The lines of a text's stanzas and options, by interface.
#[derive(Default)]
pub(super) struct LinesOf(HashMap<Vec<u8>, Vec<(Option<&'static str>, usize)>>);

impl<'a> Places<'a> for LinesOf {
    fn found(&mut self, iface: PerlStr<'a>, key: Option<&'static str>, line: usize) {
        self.0.entry(key_of(iface).into_owned()).or_default().push((key, line));
    }
}

impl LinesOf {
    /// Whether a key has a line of its own.
    pub(super) fn has(&self, iface: PerlStr<'_>, key: &'static str) -> bool {
        let lines = self.0.get(&*key_of(iface));
        lines.is_some_and(|lines| lines.iter().any(|(found, _)| *found == Some(key)))
    }

    /// The line that decides on a key, which is its last one, or else the one in which the interface begins.
    pub(super) fn get(&self, iface: PerlStr<'_>, key: Option<&'static str>) -> Option<usize> {
        let lines = self.0.get(&*key_of(iface))?;
        let of_key = lines.iter().rev().find(|(found, _)| key.is_some() && *found == key);
        of_key.or_else(|| lines.first()).map(|(_, line)| *line)
    }
}
