//! Surroundings of a function of `PVE::Network` on a host without Open vSwitch, where nobody else holds the lock.

use std::any::Any;

use pve_netlink::host::command::Ended;
use pve_netlink::host::ovs::Vsctl;
use pve_netlink::host::{NetworkLock, Surroundings};

pub struct Free;

impl Free {
    pub fn surroundings() -> Surroundings<'static> {
        Surroundings { lock: &Free, ovs: &Free, interfaces: &|| None }
    }
}

impl NetworkLock for Free {
    fn take(&self, _: &mut dyn FnMut() -> bool) -> Result<Box<dyn Any>, String> {
        Ok(Box::new(()))
    }
}

impl Vsctl for Free {
    fn is_installed(&self) -> bool {
        false
    }
    fn may_have_port(&self, _: &str) -> bool {
        false
    }
    fn run(&self, arguments: &[&str]) -> Result<Ended, String> {
        panic!("{arguments:?}")
    }
}
