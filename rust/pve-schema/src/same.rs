//! Whether Perl data are the same to Perl code.

use crate::{Map, PerlStr, Scalar, Value};

impl Value<'_> {
    /// Whether nothing but the addresses of references tells two values apart: the order of a hash does not count, and how
    /// Perl keeps the characters of a string does not either. A number is no string.
    pub fn is_same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Scalar(one), Value::Scalar(other)) => one.is_same(other),
            (Value::List(one), Value::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.is_same(b))
            }
            (Value::Map(one), Value::Map(other)) => one.is_same(other),
            _ => false,
        }
    }
}

impl Scalar<'_> {
    fn is_same(&self, other: &Scalar<'_>) -> bool {
        let is_string = |scalar: &Scalar<'_>| matches!(scalar, Scalar::Bytes(_) | Scalar::Text(_));
        self == other
            || is_string(self) && is_string(other) && self.to_perl() == other.to_perl()
            || matches!((self, other), (Scalar::Num(a), Scalar::Num(b)) if a.is_nan() && b.is_nan())
    }
}

impl Map<'_> {
    fn is_same(&self, other: &Map<'_>) -> bool {
        let sorted = |map| {
            let mut entries: Vec<_> = Map::iter(map).collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            entries
        };
        let (one, other): (Vec<(PerlStr<'_>, &Value<'_>)>, Vec<_>) = (sorted(self), sorted(other));
        let is_same =
            |((a, x), (b, y)): (&(PerlStr<'_>, &Value<'_>), &(PerlStr<'_>, &Value<'_>))| {
                a == b && x.is_same(y)
            };
        one.len() == other.len() && one.iter().zip(&other).all(is_same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&'static str, Value<'static>)]) -> Value<'static> {
        let mut map = Map::new();
        for (key, value) in entries {
            map.set(key, value.clone());
        }
        Value::Map(map)
    }

    fn text(text: &'static str) -> Value<'static> {
        Value::Scalar(Scalar::Text(text.into()))
    }

    fn bytes(bytes: &'static [u8]) -> Value<'static> {
        Value::Scalar(Scalar::bytes(bytes))
    }

    #[test]
    fn what_perl_cannot_tell_apart_is_the_same() {
        for (one, other) in [
            (text("caf\u{e9}"), bytes(b"caf\xe9")),
            (Value::UNDEF, Value::UNDEF),
            (Value::Scalar(Scalar::Num(f64::NAN)), Value::Scalar(Scalar::Num(f64::NAN))),
            (
                map(&[("a", bytes(b"1")), ("b", map(&[]))]),
                map(&[("b", map(&[])), ("a", text("1"))]),
            ),
            (Value::List(vec![text("a")]), Value::List(vec![bytes(b"a")])),
        ] {
            assert!(one.is_same(&other) && other.is_same(&one), "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_it_can_is_not() {
        for (one, other) in [
            (text("caf\u{e9}"), bytes("caf\u{e9}".as_bytes())),
            (Value::UNDEF, bytes(b"")),
            (Value::Scalar(Scalar::Int(1)), bytes(b"1")),
            (Value::Scalar(Scalar::Int(1)), Value::Scalar(Scalar::Num(1.5))),
            (map(&[("a", bytes(b"1"))]), map(&[("a", bytes(b"1")), ("b", Value::UNDEF)])),
            (map(&[("a", bytes(b"1"))]), map(&[("b", bytes(b"1"))])),
            (map(&[]), Value::List(vec![])),
            (Value::List(vec![]), Value::List(vec![Value::UNDEF])),
            (Value::List(vec![text("a"), text("b")]), Value::List(vec![text("b"), text("a")])),
        ] {
            assert!(!one.is_same(&other) && !other.is_same(&one), "{one:?} {other:?}");
        }
    }
}
