//! `netN`, typed.

use pve_schema::{Environment, Error, PerlStr, PerlString, parse_property_string};
use serde::{Deserialize, Serialize};

use super::property::{Pairs, flag, misfit, number, parse_number, string};
use super::{Dialect, Flag, Options};
use crate::lxc::schema::{NETWORK, RELAXED_NETWORK};

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network<'a> {
    /// Its name inside the container.
    #[serde(borrow)]
    pub name: PerlString<'a>,
    /// The bridge or VNet that it is plugged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<PerlString<'a>>,
    /// Whether `bridge` is a VNet. Not looked at when writing.
    #[serde(default)]
    pub vnet: Flag,
    /// Its hardware address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hwaddr: Option<PerlString<'a>>,
    /// Its largest packet, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Its IPv4 address with prefix length, `dhcp` or `manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<PerlString<'a>>,
    /// The gateway for IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gw: Option<PerlString<'a>>,
    /// Its IPv6 address with prefix length, `auto`, `dhcp` or `manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip6: Option<PerlString<'a>>,
    /// The gateway for IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gw6: Option<PerlString<'a>>,
    /// Whether the firewall's rules apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall: Option<Flag>,
    /// Its VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u16>,
    /// The VLANs that pass with their tag on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trunks: Vec<u16>,
    /// The most that it may send and receive, in megabytes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Whether it is unplugged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_down: Option<Flag>,
    /// Whether the host sets its addresses.
    #[serde(rename = "host-managed", default, skip_serializing_if = "Option::is_none")]
    pub host_managed: Option<Flag>,
}

impl<'a> Network<'a> {
    /// Reads the value of `net<index>`.
    pub(super) fn read(
        index: u16,
        value: PerlStr<'a>,
        options: &Options<'_>,
    ) -> Result<Self, PerlString<'static>> {
        let schema = match options.dialect {
            Dialect::Relaxed => &RELAXED_NETWORK,
            Dialect::Strict => &NETWORK,
        };
        let properties = parse_property_string(schema, value, &Environment::empty());
        let properties = properties.map_err(|error| error.to_perl())?;
        let is_vnet = |name: &PerlString<'_>| (options.is_vnet)(name.as_bytes());
        let mut name = string(&properties, "name");
        let mut bridge = string(&properties, "bridge");
        if bridge.is_none()
            && options.dialect == Dialect::Relaxed
            && name.as_ref().is_some_and(is_vnet)
        {
            bridge = name.take();
        }
        let trunks = properties.get_str("trunks");
        let trunks = trunks.iter().flat_map(|list| list.split(b';')).map(|vlan| {
            let number = parse_number("trunks", vlan)?;
            if (1..=4094).contains(&number) { Ok(number) } else { Err(misfit("trunks", vlan)) }
        });
        Ok(Network {
            name: name
                .unwrap_or_else(|| PerlString::Bytes(format!("eth{index}").into_bytes().into())),
            vnet: Flag(bridge.as_ref().is_some_and(is_vnet)),
            bridge,
            hwaddr: string(&properties, "hwaddr"),
            mtu: number(&properties, "mtu")?,
            ip: string(&properties, "ip"),
            gw: string(&properties, "gw"),
            ip6: string(&properties, "ip6"),
            gw6: string(&properties, "gw6"),
            firewall: flag(&properties, "firewall"),
            tag: number(&properties, "tag")?,
            trunks: trunks.collect::<Result<_, _>>()?,
            rate: number(&properties, "rate")?,
            link_down: flag(&properties, "link_down"),
            host_managed: flag(&properties, "host-managed"),
        })
    }

    /// The value of `netN`, as the reference writes it.
    pub(super) fn write(&self) -> Result<PerlString<'static>, Error> {
        let mut pairs = Pairs::default();
        pairs.string("name", Some(&self.name));
        pairs.string("bridge", self.bridge.as_ref());
        pairs.string("hwaddr", self.hwaddr.as_ref());
        pairs.number("mtu", self.mtu);
        pairs.string("ip", self.ip.as_ref());
        pairs.string("gw", self.gw.as_ref());
        pairs.string("ip6", self.ip6.as_ref());
        pairs.string("gw6", self.gw6.as_ref());
        pairs.flag("firewall", self.firewall);
        pairs.number("tag", self.tag);
        if !self.trunks.is_empty() {
            let trunks: Vec<String> = self.trunks.iter().map(u16::to_string).collect();
            pairs.number("trunks", Some(trunks.join(";")));
        }
        pairs.number("rate", self.rate);
        pairs.flag("link_down", self.link_down);
        pairs.flag("host-managed", self.host_managed);
        pairs.print(&NETWORK)
    }
}
