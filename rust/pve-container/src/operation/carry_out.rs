//! Operations are carried out.

use pve_netlink::Kernel;
use pve_netlink::host::Surroundings;
use pve_netlink::host::ovs::Installed;
use pve_netlink::wait::{Interrupted, Poll};

use super::Operations;
use super::error::OperationError;
use super::id::Id;
use super::running::{About, Pending, Running};
use super::status::Kind;
use crate::hotplug::{self, ContainerNic, Plugged, Wanted, Where, carry_out, host_end, supported};
use crate::interfaces::{Container, InterfacesError};
use crate::lxc_pid::LxcPath;
use crate::namespace::namespace;
use crate::network_lock::NetworkLockFile;

/// What is wanted of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Plug it in.
    Add(Box<ContainerNic>),
    /// Take it out.
    Remove,
    /// Make it what the first says. The second says what it was configured as; where that is not given, what the kernel
    /// shows counts.
    Update(Box<ContainerNic>, Option<Box<ContainerNic>>),
}

impl Change {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Add(_) => Kind::Add,
            Self::Remove => Kind::Remove,
            Self::Update(..) => Kind::Update,
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        match self {
            Self::Add(nic) => Wanted::Add(nic),
            Self::Remove => Wanted::Remove,
            Self::Update(nic, old) => Wanted::Update(nic, old.as_deref()),
        }
    }
}

/// A wanted change of one interface.
#[derive(Debug, Clone)]
pub struct Request {
    /// The container.
    pub vmid: u32,
    /// The N of netN.
    pub netid: u32,
    /// Where the container is.
    pub container: Container,
    /// What is wanted.
    pub change: Change,
}

impl Request {
    /// All that can be told from the values alone.
    pub(super) fn check(&self) -> Result<String, OperationError> {
        if let Change::Add(nic) | Change::Update(nic, _) = &self.change {
            supported(nic)?;
        }
        Ok(host_end(self.vmid, self.netid)?)
    }

    pub(super) fn about(&self, background: bool) -> About {
        About { kind: self.change.kind(), vmid: self.vmid, netid: self.netid, background }
    }
}

impl Operations {
    /// Begin an operation that the caller carries out, noting what it does, and must finish. Where another one has the
    /// interface, this waits for its end; where that one's process ended before it, that is undone or completed first.
    ///
    /// # Errors
    /// [`OperationError`]
    pub fn begin(
        &self,
        kernel: &dyn Kernel,
        about: About,
        poll: &mut Poll<'_>,
    ) -> Result<Running, OperationError> {
        let host_end = host_end(about.vmid, about.netid)?;
        // Two ways to the same closure, of which one is gone.
        let at_once = Running::at_once(&self.folder, about, &host_end, |_, other| {
            self.finish_locked(kernel, other, poll).map(drop)
        })?;
        if let Some(running) = at_once {
            self.clean_up_now_and_then(running.id());
            return Ok(running);
        }
        let pending = Pending::open(&self.folder, about, &host_end)?;
        self.wait_for(kernel, pending, poll)
    }

    fn wait_for(
        &self,
        kernel: &dyn Kernel,
        pending: Pending,
        poll: &mut Poll<'_>,
    ) -> Result<Running, OperationError> {
        let id = pending.id().to_string();
        let run = pending
            .run(poll, |_, other| self.finish_locked(kernel, other, &mut || Ok(())).map(drop));
        run.map_err(|error| match error {
            OperationError::Interrupted => OperationError::Cancelled { id },
            error => error,
        })
    }

    /// Carry out a change; its id, and the interface unless it was taken out. `poll` runs at least every 50 ms meanwhile
    /// and may end the call.
    ///
    /// # Errors
    /// [`OperationError`]; everything is what it was, except what the error says could not be undone.
    pub fn carry_out(
        &self,
        kernel: &dyn Kernel,
        request: &Request,
        poll: &mut Poll<'_>,
    ) -> Result<(Id, Option<Plugged>), OperationError> {
        request.check()?;
        let running = self.begin(kernel, request.about(false), poll)?;
        let id = running.id().clone();
        let result = self.run(kernel, running, request, poll);
        Ok((id, result?))
    }

    /// A change that waits for its turn; [`Operations::carry_out_later`] carries it out.
    pub(super) fn ask_for(&self, request: &Request) -> Result<Pending, OperationError> {
        let host_end = request.check()?;
        let pending = Pending::open(&self.folder, request.about(true), &host_end)?;
        self.clean_up_now_and_then(pending.id());
        Ok(pending)
    }

    pub(super) fn carry_out_later(
        &self,
        kernel: &dyn Kernel,
        pending: Pending,
        request: &Request,
    ) -> Result<Option<Plugged>, OperationError> {
        let running = self.wait_for(kernel, pending, &mut || Ok(()))?;
        self.run(kernel, running, request, &mut || Ok(()))
    }

    fn run(
        &self,
        kernel: &dyn Kernel,
        running: Running,
        request: &Request,
        poll: &mut Poll<'_>,
    ) -> Result<Option<Plugged>, OperationError> {
        let mut poll = || if running.asked_to_end() { Err(Interrupted) } else { poll() };
        let result = self.change(kernel, &running, request, &mut poll);
        running.ended(result)
    }

    fn change(
        &self,
        kernel: &dyn Kernel,
        running: &Running,
        request: &Request,
        poll: &mut Poll<'_>,
    ) -> Result<Option<Plugged>, hotplug::Error> {
        let container = self.container(kernel, request, poll)?;
        let root = self.root.as_path();
        let file = root.join("etc/network/interfaces");
        let surroundings = Surroundings {
            lock: &NetworkLockFile::below(root),
            ovs: &Installed::below(root),
            interfaces: &|| std::fs::read(&file).ok(),
        };
        let place = hotplug::Here { kernel, surroundings: &surroundings, root };
        let (vmid, netid) = (request.vmid, request.netid);
        carry_out(place, (vmid, netid), &request.change.wanted(), container, running, poll)
    }

    /// Where the container is; LXC is asked for one of which only the VMID is known.
    pub(super) fn container(
        &self,
        kernel: &dyn Kernel,
        request: &Request,
        poll: &mut Poll<'_>,
    ) -> Result<Where, hotplug::Error> {
        match &request.container {
            Container::NetNs(path) => return Ok(Where::NetNs(path.clone())),
            Container::Pid(pid) => return Ok(Where::Pid(*pid)),
            Container::Vmid(_) => {}
        }
        let lxc = LxcPath::below(self.root.as_os_str());
        match namespace(kernel, &lxc, &request.container, poll) {
            Ok(Some(netns)) => Ok(Where::Opened(Some(netns))),
            Err(InterfacesError::Pid(_)) => Err(pve_netlink::Error::Interrupted.into()),
            _ if request.change == Change::Remove => Ok(Where::Opened(None)),
            Ok(None) => {
                let why = "LXC does not know a process of it".into();
                Err(hotplug::Error::NotRunning { vmid: request.vmid, why })
            }
            Err(InterfacesError::Netlink(error)) => Err(error.into()),
        }
    }
}
