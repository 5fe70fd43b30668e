//! `PVE::Network::Rust::Hotplug`: many changes in one call.

use perlxs::{Error, Signals};
use pve_container::operation::OperationError;
use pve_container::operation::batch::{Did, Given, Item};
use pve_netlink::Host;
use serde::{Deserialize, Serialize};

use super::hotplug::{Done, Options, given, operations, waiting};
use crate::error;

/// One of many changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    op: String,
    vmid: u32,
    netid: u32,
    net: Option<Options>,
    old: Option<Options>,
    netns: Option<String>,
    pid: Option<u32>,
}

/// There are none yet.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct BatchOptions {}

fn item(change: &Change) -> Item {
    Given {
        op: &change.op,
        vmid: change.vmid,
        netid: change.netid,
        nic: change.net.as_ref().map(given),
        old: change.old.as_ref().map(given),
        netns: change.netns.as_ref().map(Into::into),
        pid: change.pid,
    }
    .into()
}

/// What became of one of many changes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It is plugged in, or changed.
    Interface(Done),
    /// It is taken out.
    Removed {
        /// The operation.
        id: String,
        /// The name of the host's end.
        name: String,
    },
    /// The fields of an error.
    Failed(error::Own),
}

impl From<Result<Did, OperationError>> for Outcome {
    fn from(result: Result<Did, OperationError>) -> Outcome {
        match result {
            Ok(Did { id, interface: Some(interface), .. }) => {
                Outcome::Interface(Done::new(id.as_str(), Some(interface)).0)
            }
            Ok(Did { id, name, interface: None }) => Outcome::Removed { id: id.to_string(), name },
            Err(error) => Outcome::Failed(error::operation_fields(&error)),
        }
    }
}

/// Many interfaces of running containers.
#[perlxs::package(name = "PVE::Network::Rust::Hotplug")]
pub mod package {
    use super::*;

    use perlxs::{Data, PerlData};

    /// A function, not a method: does what `hotplug_batch` does, which calls this. There, errors are objects.
    ///
    /// # Errors
    ///
    /// As `hotplug_batch`.
    #[export]
    fn change_interfaces(
        signals: &Signals,
        list: PerlData<Vec<Change>>,
        opts: Option<Data<BatchOptions>>,
    ) -> Result<Data<Vec<Outcome>>, Error> {
        let BatchOptions {} = opts.map(|opts| opts.0).unwrap_or_default();
        let items: Vec<Item> = list.0.iter().map(item).collect();
        let results = waiting(signals, |poll| operations().batch(&Host, &items, poll))?;
        Ok(Data(results.into_iter().map(Outcome::from).collect()))
    }
}
