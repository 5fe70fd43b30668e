//! `PVE::Network::Rust::Hotplug`: many changes in one call.

use perlxs::{Error, Signals};
use pve_container::hotplug::batch::{Did, Given, Item, hotplug_batch};
use pve_container::hotplug::{self, Plugged};
use pve_netlink::Host;
use serde::{Deserialize, Serialize};

use super::hotplug::{Options, given};
use crate::waiting::interruptible;
use crate::{error, node};

/// One of many changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    op: String,
    vmid: u32,
    netid: u32,
    net: Option<Options>,
    netns: Option<String>,
    pid: Option<u32>,
}

/// There are none yet.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct BatchOptions {}

fn item(change: &Change) -> Item {
    Item::new(Given {
        op: &change.op,
        vmid: change.vmid,
        netid: change.netid,
        nic: change.net.as_ref().map(given),
        netns: change.netns.as_ref().map(Into::into),
        pid: change.pid,
    })
}

/// What became of one of many changes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It is plugged in.
    Interface(Plugged),
    /// It is taken out.
    Removed {
        /// The name of the host's end.
        name: String,
    },
    /// The fields of an error.
    Failed(error::Own),
}

impl From<Result<Did, hotplug::Error>> for Outcome {
    fn from(result: Result<Did, hotplug::Error>) -> Outcome {
        match result {
            Ok(Did::Plugged(plugged)) => Outcome::Interface(plugged),
            Ok(Did::Removed(name)) => Outcome::Removed { name },
            Err(error) => Outcome::Failed(error::hotplug_fields(error)),
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
        let root = node::root();
        let results = interruptible(signals, error::hotplug, |poll| {
            hotplug_batch(&root, &Host, &items, &mut || poll().map_err(|_| hotplug::Interrupted))
        })?;
        Ok(Data(results.into_iter().map(Outcome::from).collect()))
    }
}
