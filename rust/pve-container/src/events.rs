//! Where changes of this node's containers are told: the journal of events.

use std::path::Path;
use std::time::Duration;

use pve_events::{Journal, warn};
use pve_types::SystemEvent;

use crate::operation::Kind;
use crate::paths::Paths;
use crate::vnet_binding::{Binding, Events};

/// How long a change waits for others that write to the journal, each of which takes microseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// The journal, as those see it who change a container's network. It never fails a change: what cannot be journalled goes to
/// the system's log. It waits for no disk, see the decision on the journal.
#[derive(Debug, Clone)]
pub struct Told(Journal);

impl Told {
    /// That of the node whose files are below `root`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        // A host without a name has events without one.
        let node = Paths::of_this_host(root).map(|paths| paths.node().to_owned());
        Self(Journal::below(root, &node.unwrap_or_default()).with_patience(PATIENCE))
    }

    /// It has happened.
    pub fn tell(&self, event: SystemEvent) {
        if let Err(error) = self.0.append(vec![event.into()], &mut || Ok(())) {
            warn(&format!("an event is not in the journal: {error}"));
        }
    }

    /// What `kind` does was done to interface `netid` of a container, whose end on the host is called `iface`.
    pub(crate) fn changed(
        &self,
        kind: Kind,
        (vmid, netid): (u32, u32),
        iface: String,
        operation: &str,
    ) {
        let operation = Some(operation.to_owned());
        self.tell(match kind {
            Kind::Add => SystemEvent::InterfacePlugged { vmid, netid, iface, operation },
            Kind::Remove => SystemEvent::InterfaceUnplugged { vmid, netid, iface, operation },
            Kind::Update => SystemEvent::InterfaceUpdated { vmid, netid, iface, operation },
        });
    }
}

impl Events for Told {
    fn vnet_bound(&self, binding: &Binding) {
        let Binding { vnet, vmid, iface, metadata, bound: _ } = binding.clone();
        self.tell(SystemEvent::VnetBound { vnet, vmid, iface, metadata });
    }

    fn vnet_unbound(&self, binding: &Binding) {
        let Binding { vnet, vmid, iface, metadata, bound: _ } = binding.clone();
        self.tell(SystemEvent::VnetUnbound { vnet, vmid, iface, metadata });
    }
}
