//! What to do about an error number that the kernel gave for a step.

use nix::errno::Errno;

use crate::error::privilege_hint;
use crate::plan::Step;

pub(crate) fn hint(step: &Step, errno: Errno) -> String {
    match (step, errno) {
        (Step::AddVeth(pair), Errno::EEXIST) => {
            format!("the container has an interface named '{}' already", pair.peer_name)
        }
        (Step::AddVeth(_), Errno::EADDRNOTAVAIL) => {
            "the hardware address must be a unicast one that is not all zeros".into()
        }
        (Step::AddVeth(_), Errno::ENODEV) => "the bridge went away meanwhile".into(),
        (Step::AddAddress(_), Errno::EACCES) => {
            "IPv6 is disabled in the container (net.ipv6.conf.*.disable_ipv6)".into()
        }
        (Step::AddAddress(_), Errno::EADDRNOTAVAIL) => {
            "this is not an address that an interface can have".into()
        }
        (Step::AddRoute(address), Errno::EEXIST) => {
            format!("the container reaches {address} through another interface already")
        }
        (
            Step::AddRoute(_) | Step::ReplaceDefault(_),
            Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EINVAL,
        ) => "the gateway is unreachable: give this interface an address of the same family, or \
              leave the gateway out"
            .into(),
        _ => privilege_hint(errno).into(),
    }
}
