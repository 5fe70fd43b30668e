//! Perl's numbers: how a string is read as one, how one is written, and the little arithmetic that sizes need.

use std::borrow::Cow;

/// A Perl number: an integer where it fits, else a double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PerlNumber {
    /// A signed integer (`IV`).
    Int(i64),
    /// An integer above `i64::MAX` (`UV`).
    UInt(u64),
    /// A double (`NV`).
    Num(f64),
}

/// The first double that is no `UV` any more.
const UV_END: f64 = 18_446_744_073_709_551_616.0;

/// The least `IV` as a double.
const I64_START: f64 = -9_223_372_036_854_775_808.0;

impl PerlNumber {
    /// An unsigned integer.
    pub fn from_u64(value: u64) -> Self {
        i64::try_from(value).map_or(PerlNumber::UInt(value), PerlNumber::Int)
    }

    /// Reads the decimal number at the start of `bytes` as Perl does in numeric context; 0 where there is none.
    ///
    /// Only a string that is an integer as a whole stays one: `9007199254740993K` is read as a double. One with an exponent
    /// becomes the integer that it is, where one can hold it.
    pub fn from_prefix(bytes: &[u8]) -> Self {
        if (1..=18).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
            return PerlNumber::Int(
                bytes.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')),
            );
        }
        let start = bytes.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0x0b).count();
        let bytes = bytes.get(start..).unwrap_or_default();
        let (prefix, integer) = decimal_prefix(bytes);
        let rest = bytes.get(prefix..).unwrap_or_default();
        let whole = rest.iter().all(|b| b.is_ascii_whitespace() || *b == 0x0b);
        let text = std::str::from_utf8(bytes.get(..prefix).unwrap_or_default()).unwrap_or_default();
        let text = text.strip_prefix('+').unwrap_or(text);
        if integer && whole {
            if let Ok(value) = text.parse::<i64>() {
                return PerlNumber::Int(value);
            }
            if let Ok(value) = text.parse::<u64>() {
                return PerlNumber::UInt(value);
            }
        }
        if prefix == 0 {
            return word(bytes).map_or(PerlNumber::Int(0), PerlNumber::Num);
        }
        let value = text.parse::<f64>().unwrap_or(0.0);
        if whole && text.contains(['e', 'E']) && value.fract() == 0.0 {
            return Self::from_integral(value);
        }
        if !whole && value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            return PerlNumber::Int(value as i64);
        }
        PerlNumber::Num(value)
    }

    /// The integer that a double without a fraction is, where one can hold it.
    fn from_integral(value: f64) -> Self {
        if !(I64_START..UV_END).contains(&value) {
            PerlNumber::Num(value)
        } else if value < 0.0 {
            PerlNumber::Int(value as i64)
        } else {
            Self::from_u64(value as u64)
        }
    }

    /// The value as a double.
    pub fn as_f64(self) -> f64 {
        match self {
            PerlNumber::Int(value) => value as f64,
            PerlNumber::UInt(value) => value as f64,
            PerlNumber::Num(value) => value,
        }
    }

    /// Perl's `int`: cut towards zero; an integer again wherever it fits one.
    pub fn int(self) -> Self {
        let PerlNumber::Num(value) = self else { return self };
        if value.is_nan() || value.is_infinite() {
            return self;
        }
        if value >= 0.0 {
            if value < UV_END {
                Self::from_u64(value as u64)
            } else {
                PerlNumber::Num(value.floor())
            }
        } else if value > -9_223_372_036_854_775_808.5 {
            PerlNumber::Int(value as i64)
        } else {
            PerlNumber::Num(value.ceil())
        }
    }

    /// Perl's `*` with an integer: exact where the product fits an integer, else in doubles.
    pub fn times(self, factor: u32) -> Self {
        if let PerlNumber::Int(value) = self {
            if let Some(product) = value.checked_mul(i64::from(factor)) {
                return PerlNumber::Int(product);
            }
        }
        let exact = match self {
            PerlNumber::Int(value) => Some(i128::from(value)),
            PerlNumber::UInt(value) => Some(i128::from(value)),
            // A double with an integer's value is multiplied as that integer.
            PerlNumber::Num(value)
                if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 =>
            {
                Some(value as i128)
            }
            PerlNumber::Num(_) => None,
        };
        if let Some(product) = exact.map(|value| value * i128::from(factor)) {
            if let Ok(value) = i64::try_from(product) {
                return PerlNumber::Int(value);
            }
            if let Ok(value) = u64::try_from(product) {
                return PerlNumber::UInt(value);
            }
        }
        PerlNumber::Num(self.as_f64() * f64::from(factor))
    }

    /// Perl's `/` by an integer above 0: exact where a large integer divides without rest, else in doubles.
    pub fn divided_by(self, divisor: u32) -> Self {
        if let PerlNumber::Int(_) | PerlNumber::UInt(_) = self {
            let value = match self {
                PerlNumber::Int(value) => i128::from(value),
                PerlNumber::UInt(value) => i128::from(value),
                PerlNumber::Num(_) => 0,
            };
            if value.abs() > 1 << 53 && value % i128::from(divisor) == 0 {
                let quotient = value / i128::from(divisor);
                if let Ok(value) = i64::try_from(quotient) {
                    return PerlNumber::Int(value);
                }
            }
        }
        PerlNumber::Num(self.as_f64() / f64::from(divisor))
    }

    /// Perl's `==`: integers exactly, anything else as doubles.
    pub fn equals(self, other: Self) -> bool {
        match (self, other) {
            (PerlNumber::Int(a), PerlNumber::Int(b)) => a == b,
            (PerlNumber::UInt(a), PerlNumber::UInt(b)) => a == b,
            (PerlNumber::Int(_), PerlNumber::UInt(_))
            | (PerlNumber::UInt(_), PerlNumber::Int(_)) => false,
            _ => self.as_f64() == other.as_f64(),
        }
    }

    /// The number as Perl writes it: integers in full, doubles as C's `%.15g`.
    pub fn to_text(self) -> Cow<'static, str> {
        match self {
            PerlNumber::Int(0) => Cow::Borrowed("0"),
            PerlNumber::Int(1) => Cow::Borrowed("1"),
            PerlNumber::Int(value) => Cow::Owned(value.to_string()),
            PerlNumber::UInt(value) => Cow::Owned(value.to_string()),
            PerlNumber::Num(value) => Cow::Owned(format_g15(value)),
        }
    }
}

/// What the words for what is no number stand for (perlnumber(1)); what follows them does not count.
fn word(bytes: &[u8]) -> Option<f64> {
    let unsigned = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    let first = unsigned.first_chunk::<3>()?;
    if first.eq_ignore_ascii_case(b"nan") {
        return Some(f64::NAN);
    }
    let infinity = if bytes.starts_with(b"-") { f64::NEG_INFINITY } else { f64::INFINITY };
    first.eq_ignore_ascii_case(b"inf").then_some(infinity)
}

/// The length of the decimal number at the start of `bytes`, and whether it is a plain integer.
fn decimal_prefix(bytes: &[u8]) -> (usize, bool) {
    let digits = |from: usize| {
        from + bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let integer_end = digits(start);
    let mut end = integer_end;
    if bytes.get(end) == Some(&b'.') {
        let fraction_end = digits(end + 1);
        if integer_end > start || fraction_end > end + 1 {
            end = fraction_end;
        }
    }
    if end == start {
        return (0, false);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent_end = digits(end + 1 + sign);
        if exponent_end > end + 1 + sign {
            return (exponent_end, false);
        }
    }
    (end, end == integer_end)
}

/// C's `%.15g`, with Perl's words for what is no number.
fn format_g15(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Inf".into() } else { "-Inf".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    // Rust writes `d.dddde±x` with as many digits as asked for, correctly rounded, as printf does.
    let scientific = format!("{value:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if !(-4..15).contains(&exponent) {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    let Ok(integer_digits) = usize::try_from(exponent + 1) else {
        return format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1));
    };
    match integer_digits {
        0 => format!("{sign}0.{digits}"),
        n if digits.len() <= n => format!("{sign}{digits}{}", "0".repeat(n - digits.len())),
        n => {
            let (integer, fraction) = digits.split_at(n);
            format!("{sign}{integer}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_perl_writes_them() {
        for (value, text) in [
            (1e15, "1e+15"),
            (1.234_567_890_123_456_8e20, "1.23456789012346e+20"),
            (0.1, "0.1"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (0.5, "0.5"),
            (-0.05, "-0.05"),
            (12_345_678.123_456_79, "12345678.1234568"),
            (1e100, "1e+100"),
            (5e-324, "4.94065645841247e-324"),
            (1e14, "100000000000000"),
            (999_999_999_999_999.9, "1e+15"),
            (-1.5, "-1.5"),
            (0.0, "0"),
            (f64::INFINITY, "Inf"),
        ] {
            assert_eq!(PerlNumber::Num(value).to_text(), text);
        }
    }

    #[test]
    fn strings_are_read_as_perl_reads_them() {
        for (text, number) in [
            ("0512", PerlNumber::Int(512)),
            ("18446744073709551615", PerlNumber::UInt(u64::MAX)),
            ("18446744073709551616", PerlNumber::Num(UV_END)),
            ("9007199254740993K", PerlNumber::Num(9_007_199_254_740_992.0)),
            ("8G", PerlNumber::Int(8)),
            ("1.5G", PerlNumber::Num(1.5)),
            ("1e3", PerlNumber::Int(1000)),
            ("1.5e3 ", PerlNumber::Int(1500)),
            ("-1e16", PerlNumber::Int(-10_000_000_000_000_000)),
            ("1e19", PerlNumber::UInt(10_000_000_000_000_000_000)),
            ("1e20", PerlNumber::Num(1e20)),
            ("1e16x", PerlNumber::Num(1e16)),
            ("9007199254740993.0", PerlNumber::Num(9_007_199_254_740_992.0)),
            ("Infinity", PerlNumber::Num(f64::INFINITY)),
            ("-infx", PerlNumber::Num(f64::NEG_INFINITY)),
            (" +5", PerlNumber::Int(5)),
            ("x", PerlNumber::Int(0)),
            ("-.5", PerlNumber::Num(-0.5)),
        ] {
            assert_eq!(PerlNumber::from_prefix(text.as_bytes()), number, "{text}");
        }
        assert!(PerlNumber::from_prefix(b"nan").as_f64().is_nan());
    }

    #[test]
    fn int_returns_to_integers_where_they_fit() {
        assert_eq!(PerlNumber::Num(1536.7).int(), PerlNumber::Int(1536));
        assert_eq!(PerlNumber::Num(1e19).int(), PerlNumber::UInt(10_000_000_000_000_000_000));
        assert_eq!(PerlNumber::Num(1e20).int(), PerlNumber::Num(1e20));
        assert_eq!(PerlNumber::Num(-2.5).int(), PerlNumber::Int(-2));
    }
}
