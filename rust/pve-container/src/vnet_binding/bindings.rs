//! Binding, unbinding, listing.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::binding::Binding;
use super::error::BindingError;
use super::events::Events;
use super::node::{Node, Vnet, is_interface};
use super::problem::{Problem, problem};
use super::state_file::StateFile;
use crate::config_file::Wait;

/// Which bindings to list: all, or those of a VNet, a container, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those to this VNet.
    pub vnet: Option<String>,
    /// Only those of this container.
    pub vmid: Option<u32>,
}

impl Filter {
    fn takes(&self, binding: &Binding) -> bool {
        self.vnet.as_ref().is_none_or(|vnet| *vnet == binding.vnet)
            && self.vmid.is_none_or(|vmid| vmid == binding.vmid)
    }
}

/// What a reconciliation did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciled {
    /// The bindings that were removed since what they bind is gone, and how.
    pub removed: Vec<Problem>,
    /// What is wrong with those that are left.
    pub problems: Vec<Problem>,
}

/// The bindings of a node.
pub struct Bindings<'a> {
    file: StateFile,
    node: &'a dyn Node,
    events: &'a dyn Events,
}

impl<'a> Bindings<'a> {
    /// Those in `file`, held against `node`, with changes told to `events`.
    #[must_use]
    pub fn new(file: StateFile, node: &'a dyn Node, events: &'a dyn Events) -> Self {
        Self { file, node, events }
    }

    /// Bind an interface of a container to a VNet.
    ///
    /// # Errors
    /// [`BindingError::NoVnet`], [`BindingError::NotInEffect`], [`BindingError::NotAllowed`],
    /// [`BindingError::AlreadyBound`], [`BindingError::BadInterface`], and those of the file.
    pub fn bind(
        &self,
        vnet: &str,
        vmid: u32,
        iface: &str,
        metadata: Map<String, Value>,
        wait: &mut Wait<'_>,
    ) -> Result<Binding, BindingError> {
        if !is_interface(iface) {
            return Err(BindingError::BadInterface { iface: iface.into() });
        }
        let add = |bindings: &mut Vec<Binding>| {
            // Under the lock, so that of two that bind at once, the second finds the first.
            self.allow(vnet)?;
            if let Some(found) = bindings.iter().find(|found| found.target() == (vmid, iface)) {
                let vnet = found.vnet.clone();
                return Err(BindingError::AlreadyBound { vnet, vmid, iface: iface.into() });
            }
            let (vnet, iface) = (vnet.to_owned(), iface.to_owned());
            let binding = Binding { vnet, vmid, iface, metadata, bound: now() };
            bindings.push(binding.clone());
            Ok(binding)
        };
        self.file.change(wait, add, |binding| self.events.vnet_bound(binding))
    }

    fn allow(&self, vnet: &str) -> Result<(), BindingError> {
        let vnet = vnet.to_owned();
        match self.node.vnet(&vnet)? {
            Vnet::Allowed => Ok(()),
            Vnet::None => Err(BindingError::NoVnet { vnet }),
            Vnet::Pending => Err(BindingError::NotInEffect { vnet }),
            Vnet::NotAllowed(why) => {
                Err(BindingError::NotAllowed { vnet, node: self.node.name().into(), why })
            }
        }
    }

    /// End a binding. The VNet need not exist any more.
    ///
    /// # Errors
    /// [`BindingError::NotBound`], and those of the file.
    pub fn unbind(
        &self,
        vnet: &str,
        vmid: u32,
        iface: &str,
        wait: &mut Wait<'_>,
    ) -> Result<Binding, BindingError> {
        let remove = |bindings: &mut Vec<Binding>| {
            let position = bindings.iter().position(|found| found.target() == (vmid, iface));
            let not_bound = |other: Option<&Binding>| BindingError::NotBound {
                vnet: vnet.into(),
                vmid,
                iface: iface.into(),
                other: other.map(|other| other.vnet.clone()),
            };
            let position = position.ok_or_else(|| not_bound(None))?;
            match bindings.get(position) {
                Some(found) if found.vnet == vnet => Ok(bindings.remove(position)),
                other => Err(not_bound(other)),
            }
        };
        self.file.change(wait, remove, |binding| self.events.vnet_unbound(binding))
    }

    /// The binding of an interface, if it is bound.
    ///
    /// # Errors
    /// Those of the file.
    pub fn get(&self, vmid: u32, iface: &str) -> Result<Option<Binding>, BindingError> {
        let bindings = self.file.read()?;
        Ok(bindings.into_iter().find(|binding| binding.target() == (vmid, iface)))
    }

    /// Bindings, by container and interface.
    ///
    /// # Errors
    /// Those of the file.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Binding>, BindingError> {
        let bindings = self.file.read()?;
        Ok(bindings.into_iter().filter(|binding| filter.takes(binding)).collect())
    }

    /// End all bindings of a container, and return them.
    ///
    /// # Errors
    /// Those of the file.
    pub fn cleanup(&self, vmid: u32, wait: &mut Wait<'_>) -> Result<Vec<Binding>, BindingError> {
        let remove = |bindings: &mut Vec<Binding>| {
            let all = std::mem::take(bindings);
            let (removed, left): (Vec<_>, _) =
                all.into_iter().partition(|found| found.vmid == vmid);
            *bindings = left;
            Ok(removed)
        };
        self.file.change(wait, remove, |removed: &Vec<_>| {
            removed.iter().for_each(|binding| self.events.vnet_unbound(binding));
        })
    }

    /// What is bound, but no longer exists or no longer agrees with the configuration or the kernel.
    ///
    /// # Errors
    /// Those of the file, and what the node cannot tell.
    pub fn validate(&self) -> Result<Vec<Problem>, BindingError> {
        let mut problems = Vec::new();
        for binding in self.file.read()? {
            if let Some(kind) = problem(&binding, self.node)? {
                problems.push(Problem { binding, kind });
            }
        }
        Ok(problems)
    }

    /// End the bindings of what is gone, and say what is wrong with the others.
    ///
    /// # Errors
    /// Those of the file, and what the node cannot tell; nothing is changed then.
    pub fn reconcile(&self, wait: &mut Wait<'_>) -> Result<Reconciled, BindingError> {
        let sort = |bindings: &mut Vec<Binding>| {
            let mut done = Reconciled::default();
            for binding in std::mem::take(bindings) {
                match problem(&binding, self.node)? {
                    Some(kind) if kind.is_gone() => done.removed.push(Problem { binding, kind }),
                    Some(kind) => {
                        bindings.push(binding.clone());
                        done.problems.push(Problem { binding, kind });
                    }
                    None => bindings.push(binding),
                }
            }
            Ok(done)
        };
        self.file.change(wait, sort, |done: &Reconciled| {
            done.removed.iter().for_each(|problem| self.events.vnet_unbound(&problem.binding));
        })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
