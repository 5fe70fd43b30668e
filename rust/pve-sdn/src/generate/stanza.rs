//! The stanzas of interfaces in the making, and their text.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use pve_schema::{Error, PerlStr, PerlString};

/// An interface's name in Perl's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub PerlString<'static>);

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_perl().cmp(&other.0.as_perl())
    }
}

/// The options of one interface, one a line, as they are in the file: with a tab before and a newline after each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    text: PerlString<'static>,
}

impl Default for Options {
    /// None, with room for what most stanzas have.
    fn default() -> Options {
        Options { text: PerlString::Bytes(Vec::with_capacity(160).into()) }
    }
}

impl Options {
    /// A line.
    pub(super) fn line(&mut self, line: &'static str) {
        self.parts(&[PerlStr::literal(line)]);
    }

    /// A line of several parts.
    pub(super) fn parts(&mut self, parts: &[PerlStr<'_>]) {
        self.text.push_literal("\t");
        self.text.extend(parts);
        self.text.push_literal("\n");
    }

    /// An option, with the space after its word, and its value.
    pub(super) fn option(&mut self, word: &'static str, value: &PerlString<'_>) {
        self.parts(&[PerlStr::literal(word), value.as_perl()]);
    }

    /// An option whose value may not be there.
    pub(super) fn maybe(&mut self, word: &'static str, value: Option<&PerlString<'_>>) {
        if let Some(value) = value {
            self.option(word, value);
        }
    }

    /// The settings of a bridge that forwards at once and speaks no spanning tree.
    pub(super) fn plain_bridge(&mut self, vlan_aware: bool) {
        self.line("bridge_stp off");
        self.line("bridge_fd 0");
        if vlan_aware {
            self.line("bridge-vlan-aware yes");
            self.line("bridge-vids 2-4094");
        }
    }

    /// One end of a pair.
    pub(super) fn veth(peer: &PerlString<'_>) -> Options {
        let mut options = Options::default();
        options.line("link-type veth");
        options.option("veth-peer-name ", peer);
        options
    }

    /// The first line, if there is one.
    pub(super) fn first(&self) -> Option<PerlStr<'_>> {
        self.lines().next()
    }

    /// Puts another line in the place of the first.
    pub(super) fn replace_first(&mut self, line: &PerlString<'_>) {
        let old = std::mem::take(self);
        self.parts(&[line.as_perl()]);
        let first = old.text.as_perl().split(b'\n').next();
        let rest = first.map_or(0, |first| first.as_bytes().len() + 1);
        self.text.push(old.text.as_perl().tail(rest));
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = PerlStr<'_>> {
        let lines = self.text.as_perl().split(b'\n');
        lines
            .filter(|line| !line.is_empty())
            .map(|line| if line.as_bytes().starts_with(b"\t") { line.tail(1) } else { line })
    }
}

/// Interfaces by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanzas(BTreeMap<Name, Options>);

impl Stanzas {
    /// Whether the interface has a stanza.
    pub(super) fn has(&self, name: PerlStr<'_>) -> bool {
        self.0.contains_key(&Name(name.into_owned()))
    }

    /// The first stanza of an interface stays.
    pub(super) fn add(&mut self, name: PerlStr<'_>, options: Options) {
        self.0.entry(Name(name.into_owned())).or_insert(options);
    }

    /// Adds a stanza that several VNets may need: it is made for the first one alone.
    pub(super) fn once(
        &mut self,
        name: &PerlString<'_>,
        make: impl FnOnce() -> Result<Options, Error>,
    ) -> Result<(), Error> {
        if let Entry::Vacant(free) = self.0.entry(Name(name.as_perl().into_owned())) {
            free.insert(make()?);
        }
        Ok(())
    }

    /// The stanza of an interface, to be added to.
    pub(super) fn of(&mut self, name: PerlStr<'_>) -> &mut Options {
        self.0.entry(Name(name.into_owned())).or_default()
    }

    /// Interfaces with their options, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (PerlStr<'_>, &Options)> {
        self.0.iter().map(|(name, options)| (name.0.as_perl(), options))
    }

    /// Appends them to the file's text.
    pub(super) fn write(&self, text: &mut PerlString<'static>) {
        for (name, options) in self.iter() {
            text.extend(&[
                PerlStr::literal("\nauto "),
                name,
                PerlStr::literal("\niface "),
                name,
                PerlStr::literal("\n"),
            ]);
            text.push(options.text.as_perl());
        }
    }
}
