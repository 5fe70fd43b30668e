//! What may happen on a node.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::config_change::ConfigChange;
use crate::lenient;
use crate::phase::{MigrationPhase, Scope};

/// Something that has happened.
///
/// As JSON and in Perl it is an object with the field `event`, the event's name, and the fields below. A number may come as a
/// string of digits and is written as a number; a field that may be missing is left out or null where it is. An unknown
/// field is an error, since it is a misspelt one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum SystemEvent {
    /// The host's network configuration was applied.
    NetworkApplied {
        /// What it changed.
        changes: Vec<ConfigChange>,
    },
    /// A container was started.
    ContainerStarted {
        /// Its VMID.
        #[serde(deserialize_with = "lenient::number")]
        id: u32,
    },
    /// A container has stopped.
    ContainerStopped {
        /// Its VMID.
        #[serde(deserialize_with = "lenient::number")]
        id: u32,
    },
    /// A container is on another node now.
    ContainerMigrated {
        /// Its VMID.
        #[serde(deserialize_with = "lenient::number")]
        id: u32,
        /// The node that it was on.
        #[serde(deserialize_with = "lenient::name")]
        from: String,
        /// The node that it is on.
        #[serde(deserialize_with = "lenient::name")]
        to: String,
    },
    /// An interface of a container was bound to a VNet.
    VnetBound {
        /// The VNet.
        #[serde(deserialize_with = "lenient::name")]
        vnet: String,
        /// The container.
        #[serde(deserialize_with = "lenient::number")]
        vmid: u32,
        /// The interface: its key in the configuration (`net0`) or its name in the container.
        #[serde(deserialize_with = "lenient::name")]
        iface: String,
        /// What is kept with the binding.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        metadata: Map<String, Value>,
    },
    /// An interface of a container is no longer bound to a VNet.
    VnetUnbound {
        /// The VNet, which need not exist any more.
        #[serde(deserialize_with = "lenient::name")]
        vnet: String,
        /// The container.
        #[serde(deserialize_with = "lenient::number")]
        vmid: u32,
        /// The interface, as it was bound.
        #[serde(deserialize_with = "lenient::name")]
        iface: String,
        /// What was kept with the binding.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        metadata: Map<String, Value>,
    },
    /// An interface of a guest was plugged in.
    InterfacePlugged {
        /// The guest.
        #[serde(deserialize_with = "lenient::number")]
        vmid: u32,
        /// The N of netN.
        #[serde(deserialize_with = "lenient::number")]
        netid: u32,
        /// The host's end (`veth100i0`).
        #[serde(deserialize_with = "lenient::name")]
        iface: String,
        /// The operation's id, see `PVE::Network::Rust::Hotplug`.
        #[serde(
            default,
            deserialize_with = "lenient::optional_name",
            skip_serializing_if = "Option::is_none"
        )]
        operation: Option<String>,
    },
    /// An interface of a guest was taken out.
    InterfaceUnplugged {
        /// The guest.
        #[serde(deserialize_with = "lenient::number")]
        vmid: u32,
        /// The N of netN.
        #[serde(deserialize_with = "lenient::number")]
        netid: u32,
        /// The host's end, which is gone.
        #[serde(deserialize_with = "lenient::name")]
        iface: String,
        /// The operation's id.
        #[serde(
            default,
            deserialize_with = "lenient::optional_name",
            skip_serializing_if = "Option::is_none"
        )]
        operation: Option<String>,
    },
    /// An interface of a running guest was changed.
    InterfaceUpdated {
        /// The guest.
        #[serde(deserialize_with = "lenient::number")]
        vmid: u32,
        /// The N of netN.
        #[serde(deserialize_with = "lenient::number")]
        netid: u32,
        /// The host's end.
        #[serde(deserialize_with = "lenient::name")]
        iface: String,
        /// The operation's id.
        #[serde(
            default,
            deserialize_with = "lenient::optional_name",
            skip_serializing_if = "Option::is_none"
        )]
        operation: Option<String>,
    },
    /// The VLAN of a storage network was made.
    StorageVlanCreated {
        /// The storage network.
        #[serde(deserialize_with = "lenient::name")]
        id: String,
    },
    /// The VLAN of a storage network was removed.
    StorageVlanRemoved {
        /// The storage network.
        #[serde(deserialize_with = "lenient::name")]
        id: String,
    },
    /// An installation has moved towards Rust, or back.
    MigrationPhaseChanged {
        /// The phase from now on.
        phase: MigrationPhase,
        /// The phase before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<MigrationPhase>,
        /// Who changed it (`root@pam`).
        #[serde(
            default,
            deserialize_with = "lenient::optional_name",
            skip_serializing_if = "Option::is_none"
        )]
        who: Option<String>,
        /// For which nodes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<Scope>,
    },
    /// A share of the SMB gateway was made.
    ShareCreated {
        /// The share.
        #[serde(deserialize_with = "lenient::name")]
        id: String,
    },
    /// A share of the SMB gateway was changed.
    ShareUpdated {
        /// The share.
        #[serde(deserialize_with = "lenient::name")]
        id: String,
    },
    /// A share of the SMB gateway was removed.
    ShareRemoved {
        /// The share.
        #[serde(deserialize_with = "lenient::name")]
        id: String,
    },
    /// Something that other software tells its own listeners.
    Custom {
        /// What it is, to those who know it.
        #[serde(deserialize_with = "lenient::name")]
        name: String,
        /// Anything.
        #[serde(default)]
        data: Value,
    },
}

/// An object is no event of this version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidEvent {
    /// It does not say which.
    #[error("an event has a field 'event' with its name")]
    NoName,
    /// Its name is unknown, or a field is missing, unknown or not what belongs there.
    #[error("event '{event}': {why}")]
    Field {
        /// Its name.
        event: String,
        /// What is wrong.
        why: String,
    },
}

impl SystemEvent {
    /// An event from its JSON object.
    ///
    /// # Errors
    /// [`InvalidEvent`], with what is known and expected.
    pub fn from_object(object: Map<String, Value>) -> Result<Self, InvalidEvent> {
        let Some(Value::String(event)) = object.get("event") else {
            return Err(InvalidEvent::NoName);
        };
        let event = event.clone();
        Self::deserialize(Value::Object(object)).map_err(|error| {
            let why = error.to_string().replace('`', "'");
            InvalidEvent::Field { event, why }
        })
    }
}
