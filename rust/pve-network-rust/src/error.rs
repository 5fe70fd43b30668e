//! How the errors of the crates look in Perl.

use std::collections::BTreeMap;

use perlxs::Error;
use pve_config::lxc::container::ContainerError;
use pve_container::config_error::ConfigError;
use pve_container::hotplug;
use pve_container::operation::OperationError;
use pve_container::vnet_binding::BindingError;
use pve_events::EventsError;
use pve_files::error::FileError;
use pve_netlink::Errno;
use pve_schema::{FormatError, PerlString};
use pve_types::{Envelope, InvalidEvent};
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::string::message;

/// The class of this project's own errors.
const ERROR: &str = "PVE::Network::Rust::Error";

/// What the reference throws for a value that does not fit its schema.
pub(crate) fn schema(error: pve_schema::Error) -> Error {
    match error {
        pve_schema::Error::Format(error) => {
            Error::object("PVE::Exception", "PVE::Network::Rust::Exception", Exception(error))
        }
        pve_schema::Error::Died { text, at_caller: false } => Error::die(message(text)),
        pve_schema::Error::Died { text, at_caller: true } => Error::die_at_caller(message(text)),
    }
}

/// The fields of a PVE::Exception.
struct Exception(FormatError);

impl Serialize for Exception {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(4))?;
        fields.serialize_entry("msg", self.0.message)?;
        fields.serialize_entry("errors", &ByKey(&self.0.errors))?;
        fields.end()
    }
}

struct ByKey<'a>(&'a [(PerlString<'static>, PerlString<'static>)]);

impl Serialize for ByKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, text) in self.0 {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}

/// An error of this project's own functions.
#[derive(serde::Serialize)]
pub(crate) struct Own {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, String>,
}

fn own(kind: &'static str, message: String, errors: BTreeMap<String, String>) -> Error {
    Error::object(ERROR, ERROR, Own { kind, message, errors })
}

/// The text that the reference dies with.
pub(crate) fn reference(error: ConfigError) -> Error {
    Error::die(format!("{error}\n"))
}

/// Loading, saving or recovering a configuration file failed.
pub(crate) fn config_file(error: ConfigError) -> Error {
    let kind = match error {
        ConfigError::Missing { .. }
        | ConfigError::InvalidName { .. }
        | ConfigError::File(FileError::TooLong { .. }) => "config",
        ConfigError::NodeName | ConfigError::Random { .. } => "infrastructure",
        _ => "resource",
    };
    own(kind, error.to_string(), BTreeMap::new())
}

/// A typed configuration could not be read or written.
pub(crate) fn container(error: ContainerError) -> Error {
    let errors = match &error {
        ContainerError::Value { path, reason } => BTreeMap::from([(path.clone(), reason.clone())]),
        _ => BTreeMap::new(),
    };
    own("config", error.to_string(), errors)
}

/// The kernel was asked over netlink, in vain.
pub(crate) fn netlink(error: pve_netlink::Error) -> Error {
    let kind = match error {
        pve_netlink::Error::NotANamespace { .. }
        | pve_netlink::Error::OwnNamespace { .. }
        | pve_netlink::Error::NamespaceGone { .. }
        | pve_netlink::Error::System { errno: Errno::ENOENT | Errno::ESRCH, .. } => "resource",
        pve_netlink::Error::Internal(_) => "internal",
        _ => "infrastructure",
    };
    own(kind, error.to_string(), BTreeMap::new())
}

fn kind(kind: hotplug::Kind) -> &'static str {
    match kind {
        hotplug::Kind::Config => "config",
        hotplug::Kind::Resource => "resource",
        hotplug::Kind::Infrastructure => "infrastructure",
        hotplug::Kind::Internal => "internal",
    }
}

/// Plugging an interface in or out failed.
pub(crate) fn hotplug(error: hotplug::Error) -> Error {
    Error::object(ERROR, ERROR, hotplug_fields(error))
}

fn hotplug_fields(error: hotplug::Error) -> Own {
    let kind = kind(error.kind());
    let errors = match &error {
        hotplug::Error::BadValue { key, why, .. } => BTreeMap::from([(key.clone(), why.clone())]),
        hotplug::Error::Missing { key, why } => {
            BTreeMap::from([((*key).to_owned(), (*why).to_owned())])
        }
        hotplug::Error::Unsupported { key, instead, .. } => {
            BTreeMap::from([((*key).to_owned(), (*instead).to_owned())])
        }
        _ => BTreeMap::new(),
    };
    Own { kind, message: error.to_string(), errors }
}

/// An operation could not be begun, looked at, or ended, or failed.
pub(crate) fn operation(error: &OperationError) -> Error {
    Error::object(ERROR, ERROR, operation_fields(error))
}

/// The fields of the object that [`operation`] raises, for one among several results.
pub(crate) fn operation_fields(error: &OperationError) -> Own {
    match error {
        OperationError::Hotplug(error) => hotplug_fields(error.clone()),
        error => {
            let kind = kind(error.kind());
            Own { kind, message: error.to_string(), errors: BTreeMap::new() }
        }
    }
}

/// The container is given twice.
pub(crate) fn two_targets() -> Error {
    let why = "pid: invalid value: netns says already where the container is";
    let errors = BTreeMap::from([("pid".to_owned(), "netns is given, too".to_owned())]);
    own("config", why.into(), errors)
}

/// No time.
pub(crate) fn bad_age(seconds: f64) -> Error {
    let why = "it must be a number of seconds, 0 or more";
    let text = format!("seconds: invalid value '{seconds}': {why}");
    own("config", text, BTreeMap::from([("seconds".to_owned(), why.to_owned())]))
}

/// Binding or unbinding a VNet failed.
pub(crate) fn binding(error: BindingError) -> Error {
    let (kind, parameter) = match &error {
        BindingError::BadInterface { .. } => ("config", Some("iface")),
        BindingError::AlreadyBound { .. } => ("resource", Some("iface")),
        BindingError::NoVnet { .. }
        | BindingError::NotInEffect { .. }
        | BindingError::NotAllowed { .. }
        | BindingError::NotBound { .. } => ("resource", Some("vnet")),
        BindingError::Netlink(_) => ("infrastructure", None),
        _ => ("resource", None),
    };
    let errors = parameter.map(|name| (name.to_owned(), error.to_string())).into_iter().collect();
    match error {
        BindingError::File(error) => config_file(error),
        error => own(kind, error.to_string(), errors),
    }
}

/// Events could not be written or read.
pub(crate) fn events(error: EventsError) -> Error {
    let kind = match error {
        EventsError::TooLarge { .. }
        | EventsError::Json(_)
        | EventsError::BadName { .. }
        | EventsError::NotDelivered { .. }
        | EventsError::NoDeadLetter { .. } => "config",
        EventsError::Watch { .. } => "infrastructure",
        _ => "resource",
    };
    own(kind, error.to_string(), BTreeMap::new())
}

/// What is to be published is no event.
pub(crate) fn event(error: InvalidEvent) -> Error {
    let why = match &error {
        InvalidEvent::Field { why, .. } => why.clone(),
        InvalidEvent::NoName => error.to_string(),
    };
    own("config", error.to_string(), BTreeMap::from([("event".to_owned(), why)]))
}

/// An event as it was journalled.
pub(crate) fn journalled(object: Map<String, Value>) -> Result<Envelope, Error> {
    Envelope::deserialize(Value::Object(object))
        .map_err(|why| parameter("event", &why.to_string().replace('`', "'")))
}

/// A parameter or option is not valid.
pub(crate) fn parameter(name: &str, why: &str) -> Error {
    let errors = BTreeMap::from([(name.to_owned(), why.to_owned())]);
    own("config", format!("{name}: invalid value: {why}"), errors)
}

/// There is no built-in listener of that name.
pub(crate) fn no_listener(name: &str) -> Error {
    own("config", format!("there is no built-in listener '{name}'"), BTreeMap::new())
}

/// A built-in listener failed.
pub(crate) fn listener(name: &str, why: &str) -> Error {
    own("service", format!("listener '{name}' failed: {why}"), BTreeMap::new())
}

/// What the reference dies with where it handles addresses in VNets.
pub(crate) fn sdn(error: pve_ipam::Error) -> Error {
    if error.at_caller() {
        Error::die_at_caller(error.to_perl())
    } else {
        Error::die(error.to_perl())
    }
}

/// What the reference's hooks of SDN refuse.
pub(crate) fn refused(error: pve_sdn::Error) -> Error {
    match error {
        pve_sdn::Error::Parameter { errors } => {
            let fields = Parameters { msg: "Parameter verification failed.\n", code: 400, errors };
            Error::object("PVE::Exception", "PVE::Network::Rust::Exception", fields)
        }
        error => sdn(error.into()),
    }
}

/// The fields of a PVE::Exception about parameters (`raise_param_exc`).
#[derive(serde::Serialize)]
struct Parameters {
    msg: &'static str,
    code: u16,
    errors: BTreeMap<&'static str, String>,
}
