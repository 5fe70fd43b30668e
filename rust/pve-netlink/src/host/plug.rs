//! A guest's interface is plugged into a bridge (the reference: `PVE::Network::tap_plug`).

use super::before::Before;
use super::firewall::{self, copy_settings};
use super::interfaces_file::learning_is_disabled;
use super::names::{self, GuestNames};
use super::ovs::{self, Port};
use super::port::{Bridge, Interface, PortVlans};
use super::{Call, Died, bridge_vlan, rate, words};
use crate::bridge::Vlans;
use crate::link::{LinkSettings, Mac, Shown};
use crate::plan::{Change, Link, Step};
use crate::tc::Rate;
use crate::transaction::Transaction;

/// How an interface is to be plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plug {
    /// The VLAN of frames without a tag.
    pub tag: Option<String>,
    /// Whether a firewall bridge stands before the bridge.
    pub firewall: bool,
    /// The VLANs of frames with a tag: ids and ranges, separated by semicolons.
    pub trunks: Option<String>,
    /// The limit in each direction.
    pub rate: Option<Rate>,
    /// Whether the bridge learns addresses from it; for none, what `/etc/network/interfaces` says of the bridge.
    pub learning: Option<bool>,
    /// Whether it is kept apart from other ports that are.
    pub isolated: bool,
    /// Its guest's hardware address, which is led to it where the bridge does not learn.
    pub mac: Option<String>,
}

/// `tap_plug`.
///
/// # Errors
/// [`Died`], with everything as it was, except for what Open vSwitch was told.
pub fn tap_plug(
    call: &mut Call<'_>,
    interface: &str,
    bridge: &str,
    plug: &Plug,
) -> Result<(), Died> {
    let no_learning = !plug.learning.unwrap_or_else(|| {
        let file = (call.surroundings.interfaces)();
        !file.is_some_and(|content| learning_is_disabled(&content, bridge))
    });
    names::check(bridge).map_err(Died::AtCaller)?;
    call.change(|call, tx| {
        let names = GuestNames::of(interface);
        let mut asked = vec![interface.to_owned(), bridge.to_owned()];
        if let Some(names) = &names {
            asked.extend([&names.bridge, &names.link, &names.peer].map(ToString::to_string));
            asked.push(names.ovs_port.to_string());
        }
        let mut found = call.look(tx, &asked)?.into_iter();
        let mut next = || found.next().flatten();
        let (own, target) = (next(), next());
        let Some(target) = target else {
            return Err(Died::Text(format!("interface {bridge} does not exist\n")));
        };
        let remains = (next(), next(), next(), next());
        let mut plugging = Plugging { interface, names, plug, no_learning, own: None, peer: None };
        if target.kind == "bridge" {
            let cleanup = plugging.read(call, tx, own, remains, &target)?;
            plugging.plug_linux(call, tx, &target, cleanup)
        } else if call.is_ovs(bridge)? {
            let cleanup = plugging.read(call, tx, own, remains, &target)?;
            plugging.plug_ovs(call, tx, &target, cleanup)
        } else {
            Err(Died::Text(format!("bridge '{bridge}' is neither a linux nor an OVS bridge!\n")))
        }
    })
}

/// The bridge's, the pair's and the switch's part of a firewall bridge, as far as they are there.
type Found = (Option<Shown>, Option<Shown>, Option<Shown>, Option<Shown>);

struct Plugging<'p> {
    interface: &'p str,
    names: Option<GuestNames>,
    plug: &'p Plug,
    no_learning: bool,
    own: Option<Before>,
    /// The port of a firewall bridge that is left over.
    peer: Option<Before>,
}

impl Plugging<'_> {
    /// Read the interface and what is left of a firewall bridge, take both out of Open vSwitch, and give the steps that
    /// remove the rest.
    fn read(
        &mut self,
        call: &mut Call<'_>,
        tx: &mut Transaction<'_>,
        own: Option<Shown>,
        (fwbr, link, peer, ovs_port): Found,
        target: &Shown,
    ) -> Result<Vec<Step>, Died> {
        let bridges: Vec<_> = [Some(target), fwbr.as_ref()].into_iter().flatten().collect();
        if let Some(own) = own {
            self.own = Some(call.before(tx, own, &bridges, true)?);
        }
        let remains = firewall::read(tx, fwbr.clone(), link, peer, &bridges)?;
        call.leave_ovs(self.interface);
        if let (Some(_), Some(names)) = (ovs_port, &self.names) {
            call.ovs(&["del-port".into(), names.ovs_port.to_string()]).map_err(Died::Text)?;
        }
        let steps = firewall::remove(&remains, self.own.as_ref());
        self.peer = remains.peer;
        Ok(steps)
    }

    fn plug_linux(
        &self,
        call: &mut Call<'_>,
        tx: &mut Transaction<'_>,
        target: &Shown,
        mut steps: Vec<Step>,
    ) -> Result<(), Died> {
        let mut bridge = Bridge {
            name: target.name.as_str().into(),
            mtu: target.mtu,
            vlan_filtering: target.vlan_filtering,
        };
        let mut settings = target.bridge;
        let mut vlans = PortVlans::default();
        let trunks = self.plug.trunks.as_deref().filter(|trunks| is_true(trunks));
        if target.vlan_filtering {
            vlans = self.vlans(call, trunks)?;
        } else {
            if trunks.is_some() {
                let text = "vlan aware feature need to be enabled to use trunks";
                return Err(Died::AtCaller(text.into()));
            }
            if let Some(tag) = &self.plug.tag {
                self.check_interface(call, &bridge)?;
                call.carry_out(tx, &std::mem::take(&mut steps))?;
                let tag = bridge_vlan::tag(call, tag)?;
                let made = call.vlan_bridge(tx, target, tag)?;
                bridge = made.bridge;
                steps.extend(copy_settings(&bridge.name, settings.as_ref(), made.there.as_ref()));
                settings = settings.or(made.there.and_then(|shown| shown.bridge));
                tx.keep(made.lock);
            }
        }
        let own = self.check_interface(call, &bridge)?;
        let interface = Interface::there(own);
        let link = interface.link();
        if self.plug.firewall {
            let names = self.names()?;
            steps.extend(firewall::make(names, bridge.mtu));
            steps.extend(firewall::connect(
                names,
                &interface,
                &bridge,
                &vlans,
                copy_settings(&names.bridge, settings.as_ref(), None),
                self.no_learning,
                self.plug.isolated,
            ));
        } else {
            steps.push(interface.set_mtu(bridge.mtu));
            steps.extend(interface.disable_ipv6());
            steps.extend(interface.enslave(&bridge, &vlans));
        }
        let mut given = None;
        if self.no_learning {
            steps.push(interface.stop_learning());
            if let (Some(mac), Some(names)) = (&self.plug.mac, &self.names) {
                let address = self.mac(call, mac)?;
                given = Some(mac.as_str());
                steps.push(interface.add_fdb(address, self.led_to_peer(address)));
                if self.plug.firewall {
                    steps.push(Interface::made(&names.peer).add_fdb(address, None));
                }
            }
        }
        if self.plug.isolated {
            steps.push(interface.isolate());
        }
        steps.extend(rate::set(&link, Some(own), self.plug.rate));
        call.carry_out_with(tx, &steps, given)
    }

    fn plug_ovs(
        &self,
        call: &mut Call<'_>,
        tx: &mut Transaction<'_>,
        target: &Shown,
        mut steps: Vec<Step>,
    ) -> Result<(), Died> {
        let port = Port {
            bridge: &target.name,
            interface: self.interface,
            tag: self.plug.tag.as_deref().filter(|tag| is_true(tag)),
            trunks: self.plug.trunks.as_deref().filter(|trunks| is_true(trunks)),
            mtu: target.mtu,
            internal: false,
        };
        if !self.plug.firewall {
            call.carry_out(tx, &steps)?;
            self.add_ovs_port(call, &port)?;
            return self.after_ovs(call, tx, self.interface);
        }
        let names = self.names()?;
        let own_bridge =
            Bridge { name: names.bridge.clone(), mtu: target.mtu, vlan_filtering: false };
        let own = self.check_interface(call, &own_bridge)?;
        let interface = Interface::there(own);
        let firewall = Interface::made(&names.bridge);
        let up = LinkSettings { mtu: Some(target.mtu), ..LinkSettings::UP };
        let add = Step::new(&firewall.link(), Change::AddBridge(None));
        steps.push(add.undone_by(Change::Delete));
        steps.extend(firewall.disable_ipv6());
        steps.extend(interface.disable_ipv6());
        steps.push(Step::new(&firewall.link(), Change::Set(up)));
        steps.push(interface.set_mtu(target.mtu));
        steps.extend(interface.enslave(&own_bridge, &PortVlans::default()));
        call.carry_out(tx, &steps)?;

        self.add_ovs_port(call, &Port { interface: &names.ovs_port, internal: true, ..port })?;
        self.connect_ovs_port(call, tx, &own_bridge)
    }

    fn add_ovs_port(&self, call: &mut Call<'_>, port: &Port<'_>) -> Result<(), Died> {
        let added = call.ovs(&ovs::add_port(port));
        added.map_err(|why| {
            Died::Text(format!("can't add ovs port '{}' - {why}\n", port.interface))
        })?;
        call.ovs_ports.push(port.interface.into());
        Ok(())
    }

    /// What follows once Open vSwitch has made the firewall bridge's port.
    fn connect_ovs_port(
        &self,
        call: &mut Call<'_>,
        tx: &mut Transaction<'_>,
        firewall: &Bridge,
    ) -> Result<(), Died> {
        let names = self.names()?;
        let name = &*names.ovs_port;
        if call.look(tx, &[name])?.pop().flatten().is_none() {
            let up = LinkSettings { mtu: Some(firewall.mtu), ..LinkSettings::UP };
            return Err(call.not_found(name, words::activate(name, &up, 1)));
        }
        let port = Interface::made(&names.ovs_port);
        let up = LinkSettings { mtu: Some(firewall.mtu), ..LinkSettings::UP };
        let mut steps: Vec<_> = port.disable_ipv6().into_iter().collect();
        steps.push(Step::new(&port.link(), Change::Set(up)));
        steps.extend(port.enslave(firewall, &PortVlans::default()));
        if self.no_learning {
            steps.push(port.stop_learning());
        }
        call.carry_out(tx, &steps)?;
        self.limit(call, tx)
    }

    fn after_ovs(
        &self,
        call: &mut Call<'_>,
        tx: &mut Transaction<'_>,
        interface: &str,
    ) -> Result<(), Died> {
        let port = Interface { name: interface.into(), before: self.own.as_ref() };
        let steps: Vec<_> = port.disable_ipv6().into_iter().collect();
        call.carry_out(tx, &steps)?;
        self.limit(call, tx)
    }

    fn limit(&self, call: &mut Call<'_>, tx: &mut Transaction<'_>) -> Result<(), Died> {
        match &self.own {
            Some(own) => call.carry_out(tx, &rate::set(&own.link(), Some(own), self.plug.rate)),
            None if self.plug.rate.is_none() => Ok(()),
            None => Err(call.not_found(self.interface, words::no_htb(self.interface))),
        }
    }

    /// A bridge leads an address to one port: the one that it would be taken away from if that is not removed.
    fn led_to_peer(&self, mac: Mac) -> Option<Link> {
        self.peer.as_ref().filter(|peer| peer.fdb.contains(&mac)).map(Before::link)
    }

    /// The interface must be there; the reference finds out by its commands.
    fn check_interface(&self, call: &mut Call<'_>, bridge: &Bridge) -> Result<&Before, Died> {
        let target =
            if self.plug.firewall { self.names()?.bridge.clone() } else { bridge.name.clone() };
        let name = self.interface;
        self.own.as_ref().ok_or_else(|| {
            call.warn(words::not_found(name));
            call.not_found(name, format!("can't enslave '{name}' to '{target}'\n"))
        })
    }

    fn names(&self) -> Result<&GuestNames, Died> {
        self.names.as_ref().ok_or_else(|| {
            let name = self.interface;
            let text = format!("can't create firewall bridge for random interface name '{name}'\n");
            Died::Text(text)
        })
    }

    /// The VLANs of a port of a bridge that filters them.
    fn vlans(&self, call: &mut Call<'_>, trunks: Option<&str>) -> Result<PortVlans, Died> {
        let port = if self.plug.firewall {
            self.names()?.peer.to_string()
        } else {
            self.interface.to_owned()
        };
        let fails = |call: &mut Call<'_>, vlan: &str, own: bool, why: String| {
            let mut words = vec!["/sbin/bridge", "vlan", "add", "dev", &port, "vid", vlan];
            if own {
                words.extend(["pvid", "untagged"]);
            }
            call.warn(why);
            let what = words::failed(&words, 255);
            Died::Text(format!("unable to add vlan {vlan} to interface {port} - {what}\n"))
        };
        let mut vlans = PortVlans::default();
        // Perl's split leaves empty fields at the end out.
        for trunk in trunks.unwrap_or_default().trim_end_matches(';').split(';') {
            if trunks.is_some() {
                let one = vlan_range(trunk).map_err(|why| fails(call, trunk, false, why))?;
                vlans.trunks.push(one);
            }
        }
        if let Some(tag) = self.plug.tag.as_deref().filter(|tag| is_true(tag)) {
            let one = vlan_range(tag).map_err(|why| fails(call, tag, true, why))?;
            if one.first != one.last {
                let why = "pvid cannot be configured for a vlan range\n".into();
                return Err(fails(call, tag, true, why));
            }
            vlans.tag = Some(one.first);
        }
        Ok(vlans)
    }

    fn mac(&self, call: &mut Call<'_>, text: &str) -> Result<Mac, Died> {
        parse_mac(text).ok_or_else(|| {
            call.warn(format!("Invalid mac address {text}\n"));
            Died::Text(words::fdb("append", text, self.interface))
        })
    }
}

/// What Perl takes for true.
#[must_use]
pub fn is_true(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// A VLAN id or a range of them, as bridge(8) reads it.
///
/// # Errors
/// What that says of anything else.
pub fn vlan_range(text: &str) -> Result<Vlans, String> {
    let number = |text: &str| {
        let text = text.trim_start();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text.get(..digits).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0)
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first), number(last)),
        None => (number(text), number(text)),
    };
    if first >= 4096 {
        return Err(format!("Invalid VLAN ID \"{first}\"\n"));
    }
    if text.contains('-') && (last >= 4096 || first >= last) {
        return Err(format!("Invalid VLAN range \"{first}-{last}\"\n"));
    }
    Ok(Vlans::tagged(first, last))
}

/// A hardware address as bridge(8) reads it: six hexadecimal numbers, whatever follows.
#[must_use]
pub fn parse_mac(text: &str) -> Option<Mac> {
    let mut mac = Mac::default();
    let mut parts = text.splitn(6, ':');
    for (place, byte) in mac.iter_mut().enumerate() {
        let part = parts.next()?;
        let digits = part.bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
        if digits == 0 || (place < 5 && digits != part.len()) {
            return None;
        }
        *byte = u8::from_str_radix(part.get(..digits)?, 16).ok()?;
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_bridge_reads_them() {
        assert_eq!(vlan_range("5"), Ok(Vlans::tagged(5, 5)));
        assert_eq!(vlan_range("5-9"), Ok(Vlans::tagged(5, 9)));
        assert_eq!(vlan_range("4096").unwrap_err(), "Invalid VLAN ID \"4096\"\n");
        assert_eq!(vlan_range("9-5").unwrap_err(), "Invalid VLAN range \"9-5\"\n");
        assert_eq!(vlan_range("5-5").unwrap_err(), "Invalid VLAN range \"5-5\"\n");
        assert_eq!(vlan_range("x"), Ok(Vlans::tagged(0, 0)), "the kernel refuses it");
    }

    #[test]
    fn addresses_are_read_as_bridge_reads_them() {
        assert_eq!(parse_mac("BC:24:11:00:00:01"), Some([0xbc, 0x24, 0x11, 0, 0, 1]));
        assert_eq!(parse_mac("1:2:3:4:5:6"), Some([1, 2, 3, 4, 5, 6]));
        for bad in
            ["", "zz", "BC:24:11", "BC:24:11:00:00:", "BC:24:11:00:00:zz", "BCD:24:11:00:00:01"]
        {
            assert_eq!(parse_mac(bad), None, "{bad}");
        }
    }
}
