//! Numbers: exact, or refused. Whether a scalar is a number or a string is decided by its public flags.

use perlxs_sys as sys;

use crate::de::View;
use crate::interpreter::Perl;

/// Shown in an error message instead of a value of any length.
const SHOWN: usize = 40;

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("'{}…'", &text[..end]),
        None => format!("'{text}'"),
    }
}

/// Perl's text of a floating point number.
pub(crate) fn format_num(perl: Perl, value: f64) -> String {
    let mut buf = [0u8; 64];
    // SAFETY: the buffer has the 64 bytes that the shim asks for.
    let len = unsafe { sys::pxs_format_num(perl.raw(), value, buf.as_mut_ptr().cast()) };
    String::from_utf8_lossy(&buf[..len.min(buf.len())]).into_owned()
}

fn wrong(expected: &str, got: &str) -> String {
    format!("expected {expected}, got {got}")
}

/// An integer of the type `T`, which is called `expected` and goes from `min` to `max`.
#[inline]
pub(crate) fn integer<T: TryFrom<i64> + TryFrom<i128>>(
    perl: Perl,
    view: &View<'_>,
    (min, max): (i128, i128),
    expected: &'static str,
) -> Result<T, String> {
    if let View::Int(value) = *view {
        if let Ok(value) = T::try_from(value) {
            return Ok(value);
        }
    }
    let outside = |number: i128| {
        format!("expected {expected}, got {number}, which is not within {min} to {max}")
    };
    let number = any_integer(perl, view, expected)?;
    T::try_from(number).map_err(|_| outside(number))
}

#[cold]
fn any_integer(perl: Perl, view: &View<'_>, expected: &'static str) -> Result<i128, String> {
    match view {
        View::Int(value) => Ok(i128::from(*value)),
        View::Uint(value) => Ok(i128::from(*value)),
        View::Bool(value) => Ok(i128::from(*value)),
        View::Num(value) => {
            // Every integral f64 of the 64-bit range converts exactly.
            if value.fract() == 0.0 && value.abs() <= 18_446_744_073_709_551_616.0 {
                Ok(*value as i128)
            } else {
                Err(wrong(expected, &format_num(perl, *value)))
            }
        }
        View::Bytes(bytes) | View::Text(bytes) => {
            parse_integer(bytes).ok_or_else(|| wrong(expected, &shown(bytes)))
        }
        other => Err(wrong(expected, &other.describe())),
    }
}

fn parse_integer(bytes: &[u8]) -> Option<i128> {
    let digits = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    if digits.is_empty() || digits.len() > 30 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A floating point number.
pub(crate) fn float(view: &View<'_>) -> Result<f64, String> {
    match view {
        View::Int(value) => Ok(*value as f64),
        View::Uint(value) => Ok(*value as f64),
        View::Num(value) => Ok(*value),
        View::Bool(value) => Ok(f64::from(u8::from(*value))),
        View::Bytes(bytes) | View::Text(bytes) => std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| wrong("a number", &shown(bytes))),
        other => Err(wrong("a number", &other.describe())),
    }
}

/// A truth value: only what is plainly one.
pub(crate) fn boolean(view: &View<'_>) -> Result<bool, String> {
    match view {
        View::Bool(value) => Ok(*value),
        View::Undef => Ok(false),
        View::Int(0) | View::Bytes(b"" | b"0") | View::Text(b"" | b"0") => Ok(false),
        View::Int(1) | View::Bytes(b"1") | View::Text(b"1") => Ok(true),
        View::Num(value) if *value == 0.0 => Ok(false),
        View::Num(value) if *value == 1.0 => Ok(true),
        View::Bytes(bytes) | View::Text(bytes) => {
            Err(wrong("a boolean (1, 0, '' or undef)", &shown(bytes)))
        }
        other => Err(wrong("a boolean (1, 0, '' or undef)", &other.describe())),
    }
}
