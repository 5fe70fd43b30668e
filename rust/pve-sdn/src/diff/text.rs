//! A difference for people to read, and as Perl data.

use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

use super::objects::written;
use super::{Change, Diff, KINDS, Line, Object, Stanza, State};
use crate::generate::Name;

fn word(text: &'static str) -> PerlStr<'static> {
    PerlStr::literal(text)
}

fn heading(text: &mut PerlString<'static>, kind: &'static str, name: &Name, state: State) {
    let name = name.0.as_perl();
    text.extend(&[word(kind), word(" "), name, word(": "), word(state.word()), word("\n")]);
}

fn option(text: &mut PerlString<'static>, state: State, name: &Name, change: &Change) {
    let (old, new) = (written(&change.old), written(&change.new));
    let name = name.0.as_perl();
    text.extend(&[word("  "), name, word(" ")]);
    match (state, change.old.is_defined(), change.new.is_defined()) {
        (State::Changed, true, true) => text.extend(&[old.as_perl(), word(" -> "), new.as_perl()]),
        (State::Changed, true, false) => text.extend(&[old.as_perl(), word(" -> (deleted)")]),
        (State::Changed, ..) => text.extend(&[word("(new) -> "), new.as_perl()]),
        (State::Deleted, ..) => text.push(old.as_perl()),
        (State::New, ..) => text.push(new.as_perl()),
    }
    text.push_literal("\n");
}

/// Objects of each kind, then stanzas with the lines that come and go.
pub(super) fn text(diff: &Diff) -> PerlString<'static> {
    let mut text = PerlString::new();
    for ((_, kind), objects) in KINDS.iter().zip(&diff.objects) {
        for (id, object) in objects {
            heading(&mut text, kind, id, object.state);
            for (name, change) in &object.changes {
                option(&mut text, object.state, name, change);
            }
        }
    }
    for (name, stanza) in &diff.interfaces {
        heading(&mut text, "interface", name, stanza.state);
        for (line, option) in &stanza.lines {
            let sign = match line {
                Line::Kept => word("    "),
                Line::Removed => word("  - "),
                Line::Added => word("  + "),
            };
            text.extend(&[sign, option.as_perl(), word("\n")]);
        }
    }
    text
}

fn state(state: State) -> Value<'static> {
    Scalar::literal(state.word()).into()
}

fn object(object: &Object) -> Map<'static> {
    let mut changes = Map::with_capacity(object.changes.len());
    for (name, Change { old, new }) in &object.changes {
        let mut change = Map::with_capacity(2);
        change.push(PerlString::literal("old"), old.clone());
        change.push(PerlString::literal("new"), new.clone());
        changes.push(name.0.clone(), change);
    }
    let mut map = Map::with_capacity(2);
    map.push(PerlString::literal("state"), state(object.state));
    map.push(PerlString::literal("changes"), changes);
    map
}

fn stanza(stanza: &Stanza) -> Map<'static> {
    let lines = |wanted: Line| -> Vec<Value<'static>> {
        let lines = stanza.lines.iter().filter(|(line, _)| *line == wanted);
        lines.map(|(_, text)| Scalar::from(text.clone()).into()).collect()
    };
    let mut map = Map::with_capacity(3);
    map.push(PerlString::literal("state"), state(stanza.state));
    map.push(PerlString::literal("removed"), lines(Line::Removed));
    map.push(PerlString::literal("added"), lines(Line::Added));
    map
}

/// `{ zones => { ID => { state, changes => { OPTION => { old, new } } } }, …, interfaces => { NAME => { state, removed, added
/// } }, text }`
pub(super) fn to_map(diff: &Diff) -> Map<'static> {
    let mut map = Map::with_capacity(KINDS.len() + 2);
    for ((kind, _), objects) in KINDS.iter().zip(&diff.objects) {
        let mut by_id = Map::with_capacity(objects.len());
        for (id, found) in objects {
            by_id.push(id.0.clone(), object(found));
        }
        map.push(PerlString::literal(kind), by_id);
    }
    let mut interfaces = Map::with_capacity(diff.interfaces.len());
    for (name, found) in &diff.interfaces {
        interfaces.push(name.0.clone(), stanza(found));
    }
    map.push(PerlString::literal("interfaces"), interfaces);
    map.push(PerlString::literal("text"), Scalar::from(text(diff)));
    map
}
