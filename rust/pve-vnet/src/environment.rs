//! What a caller says of the node instead of having it asked.

use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, PerlString, Value};

/// What a caller says of a node: keys of a hash, each of which may be left out, so that the node itself is asked.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub(crate) node: Option<PerlString<'static>>,
    pub(crate) interfaces: Option<Map<'static>>,
    pub(crate) bridges: Option<Map<'static>>,
    pub(crate) routes: Option<Map<'static>>,
}

/// What cannot be read of it: the sentence to die with, without a newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEnvironment(pub String);

fn hash(key: &str, value: Value<'static>) -> Result<Option<Map<'static>>, BadEnvironment> {
    match value {
        Value::Map(map) => Ok(Some(map)),
        value if !value.is_defined() => Ok(None),
        _ => Err(BadEnvironment(format!("$env->{{{key}}}: expected a hash reference"))),
    }
}

fn interfaces(value: Value<'static>) -> Result<Option<Map<'static>>, BadEnvironment> {
    if let Value::Scalar(text) = &value {
        if text.is_defined() {
            let text = text.to_perl();
            let config =
                pve_config::interfaces::read(text.as_bytes(), &[], &[], Decoder::default());
            return Ok(Some(config.into_map().into_owned()));
        }
    }
    hash("interfaces", value)
}

impl Environment {
    /// Reads the hash.
    ///
    /// # Errors
    /// A key that there is not, or a value of another form.
    pub fn of(env: Map<'static>) -> Result<Environment, BadEnvironment> {
        let mut given = Environment::default();
        for (key, value) in env.into_entries() {
            match key.as_bytes() {
                b"nodename" => given.node = node(value)?,
                b"interfaces" => given.interfaces = interfaces(value)?,
                b"bridges" => given.bridges = hash("bridges", value)?,
                b"routes" => given.routes = hash("routes", value)?,
                _ => {
                    let known = "nodename, interfaces, bridges and routes";
                    return Err(BadEnvironment(format!(
                        "$env->{{{key}}}: there is no such key; there are {known}"
                    )));
                }
            }
        }
        Ok(given)
    }
}

fn node(value: Value<'static>) -> Result<Option<PerlString<'static>>, BadEnvironment> {
    match value {
        Value::Scalar(name) if name.is_defined() => Ok(Some(name.to_perl().into_owned())),
        Value::Scalar(_) => Ok(None),
        _ => Err(BadEnvironment("$env->{nodename}: expected a string".into())),
    }
}

/// The value of any key of a hash.
pub(crate) fn find<'m>(map: &'m Map<'static>, key: PerlStr<'_>) -> Option<&'m Value<'static>> {
    map.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
}
