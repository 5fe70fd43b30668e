//! What a bridge is (the reference: `PVE::Network::read_bridge_mtu`, `is_linux_bridge`, `is_ovs_bridge`), and the settings
//! of one for another (`copy_bridge_config`).

use super::firewall::copy_settings;
use super::{Call, Died, names};
use crate::bridge::Setting;
use crate::error::Error;
use crate::interface;
use crate::kernel::Kernel;

/// `read_bridge_mtu`: the MTU of an interface in bytes.
///
/// # Errors
/// [`Died`]: there is no such interface.
pub fn read_bridge_mtu(kernel: &dyn Kernel, bridge: &str) -> Result<u32, Died> {
    match kernel.interface(kernel.wire()?.as_ref(), bridge)? {
        Some(found) if found.mtu > 0 && found.name == bridge => Ok(found.mtu),
        _ => Err(Died::Text(format!("bridge '{bridge}' does not exist\n"))),
    }
}

/// `is_linux_bridge`
///
/// # Errors
/// [`Died`]: the name is none, or there is no such interface.
pub fn is_linux_bridge(kernel: &dyn Kernel, name: &str) -> Result<bool, Died> {
    names::check(name).map_err(Died::AtCaller)?;
    match kernel.interface(kernel.wire()?.as_ref(), name)? {
        Some(found) => Ok(found.driver == "bridge"),
        None => Err(Died::Text(format!("interface {name} does not exist\n"))),
    }
}

/// `is_ovs_bridge`
///
/// # Errors
/// As [`is_linux_bridge`], and when Open vSwitch does not answer.
pub fn is_ovs_bridge(call: &mut Call<'_>, name: &str) -> Result<bool, Died> {
    if is_linux_bridge(call.kernel, name)? {
        return Ok(false);
    }
    call.is_ovs(name)
}

/// `disable_ipv6`
///
/// # Errors
/// [`Died`] with why the setting cannot be written.
pub fn disable_ipv6(kernel: &dyn Kernel, name: &str) -> Result<(), Died> {
    if !interface::valid_name(name) {
        return Ok(());
    }
    kernel.disable_ipv6(name).map_err(|error| match error {
        Error::System { errno, .. } => {
            let file = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
            Died::Text(format!("failed to open {file} for writing: {}\n", errno.desc()))
        }
        other => other.into(),
    })
}

/// `copy_bridge_config`: give a bridge the settings of another, each as far as it takes it.
///
/// # Errors
/// [`Died`], with the settings as they were.
pub fn copy_bridge_config(call: &mut Call<'_>, from: &str, to: &str) -> Result<(), Died> {
    if from == to {
        return Ok(());
    }
    call.change(|call, tx| {
        let mut found = call.look(tx, &[from, to])?.into_iter();
        let mut next = || found.next().flatten();
        let (from_shown, to_shown) = (next(), next());
        let settings = from_shown.and_then(|shown| shown.bridge);
        match (&settings, to_shown.as_ref().and_then(|shown| shown.bridge)) {
            (Some(_), Some(_)) => {
                let steps = copy_settings(&to.into(), settings.as_ref(), to_shown.as_ref());
                call.carry_out(tx, &steps)
            }
            (source, target) => {
                // Perl's words about values that are not there, and the reference's about files.
                for setting in Setting::ALL {
                    if source.is_none() {
                        call.warn("Use of uninitialized value $v0 in string ne");
                    }
                    if target.is_none() {
                        call.warn("Use of uninitialized value $v1 in string ne");
                    }
                    let file = format!("/sys/class/net/{to}/bridge/{}", setting.name());
                    if target.is_none() && source.is_some() {
                        call.warn(format!(
                            "unable to open file '{file}' - No such file or directory\n"
                        ));
                    } else if target.is_some() {
                        call.warn("Use of uninitialized value $data in print");
                    }
                }
                Ok(())
            }
        }
    })
}
