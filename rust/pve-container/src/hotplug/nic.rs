//! One network interface of a container, as `netN` of its configuration describes it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pve_netlink::addr::Cidr;
use pve_netlink::interface::valid_name;
use pve_netlink::link::Mac;

use super::error::Error;

/// The smallest and the largest MTU that the configuration accepts (the reference: `$netconf_desc`).
const MTUS: std::ops::RangeInclusive<u32> = 64..=65535;
/// The shortest prefix of an address that the configuration accepts (the reference: `pve_verify_cidrv4`).
const SHORTEST_PREFIX: u8 = 8;

/// A container's interface. `PVE::LXC::Config::parse_lxc_network` of the reference gives its keys and values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerNic {
    /// `type`: whether it is a `veth` (the only kind there is), or another kind that is named.
    pub other_type: Option<String>,
    /// `name`: inside the container.
    pub name: String,
    /// `bridge`: that it is a port of.
    pub bridge: Option<String>,
    /// `hwaddr`: inside the container.
    pub hwaddr: Option<Mac>,
    /// `mtu`: inside the container, in bytes; the bridge's for none.
    pub mtu: Option<u32>,
    /// `ip`: none for `dhcp` and `manual`, which the container sees to.
    pub ip: Option<Cidr>,
    /// `gw`
    pub gw: Option<Ipv4Addr>,
    /// `ip6`: none for `auto`, `dhcp` and `manual`.
    pub ip6: Option<Cidr>,
    /// `gw6`
    pub gw6: Option<Ipv6Addr>,
    /// `link_down`: not a port of the bridge, and the host's end down.
    pub link_down: bool,
    /// `firewall`
    pub firewall: bool,
    /// `tag`
    pub tag: Option<String>,
    /// `trunks`
    pub trunks: Option<String>,
    /// `rate`
    pub rate: Option<String>,
    /// `host-managed` together with `dhcp`, for which the host runs a DHCP client.
    pub host_dhcp: bool,
}

impl ContainerNic {
    /// From keys and values, each key once. An empty value is no value.
    ///
    /// # Errors
    /// [`Error::BadValue`] and [`Error::Missing`], naming the key.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        let mut nic = Self::default();
        let (mut host_managed, mut dhcp) = (false, false);
        for (key, value) in pairs {
            if value.is_empty() {
                continue;
            }
            match key {
                "type" if value == "veth" => {}
                "type" => nic.other_type = Some(value.into()),
                "name" => nic.name = interface_name(key, value)?,
                "bridge" => nic.bridge = Some(interface_name(key, value)?),
                "hwaddr" => nic.hwaddr = Some(mac(key, value)?),
                "mtu" => nic.mtu = Some(mtu(key, value)?),
                "ip" | "ip6" if matches!(value, "dhcp" | "manual") => dhcp |= value == "dhcp",
                "ip6" if value == "auto" => {}
                "ip" => nic.ip = Some(cidr::<Ipv4Addr>(key, value, 32)?),
                "ip6" => nic.ip6 = Some(cidr::<Ipv6Addr>(key, value, 128)?),
                "gw" => nic.gw = Some(address(key, value, "an IPv4 address")?),
                "gw6" => nic.gw6 = Some(address(key, value, "an IPv6 address")?),
                "link_down" => nic.link_down = boolean(key, value)?,
                "firewall" => nic.firewall = boolean(key, value)?,
                "host-managed" => host_managed = boolean(key, value)?,
                "tag" => nic.tag = Some(value.into()),
                "trunks" => nic.trunks = Some(value.into()),
                // A rate of 0 sets no limit.
                "rate" => nic.rate = Some(value.into()).filter(|_| value.parse() != Ok(0.0)),
                _ => return Err(Error::bad(key, value, "there is no such key")),
            }
        }
        nic.host_dhcp = host_managed && dhcp;
        if nic.name.is_empty() {
            return Err(Error::Missing { key: "name", why: "the interface inside the container" });
        }
        Ok(nic)
    }
}

fn interface_name(key: &str, value: &str) -> Result<String, Error> {
    if valid_name(value) {
        return Ok(value.into());
    }
    Err(Error::bad(
        key,
        value,
        "an interface name is 1 to 15 bytes without white space, '/' and ':'",
    ))
}

fn mac(key: &str, value: &str) -> Result<Mac, Error> {
    let bad = |why| Error::bad(key, value, why);
    let mut mac = [0; 6];
    let mut parts = value.split(':');
    for byte in &mut mac {
        let part = parts
            .next()
            .filter(|part| part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = part.and_then(|part| u8::from_str_radix(part, 16).ok());
        *byte = number.ok_or_else(|| bad("a MAC address looks like BC:24:11:00:00:01"))?;
    }
    if parts.next().is_some() {
        return Err(bad("a MAC address has six bytes"));
    }
    if mac[0] & 1 == 1 {
        return Err(bad("a group address; it must be a unicast one"));
    }
    if mac == [0; 6] {
        return Err(bad("the address of no interface"));
    }
    Ok(mac)
}

fn mtu(key: &str, value: &str) -> Result<u32, Error> {
    let bad = || Error::bad(key, value, "it must be from 64 to 65535");
    let number = value.parse().map_err(|_| bad())?;
    if MTUS.contains(&number) { Ok(number) } else { Err(bad()) }
}

fn cidr<A>(key: &str, value: &str, longest: u8) -> Result<Cidr, Error>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let bad = |why: String| Error::bad(key, value, why);
    let form = || bad("an address and its prefix are needed, such as 192.0.2.5/24".into());
    let (host, prefix) = value.split_once('/').ok_or_else(form)?;
    let host: A = host.parse().map_err(|_| form())?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = if digits { prefix.parse().unwrap_or(u8::MAX) } else { u8::MAX };
    if (SHORTEST_PREFIX..=longest).contains(&prefix) {
        return Ok(Cidr { address: host.into(), prefix });
    }
    Err(bad(format!("the prefix must be from {SHORTEST_PREFIX} to {longest}")))
}

fn address<A: std::str::FromStr>(key: &str, value: &str, what: &str) -> Result<A, Error> {
    value.parse().map_err(|_| Error::bad(key, value, format!("{what} is needed")))
}

/// The words that the configuration accepts (the reference: `PVE::JSONSchema::parse_boolean`).
fn boolean(key: &str, value: &str) -> Result<bool, Error> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Ok(true),
        "0" | "off" | "no" | "false" => Ok(false),
        _ => Err(Error::bad(key, value, "it must be 1 or 0")),
    }
}
