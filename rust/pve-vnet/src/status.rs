//! How zones and VNets are on this node, by its files and its kernel.

use std::fs;
use std::path::PathBuf;

use pve_container::read_file::{CONFIG_LIMIT, read_file};
use pve_netlink::Error as NetlinkError;
use pve_netlink::host::{Call, query};
use pve_netlink::inventory::Tables;
use pve_netlink::wire::RouteSocket;
use pve_schema::{Error, Map, PerlStr, PerlString, Value};
use pve_sdn::config::Running;
use pve_sdn::status::check::check;
use pve_sdn::status::stanzas::Stanzas;
use pve_sdn::status::{Address, Check, Node, State, Status, status};

use crate::files::stanzas;
use crate::machine::{died, node_name, string};

/// This node.
pub struct ThisNodesStatus<'c, 'k> {
    call: &'c mut Call<'k>,
    root: PathBuf,
    stanzas: Option<Stanzas>,
    state: Option<State>,
}

fn failed(error: NetlinkError) -> Error {
    died(error.into())
}

/// The kernel's tables, as the rules look at them.
fn state(tables: &Tables) -> Result<State, Error> {
    let links = serde_json::to_value(&tables.links);
    let links = links.map_err(|error| {
        Error::died(&[
            PerlStr::literal("internal error: "),
            PerlStr::Text(&error.to_string()),
            PerlStr::literal("\n"),
        ])
    })?;
    let mut state = State::default();
    if let serde_json::Value::Object(links) = links {
        state.links = links;
    }
    for found in &tables.addresses {
        let (address, prefix) = (found.address, found.prefix);
        let address = Address { address, prefix, is_universal: found.scope == 0 };
        state.addresses.entry(found.link.clone()).or_default().push(address);
    }
    for found in &tables.vlans {
        state.vlans.entry(found.link.clone()).or_default().insert(found.id);
        if found.is_pvid {
            state.pvids.insert(found.link.clone(), found.id);
        }
    }
    Ok(state)
}

impl<'c, 'k> ThisNodesStatus<'c, 'k> {
    /// This node, whose files are below `root`.
    pub fn new(call: &'c mut Call<'k>, root: impl Into<PathBuf>) -> ThisNodesStatus<'c, 'k> {
        ThisNodesStatus { call, root: root.into(), stanzas: None, state: None }
    }

    /// How its zones and VNets are; `None` where nothing has been applied yet.
    ///
    /// # Errors
    /// The configuration in effect cannot be read, or the kernel does not tell; and those of [`status`].
    pub fn status(&mut self) -> Result<Option<Status>, Error> {
        let file = self.root.join("etc/pve").join(Running::FILE);
        let content = read_file(&file, CONFIG_LIMIT).map_err(|error| {
            Error::died(&[PerlStr::Text(&error.to_string()), PerlStr::literal("\n")])
        })?;
        let raw = content.map(|content| content.bytes).unwrap_or_default();
        // As the reference, which takes what is no JSON for nothing.
        let running = pve_sdn::json::from_bytes_as_characters(Running::FILE, &raw);
        let running = data(&running.unwrap_or_default());
        match running.as_map() {
            Some(running) => status(running, self),
            None => Ok(None),
        }
    }

    fn state(&mut self) -> Result<&State, Error> {
        let state = match self.state.take() {
            Some(state) => state,
            None => {
                let mut wire = RouteSocket::open().map_err(failed)?;
                state(&Tables::read(&mut wire, || Ok(())).map_err(failed)?)?
            }
        };
        Ok(self.state.insert(state))
    }
}

/// JSON as Perl data.
fn data(value: &serde_json::Value) -> Value<'static> {
    match value {
        serde_json::Value::Null => Value::UNDEF,
        serde_json::Value::Bool(value) => pve_schema::Scalar::Int(i64::from(*value)).into(),
        serde_json::Value::Number(number) => {
            let scalar = match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => pve_schema::Scalar::Int(value),
                (_, Some(value), _) => pve_schema::Scalar::UInt(value),
                (_, _, value) => pve_schema::Scalar::Num(value.unwrap_or_default()),
            };
            scalar.into()
        }
        serde_json::Value::String(text) => Value::Scalar(string(text).into()),
        serde_json::Value::Array(list) => Value::List(list.iter().map(data).collect()),
        serde_json::Value::Object(object) => {
            let mut map = Map::with_capacity(object.len());
            for (key, value) in object {
                map.push(string(key), data(value));
            }
            Value::Map(map)
        }
    }
}

impl Node for ThisNodesStatus<'_, '_> {
    fn name(&mut self) -> Result<PerlString<'static>, Error> {
        node_name(&self.root)
    }

    fn local_version(&mut self) -> Option<u64> {
        let content = fs::read(self.root.join("etc/network/interfaces.d/sdn")).ok()?;
        let first = content.split(|byte| *byte == b'\n').next()?;
        let digits = first.strip_prefix(b"#version:")?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        digits.parse().ok()
    }

    fn check(&mut self, interface: &str) -> Result<Option<Check>, Error> {
        let known = match self.stanzas.take() {
            Some(known) => known,
            None => stanzas(&self.root),
        };
        let found = self.state().map(|state| check(&known, state, interface));
        self.stanzas = Some(known);
        found
    }

    fn exists(&mut self, interface: &str) -> Result<bool, Error> {
        Ok(self.state()?.links.contains_key(interface))
    }

    fn is_vlan_aware(&mut self, interface: &str) -> Result<bool, Error> {
        Ok(self.state()?.is_vlan_aware(interface))
    }

    fn is_ovs(&mut self, interface: &str) -> Result<bool, Error> {
        query::is_ovs_bridge(self.call, interface).map_err(died)
    }
}
