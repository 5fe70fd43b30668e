//! What `ifquery --check` of ifupdown2 says of an interface, by its rules, of which those count here that can fail: its
//! modules `link`, `address`, `vlan` and `bridge`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::stanzas::{Stanza, Stanzas};
use super::state::State;
use super::{Address, Check};

/// Ports that guests have on a bridge, which no stanza names.
const GUESTS: [&str; 3] = ["tap", "veth", "fwpr"];

/// What ifupdown2 says of an interface; nothing where it does not bring that up at boot or has no stanza for it. Of several
/// stanzas, the last one's result counts, as in the reference.
#[must_use]
pub fn check(stanzas: &Stanzas, state: &State, name: &str) -> Option<Check> {
    let stanza = stanzas.of(name).next_back().filter(|_| stanzas.is_auto(name))?;
    let comparison = Comparison { stanzas, state, stanza, name };
    Some(if state.exists(name) && comparison.fits() { Check::Pass } else { Check::Fail })
}

/// `yes`, `on`, `1` and `true`.
fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "on" | "1" | "true")
}

/// `1-3 5`, with commas or spaces between, as numbers.
fn ids(text: &str) -> BTreeSet<u16> {
    let mut ids = BTreeSet::new();
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
            ids.extend(first..=last);
        }
    }
    ids
}

struct Comparison<'c> {
    stanzas: &'c Stanzas,
    state: &'c State,
    stanza: &'c Stanza,
    name: &'c str,
}

impl Comparison<'_> {
    fn fits(&self) -> bool {
        self.link() && self.address() && self.vlan() && self.bridge()
    }

    /// An option, if it is there, is what the kernel has.
    fn is(&self, option: &str, running: Option<&str>) -> bool {
        self.stanza.get(option).is_none_or(|wanted| running == Some(wanted))
    }

    fn link(&self) -> bool {
        let is_up = self.state.is_up(self.name);
        let is_as_wanted = match self.stanza.get("link-down") {
            Some(down) => is_yes(down) != is_up,
            None => is_up,
        };
        is_as_wanted && self.is("link-type", self.state.kind(self.name))
    }

    fn address(&self) -> bool {
        let mtu = self.state.number(self.name, &["mtu"]).map(|mtu| mtu.to_string());
        let mac = self.stanza.get("hwaddress").is_none_or(|wanted| {
            let wanted = wanted.trim_start_matches("ether").trim();
            let running = self.state.text(self.name, &["address"]);
            running.is_some_and(|running| running.eq_ignore_ascii_case(wanted))
        });
        let alias = self.state.text(self.name, &["ifalias"]);
        mac && self.is("mtu", mtu.as_deref()) && self.is("alias", alias) && self.addresses()
    }

    fn addresses(&self) -> bool {
        if matches!(self.stanza.method.as_str(), "dhcp" | "ppp") {
            return true;
        }
        let of_stanza = configured(self.stanza);
        let of_all: Vec<(IpAddr, u8)> = self.stanzas.of(self.name).flat_map(configured).collect();
        let running = self.state.addresses.get(self.name);
        let running = running.map(Vec::as_slice).unwrap_or_default();
        let has = |wanted: &(IpAddr, u8)| {
            running.iter().any(|found| (found.address, found.prefix) == *wanted)
        };
        // The last stanza is not the one that tells of others, unless it is the only one.
        let tells_others = self.stanzas.of(self.name).count() == 1;
        let is_known = |found: &&Address| of_all.contains(&(found.address, found.prefix));
        let others = running.iter().filter(|found| found.is_universal && !is_known(found)).count();
        of_stanza.iter().all(has) && !(tells_others && others > 0)
    }

    fn vlan(&self) -> bool {
        let has_dot = self.name.contains('.');
        if self.stanza.get("vlan-raw-device").is_none() && !has_dot {
            return true;
        }
        let data = |key| ["linkinfo", "info_data", key];
        let protocol = self.state.text(self.name, &data("protocol"));
        let protocol_fits = self.stanza.get("vlan-protocol").is_none_or(|wanted| {
            protocol.is_some_and(|running| running.eq_ignore_ascii_case(wanted))
        });
        if has_dot {
            return protocol_fits;
        }
        let lower = self.state.text(self.name, &["link"]);
        let id = self.state.number(self.name, &data("id"));
        let wanted = self.stanza.get("vlan-id").map(str::to_owned);
        let wanted = wanted.or_else(|| self.name.strip_prefix("vlan").map(str::to_owned));
        let id_fits = id.map(|id| id.to_string()) == wanted;
        // A bridge below that filters VLANs must have this one.
        let bridge = lower.filter(|lower| self.state.is_vlan_aware(lower));
        let is_let_through = bridge.is_none_or(|bridge| {
            let vlans = self.state.vlans.get(bridge);
            let id = id.and_then(|id| u16::try_from(id).ok());
            vlans.zip(id).is_some_and(|(vlans, id)| vlans.contains(&id))
        });
        protocol_fits && lower == self.stanza.get("vlan-raw-device") && id_fits && is_let_through
    }

    fn bridge(&self) -> bool {
        let is_bridge =
            ["bridge-ports", "bridge-vlan-aware"].iter().any(|key| self.stanza.get(key).is_some());
        if !is_bridge {
            return self.port();
        }
        if self.state.kind(self.name) != Some("bridge") {
            return true;
        }
        let data = |key| self.state.number(self.name, &["linkinfo", "info_data", key]);
        let flag = |option, key| {
            self.stanza.get(option).is_none_or(|wanted| {
                is_yes(wanted) == data(key).is_some_and(|running| running != 0)
            })
        };
        // The kernel counts hundredths of seconds; ifupdown2 drops what is less than one.
        let seconds = |option, key| {
            self.stanza
                .get(option)
                .is_none_or(|wanted| wanted.parse().ok() == data(key).map(|running| running / 100))
        };
        let protocol = self.state.text(self.name, &["linkinfo", "info_data", "vlan_protocol"]);
        // ifupdown2 compares its own small letters with the kernel's name, which has a large one in 802.1Q.
        let protocol_fits = self
            .stanza
            .get("bridge-vlan-protocol")
            .is_none_or(|wanted| protocol == Some(wanted.to_ascii_lowercase().as_str()));
        self.ports()
            && protocol_fits
            && flag("bridge-stp", "stp_state")
            && flag("bridge-vlan-aware", "vlan_filtering")
            && seconds("bridge-fd", "forward_delay")
            && seconds("bridge-hello", "hello_time")
            && seconds("bridge-maxage", "max_age")
            && seconds("bridge-ageing", "ageing_time")
    }

    fn ports(&self) -> bool {
        if self.stanza.get("bridge-ports").is_none() {
            return true;
        }
        let named = self.stanzas.of(self.name).flat_map(|stanza| stanza.all("bridge-ports"));
        let wanted: BTreeSet<&str> =
            named.flat_map(str::split_whitespace).filter(|port| *port != "none").collect();
        // Lists of patterns are taken for what there is.
        if wanted.contains("regex") || wanted.contains("glob") {
            return true;
        }
        let running: BTreeSet<&str> = self.state.ports(self.name).collect();
        let is_guest = |port: &str| GUESTS.iter().any(|guest| port.starts_with(guest));
        wanted.symmetric_difference(&running).all(|port| is_guest(port))
    }

    /// What is no bridge may be a port of one.
    fn port(&self) -> bool {
        let flags = [("bridge-learning", "learning"), ("bridge-arp-nd-suppress", "neigh_suppress")];
        let Some(bridge) = self.state.bridge_of(self.name) else {
            let settings = ["bridge-access", "bridge-pvid", "bridge-vids", "bridge-trunk"];
            let all = settings.iter().chain(flags.iter().map(|(option, _)| option));
            return all.into_iter().all(|option| self.stanza.get(option).is_none());
        };
        let flags_fit = flags.iter().all(|(option, key)| {
            self.stanza.get(option).is_none_or(|wanted| {
                let running = self.state.flag(self.name, &["linkinfo", "info_slave_data", key]);
                is_yes(wanted) == running
            })
        });
        flags_fit && (!self.state.is_vlan_aware(bridge) || self.port_vlans(bridge))
    }

    /// A port's VLANs are its own stanza's, or else its bridge's.
    fn port_vlans(&self, bridge: &str) -> bool {
        let running_pvid = self.state.pvids.get(self.name).copied();
        let none = BTreeSet::new();
        let running = self.state.vlans.get(self.name).unwrap_or(&none);
        if let Some(access) = self.stanza.get("bridge-access") {
            let wanted = access.parse().ok();
            return running_pvid == wanted && running.first().copied() == wanted;
        }
        let of_bridge = |option: &str| -> Option<String> {
            let mut values = self.stanzas.of(bridge).filter_map(|stanza| stanza.get(option));
            values.next().map(str::to_owned)
        };
        let own = |option: &str| self.stanza.get(option).map(str::to_owned);
        let pvid = own("bridge-pvid").or_else(|| of_bridge("bridge-pvid"));
        let pvid = pvid.and_then(|pvid| pvid.parse::<u16>().ok()).filter(|pvid| *pvid != 0);
        if running_pvid != Some(pvid.unwrap_or(1)) {
            return false;
        }
        let lists = ["bridge-vids", "bridge-trunk"];
        let vids = lists.iter().find_map(|option| own(option));
        let vids = vids.or_else(|| lists.iter().find_map(|option| of_bridge(option)));
        vids.is_none_or(|vids| {
            let mut difference =
                ids(&vids).symmetric_difference(running).copied().collect::<Vec<_>>();
            difference.retain(|id| Some(*id) != running_pvid);
            !running.is_empty() && difference.is_empty()
        })
    }
}

/// The addresses of a stanza: with their width, or with that of `netmask`, or single ones.
fn configured(stanza: &Stanza) -> Vec<(IpAddr, u8)> {
    let masks: Vec<&str> = stanza.all("netmask").collect();
    let addresses = stanza.all("address").enumerate();
    let read = |(at, text): (usize, &str)| {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, masks.get(at).copied()),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(prefix) => match prefix.parse::<u8>() {
                Ok(prefix) => prefix,
                Err(_) => {
                    let mask: std::net::Ipv4Addr = prefix.parse().ok()?;
                    u8::try_from(u32::from(mask).leading_ones()).ok()?
                }
            },
        };
        Some((address, prefix))
    };
    addresses.filter_map(read).collect()
}
