//! Comparing with a recorded case.

use pve_schema::PerlNumber;
use serde_json::Value;

/// Where two cases differ first, and both sides of it; `None` if they are equal.
///
/// Numbers are compared as Perl writes them. The lines of a format error are a set: the reference has them in the order
/// of a Perl hash.
pub fn difference(path: &str, expected: &Value, got: &Value) -> Option<String> {
    let differ = || Some(format!("{path}: expected {expected}, got {got}"));
    match (expected, got) {
        (Value::Number(a), Value::Number(b)) => {
            let text = |n: &serde_json::Number| match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(n), _, _) => PerlNumber::Int(n).to_text(),
                (_, Some(n), _) => PerlNumber::UInt(n).to_text(),
                (_, _, n) => PerlNumber::Num(n.unwrap_or_default()).to_text(),
            };
            if text(a) == text(b) { None } else { differ() }
        }
        (Value::String(a), Value::String(b)) => {
            if a == b || sorted_lines(a) == sorted_lines(b) {
                None
            } else {
                differ()
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b)),
        (Value::Object(a), Value::Object(b)) => {
            if let Some(key) = a.keys().find(|key| !b.contains_key(*key)) {
                return Some(format!("{path}.{key}: missing, expected {}", a[key]));
            }
            if let Some(key) = b.keys().find(|key| !a.contains_key(*key)) {
                return Some(format!("{path}.{key}: not expected, got {}", b[key]));
            }
            a.iter().find_map(|(key, a)| difference(&format!("{path}.{key}"), a, &b[key]))
        }
        // The recorder copied the structure with Storable, which turns an integer above i64::MAX into a string.
        (Value::String(a), Value::Number(b))
            if !b.is_i64() && b.as_u64().map(|b| b.to_string()).as_ref() == Some(a) =>
        {
            None
        }
        (a, b) if a == b => None,
        _ => differ(),
    }
}

/// The text before the lines of a format error, and these in order.
fn sorted_lines(text: &str) -> Option<(&str, Vec<&str>)> {
    let (before, after) = text.split_once("format error\n")?;
    let mut lines: Vec<&str> = after.split('\n').collect();
    lines.sort_unstable();
    Some((before, lines))
}
