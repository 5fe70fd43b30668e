//! One interface's stanzas.

use std::borrow::Cow;

use pve_schema::{Error, PerlStr, PerlString, Scalar, Value};

use super::super::address::{mask_length, prefix};
use super::super::ovs::Options;
use super::super::space::with_single_spaces;
use super::ifaces::{Iface, reference};

/// Whether a key is never written as an option of its own name.
fn is_no_option(key: &[u8]) -> bool {
    matches!(
        key,
        b"type"
            | b"priority"
            | b"method"
            | b"active"
            | b"exists"
            | b"comments"
            | b"autostart"
            | b"options"
            | b"address"
            | b"netmask"
            | b"gateway"
            | b"broadcast"
            | b"method6"
            | b"families"
            | b"options6"
            | b"comments6"
            | b"address6"
            | b"netmask6"
            | b"gateway6"
            | b"broadcast6"
            | b"uplink-id"
    )
}

/// The modes of an Open vSwitch bond.
const OVS_BOND_MODES: [&str; 4] =
    ["active-backup", "balance-slb", "lacp-balance-slb", "lacp-balance-tcp"];

const TAB: PerlStr<'static> = PerlStr::literal("\t");
const SPACE: PerlStr<'static> = PerlStr::literal(" ");
const NEWLINE: PerlStr<'static> = PerlStr::literal("\n");

/// Writes the stanzas of one interface, and what starts it.
pub(super) fn write(
    out: &mut PerlString<'static>,
    iface: &mut Iface<'_, '_>,
    ifupdown2: bool,
    warnings: &mut Vec<PerlString<'static>>,
) -> Result<(), Error> {
    if iface.is_true("autostart") {
        let start = if iface.is_a("OVSBridge") && !ifupdown2 { "allow-ovs " } else { "auto " };
        out.extend(&[PerlStr::literal(start), iface.name, NEWLINE]);
    }
    let families = families(iface)?;
    if let [Scalar::Bytes(_) | Scalar::Text(_)] = families[..] {
        if families.iter().all(|family| family.to_perl().as_perl() == PerlStr::literal("inet6")) {
            let comments = iface.get("comments").cloned().unwrap_or(Value::UNDEF);
            iface.delete("comments");
            iface.set("comments6", comments);
        }
    }
    for (i, family) in families.iter().enumerate() {
        Stanza { out, iface, warnings, ifupdown2 }.write(family, i == 0)?;
    }
    Ok(())
}

fn families(iface: &Iface<'_, '_>) -> Result<Vec<Scalar<'static>>, Error> {
    match iface.get("families") {
        Some(Value::List(families)) => Ok(families
            .iter()
            .map(|family| family.as_scalar().map_or(Scalar::Undef, family_of))
            .collect()),
        Some(Value::Scalar(scalar)) if scalar.is_defined() => {
            Err(Error::not_a_reference(scalar.to_perl().as_perl(), "an ARRAY"))
        }
        Some(Value::Map(_)) => {
            Err(Error::died_at_caller(&[PerlStr::literal("Not an ARRAY reference")]))
        }
        _ => Err(Error::died_at_caller(&[PerlStr::literal(
            "Can't use an undefined value as an ARRAY reference",
        )])),
    }
}

/// A family, most often one of two words.
fn family_of(word: &Scalar<'_>) -> Scalar<'static> {
    match word {
        Scalar::Bytes(bytes) if **bytes == *b"inet" => Scalar::literal("inet"),
        Scalar::Bytes(bytes) if **bytes == *b"inet6" => Scalar::literal("inet6"),
        other => other.clone().into_owned(),
    }
}

/// The key of a family: IPv4's, IPv6's, or that of any other word.
fn with_suffix(inet: &'static str, inet6: &'static str, suffix: &str) -> Cow<'static, str> {
    match suffix {
        "" => Cow::Borrowed(inet),
        "6" => Cow::Borrowed(inet6),
        other => Cow::Owned(format!("{inet}{other}")),
    }
}

struct Stanza<'w, 'm, 'a> {
    out: &'w mut PerlString<'static>,
    iface: &'w mut Iface<'m, 'a>,
    warnings: &'w mut Vec<PerlString<'static>>,
    ifupdown2: bool,
}

impl<'m, 'a: 'm> Stanza<'_, 'm, 'a> {
    fn write(&mut self, family: &Scalar<'static>, first: bool) -> Result<(), Error> {
        let word = family.to_perl();
        let word = word.as_perl();
        let suffix = if word.as_bytes().starts_with(b"inet") { word.tail(4) } else { word };
        let suffix = String::from_utf8_lossy(suffix.as_bytes());
        let method_key = with_suffix("method", "method6", &suffix);
        if family.is_true() && self.iface.truth(&method_key).is_none() {
            return Ok(());
        }
        // An undefined type is none of these.
        let kind = self.iface.kind().clone();
        let kind = kind.as_perl().as_bytes();
        let is_ovs_port = matches!(kind, b"OVSPort" | b"OVSIntPort" | b"OVSBond");
        if first && is_ovs_port {
            self.started_by_bridge();
        }
        self.out.extend(&[PerlStr::literal("iface "), self.iface.name]);
        if family.is_defined() {
            let method = self.iface.text(&method_key);
            self.out.extend(&[SPACE, word, SPACE, method.as_perl()]);
        }
        self.out.push(NEWLINE);
        if family.is_true() {
            self.addresses(&suffix);
        } else {
            self.addresses("");
            self.addresses("6");
        }
        if first {
            let done = match kind {
                b"bridge" => self.bridge(),
                b"bond" => self.bond(),
                b"vlan" => self.vlan()?,
                b"vxlan" => self.vxlan()?,
                b"OVSBridge" => self.ovs_bridge(),
                _ if is_ovs_port => self.ovs_port(kind == b"OVSBond")?,
                _ => Vec::new(),
            };
            self.others(&done)?;
        }
        if family.is_true() {
            self.lines_and_comments(&suffix)?;
        } else {
            self.lines_and_comments("")?;
            self.lines_and_comments("6")?;
        }
        self.out.push(NEWLINE);
        Ok(())
    }

    /// An option with a value.
    fn option(&mut self, name: &'static str, value: PerlStr<'_>) {
        self.out.extend(&[TAB, PerlStr::literal(name), SPACE, value, NEWLINE]);
    }

    /// An option, if its key is true.
    fn option_of(&mut self, name: &'static str, key: &str) {
        if let Some(value) = self.iface.truth(key) {
            self.out.extend(&[TAB, PerlStr::literal(name), SPACE, value.as_perl(), NEWLINE]);
        }
    }

    fn addresses(&mut self, suffix: &str) {
        let address = with_suffix("address", "address6", suffix);
        let netmask = with_suffix("netmask", "netmask6", suffix);
        let gateway = with_suffix("gateway", "gateway6", suffix);
        if let Some(address) = self.iface.truth(&address) {
            let address = address.as_perl();
            self.out.extend(&[TAB, PerlStr::literal("address "), address]);
            let mask = self.iface.truth(&netmask).filter(|_| prefix(address).is_none());
            if let Some(length) = mask.as_ref().and_then(|mask| mask_length(mask.as_perl())) {
                self.out.extend(&[PerlStr::literal("/"), length.as_perl()]);
            }
            self.out.push(NEWLINE);
        }
        self.option_of("gateway", &gateway);
    }

    fn bridge(&mut self) -> Vec<&'static str> {
        let ports = self.iface.truth("bridge_ports");
        let ports = ports.as_ref().map_or(PerlStr::literal("none"), PerlString::as_perl);
        let spaced = with_single_spaces(ports).map(|parts| PerlString::concat(&parts));
        let ports = spaced.as_ref().map_or(ports, PerlString::as_perl);
        self.out.extend(&[TAB, PerlStr::literal("bridge-ports "), ports, NEWLINE]);
        let off = PerlStr::literal("off");
        let stp = self.iface.is_defined("bridge_stp").then(|| self.iface.text("bridge_stp"));
        let stp = stp.as_ref().map_or(off, PerlString::as_perl);
        let no_stp = stp == off;
        self.out.extend(&[TAB, PerlStr::literal("bridge-stp "), stp, NEWLINE]);
        match self.iface.number("bridge_fd") {
            Some(delay) => {
                let text = self.iface.text("bridge_fd").into_owned();
                if no_stp || (2.0..=30.0).contains(&delay) {
                    self.option("bridge-fd", text.as_perl());
                } else {
                    self.warnings.push(PerlString::concat(&[
                        PerlStr::literal("'"),
                        self.iface.name,
                        PerlStr::literal("': ignoring 'bridge_fd' value '"),
                        text.as_perl(),
                        PerlStr::literal("', outside of allowed range 2-30\n"),
                    ]));
                }
            }
            None if no_stp => self.option("bridge-fd", PerlStr::literal("0")),
            None => {}
        }
        if self.iface.is_defined("bridge_vlan_aware") {
            self.option("bridge-vlan-aware", PerlStr::literal("yes"));
            if self.iface.is_true("bridge_vids") {
                self.option_of("bridge-vids", "bridge_vids");
            } else {
                self.option("bridge-vids", PerlStr::literal("2-4094"));
            }
        }
        self.option_of("mtu", "mtu");
        vec![
            "bridge_ports",
            "bridge_stp",
            "bridge_fd",
            "bridge_vlan_aware",
            "bridge_vids",
            "mtu",
            "bridge-disable-mac-learning",
        ]
    }

    fn bond(&mut self) -> Vec<&'static str> {
        let slaves = self.iface.text("slaves");
        let spaced = with_single_spaces(slaves.as_perl()).map(|parts| PerlString::concat(&parts));
        match spaced {
            Some(spaced) => self.iface.set("slaves", Scalar::from(spaced)),
            // Perl's substitution makes the key.
            None if self.iface.get("slaves").is_none() => self.iface.set("slaves", Scalar::Undef),
            None => {}
        }
        self.defined_or("bond-slaves", self.iface.is_true("slaves").then_some("slaves"), "none");
        let key = |key: &'static str| self.iface.is_defined(key).then_some(key);
        let (miimon, mode) = (key("bond_miimon"), key("bond_mode"));
        self.defined_or("bond-miimon", miimon, "100");
        self.defined_or("bond-mode", mode, "balance-rr");
        if self.iface.is("bond_mode", "balance-xor") || self.iface.is("bond_mode", "802.3ad") {
            self.option_of("bond-xmit-hash-policy", "bond_xmit_hash_policy");
        }
        if self.iface.is("bond_mode", "active-backup") {
            self.option_of("bond-primary", "bond-primary");
        }
        self.option_of("mtu", "mtu");
        vec!["slaves", "bond_miimon", "bond_mode", "bond_xmit_hash_policy", "bond-primary", "mtu"]
    }

    /// An option with the text of a key, or another one.
    fn defined_or(
        &mut self,
        name: &'static str,
        key: Option<&'static str>,
        otherwise: &'static str,
    ) {
        let text = key.map(|key| self.iface.text(key));
        let text = text.as_ref().map_or(PerlStr::literal(otherwise), PerlString::as_perl);
        self.out.extend(&[TAB, PerlStr::literal(name), SPACE, text, NEWLINE]);
    }

    fn vlan(&mut self) -> Result<Vec<&'static str>, Error> {
        match self.iface.truth("vlan-protocol") {
            Some(protocol) if !matches!(protocol.as_perl().as_bytes(), b"802.1ad" | b"802.1q") => {
                Err(Error::died(&[
                    self.iface.name,
                    PerlStr::literal(": wrong vlan-protocol "),
                    protocol.as_perl(),
                    NEWLINE,
                ]))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn vxlan(&mut self) -> Result<Vec<&'static str>, Error> {
        let mut done =
            vec!["vxlan-id", "vxlan-svcnodeip", "vxlan-physdev", "vxlan-local-tunnelip", "mtu"];
        for key in done.iter().filter(|key| **key != "mtu") {
            if self.iface.is_defined(key) {
                let text = self.iface.text(key);
                self.out.extend(&[TAB, PerlStr::literal(key), SPACE, text.as_perl(), NEWLINE]);
            }
        }
        match self.iface.get("vxlan-remoteip") {
            Some(Value::List(addresses)) => {
                for address in addresses.iter().filter_map(Value::as_scalar) {
                    let address = address.to_perl();
                    let name = PerlStr::literal("vxlan-remoteip ");
                    self.out.extend(&[TAB, name, address.as_perl(), NEWLINE]);
                }
                done.push("vxlan-remoteip");
            }
            Some(Value::Scalar(scalar)) if scalar.is_true() => {
                return Err(Error::not_a_reference(scalar.to_perl().as_perl(), "an ARRAY"));
            }
            Some(Value::Map(_)) => {
                return Err(Error::died_at_caller(&[PerlStr::literal("Not an ARRAY reference")]));
            }
            _ => {}
        }
        self.option_of("mtu", "mtu");
        Ok(done)
    }

    fn ovs_bridge(&mut self) -> Vec<&'static str> {
        self.option("ovs_type", PerlStr::literal("OVSBridge"));
        self.option_of("ovs_ports", "ovs_ports");
        self.option_of("ovs_mtu", "mtu");
        vec!["ovs_type", "ovs_ports", "mtu"]
    }

    /// The line by which the bridge starts its port, before the stanza.
    fn started_by_bridge(&mut self) {
        let Some(bridge) = self.iface.truth("ovs_bridge") else { return };
        let name = self.iface.name;
        if self.ifupdown2 {
            self.out.extend(&[PerlStr::literal("auto "), name, NEWLINE]);
        } else {
            self.out.extend(&[PerlStr::literal("allow-"), bridge.as_perl(), SPACE, name, NEWLINE]);
        }
    }

    fn ovs_port(&mut self, is_bond: bool) -> Result<Vec<&'static str>, Error> {
        self.iface.set("autostart", Scalar::Int(0));
        let mut done = vec!["ovs_tag", "ovs_type", "mtu"];
        if self.iface.is_defined("ovs_tag") {
            let tag = self.iface.text("ovs_tag").into_owned();
            self.set_ovs_options(&[("tag", tag)]);
        }
        if is_bond {
            self.ovs_bond_mode()?;
            self.option_of("ovs_bonds", "ovs_bonds");
            done.extend(["bond_mode", "ovs_bonds"]);
        }
        let kind = self.iface.kind().clone();
        self.option("ovs_type", kind.as_perl());
        if self.iface.is_true("ovs_bridge") {
            self.option_of("ovs_bridge", "ovs_bridge");
            done.push("ovs_bridge");
        }
        self.option_of("ovs_mtu", "mtu");
        Ok(done)
    }

    fn ovs_bond_mode(&mut self) -> Result<(), Error> {
        if !self.iface.is_true("bond_mode") {
            self.iface.set("bond_mode", Scalar::literal("active-backup"));
        }
        let mode = self.iface.text("bond_mode").into_owned();
        if !OVS_BOND_MODES.iter().any(|known| mode.as_perl() == PerlStr::literal(known)) {
            return Err(Error::died(&[
                PerlStr::literal("OVS does not support bond mode '"),
                mode.as_perl(),
                NEWLINE,
            ]));
        }
        let literal = PerlString::literal;
        match mode.as_perl().as_bytes() {
            b"lacp-balance-slb" => {
                let mode = literal("balance-slb");
                self.set_ovs_options(&[("lacp", literal("active")), ("bond_mode", mode)]);
            }
            b"lacp-balance-tcp" => {
                let mode = literal("balance-tcp");
                self.set_ovs_options(&[("lacp", literal("active")), ("bond_mode", mode)]);
            }
            _ => self.set_ovs_options(&[("lacp", PerlString::new()), ("bond_mode", mode)]),
        }
        Ok(())
    }

    /// Sets options of Open vSwitch's, or takes them out where the value is false in Perl.
    fn set_ovs_options(&mut self, wanted: &[(&'static str, PerlString<'static>)]) {
        let mut options = Options::parse(self.iface.truth("ovs_options").as_ref());
        for (key, value) in wanted {
            if value.as_perl().is_true() {
                options.set(PerlStr::literal(key), value.as_perl());
            } else {
                options.take(key);
            }
        }
        match options.text() {
            Some(text) => self.iface.set("ovs_options", Scalar::from(text)),
            None => self.iface.delete("ovs_options"),
        }
    }

    /// The keys that nothing else has written, sorted.
    fn others(&mut self, done: &[&'static str]) -> Result<(), Error> {
        let mut others: Vec<_> = self
            .iface
            .entries()
            .filter(|(key, value)| {
                let key = key.as_bytes();
                value.as_scalar().is_none_or(Scalar::is_true)
                    && !is_no_option(key)
                    && !done.iter().any(|done| done.as_bytes() == key)
            })
            .collect();
        others.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in others {
            let Some(scalar) = value.as_scalar() else {
                return Err(reference(self.iface.name, key, value));
            };
            self.out.extend(&[TAB, key, SPACE, scalar.to_perl().as_perl(), NEWLINE]);
        }
        Ok(())
    }

    fn lines_and_comments(&mut self, suffix: &str) -> Result<(), Error> {
        let options = with_suffix("options", "options6", suffix);
        match self.iface.get(&options) {
            Some(Value::List(lines)) => {
                for line in lines.iter().filter_map(Value::as_scalar) {
                    self.out.extend(&[TAB, line.to_perl().as_perl(), NEWLINE]);
                }
            }
            Some(Value::Scalar(scalar)) if scalar.is_defined() => {
                return Err(Error::not_a_reference(scalar.to_perl().as_perl(), "an ARRAY"));
            }
            Some(Value::Map(_)) => {
                return Err(Error::died_at_caller(&[PerlStr::literal("Not an ARRAY reference")]));
            }
            // Perl looks into it, and makes it by that.
            _ => match suffix {
                "" => self.iface.set("options", Vec::new()),
                "6" => self.iface.set("options6", Vec::new()),
                _ => {}
            },
        }
        let comments = with_suffix("comments", "comments6", suffix);
        let Some(comments) = self.iface.truth(&comments) else { return Ok(()) };
        let mut lines: Vec<PerlStr<'_>> = comments.as_perl().split(b'\n').collect();
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        for line in lines {
            self.out.extend(&[PerlStr::literal("#"), line, NEWLINE]);
        }
        Ok(())
    }
}
