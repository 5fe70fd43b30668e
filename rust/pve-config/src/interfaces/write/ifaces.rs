//! The caller's interfaces, and what the reference changes in them while it writes.

use std::borrow::Cow;
use std::collections::HashMap;

use pve_schema::{Error, Map, PerlStr, PerlString, Scalar, Value};

use super::super::names::key_of;
use super::{Change, Changed};

/// What has become of an interface.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is the caller's.
    Given,
    /// It is another one in the place of the caller's, or a new one.
    New,
    /// It is gone.
    Deleted,
}

/// One interface: what was given, under what has been changed.
pub(in super::super) struct Iface<'m, 'a> {
    pub(in super::super) name: PerlStr<'m>,
    given: Option<&'m Map<'a>>,
    changes: Vec<(&'static str, Option<Value<'m>>)>,
    /// The text of `type`.
    kind: PerlString<'m>,
    state: State,
}

impl<'m, 'a> Iface<'m, 'a> {
    /// One that was not given.
    pub(in super::super) fn new(name: PerlStr<'m>) -> Self {
        Iface { name, given: None, changes: Vec::new(), kind: PerlString::new(), state: State::New }
    }

    /// The value of a key.
    pub(in super::super) fn get(&self, key: &str) -> Option<&Value<'m>>
    where
        'a: 'm,
    {
        match self.changes.iter().find(|(changed, _)| is_same(changed, key)) {
            Some((_, value)) => value.as_ref(),
            None => self.given.and_then(|given| given.get(key)),
        }
    }

    fn scalar(&self, key: &str) -> Option<&Scalar<'m>> {
        self.get(key).and_then(Value::as_scalar)
    }

    /// Whether a key has a value other than undef.
    pub(in super::super) fn is_defined(&self, key: &str) -> bool {
        self.get(key).is_some_and(Value::is_defined)
    }

    /// The text of a key that Perl holds for true.
    pub(in super::super) fn truth(&self, key: &str) -> Option<PerlString<'_>> {
        self.scalar(key).filter(|value| value.is_true()).map(Scalar::to_perl)
    }

    /// The text of a key, empty where it is undef.
    pub(in super::super) fn text(&self, key: &str) -> PerlString<'_> {
        self.scalar(key).map(Scalar::to_perl).unwrap_or_default()
    }

    /// The number of a key, if it is defined.
    pub(in super::super) fn number(&self, key: &str) -> Option<f64> {
        let value = self.scalar(key).filter(|value| value.is_defined())?;
        Some(value.to_number().as_f64())
    }

    /// Whether a key is true in Perl.
    pub(in super::super) fn is_true(&self, key: &str) -> bool {
        match self.get(key) {
            Some(Value::Scalar(scalar)) => scalar.is_true(),
            Some(_) => true,
            None => false,
        }
    }

    /// Whether a key has this text.
    pub(in super::super) fn is(&self, key: &str, text: &'static str) -> bool {
        self.text(key).as_perl() == PerlStr::literal(text)
    }

    /// The text of `type`.
    pub(in super::super) fn kind(&self) -> &PerlString<'m> {
        &self.kind
    }

    /// Whether `type` is this one.
    pub(in super::super) fn is_a(&self, kind: &'static str) -> bool {
        is_same(self.kind.as_bytes(), kind)
    }

    /// Whether `type` is one of these.
    pub(in super::super) fn is_of(&self, types: &[&'static str]) -> bool {
        types.iter().any(|kind| self.is_a(kind))
    }

    /// The keys with their values.
    pub(in super::super) fn entries(&self) -> impl Iterator<Item = (PerlStr<'_>, &Value<'m>)> {
        let given = self.given.into_iter().flat_map(Map::iter).filter(|(key, _)| {
            !self.changes.iter().any(|(changed, _)| changed.as_bytes() == key.as_bytes())
        });
        let changed = self.changes.iter();
        let changed = changed
            .filter_map(|(key, value)| value.as_ref().map(|value| (PerlStr::literal(key), value)));
        given.chain(changed)
    }

    /// Sets a key.
    pub(in super::super) fn set(&mut self, key: &'static str, value: impl Into<Value<'m>>) {
        self.change(key, Some(value.into()));
    }

    /// Deletes a key.
    pub(in super::super) fn delete(&mut self, key: &'static str) {
        if self.get(key).is_some() {
            self.change(key, None);
        }
    }

    fn change(&mut self, key: &'static str, value: Option<Value<'m>>) {
        if key == "type" {
            self.kind = value.as_ref().map(text_of).unwrap_or_default().into_owned();
        }
        match self.changes.iter_mut().find(|(changed, _)| is_same(changed, key)) {
            Some((_, old)) => *old = value,
            None => self.changes.push((key, value)),
        }
    }

    /// Puts another one in its place: a network card without configuration.
    pub(in super::super) fn become_card(&mut self) {
        self.given = None;
        self.state = State::New;
        self.kind = PerlString::literal("eth");
        self.changes = vec![
            ("type", Some(Scalar::literal("eth").into())),
            ("exists", Some(Scalar::Int(1).into())),
            ("method", Some(Scalar::literal("manual").into())),
            ("families", Some(Value::List(vec![Scalar::literal("inet").into()]))),
        ];
    }

    fn into_change(self) -> Option<Changed> {
        let Iface { name, changes, state, .. } = self;
        let changes = changes.into_iter().map(|(key, value)| (key, value.map(Value::into_owned)));
        let change = match state {
            State::Deleted => Change::Deleted,
            State::Given if changes.len() == 0 => return None,
            State::Given => Change::Keys(changes.collect()),
            State::New => {
                let mut map = Map::new();
                for (key, value) in changes {
                    if let Some(value) = value {
                        map.push(PerlString::literal(key), value);
                    }
                }
                Change::Replaced(map)
            }
        };
        Some(Changed { iface: name.into_owned(), change })
    }
}

/// All interfaces, in the order of their names.
pub(in super::super) struct Ifaces<'m, 'a> {
    list: Vec<Iface<'m, 'a>>,
    places: HashMap<Cow<'m, [u8]>, usize>,
}

/// Whether a key is this one: few others end as it does.
fn is_same(known: impl AsRef<[u8]>, key: &str) -> bool {
    let (known, key) = (known.as_ref(), key.as_bytes());
    known.len() == key.len() && known.last() == key.last() && known == key
}

/// The text of a scalar.
fn text_of<'v>(value: &'v Value<'_>) -> PerlString<'v> {
    value.as_scalar().map(Scalar::to_perl).unwrap_or_default()
}

/// Keys under which there may be a list.
fn is_list(key: PerlStr<'_>) -> bool {
    let key = key.as_bytes();
    matches!(key, b"families" | b"vxlan-remoteip") || key.starts_with(b"options")
}

impl<'m, 'a: 'm> Ifaces<'m, 'a> {
    /// Those of a configuration.
    pub(in super::super) fn of(config: &'m Map<'a>) -> Result<Self, Error> {
        let given = match config.get("ifaces") {
            Some(Value::Map(given)) => given,
            None | Some(Value::Scalar(Scalar::Undef)) => {
                return Ok(Ifaces { list: Vec::new(), places: HashMap::new() });
            }
            Some(other) => return Err(not_a_hash(other)),
        };
        let mut list = Vec::with_capacity(given.len());
        for (name, iface) in given.iter() {
            let map = match iface {
                Value::Map(map) => Some(map),
                Value::Scalar(Scalar::Undef) => None,
                other => return Err(not_a_hash(other)),
            };
            for (key, value) in map.into_iter().flat_map(Map::iter) {
                if value.as_scalar().is_none() && !is_list(key) {
                    return Err(reference(name, key, value));
                }
            }
            let state = if map.is_some() { State::Given } else { State::New };
            let kind = map.and_then(|map| map.get("type")).map(text_of).unwrap_or_default();
            list.push(Iface { name, given: map, changes: Vec::new(), kind, state });
        }
        list.sort_unstable_by_key(|iface| iface.name);
        let places = list.iter().enumerate().map(|(at, iface)| (key_of(iface.name), at)).collect();
        Ok(Ifaces { list, places })
    }

    /// How many there are, with the deleted ones.
    pub(in super::super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The places of those that are not deleted.
    pub(in super::super) fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let is_there: Vec<usize> = (0..self.list.len()).filter(|at| self.is_there(*at)).collect();
        is_there.into_iter()
    }

    fn is_there(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|iface| iface.state != State::Deleted)
    }

    /// The place of a name.
    pub(in super::super) fn place(&self, name: PerlStr<'_>) -> Option<usize> {
        self.places.get(&key_of(name)).copied().filter(|at| self.is_there(*at))
    }

    /// The interface of a name.
    pub(in super::super) fn get(&self, name: PerlStr<'_>) -> Option<&Iface<'m, 'a>> {
        self.place(name).map(|at| self.at(at))
    }

    /// The interface at a place.
    #[allow(
        clippy::indexing_slicing,
        reason = "places come from this structure, which never shrinks"
    )]
    pub(in super::super) fn at(&self, at: usize) -> &Iface<'m, 'a> {
        &self.list[at]
    }

    /// The interface at a place, to be changed.
    #[allow(
        clippy::indexing_slicing,
        reason = "places come from this structure, which never shrinks"
    )]
    pub(in super::super) fn at_mut(&mut self, at: usize) -> &mut Iface<'m, 'a> {
        &mut self.list[at]
    }

    /// Deletes the interface at a place.
    pub(in super::super) fn delete(&mut self, at: usize) {
        self.at_mut(at).state = State::Deleted;
    }

    /// Adds an interface without anything.
    pub(in super::super) fn create(&mut self, name: PerlStr<'m>) {
        match self.places.get(&key_of(name)).copied() {
            Some(at) => *self.at_mut(at) = Iface::new(name),
            None => {
                self.places.insert(key_of(name), self.list.len());
                self.list.push(Iface::new(name));
            }
        }
    }

    /// What was changed.
    pub(in super::super) fn into_changes(self) -> Vec<Changed> {
        self.list.into_iter().filter_map(Iface::into_change).collect()
    }
}

fn not_a_hash(value: &Value<'_>) -> Error {
    match value {
        Value::Scalar(scalar) => Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH"),
        _ => Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")]),
    }
}

/// The refusal to write the address of a reference.
pub(super) fn reference(name: PerlStr<'_>, key: PerlStr<'_>, value: &Value<'_>) -> Error {
    Error::died(&[
        PerlStr::literal("iface "),
        name,
        PerlStr::literal(" - value of '"),
        key,
        PerlStr::literal("' is a reference ("),
        PerlStr::literal(value.reference_kind()),
        PerlStr::literal("), which cannot be written\n"),
    ])
}
