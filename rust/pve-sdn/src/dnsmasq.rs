//! The files that dnsmasq serves a zone from, with the same settings as the reference's
//! (`PVE::Network::SDN::Dhcp::Dnsmasq`). A zone's server has the zone's id as its name.

use crate::address::{is_ipv4, is_ipv6};
use crate::{Error, Section, perl};

/// The name of a server on D-Bus.
#[must_use]
pub fn bus_name(dhcp: &str) -> String {
    format!("uk.org.thekelleys.dnsmasq.{dhcp}")
}

/// Who may be that name on D-Bus, and talk to it: root and dnsmasq (dbus-daemon(1)).
#[must_use]
pub fn bus_policy(dhcp: &str) -> String {
    let name = bus_name(dhcp);
    let policy = |who: &str, verb: &str| {
        format!(
            "  <policy {who}>\n    <{verb} own=\"{name}\"/>\n    <{verb} send_destination=\"{name}\"/>\n  </policy>\n"
        )
    };
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
         <busconfig>\n{}{}{}</busconfig>\n",
        policy("user=\"root\"", "allow"),
        policy("user=\"dnsmasq\"", "allow"),
        policy("context=\"default\"", "deny"),
    )
}

/// What Debian's service `dnsmasq@<zone>` is started with, from `/etc/default`.
#[must_use]
pub fn service_environment(dhcp: &str) -> String {
    let name = bus_name(dhcp);
    format!(
        "CONFIG_DIR='/etc/dnsmasq.d/{dhcp},*.conf'\n\
         DNSMASQ_OPTS=\"--conf-file=/dev/null --enable-dbus={name}\"\n"
    )
}

/// What holds for all VNets of the zone (dnsmasq(8)). `mtu` is what clients are told.
#[must_use]
pub fn zone_settings(dhcp: &str, mtu: &str) -> String {
    format!(
        r#"except-interface=lo
enable-ra
quiet-ra
bind-dynamic
no-hosts
dhcp-leasefile=/var/lib/misc/dnsmasq.{dhcp}.leases
dhcp-hostsfile=/etc/dnsmasq.d/{dhcp}/ethers
dhcp-ignore=tag:!known

dhcp-option=26,{mtu}
ra-param=*,mtu:{mtu},0

# For Windows: no proxy is to be looked for, and leases are given back at shutdown.
dhcp-option=252,"\n"
dhcp-option=vendor:MSFT,2,1i

# No client gets the name by which others look for a proxy (CERT VU#598349).
dhcp-name-match=set:wpad-ignore,wpad
dhcp-ignore-names=tag:wpad-ignore
"#
    )
}

/// The settings for a subnet, in the order of their lines (`configure_subnet`).
///
/// # Errors
/// [`Error::NoGateway`] for a subnet of IPv6 without one.
pub fn subnet_settings(subnet: &Section) -> Result<Vec<String>, Error> {
    let id = perl::text(subnet.get("id"));
    let mut parts = id.split('-').skip(1);
    let network = parts.next().unwrap_or_default();
    let prefix = parts.next().unwrap_or_default();
    let gateway = perl::true_text(subnet.get("gateway"));
    let mask = if is_ipv4(network) {
        netmask(perl::integer(prefix))
    } else if gateway.is_none() {
        return Err(Error::NoGateway { subnet: id.into_owned() });
    } else {
        prefix.to_owned()
    };
    let mut lines = vec![format!("dhcp-range=set:{id},{network},static,{mask},infinite")];
    let option = match gateway {
        _ if is_ipv6(&perl::text(subnet.get("network"))) => "option6",
        Some(gateway) => {
            lines.push(format!("dhcp-option=tag:{id},option:router,{gateway}"));
            "option"
        }
        // As in the reference; dnsmasq does not start with a server for names then.
        None => "",
    };
    if let Some(server) = perl::true_text(subnet.get("dhcp-dns-server")) {
        lines.push(format!("dhcp-option=tag:{id},{option}:dns-server,{server}"));
    }
    Ok(lines)
}

fn netmask(prefix: i64) -> String {
    let bits = u32::try_from(prefix.clamp(0, 32)).unwrap_or(0);
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    std::net::Ipv4Addr::from(mask).to_string()
}

/// The file of a VNet with the settings of its subnets; `None` where it has none (`configure_vnet`).
#[must_use]
pub fn vnet_settings(vnet: &str, subnets: &[String]) -> Option<String> {
    (!subnets.is_empty()).then(|| format!("{}\ninterface={vnet}\n", subnets.join("\n")))
}

/// Whether a file in the folder of a zone's server is that of a VNet.
#[must_use]
pub fn is_of_vnet(file: &str) -> bool {
    file.starts_with("10-") && file.ends_with(".conf") && file.len() >= "10-.conf".len()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(subnet: Value) -> Result<Vec<String>, Error> {
        subnet_settings(subnet.as_object().unwrap())
    }

    #[test]
    fn subnets_have_their_mask_gateway_and_server_for_names() {
        let subnet = json!({ "id": "z-10.0.0.0-22", "network": "10.0.0.0", "gateway": "10.0.0.1",
            "dhcp-dns-server": "10.0.0.2" });
        let wanted = [
            "dhcp-range=set:z-10.0.0.0-22,10.0.0.0,static,255.255.252.0,infinite",
            "dhcp-option=tag:z-10.0.0.0-22,option:router,10.0.0.1",
            "dhcp-option=tag:z-10.0.0.0-22,option:dns-server,10.0.0.2",
        ];
        assert_eq!(settings(subnet).unwrap(), wanted);
        let subnet = json!({ "id": "z-fd00::-64", "network": "fd00::", "gateway": "fd00::1",
            "dhcp-dns-server": "fd00::2" });
        let wanted = [
            "dhcp-range=set:z-fd00::-64,fd00::,static,64,infinite",
            "dhcp-option=tag:z-fd00::-64,option6:dns-server,fd00::2",
        ];
        assert_eq!(settings(subnet).unwrap(), wanted);
    }

    #[test]
    fn only_subnets_of_ipv4_do_without_a_gateway() {
        let bare = settings(json!({ "id": "z-10.0.0.0-32", "network": "10.0.0.0" })).unwrap();
        assert_eq!(bare, ["dhcp-range=set:z-10.0.0.0-32,10.0.0.0,static,255.255.255.255,infinite"]);
        let error = settings(json!({ "id": "z-fd00::-64", "network": "fd00::" })).unwrap_err();
        assert_eq!(error.to_string(), "No gateway configured for subnet z-fd00::-64");
        assert!(error.at_caller());
        let all = settings(json!({ "id": "z-0.0.0.0-0", "network": "0.0.0.0" })).unwrap();
        assert_eq!(all, ["dhcp-range=set:z-0.0.0.0-0,0.0.0.0,static,0.0.0.0,infinite"]);
    }

    #[test]
    fn a_vnet_without_subnets_has_no_file() {
        assert_eq!(vnet_settings("v1", &[]), None);
        let file = vnet_settings("v1", &["a".into(), "b".into()]);
        assert_eq!(file.unwrap(), "a\nb\ninterface=v1\n");
        assert!(is_of_vnet("10-v1.conf") && !is_of_vnet("00-default.conf"));
        assert!(!is_of_vnet("10-v1.conf.tmp") && !is_of_vnet("ethers"));
    }
}
