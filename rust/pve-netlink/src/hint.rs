//! What to do about an error number that the kernel gave for a step.

use nix::errno::Errno;

use crate::error::privilege_hint;
use crate::plan::{Change, Step};

pub(crate) fn hint(step: &Step, errno: Errno) -> String {
    match (&step.change, errno) {
        (Change::AddVeth { pair, inside: true }, Errno::EEXIST) => {
            format!("the container has an interface named '{}' already", pair.peer_name)
        }
        (Change::AddVeth { .. }, Errno::EADDRNOTAVAIL) => {
            "the hardware address must be a unicast one that is not all zeros".into()
        }
        (Change::AddVeth { .. } | Change::SetMaster(Some(_)), Errno::ENODEV) => {
            "the bridge went away meanwhile".into()
        }
        (Change::AddAddress(_), Errno::EACCES) => {
            "IPv6 is disabled in the container (net.ipv6.conf.*.disable_ipv6)".into()
        }
        (Change::AddAddress(_), Errno::EADDRNOTAVAIL) => {
            "this is not an address that an interface can have".into()
        }
        (Change::AddRoute(address), Errno::EEXIST) => {
            format!("the container reaches {address} through another interface already")
        }
        (
            Change::AddRoute(_) | Change::ReplaceDefault(_),
            Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EINVAL,
        ) => "the gateway is unreachable: give this interface an address of the same family, or \
              leave the gateway out"
            .into(),
        _ => privilege_hint(errno).into(),
    }
}
