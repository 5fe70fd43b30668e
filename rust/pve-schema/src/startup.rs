//! The order in which guests start: `order=3,up=30,down=60` (`PVE::JSONSchema::pve_parse_startup_order`).

use crate::{Map, PerlStr, class};

/// Reads a start order: a map that has, as they were written, those of `order`, `up` and `down` that were given.
/// `None` for what the reference refuses; an empty string and `0` are among it.
pub fn parse(value: PerlStr<'_>) -> Option<Map<'_>> {
    if !value.is_true() {
        return None;
    }
    let mut order = Map::new();
    for part in value.split(b',') {
        if class::is_blank(part) {
            continue;
        }
        let part = part.strip_final_newline().unwrap_or(part);
        let bytes = part.as_bytes();
        let (key, start) = if bytes.starts_with(b"order=") {
            ("order", 6)
        } else if bytes.starts_with(b"up=") {
            ("up", 3)
        } else if bytes.starts_with(b"down=") {
            ("down", 5)
        } else {
            ("order", 0)
        };
        let number = part.tail(start);
        if !class::is_digits(number) {
            return None;
        }
        order.insert(key, number);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_of_each_wins() {
        let order = parse(PerlStr::literal("order=1,,2,up=30, ,down=060"));
        let mut expected = Map::new();
        expected.insert("order", PerlStr::literal("2"));
        expected.insert("up", PerlStr::literal("30"));
        expected.insert("down", PerlStr::literal("060"));
        assert_eq!(order, Some(expected));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "0", "order=", "order=1,x", " 1", "up=-1", "order=1.5"] {
            assert_eq!(parse(PerlStr::literal(text)), None, "{text}");
        }
        assert_eq!(parse(PerlStr::literal(",")), Some(Map::new()));
    }
}
