//! What the reference says: it runs commands, and its errors name them.
//!
//! The texts are those of `PVE::Network`, `PVE::Cmd` and, where the reference lets a command's standard error through,
//! of iproute2.

use nix::errno::Errno;

use crate::bridge::{PortFlags, Vlans};
use crate::error::Error;
use crate::link::{LinkSettings, Mac};
use crate::plan::{Change, Colons, Step};
use crate::tc::Rate;
use crate::transaction::Remark;

/// What ip(8) and bridge(8) exit with.
const IP_NOT_FOUND: u8 = 1;
const IP_REFUSED: u8 = 2;
const BRIDGE_REFUSED: u8 = 255;
const TC_REFUSED: u8 = 2;

/// `command '…' failed: exit code N`
pub(crate) fn failed(words: &[&str], code: u8) -> String {
    failed_with(words, &format!("exit code {code}\n"))
}

/// `command '…' failed: WHY`
pub(crate) fn failed_with(words: &[&str], why: &str) -> String {
    let quoted: Vec<_> = words.iter().map(|word| quote(word)).collect();
    format!("command '{}' failed: {why}", quoted.join(" "))
}

/// As String::ShellQuote quotes a word that stands alone: one with a `=` could be an assignment.
fn quote(word: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "_!%+,-./:@^".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What iproute2 writes to its standard error when there is no such interface.
pub(crate) fn not_found(name: &str) -> String {
    format!("Cannot find device \"{name}\"\n")
}

/// What iproute2 writes to its standard error about a refusal, or about what the kernel remarked.
pub(crate) fn remark(remark: &Remark) -> String {
    said(remark.refused, &remark.detail)
}

fn said(refused: Option<Errno>, detail: &str) -> String {
    match refused {
        Some(errno) if detail.is_empty() => format!("RTNETLINK answers: {}\n", errno.desc()),
        _ => {
            let what = if refused.is_some() { "Error" } else { "Warning" };
            let stop = if detail.ends_with('.') { "" } else { "." };
            format!("{what}: {detail}{stop}\n")
        }
    }
}

/// What a failed step makes the reference's command write to its standard error, or this project's own words.
pub(crate) fn standard_error(step: &Step, error: &Error) -> String {
    match error {
        Error::Refused { errno, detail, .. } => {
            let talking = if matches!(
                step.change,
                Change::AddHtb | Change::AddIngress | Change::SetClass(..) | Change::SetPolice(..)
            ) {
                "We have an error talking to the kernel\n"
            } else {
                ""
            };
            format!("{}{talking}", said(Some(*errno), detail))
        }
        _ => format!("{error}\n"),
    }
}

/// The text that the reference dies with when this step fails. `found`: the interface is there; `mac`: the hardware
/// address as it was given.
pub(crate) fn died(step: &Step, error: &Error, found: bool, mac: Option<&str>) -> String {
    let name = &**step.link.name();
    let ip = if found { IP_REFUSED } else { IP_NOT_FOUND };
    let mtu_of = |mtu: u32| mtu.to_string();
    match &step.change {
        Change::AddVeth { pair, .. } => {
            let (mtu, peer_mtu) = (mtu_of(pair.mtu), mtu_of(pair.peer_mtu));
            let mac = pair.peer_address.map(|address| given(&address, mac));
            let what = add_veth(name, &mtu, &pair.peer_name, &peer_mtu, mac.as_deref(), IP_REFUSED);
            format!("can't create interface {name} - {what}\n")
        }
        Change::AddBridge(_) | Change::AddKind(_) => {
            format!("failed to create interface '{name}'\n")
        }
        Change::AddVlan { parent, id } => {
            let id = id.to_string();
            let words = [
                "/sbin/ip", "link", "add", "link", parent, "name", name, "type", "vlan", "id", &id,
            ];
            let what = failed(&words, IP_REFUSED);
            format!("can't add vlan tag {id} to interface {parent} - {what}\n")
        }
        Change::Delete => format!("failed to delete interface '{name}'\n"),
        Change::Set(settings) => activate(name, settings, ip),
        Change::BringUp(_) => activate(name, &LinkSettings::UP, ip),
        Change::SetMaster(Some(bridge)) => format!("can't enslave '{name}' to '{bridge}'\n"),
        Change::SetMaster(None) => format!("can't unenslave '{name}'\n"),
        Change::DisableIpv6(_) => {
            let file = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
            format!("failed to open {file} for writing: {}\n", why(error))
        }
        Change::DeleteVlans(_) => {
            let words = ["/sbin/bridge", "vlan", "del", "dev", name, "vid", "1-4094"];
            let what = failed(&words, BRIDGE_REFUSED);
            format!("failed to remove default vlan tags of {name} - {what}\n")
        }
        Change::AddVlans(vlans) => add_vlans(name, vlans),
        Change::SetPortFlags(PortFlags { isolated: Some(_), .. }) => {
            let words = ["/sbin/bridge", "link", "set", "dev", name, "isolated", "on"];
            let what = failed(&words, BRIDGE_REFUSED);
            format!("unable to enable port isolation on interface {name} - {what}\n")
        }
        Change::SetPortFlags(_) => {
            let file = format!("/sys/class/net/{name}/brport/unicast_flood");
            format!("closing file '{file}' failed - {}\n", why(error))
        }
        Change::AddFdb(address) => fdb("append", &given(address, mac), name),
        Change::DeleteFdb(address) => fdb("del", &given(address, mac), name),
        Change::SetBridge(setting, _) => {
            let file = format!("/sys/class/net/{name}/bridge/{}", setting.name());
            format!("closing file '{file}' failed - {}\n", why(error))
        }
        Change::AddHtb => tc(add_htb(name), found),
        Change::AddIngress => {
            tc(format!("/sbin/tc qdisc add dev {name} handle ffff: ingress"), found)
        }
        Change::SetClass(rate, _) => tc(
            format!(
                "/sbin/tc class add dev {name} parent 1: classid 1:1 htb rate {}bps burst 1048576b",
                bytes(*rate)
            ),
            found,
        ),
        Change::SetPolice(rate, _) => tc(
            format!(
                "/sbin/tc filter add dev {name} parent ffff: prio 50 basic police rate {}bps burst \
                 1048576b mtu 64kb drop",
                bytes(*rate)
            ),
            found,
        ),
        Change::Look(_)
        | Change::DeleteTraffic(_)
        | Change::RestoreTraffic(_)
        | Change::AddAddress(_)
        | Change::AddRoute(_)
        | Change::ReplaceDefault(_) => format!("{error}\n"),
    }
}

fn given(address: &Mac, text: Option<&str>) -> String {
    text.map_or_else(|| Colons(address).to_string().to_uppercase(), str::to_owned)
}

/// The command that makes a pair of links.
pub(crate) fn add_veth(
    name: &str,
    mtu: &str,
    peer: &str,
    peer_mtu: &str,
    mac: Option<&str>,
    code: u8,
) -> String {
    let mut words = vec!["/sbin/ip", "link", "add", "name", name, "mtu", mtu, "type"];
    words.extend(["veth", "peer", "name", peer, "mtu", peer_mtu]);
    words.extend(mac.iter().flat_map(|mac| ["addr", mac]));
    failed(&words, code)
}

/// The reference's commands for tc(8) are lines, and so not quoted.
fn tc(line: String, found: bool) -> String {
    let code = if found { TC_REFUSED } else { IP_NOT_FOUND };
    format!("command '{line}' failed: exit code {code}\n")
}

/// The first command of a rate limit.
pub(crate) fn no_htb(name: &str) -> String {
    tc(add_htb(name), false)
}

fn add_htb(name: &str) -> String {
    format!("/sbin/tc qdisc add dev {name} root handle 1: htb default 1")
}

/// The rate as Perl has it, which knows signs.
fn bytes(rate: Rate) -> i64 {
    rate.bytes_per_second() as i64
}

pub(crate) fn activate(name: &str, settings: &LinkSettings, code: u8) -> String {
    let mtu = settings.mtu.map(|mtu| mtu.to_string());
    let mut words = vec!["/sbin/ip", "link", "set", name, "up"];
    words.extend(mtu.iter().flat_map(|mtu| ["mtu", mtu]));
    format!("can't activate interface '{name}' - {}\n", failed(&words, code))
}

fn add_vlans(name: &str, vlans: &[Vlans]) -> String {
    let Some(vlans) = vlans.first() else { return String::new() };
    let id = vlan_range(*vlans);
    let mut words = vec!["/sbin/bridge", "vlan", "add", "dev", name, "vid", &id];
    if vlans.pvid {
        words.extend(["pvid", "untagged"]);
    }
    let what = failed(&words, BRIDGE_REFUSED);
    if *vlans == Vlans::REST {
        return format!("unable to add default vlan tags to interface {name} - {what}\n");
    }
    format!("unable to add vlan {id} to interface {name} - {what}\n")
}

fn vlan_range(vlans: Vlans) -> String {
    match vlans {
        Vlans { first, last, .. } if first == last => first.to_string(),
        Vlans { first, last, .. } => format!("{first}-{last}"),
    }
}

/// A command on the bridge's table, with the address as it was given.
pub(crate) fn fdb(verb: &str, mac: &str, name: &str) -> String {
    let words = ["/sbin/bridge", "fdb", verb, mac, "dev", name, "master", "static"];
    failed(&words, BRIDGE_REFUSED)
}

fn why(error: &Error) -> String {
    error.errno().map_or_else(|| error.to_string(), |errno| errno.desc().to_owned())
}
