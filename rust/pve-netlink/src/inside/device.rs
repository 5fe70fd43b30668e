//! A link of the host becomes a container's (`lxc-device -n VMID add LINK NAME`).

use std::os::fd::AsFd;

use crate::error::Error;
use crate::host::words;
use crate::interface::valid_name;
use crate::kernel::Kernel;
use crate::link::{self, LinkSettings};
use crate::netns::NetNs;
use crate::request::Channel;

use super::Failed;

/// Move `link` into the namespace of container `vmid`, where it is called `name`. Without a namespace the container does
/// not run.
///
/// # Errors
/// [`Failed`], with LXC's own lines, without the places in its source that they name.
pub fn add_device(
    kernel: &dyn Kernel,
    vmid: &str,
    netns: Option<&NetNs>,
    link: &str,
    name: &str,
) -> Result<(), Failed> {
    let failed = |said| Failed {
        said,
        text: words::failed(&["lxc-device", "-n", vmid, "add", link, name], 1),
    };
    let Some(netns) = netns else {
        return Err(failed(format!("lxc-device: {vmid}: Container {vmid} is not running\n")));
    };
    move_link(kernel, netns, link, name)
        .map_err(|_| failed(format!("lxc-device: {vmid}: Failed to add {link} to {vmid}\n")))
}

fn move_link(kernel: &dyn Kernel, netns: &NetNs, link: &str, name: &str) -> Result<(), Error> {
    let none = || Error::Internal(format!("no link '{link}', or no name '{name}'"));
    if !valid_name(link) || !valid_name(name) {
        return Err(none());
    }
    let tried = format!("move '{link}' into the container");
    let mut channel = Channel::new(kernel.wire()?);
    let answers = channel.exchange(vec![link::show_named(link)])?;
    let shown = answers.iter().find_map(|answer| link::shown(&answer.messages)).ok_or_else(none)?;
    // As LXC does: what is moved is down.
    let down = link::set(shown.index, &LinkSettings::DOWN);
    let answers = channel.exchange(vec![down, link::move_to(shown.index, netns.as_fd(), name)])?;
    answers.iter().try_for_each(|answer| answer.check(&tried, |_| String::new()))
}
