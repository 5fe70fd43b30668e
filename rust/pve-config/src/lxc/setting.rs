//! One setting's value: what it becomes when its line is read (`PVE::LXC::Config::check_type`).

use pve_schema::{
    Environment, Error, Kind, PerlNumber, PerlStr, PerlString, Scalar, parse_boolean,
};

use super::keys::Known;

/// Turns the value of a known key into what the configuration holds: booleans become 0 or 1 and integers numbers, other
/// values stay as they are. Only type and format are checked, never a range, a pattern or a list of values.
///
/// # Errors
///
/// What is wrong with the value, as a text that ends in a newline.
pub fn convert<'a>(
    known: Known,
    value: &'a [u8],
    environment: &Environment<'_>,
) -> Result<Scalar<'a>, PerlString<'static>> {
    if memchr::memchr2(b'\n', b'\r', value).is_some() {
        return Err(PerlString::literal("property contains a line feed\n"));
    }
    let property = known.property;
    let string = PerlStr::Bytes(value);
    let converted = match property.kind {
        Kind::Boolean => parse_boolean(string).map(|value| Scalar::Int(i64::from(value))),
        Kind::Integer => is_digits(value).then(|| PerlNumber::from_prefix(value).int().into()),
        Kind::Number => is_decimal(value).then_some(Scalar::bytes(value)),
        Kind::String => {
            if let Some(format) = property.format {
                format.check(string, environment).map_err(|error: Error| error.to_perl())?;
            }
            Some(Scalar::bytes(value))
        }
    };
    converted.ok_or_else(|| {
        PerlString::concat(&[
            PerlStr::literal("type check ('"),
            PerlStr::literal(property.kind.name()),
            PerlStr::literal("') failed - got '"),
            string,
            PerlStr::literal("'\n"),
        ])
    })
}

fn is_digits(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

fn is_decimal(value: &[u8]) -> bool {
    match value.iter().position(|b| *b == b'.') {
        Some(at) => {
            let (integer, fraction) = value.split_at(at);
            is_digits(integer) && is_digits(fraction.get(1..).unwrap_or_default())
        }
        None => is_digits(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lxc::keys;

    fn convert(key: &str, value: &'static str) -> Result<Scalar<'static>, String> {
        let known = keys::find(key.as_bytes()).expect("a known key");
        super::convert(known, value.as_bytes(), &Environment::empty()).map_err(|e| e.to_string())
    }

    #[test]
    fn values_become_what_their_type_says() {
        assert_eq!(convert("onboot", "Yes"), Ok(Scalar::Int(1)));
        assert_eq!(convert("memory", "0512"), Ok(Scalar::Int(512)));
        assert_eq!(convert("memory", "99999999999999999999"), Ok(Scalar::Num(1e20)));
        assert_eq!(convert("cpulimit", "1.50"), Ok(Scalar::literal("1.50")));
        assert_eq!(convert("arch", "vax"), Ok(Scalar::literal("vax")));
    }

    #[test]
    fn misfits_are_told() {
        assert_eq!(
            convert("memory", "-1"),
            Err("type check ('integer') failed - got '-1'\n".into())
        );
        assert_eq!(
            convert("cpulimit", "1."),
            Err("type check ('number') failed - got '1.'\n".into())
        );
        assert_eq!(convert("arch", "a\rb"), Err("property contains a line feed\n".into()));
        assert_eq!(
            convert("mp0", "x"),
            Err("format error\nmp: property is missing and it is not optional\n".into())
        );
    }
}
