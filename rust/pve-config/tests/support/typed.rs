//! Recorded calls of single functions, with values in a form that keeps Perl's types apart:
//! `null`, `{"b": hex}` bytes, `{"t": hex of UTF-8}` characters, `{"i": digits}`, `{"n": hex of the big-endian double}`,
//! `{"l": [...]}`, `{"m": [[key, value], ...]}`.

use pve_config::lxc;
use pve_schema::format::{self, Rule};
use pve_schema::{
    Environment, Error, Format, Map, PerlStr, PerlString, Scalar, Value, startup, text,
};
use serde_json::Value as Json;

/// The version of Perl that the calls were recorded with.
const PERL: u32 = 36;

/// Where the call of a case gives something else than was recorded; `None` if it does not.
pub fn difference(case: &Json) -> Option<String> {
    let mut args: Vec<Value<'static>> =
        case["args"].as_array().expect("arguments").iter().map(decode).collect();
    let outcome = call(case["f"].as_str().expect("a function"), &mut args);
    let expected_error = case.get("error").map(string);
    let problem = match (&outcome.result, expected_error) {
        (Ok(value), None) => {
            let expected = decode(&case["result"]);
            (!same(value, &expected)).then(|| format!("expected {expected:?}, got {value:?}"))
        }
        (Err(error), Some(expected)) => error_difference(error, &expected, case),
        // Where the reference writes the address of a reference, there is an error.
        (Err(Error::Died { text, .. }), None) if text.to_string().contains("it is a reference") => {
            None
        }
        (got, expected) => {
            Some(format!("expected error {expected:?} or {}, got {got:?}", case["result"]))
        }
    };
    let warnings = || {
        let expected: Vec<_> =
            case["warnings"].as_array().into_iter().flatten().map(string).collect();
        (expected != outcome.warnings)
            .then(|| format!("expected {expected:?}, got {:?}", outcome.warnings))
    };
    let after = || {
        let expected = decode(case.get("after")?);
        let got = args.iter().find(|arg| arg.as_scalar().is_none())?;
        (!same(got, &expected)).then(|| format!("expected {expected:?} afterwards, got {got:?}"))
    };
    problem.or_else(warnings).or_else(after).map(|problem| format!("{case}\n    {problem}"))
}

fn error_difference(error: &Error, expected: &PerlString<'_>, case: &Json) -> Option<String> {
    let fine = match error {
        Error::Died { text, at_caller } => {
            text == expected
                && *at_caller == case.get("at_caller").is_some()
                && case.get("errors").is_none()
        }
        Error::Format(format) => {
            let mut map = Map::new();
            for (key, text) in &format.errors {
                map.push(key.clone(), text.clone());
            }
            PerlString::literal(format.message) == *expected
                && same(&Value::Map(map), &decode(case.get("errors")?))
        }
    };
    (!fine).then(|| format!("expected {expected:?} and {}, got {error:?}", case["errors"]))
}

struct Outcome {
    result: Result<Value<'static>, Error>,
    warnings: Vec<PerlString<'static>>,
}

fn call(function: &str, args: &mut [Value<'static>]) -> Outcome {
    let scalar = |at: usize| {
        args.get(at).and_then(Value::as_scalar).map(Scalar::to_perl).unwrap_or_default()
    };
    let first = scalar(0).into_owned();
    let second = scalar(1).into_owned();
    let noerr = |at: usize| args.get(at).and_then(Value::as_scalar).is_some_and(Scalar::is_true);
    let map = |map: Result<Map<'_>, Error>| map.map(|map| Value::Map(map.into_owned()));
    let quiet = |quiet: bool, result: Result<Value<'static>, Error>| {
        result.or_else(|error| if quiet { Ok(Value::UNDEF) } else { Err(error) })
    };
    let mut warnings = Vec::new();
    let result = match function {
        "parse_lxc_network" => {
            map(lxc::parse_lxc_network(first.as_perl(), || PerlString::literal("RANDOM(BC:24:11)")))
        }
        "parse_volume" => {
            quiet(noerr(2), map(lxc::parse_volume(first.as_perl(), second.as_perl())))
        }
        "parse_device" => quiet(noerr(1), map(lxc::parse_device(first.as_perl()))),
        "parse_features" => map(lxc::parse_features(first.as_perl())),
        "parse_startup_order" => Ok(startup::parse(first.as_perl())
            .map_or(Value::UNDEF, |map| Value::Map(map.into_owned()))),
        "print_lxc_network" => lxc::print_lxc_network(map_of(&mut args[0])).map(Value::from),
        "print_device" => lxc::print_device(map_of(&mut args[0])).map(Value::from),
        "print_volume" => lxc::print_volume(first.as_perl(), map_of(&mut args[1])).map(Value::from),
        "parse_pct_config" => {
            let parsed = lxc::parse_pct_config(
                first.as_perl(),
                second.as_bytes(),
                false,
                &Environment::empty().with_perl(PERL),
            );
            warnings = parsed.warnings;
            parsed.config.map(|config| super::record::structure(&config).into())
        }
        "write_pct_config" => {
            let config = map_of(&mut args[1]);
            let written = lxc::write_pct_config(config);
            for key in &written.deleted {
                config.retain(|k, _| k != key.as_perl());
            }
            for key in written.created {
                config.insert(key, Map::new());
            }
            written.text.map(Value::from)
        }
        "decode_text" => {
            let mut out = Vec::new();
            Environment::empty().with_perl(PERL).decoder().decode_into(first.as_bytes(), &mut out);
            Ok(text::decoded(out).into())
        }
        "encode_text" => {
            let mut out = Vec::new();
            text::encode_into(args[0].as_scalar().unwrap_or(&Scalar::Undef), &mut out);
            Ok(Scalar::Bytes(out.into()).into())
        }
        "check_format" => format_named(&first.to_string())
            .check(second.as_perl(), &Environment::empty().with_perl(PERL))
            .map(|()| Value::UNDEF),
        other => unreachable!("{other}"),
    };
    Outcome { result, warnings }
}

fn map_of<'v>(value: &'v mut Value<'static>) -> &'v mut Map<'static> {
    if let Value::Map(map) = value { map } else { unreachable!("not a hash") }
}

fn format_named(name: &str) -> Format {
    static RULES: [&Rule; 19] = [
        &format::MAC_ADDR,
        &format::IPV4,
        &format::IPV6,
        &format::IP,
        &format::CIDR_V4,
        &format::CIDR_V6,
        &format::CIDR,
        &format::IPV4_CONFIG,
        &format::IPV6_CONFIG,
        &format::DNS_NAME,
        &format::CONFIG_ID,
        &format::STORAGE_ID,
        &format::BRIDGE_ID,
        &format::INTERFACE,
        &format::TAG,
        &format::DISK_SIZE,
        &format::VOLUME_ID,
        &format::STARTUP_ORDER,
        &format::TIME_ZONE,
    ];
    use lxc::formats;
    let own = [
        &formats::IP_WITH_INTERFACE,
        &formats::MOUNT_POINT,
        &formats::DEVICE_PATH,
        &formats::TIME_ZONE,
    ];
    let rules = || RULES.into_iter().chain(own);
    let find = |name: &str| rules().find(|rule| rule.name == name);
    if let Some(rule) = find(name) {
        return Format::One(rule);
    }
    match name.strip_suffix("-list") {
        Some(name) => Format::List(find(name).expect("a known format")),
        None => Format::Optional(find(name.trim_end_matches("-opt")).expect("a known format")),
    }
}

fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let has = |key: PerlStr<'_>, value: &Value<'_>| {
                b.iter().any(|(k, v)| k == key && same(v, value))
            };
            a.len() == b.len() && a.iter().all(|(key, value)| has(key, value))
        }
        (Value::Scalar(a), Value::Scalar(b)) => match (a, b) {
            (Scalar::Num(a), Scalar::Num(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (Scalar::Bytes(_) | Scalar::Text(_), Scalar::Bytes(_) | Scalar::Text(_)) => {
                a.to_perl() == b.to_perl()
            }
            (a, b) => a == b,
        },
        _ => false,
    }
}

fn string(value: &Json) -> PerlString<'static> {
    decode(value).as_scalar().map(|scalar| scalar.to_perl().into_owned()).unwrap_or_default()
}

fn decode(value: &Json) -> Value<'static> {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Value::UNDEF;
    };
    let bytes = || {
        let digits = inner.as_str().unwrap_or_default();
        (0..digits.len() / 2)
            .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("hex"))
            .collect::<Vec<u8>>()
    };
    match kind.as_str() {
        "b" => Scalar::Bytes(bytes().into()).into(),
        "t" => match text::decoded(bytes()) {
            // A character string that is not Unicode.
            Scalar::Extended(bytes) => Scalar::Extended(bytes).into(),
            text => text.into(),
        },
        "i" => {
            let digits = inner.as_str().unwrap_or_default();
            digits
                .parse()
                .map_or_else(|_| Scalar::UInt(digits.parse().expect("an integer")), Scalar::Int)
                .into()
        }
        "n" => Scalar::Num(f64::from_be_bytes(bytes().try_into().expect("eight bytes"))).into(),
        "l" => Value::List(inner.as_array().expect("a list").iter().map(decode).collect()),
        "m" => {
            let mut map = Map::new();
            for pair in inner.as_array().expect("pairs") {
                map.push(string(&pair[0]), decode(&pair[1]));
            }
            Value::Map(map)
        }
        other => unreachable!("{other}"),
    }
}
