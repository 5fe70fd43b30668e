//! Stanzas that differ, line by line.

use std::collections::BTreeMap;

use pve_schema::PerlString;

use super::{Line, Stanza, State};
use crate::generate::{Name, Plan};

/// The lines of each interface. One that has several stanzas has the lines of all of them.
fn by_interface(plan: &Plan) -> BTreeMap<Name, Vec<PerlString<'static>>> {
    let mut interfaces: BTreeMap<Name, Vec<PerlString<'static>>> = BTreeMap::new();
    for (name, options) in plan.stanzas.iter() {
        let lines = options.lines().map(pve_schema::PerlStr::into_owned);
        interfaces.entry(Name(name.into_owned())).or_default().extend(lines);
    }
    for interface in &plan.fabrics {
        let name = Name(interface.name.clone());
        interfaces.entry(name).or_default().extend(interface.lines());
    }
    interfaces
}

/// The interfaces whose stanzas differ.
pub(super) fn differing(old: &Plan, new: &Plan) -> BTreeMap<Name, Stanza> {
    let (mut before, after) = (by_interface(old), by_interface(new));
    let mut found = BTreeMap::new();
    for (name, lines) in after {
        let (state, lines) = match before.remove(&name) {
            Some(was) if was == lines => continue,
            Some(was) => (State::Changed, compared(&was, &lines)),
            None => (State::New, compared(&[], &lines)),
        };
        found.insert(name, Stanza { state, lines });
    }
    for (name, lines) in before {
        found.insert(name, Stanza { state: State::Deleted, lines: compared(&lines, &[]) });
    }
    found
}

/// Two lists of lines as one: a longest common sequence stays.
fn compared(
    old: &[PerlString<'static>],
    new: &[PerlString<'static>],
) -> Vec<(Line, PerlString<'static>)> {
    // common[i][j]: how many lines old[i..] and new[j..] have in common, in order.
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    let at = |table: &[Vec<usize>], i: usize, j: usize| {
        table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    };
    for (i, was) in old.iter().enumerate().rev() {
        for (j, is) in new.iter().enumerate().rev() {
            let length = if was == is {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(was), Some(is)) if was == is => {
                lines.push((Line::Kept, is.clone()));
                (i, j) = (i + 1, j + 1);
            }
            (Some(was), is) if is.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                lines.push((Line::Removed, was.clone()));
                i += 1;
            }
            (_, Some(is)) => {
                lines.push((Line::Added, is.clone()));
                j += 1;
            }
            _ => return lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<PerlString<'static>> {
        text.split_whitespace().map(|line| PerlString::from(line.to_owned())).collect()
    }

    #[test]
    fn what_is_common_stays() {
        let shown: String = compared(&lines("a b c d"), &lines("b x d e"))
            .iter()
            .map(|(line, text)| match line {
                Line::Kept => format!(" {text}"),
                Line::Removed => format!("-{text}"),
                Line::Added => format!("+{text}"),
            })
            .collect();
        assert_eq!(shown, "-a b-c+x d+e");
    }
}
