//! The order of the stanzas.

use std::cmp::Ordering;

use pve_schema::PerlStr;

use super::ifaces::Ifaces;

/// Where a type's interfaces stand among the others. A type that is none of these counts nothing.
fn of_type(kind: &[u8]) -> f64 {
    match kind {
        b"loopback" | b"dummy" => 100_000.0,
        b"eth" | b"OVSPort" => 200_000.0,
        b"OVSIntPort" => 300_000.0,
        b"OVSBond" | b"bond" => 400_000.0,
        b"bridge" | b"OVSBridge" => 500_000.0,
        b"vlan" | b"vxlan" => 600_000.0,
        _ => 0.0,
    }
}

/// What decides on the place of an interface.
#[derive(Clone, Copy)]
struct Rank {
    at: usize,
    /// `None` if the type of its root is unknown.
    by_type: Option<f64>,
    priority: f64,
}

/// The name of the interface that others such as `eth0.5` or `eth0:1` are named after, and how many levels are between.
fn root(name: PerlStr<'_>) -> (PerlStr<'_>, usize) {
    let bytes = name.as_bytes();
    let is_separator = |byte: &u8| matches!(byte, b'.' | b':');
    // Empty parts at the end do not count.
    let end = bytes.iter().rposition(|byte| !is_separator(byte)).map_or(0, |last| last + 1);
    let used = name.slice(0, end);
    let at = used.as_bytes().iter().position(is_separator).unwrap_or(end);
    (used.slice(0, at), used.as_bytes().iter().filter(|byte| is_separator(byte)).count())
}

/// The places of all interfaces, in the order in which they are written.
///
/// Interfaces are compared by their types, then by their priorities; where one of two has an unknown type, by their
/// priorities alone. That is no total order, so the result depends on how it is sorted: here by merging, from the order
/// of the priorities.
pub(super) fn of(ifaces: &mut Ifaces<'_, '_>) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(ifaces.len());
    let places: Vec<usize> = ifaces.places().collect();
    for at in &places {
        let (name, levels) = root(ifaces.at(*at).name);
        let mut root = if name == ifaces.at(*at).name { Some(*at) } else { ifaces.place(name) };
        if root.is_none() && places.len() > 1 {
            // Perl looks into it, and makes it by that.
            ifaces.create(name);
            root = ifaces.place(name);
        }
        let kind = root.map(|root| ifaces.at(root).kind().as_perl());
        let kind = kind.filter(|kind| kind.is_true() && kind.as_bytes() != b"unknown");
        let by_type = kind.map(|kind| of_type(kind.as_bytes()) + levels as f64);
        let priority = ifaces.at(*at).number("priority").unwrap_or(50_000.0);
        ranks.push(Rank { at: *at, by_type, priority });
    }
    let name = |rank: &Rank| ifaces.at(rank.at).name;
    ranks.sort_by(|a, b| a.priority.total_cmp(&b.priority).then_with(|| name(a).cmp(&name(b))));
    let mut room = Vec::with_capacity(ranks.len());
    merge(&mut ranks, &mut room, &|a: &Rank, b: &Rank| {
        let (type_a, type_b) = a.by_type.zip(b.by_type).unwrap_or_default();
        let (a_number, b_number) = (type_a + a.priority, type_b + b.priority);
        a_number
            .partial_cmp(&b_number)
            .unwrap_or(Ordering::Equal)
            .then_with(|| name(a).cmp(&name(b)))
    });
    ranks.into_iter().map(|rank| rank.at).collect()
}

/// Sorts by merging. Unlike the standard library's sorting, it takes a comparison that is no total order.
fn merge<T: Copy>(items: &mut [T], room: &mut Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    merge(left, room, compare);
    merge(right, room, compare);
    room.clear();
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if compare(a, b) == Ordering::Greater { &mut right } else { &mut left };
        room.extend(from.next());
    }
    room.extend(left);
    room.extend(right);
    items.copy_from_slice(room);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_roots_and_levels() {
        for (name, expected, levels) in [
            ("eth0", "eth0", 0),
            ("eth0.5:1", "eth0", 2),
            ("eth0..", "eth0", 0),
            (".5", "", 1),
            (".", "", 0),
        ] {
            assert_eq!(
                root(PerlStr::literal(name)),
                (PerlStr::literal(expected), levels),
                "{name}"
            );
        }
    }

    #[test]
    fn merging_sorts_and_keeps_equal_ones_in_order() {
        let mut items = [(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd'), (1, 'e')];
        merge(&mut items, &mut Vec::new(), &|a, b| a.0.cmp(&b.0));
        assert_eq!(items, [(1, 'b'), (1, 'e'), (2, 'd'), (3, 'a'), (3, 'c')]);
        let mut items = [1, 2, 3];
        merge(&mut items, &mut Vec::new(), &|_, _| Ordering::Greater);
        assert_eq!(items, [3, 2, 1]);
    }
}
