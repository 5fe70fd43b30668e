//! Sets of nodes: a list of names in a file, a hash to a program.

use pve_schema::format::{NODE_NAME, split_list};
use pve_schema::{Environment, Error, Map, PerlStr, PerlString, Scalar, Value};

/// The hash that a list of nodes becomes (`decode_value` of the plugins that have such lists).
///
/// # Errors
///
/// What is no node's name.
pub(crate) fn decode<'a>(nodes: Value<'a>) -> Result<Value<'a>, Error> {
    match nodes {
        Value::Scalar(Scalar::Bytes(std::borrow::Cow::Borrowed(nodes))) => {
            set_of(PerlStr::Bytes(nodes)).map(Value::Map)
        }
        Value::Scalar(nodes) => {
            let text = nodes.to_perl();
            set_of(text.as_perl()).map(|nodes| Value::Map(nodes.into_owned()))
        }
        reference => Ok(reference),
    }
}

fn set_of(text: PerlStr<'_>) -> Result<Map<'_>, Error> {
    let mut nodes = Map::new();
    split_list(text, |node| {
        (NODE_NAME.check)(node, &Environment::empty())?;
        // The reference takes the name as the check's answer, and a node `0` for none.
        if node.is_true() {
            nodes.insert(node, Scalar::Int(1));
        }
        Ok(())
    })
    .map_err(|text: PerlString<'static>| Error::Died { text, at_caller: false })?;
    Ok(nodes)
}

/// The list of the nodes in a hash, sorted.
///
/// # Errors
///
/// Something else than a hash.
pub(crate) fn encode(nodes: &Value<'_>) -> Result<PerlString<'static>, Error> {
    let mut text = PerlString::new();
    for (place, (node, _)) in sorted(hash(nodes)?).into_iter().enumerate() {
        if place > 0 {
            text.push_literal(",");
        }
        text.push(node);
    }
    Ok(text)
}

/// The hash that a value is.
///
/// # Errors
///
/// What Perl says of something else.
pub(crate) fn hash<'v, 'a>(value: &'v Value<'a>) -> Result<&'v Map<'a>, Error> {
    match value {
        Value::Map(map) => Ok(map),
        Value::List(_) => Err(Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")])),
        Value::Scalar(scalar) => Err(Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH")),
    }
}

/// The entries of a hash in the order of their keys.
pub(crate) fn sorted<'v, 'a>(map: &'v Map<'a>) -> Vec<(PerlStr<'v>, &'v Value<'a>)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}
