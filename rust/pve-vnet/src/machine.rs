//! This node, as generation asks it.

use std::path::{Path, PathBuf};

use pve_container::paths::Paths;
use pve_netlink::host::underlay::{get_local_route_ip, get_physical_bridge_ports, look};
use pve_netlink::host::{Call, Died, query};
use pve_schema::text::Decoder;
use pve_schema::{Error, Map, PerlStr, PerlString, Value};
use pve_sdn::generate::{Answer, Bridge, Machine, Route};

use crate::environment::{Environment, find};

/// This node, with what the caller says of it.
pub struct ThisNode<'c, 'k> {
    call: &'c mut Call<'k>,
    root: PathBuf,
    given: Environment,
}

/// What the reference dies with.
pub(crate) fn died(died: Died) -> Error {
    let (text, at_caller) = match died {
        Died::Text(text) => (text, false),
        Died::AtCaller(text) => (text, true),
        Died::Interrupted => ("interrupted\n".to_owned(), false),
    };
    Error::Died { text: PerlString::from(text.as_str()).into_owned(), at_caller }
}

pub(crate) fn string(text: &str) -> PerlString<'static> {
    PerlString::from(text).into_owned()
}

/// The name of the node whose files are below `root`.
pub(crate) fn node_name(root: &Path) -> Result<PerlString<'static>, Error> {
    let paths = Paths::of_this_host(root);
    let paths = paths.map_err(|error| died(Died::Text(format!("{error}\n"))))?;
    Ok(string(paths.node()))
}

impl<'c, 'k> ThisNode<'c, 'k> {
    /// This node, whose files are below `root`.
    pub fn new(
        call: &'c mut Call<'k>,
        root: impl Into<PathBuf>,
        given: Environment,
    ) -> ThisNode<'c, 'k> {
        ThisNode { call, root: root.into(), given }
    }

    /// Asks, and takes the warnings along.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut Call<'k>) -> Result<T, Died>) -> Answer<T> {
        let result = ask(self.call).map_err(died);
        let warnings = self.call.take_warnings().iter().map(|text| string(text)).collect();
        Answer { warnings, result }
    }
}

impl Machine for ThisNode<'_, '_> {
    fn node_name(&mut self) -> Result<PerlString<'static>, Error> {
        if let Some(node) = &self.given.node {
            return Ok(node.clone());
        }
        node_name(&self.root)
    }

    fn interfaces(&mut self) -> Result<Map<'static>, Error> {
        if let Some(interfaces) = &self.given.interfaces {
            return Ok(interfaces.clone());
        }
        // As where the reference cannot open it: there are none.
        let text = std::fs::read(self.root.join("etc/network/interfaces")).unwrap_or_default();
        let config = pve_config::interfaces::read(&text, &[], &[], Decoder::default());
        Ok(config.into_map().into_owned())
    }

    fn bridge(&mut self, name: PerlStr<'_>) -> Bridge {
        match &self.given.bridges {
            Some(bridges) => given_bridge(find(bridges, name)),
            None => self.real_bridge(&name.to_string()),
        }
    }

    fn route(&mut self, target: PerlStr<'_>) -> Answer<Route> {
        match &self.given.routes {
            Some(routes) => given_route(routes, target),
            None => {
                let target = target.to_string();
                let answer = self.ask(|call| get_local_route_ip(call, &target));
                let result = answer.result.map(|way| Route {
                    source: way.source.as_deref().map(string),
                    interface: way.interface.as_deref().map(string),
                });
                Answer { warnings: answer.warnings, result }
            }
        }
    }
}

impl ThisNode<'_, '_> {
    fn real_bridge(&mut self, name: &str) -> Bridge {
        // The reference looks for a folder of that name, and there is one without a name.
        let shown = self.ask(|call| look(call, name));
        let (exists, shown) = match shown.result {
            Ok(shown) => (name.is_empty() || shown.is_some(), shown),
            Err(error) => return unreadable(error),
        };
        let is_linux = shown.as_ref().is_some_and(|shown| shown.kind == "bridge");
        let is_ovs = if exists && !is_linux {
            self.ask(|call| query::is_ovs_bridge(call, name))
        } else {
            Ok(false).into()
        };
        let ports = match &is_ovs.result {
            Ok(false) if exists => {
                let ports = self.ask(|call| get_physical_bridge_ports(call, shown.as_ref()));
                let result =
                    ports.result.map(|ports| ports.iter().map(|port| string(port)).collect());
                Answer { warnings: ports.warnings, result }
            }
            _ => Ok(Vec::new()).into(),
        };
        let is_vlan_aware = shown.is_some_and(|shown| shown.vlan_filtering);
        Bridge { exists, is_vlan_aware, is_ovs, ports }
    }
}

/// A bridge of which the kernel does not tell.
fn unreadable(error: Error) -> Bridge {
    Bridge {
        exists: true,
        is_vlan_aware: false,
        is_ovs: Err(error).into(),
        ports: Ok(Vec::new()).into(),
    }
}

/// `{ ovs => 0, vlan_aware => 1, ports => ['eth0'] }`
fn given_bridge(given: Option<&Value<'static>>) -> Bridge {
    let facts = given.and_then(Value::as_map);
    let fact = |key: &str| facts.and_then(|facts| facts.get(key));
    let ports = fact("ports").and_then(Value::as_list).unwrap_or_default();
    let ports = ports.iter().filter_map(Value::as_scalar);
    Bridge {
        exists: given.is_some(),
        is_vlan_aware: fact("vlan_aware").is_some_and(Value::is_true),
        is_ovs: Ok(fact("ovs").is_some_and(Value::is_true)).into(),
        ports: Ok(ports.map(|port| port.to_perl().into_owned()).collect()).into(),
    }
}

/// `{ '8.8.8.8' => { src => '192.0.2.1', dev => 'vmbr0' }, default => … }`; what is not there cannot be reached.
fn given_route(routes: &Map<'static>, target: PerlStr<'_>) -> Answer<Route> {
    let route = find(routes, target).or_else(|| routes.get("default"));
    let Some(route) = route.and_then(Value::as_map) else {
        let text = format!("command '/sbin/ip route get {target}' failed: exit code 2\n");
        let said = PerlString::literal("RTNETLINK answers: Network is unreachable\n");
        return Answer { warnings: vec![said], result: Err(died(Died::Text(text))) };
    };
    let text = |key: &str| {
        let value = route.get(key).and_then(Value::as_scalar).filter(|value| value.is_defined());
        value.map(|value| value.to_perl().into_owned())
    };
    Ok(Route { source: text("src"), interface: text("dev") }).into()
}
