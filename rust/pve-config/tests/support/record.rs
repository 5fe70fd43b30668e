//! One case: everything that the functions give for a configuration file.

use pve_config::lxc;
use pve_schema::{
    Environment, Error, Map, PerlStr, PerlString, Scalar, Value as PerlValue, startup,
};
use serde_json::{Value, json};

use super::json::to_json;

/// The address that stands for a random one.
const RANDOM: &str = "RANDOM(BC:24:11)";

/// Parses `input`, its property strings, and writes it all back; in the form of the recorded cases.
pub fn record(file: &str, input: &[u8], strict: bool, environment: &Environment<'_>) -> Value {
    let vmid = file.strip_suffix(".conf").map_or("", |name| {
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
        &name[name.len() - digits..]
    });
    let vmid = if vmid.is_empty() { "100" } else { vmid };
    let filename = format!("/etc/pve/nodes/test/lxc/{vmid}.conf");
    let parsed =
        lxc::parse_pct_config(PerlStr::Bytes(filename.as_bytes()), input, strict, environment);
    let warnings: Vec<Value> = parsed.warnings.iter().map(to_json).collect();
    let mut out = json!({ "warnings": warnings });
    let config = match parsed.config {
        Err(error) => {
            out["error"] = error_json(&error);
            return out;
        }
        Ok(config) => config,
    };
    let value = structure(&config);
    out["parsed"] = to_json(&config);
    out["props"] = props(&value);
    if let Some(pending) =
        value.get("pending").and_then(PerlValue::as_map).filter(|pending| !pending.is_empty())
    {
        out["pending_props"] = props(pending);
    }
    let snapshots = value.get("snapshots").and_then(PerlValue::as_map);
    for (name, snapshot) in snapshots.iter().flat_map(|s| s.iter()) {
        let key = to_json(&PerlString::from(name));
        out["snapshot_props"][key.as_str().unwrap_or_default()] =
            snapshot.as_map().map(props).unwrap_or_default();
    }
    out["written"] = outcome(lxc::write_pct_config(&value).text.map(|text| to_json(&text)));
    out
}

fn props(section: &Map<'_>) -> Value {
    let mut out = json!({});
    for (key, value) in section.iter() {
        let Some(text) = value.as_scalar().map(Scalar::to_perl) else { continue };
        let text = text.as_perl();
        let name = String::from_utf8_lossy(key.as_bytes()).into_owned();
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let numbered = stem.len() < name.len();
        type Print = fn(PerlStr<'_>, &mut Map<'_>) -> Result<PerlString<'static>, Error>;
        let (parsed, print): (Result<Option<Map<'_>>, Error>, Option<Print>) = match stem {
            "net" if numbered => (
                lxc::parse_lxc_network(text, || PerlString::literal(RANDOM)).map(Some),
                Some(|_, map| lxc::print_lxc_network(map)),
            ),
            "mp" | "unused" if numbered => {
                (lxc::parse_volume(key, text).map(Some), Some(lxc::print_volume))
            }
            "rootfs" if !numbered => {
                (lxc::parse_volume(key, text).map(Some), Some(lxc::print_volume))
            }
            "dev" if numbered => {
                (lxc::parse_device(text).map(Some), Some(|_, map| lxc::print_device(map)))
            }
            "features" if !numbered => (lxc::parse_features(text).map(Some), None),
            "startup" if !numbered => (Ok(startup::parse(text)), None),
            _ => continue,
        };
        out[&name] = match parsed {
            Err(error) => json!({ "error": error_json(&error) }),
            Ok(None) => json!({ "ok": null }),
            Ok(Some(mut map)) => {
                let mut out = json!({ "ok": to_json(&map) });
                if let Some(print) = print {
                    out["print"] = outcome(print(key, &mut map).map(|text| to_json(&text)));
                }
                out
            }
        };
    }
    out
}

fn outcome(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| json!({ "error": error_json(&error) }))
}

fn error_json(error: &Error) -> Value {
    match error {
        Error::Format(format) => {
            let errors: serde_json::Map<String, Value> = format
                .errors
                .iter()
                .map(|(key, text)| {
                    (to_json(key).as_str().unwrap_or_default().to_owned(), to_json(text))
                })
                .collect();
            json!({ "text": to_json(&error.to_perl()), "errors": errors })
        }
        Error::Died { text, at_caller } => {
            let mut text = text.clone();
            text.push_literal(if *at_caller { ".\n" } else { "" });
            json!({ "text": to_json(&text) })
        }
    }
}

/// The structure that a Perl program gets and hands back.
pub fn structure(config: &lxc::Config<'_>) -> Map<'static> {
    let mut map = section(config.current());
    let mut snapshots = Map::new();
    for (name, snapshot) in config.snapshots() {
        snapshots.push(PerlStr::Bytes(name), section(snapshot));
    }
    let structure: [(&str, PerlValue<'_>); 3] = [
        ("digest", Scalar::bytes(config.digest().as_bytes()).into()),
        ("snapshots", snapshots.into()),
        ("pending", section(config.pending()).into()),
    ];
    for (key, value) in structure {
        if map.get(key).is_none() {
            map.push(PerlString::from(key), value.into_owned());
        }
    }
    map
}

fn section(section: lxc::Section<'_, '_>) -> Map<'static> {
    let mut map = Map::new();
    for (key, value) in section.iter() {
        map.push(PerlStr::Bytes(key), value.clone());
    }
    if !section.lxc().is_empty() {
        let pair = |field: &[u8]| PerlValue::from(PerlStr::Bytes(field)).into_owned();
        let lines =
            section.lxc().iter().map(|(key, value)| PerlValue::List(vec![pair(key), pair(value)]));
        map.push(PerlString::literal("lxc"), PerlValue::List(lines.collect()));
    }
    map.into_owned()
}
