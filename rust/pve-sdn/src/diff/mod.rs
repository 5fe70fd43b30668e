//! What applying a configuration would change: zones, VNets, subnets, controllers and fabrics, and the stanzas of
//! interfaces on a node.

mod lines;
mod objects;
mod text;

use std::collections::BTreeMap;

use pve_schema::{Error, Map, PerlString};

use crate::generate::{Name, Plan};

pub use objects::{Change, Object};

/// What becomes of something (`pve-sdn-config-state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It comes into being.
    New,
    /// It stays, with other options.
    Changed,
    /// It goes away.
    Deleted,
}

impl State {
    /// The reference's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Changed => "changed",
            State::Deleted => "deleted",
        }
    }
}

/// A stanza that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// What becomes of it.
    pub state: State,
    /// Its lines: those that go, those that come, and those that stay, in the order of the file.
    pub lines: Vec<(Line, PerlString<'static>)>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// The kinds of objects, as they are named in a configuration in effect, and what one is called.
pub const KINDS: [(&str, &str); 5] = [
    ("zones", "zone"),
    ("vnets", "vnet"),
    ("subnets", "subnet"),
    ("controllers", "controller"),
    ("fabrics", "fabric"),
];

/// What differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The objects of each of [`KINDS`], by id.
    pub objects: Vec<BTreeMap<Name, Object>>,
    /// The stanzas by interface.
    pub interfaces: BTreeMap<Name, Stanza>,
}

/// Compares two configurations, and what is generated for them on one node.
///
/// # Errors
/// What Perl dies with where there is no hash.
pub fn diff(
    (old, old_plan): (&Map<'_>, &Plan),
    (new, new_plan): (&Map<'_>, &Plan),
) -> Result<Diff, Error> {
    let objects = KINDS.iter().map(|(kind, _)| objects::differing(old, new, kind));
    Ok(Diff {
        objects: objects.collect::<Result<_, _>>()?,
        interfaces: lines::differing(old_plan, new_plan),
    })
}

impl Diff {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty() && self.objects.iter().all(BTreeMap::is_empty)
    }

    /// The difference for people to read; empty where there is none.
    #[must_use]
    pub fn text(&self) -> PerlString<'static> {
        text::text(self)
    }

    /// The difference as Perl data.
    #[must_use]
    pub fn to_map(&self) -> Map<'static> {
        text::to_map(self)
    }
}
