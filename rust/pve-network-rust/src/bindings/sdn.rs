//! `PVE::Network::Rust::SDN`

use perlxs::{Context, Error, List, Return, Returned, Signals};
use pve_ipam::{Guest, Interrupted, Names, Sdn, ThisHost};
use pve_sdn::perl::{self, FromPerl};
use pve_sdn::{Section, Value};

use crate::waiting::interruptible;
use crate::{error, node};

/// An argument as Perl code uses it: undef where it is left out.
pub(crate) type Argument = Option<perlxs::PerlData<FromPerl>>;

/// The argument's value.
pub(crate) fn value(argument: Argument) -> Value {
    argument.map_or(Value::Null, |argument| argument.0.0)
}

/// The argument as a string.
pub(crate) fn text(argument: Argument) -> String {
    perl::text(Some(&value(argument))).into_owned()
}

/// The argument as a hash; an empty one where it is none.
pub(crate) fn section(argument: Argument) -> Section {
    match value(argument) {
        Value::Object(section) => section,
        _ => Section::new(),
    }
}

/// What `$skipdns` says.
pub(crate) fn names(skip_dns: Argument) -> Names {
    if perl::is_true(Some(&value(skip_dns))) { Names::Skip } else { Names::Keep }
}

/// Runs an operation on this host; what it warned about is warned about, also where it fails.
pub(crate) fn on_this_host<T>(
    context: &mut Context,
    signals: &Signals,
    run: impl FnOnce(&mut Sdn<'_>) -> Result<T, pve_ipam::Error>,
) -> Result<T, Error> {
    interruptible(signals, error::sdn, |poll| {
        let mut interrupt = || poll().map_err(|_| Interrupted);
        let mut host = ThisHost::new(node::root(), &mut interrupt);
        let result = run(&mut Sdn::new(&mut host));
        host.warnings.into_iter().for_each(|warning| context.warn(warning));
        result
    })
}

/// The IPv4 and the IPv6 address, or the empty list.
pub(crate) struct Addresses(Option<(Value, Value)>);

impl Return for Addresses {
    fn into_perl(self, perl: perlxs::Perl) -> Result<Returned, Error> {
        match self.0 {
            Some((ip4, ip6)) => List(vec![ip4, ip6]).into_perl(perl),
            None => Ok(Returned::Empty),
        }
    }
}

/// The address of `ADDRESS/MASK`.
fn address(cidr: Argument) -> String {
    text(cidr).split('/').next().unwrap_or_default().to_owned()
}

/// VNets and the addresses of guests in them.
#[perlxs::package(name = "PVE::Network::Rust::SDN")]
pub mod package {
    use perlxs::{Data, Empty};

    use super::*;

    /// Stands for `PVE::Network::SDN::Vnets::get_vnet`.
    ///
    /// Returns a reference to a hash of the options of VNet `$vnetid`: those that are written in `sdn/vnets.cfg`, or with
    /// `$running` those in effect. If there is no such VNet it returns undef, without a name nothing.
    #[export]
    fn get_vnet(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        running: Argument,
    ) -> Result<Empty<Option<Data<Section>>>, Error> {
        let name = value(vnetid);
        if !perl::is_true(Some(&name)) {
            return Ok(Empty::Nothing);
        }
        let running = perl::is_true(Some(&value(running)));
        let vnet =
            on_this_host(context, signals, |sdn| sdn.vnet(&perl::text(Some(&name)), running))?;
        Ok(Empty::Value(vnet.map(Data)))
    }

    /// Stands for `PVE::Network::SDN::Vnets::get_subnets`.
    ///
    /// Returns a reference to a hash of the subnets of VNet `$vnetid`, or of all VNets, by id; with `$running` those in
    /// effect. Each has, beside its options, `id`, `cidr`, `zone`, `network` and `mask`. Without any it returns undef.
    ///
    /// # Errors
    ///
    /// `sdn subnet '...' does not exist` for a section without a VNet.
    #[export]
    fn get_subnets(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        running: Argument,
    ) -> Result<Option<Data<std::collections::BTreeMap<String, Section>>>, Error> {
        let (name, running) = (text(vnetid), perl::is_true(Some(&value(running))));
        let subnets = on_this_host(context, signals, |sdn| sdn.subnets(&name, running))?;
        Ok((!subnets.is_empty()).then_some(Data(subnets)))
    }

    /// Stands for `PVE::Network::SDN::Vnets::add_next_free_cidr`.
    ///
    /// Takes a free address for the interface `$mac` of guest `$vmid` in the subnets of VNet `$vnetid` that are in
    /// effect: one of IPv4 and one of IPv6, or only of `$ipversion`. Subnets with DHCP ranges give addresses of these,
    /// `$dhcprange` is not looked at. Names are entered into DNS unless `$skipdns`. Nothing happens where the VNet's
    /// zone has no IPAM or no DHCP.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `can't find any free ip in zone ... for IPv4`; `can't find free ip in subnet '...'`; what the IPAM and the DNS
    /// server say.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn add_next_free_cidr(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        hostname: Argument,
        mac: Argument,
        vmid: Argument,
        skipdns: Argument,
        dhcprange: Argument,
        ipversion: Argument,
    ) -> Result<Empty<()>, Error> {
        drop(dhcprange);
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let (vnet, names, version) = (text(vnetid), names(skipdns), value(ipversion));
        on_this_host(context, signals, |sdn| {
            sdn.add_next_free_cidr(&vnet, &guest, names, &version)
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Vnets::add_ip`.
    ///
    /// Takes the address `$ip` of VNet `$vnetid` for the interface `$mac` of guest `$vmid`, whose name is entered into
    /// DNS unless `$skipdns`.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `IP '...' already exist`; `can't find any subnet for ip ...`; what the IPAM and the DNS server say. If DNS
    /// refuses, the address is given back.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn add_ip(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        ip: Argument,
        hostname: Argument,
        mac: Argument,
        vmid: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let (vnet, ip, names) = (text(vnetid), text(ip), names(skipdns));
        on_this_host(context, signals, |sdn| sdn.add_ip(&vnet, &ip, &guest, names))?;
        Ok(Empty::Nothing)
    }

    /// As add_ip, for an address with a mask: `10.0.0.5/24`. So older versions of the reference called it.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn add_cidr(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        cidr: Argument,
        hostname: Argument,
        mac: Argument,
        vmid: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let (vnet, ip, names) = (text(vnetid), address(cidr), names(skipdns));
        on_this_host(context, signals, |sdn| sdn.add_ip(&vnet, &ip, &guest, names))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Vnets::update_ip`.
    ///
    /// Tells the IPAM that the address `$ip` of VNet `$vnetid` is that of the interface `$mac` of guest `$vmid` now, and
    /// renames it in DNS from `$oldhostname` to `$hostname` unless `$skipdns`. The cluster's own IPAM notes nothing.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `can't find any subnet for ip ...`; what the IPAM says.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn update_ip(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        ip: Argument,
        hostname: Argument,
        oldhostname: Argument,
        mac: Argument,
        vmid: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let (vnet, ip, names, old) = (text(vnetid), text(ip), names(skipdns), value(oldhostname));
        on_this_host(context, signals, |sdn| sdn.update_ip(&vnet, &ip, &guest, &old, names))?;
        Ok(Empty::Nothing)
    }

    /// As update_ip, for an address with a mask.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn update_cidr(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        cidr: Argument,
        hostname: Argument,
        oldhostname: Argument,
        mac: Argument,
        vmid: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let guest = Guest { hostname: value(hostname), mac: value(mac), vmid: value(vmid) };
        let (vnet, ip, names, old) =
            (text(vnetid), address(cidr), names(skipdns), value(oldhostname));
        on_this_host(context, signals, |sdn| sdn.update_ip(&vnet, &ip, &guest, &old, names))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Vnets::del_ip`.
    ///
    /// Gives the address `$ip` of VNet `$vnetid` back, and removes the name `$hostname` from DNS unless `$skipdns`. The
    /// cache forgets that `$mac` has it. What DNS says to that is a warning.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `IP '...' does not exist in IPAM DB`; `can't find any subnet for ip ...`; what the IPAM says.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn del_ip(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        ip: Argument,
        hostname: Argument,
        mac: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let (hostname, mac) = (value(hostname), value(mac));
        let (vnet, ip, names) = (text(vnetid), text(ip), names(skipdns));
        on_this_host(context, signals, |sdn| sdn.delete_ip(&vnet, &ip, &hostname, &mac, names))?;
        Ok(Empty::Nothing)
    }

    /// As del_ip, for an address with a mask.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference's")]
    fn del_cidr(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        cidr: Argument,
        hostname: Argument,
        mac: Argument,
        skipdns: Argument,
    ) -> Result<Empty<()>, Error> {
        let (hostname, mac) = (value(hostname), value(mac));
        let (vnet, ip, names) = (text(vnetid), address(cidr), names(skipdns));
        on_this_host(context, signals, |sdn| sdn.delete_ip(&vnet, &ip, &hostname, &mac, names))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Vnets::get_ips_from_mac`.
    ///
    /// Returns the IPv4 and the IPv6 address that `$mac` has in VNet `$vnetid`, each undef if it has none: from the
    /// cluster's cache, else from the IPAM. Where the VNet's zone has no IPAM or no DHCP it returns nothing.
    ///
    /// # Errors
    ///
    /// What the IPAM says.
    #[export]
    fn get_ips_from_mac(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        mac: Argument,
    ) -> Result<Addresses, Error> {
        let (vnet, mac) = (text(vnetid), value(mac));
        on_this_host(context, signals, |sdn| sdn.ips_from_mac(&vnet, &mac)).map(Addresses)
    }

    /// Stands for `PVE::Network::SDN::Vnets::del_ips_from_mac`.
    ///
    /// Gives back what `$mac` has in VNet `$vnetid`, and removes the name `$hostname` from DNS.
    ///
    /// Returns the IPv4 and the IPv6 address that it had, each undef if there was none.
    ///
    /// # Errors
    ///
    /// What the IPAM says.
    #[export]
    fn del_ips_from_mac(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        mac: Argument,
        hostname: Argument,
    ) -> Result<Addresses, Error> {
        let (vnet, mac, hostname) = (text(vnetid), value(mac), value(hostname));
        on_this_host(context, signals, |sdn| sdn.delete_ips_from_mac(&vnet, &mac, &hostname))
            .map(|addresses| Addresses(Some(addresses)))
    }

    /// Stands for `PVE::Network::SDN::Vnets::add_dhcp_mapping`.
    ///
    /// Makes sure that the interface `$mac` of guest `$vmid`, called `$name`, has an address of each version of IP that
    /// VNet `$vnetid` has subnets of, and has the zone's DHCP server give it these.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// As add_next_free_cidr; the DHCP server could not be told. That its file could not be changed is a warning.
    #[export]
    fn add_dhcp_mapping(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        mac: Argument,
        vmid: Argument,
        name: Argument,
    ) -> Result<Empty<()>, Error> {
        let (vnet, mac, vmid, name) = (text(vnetid), value(mac), value(vmid), value(name));
        on_this_host(context, signals, |sdn| sdn.add_dhcp_mapping(&vnet, &mac, &vmid, &name))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Dhcp::regenerate_config`.
    ///
    /// Sets up the DHCP servers of this node anew: stops them, writes the configuration of each zone in effect that has
    /// one, and starts these. VNets are those in effect, their subnets those of F<sdn/subnets.cfg>, as in the reference.
    /// Nothing happens where there is no configuration in effect. `$reload` is not looked at.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// `Could not run before_regenerate for DHCP plugin dnsmasq ...` where a zone needs dnsmasq and it is not installed, or
    /// its services do not stop; `Could not run before_configure for DHCP server ...` where its files cannot be written.
    /// That a subnet, a VNet or a service fails is a warning.
    #[export]
    fn regenerate_config(
        context: &mut Context,
        signals: &Signals,
        reload: Argument,
    ) -> Result<Empty<()>, Error> {
        drop(reload);
        on_this_host(context, signals, |sdn| sdn.regenerate_dhcp())?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Dhcp::add_mapping`.
    ///
    /// Has the DHCP server of the zone of VNet `$vnetid` give `$mac` the addresses `$ip4` and `$ip6`; either may be
    /// undef.
    ///
    /// Returns nothing.
    ///
    /// # Errors
    ///
    /// The DHCP server could not be told. That its file could not be changed is a warning.
    #[export]
    fn add_mapping(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        mac: Argument,
        ip4: Argument,
        ip6: Argument,
    ) -> Result<Empty<()>, Error> {
        let (vnet, mac, ip4, ip6) = (text(vnetid), value(mac), value(ip4), value(ip6));
        on_this_host(context, signals, |sdn| sdn.add_mapping(&vnet, &mac, &ip4, &ip6))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::SDN::Dhcp::remove_mapping`.
    ///
    /// Nothing happens where the zone of VNet `$vnetid` has no IPAM or no DHCP.
    ///
    /// # Errors
    ///
    /// `Can't locate object method "del_ip_mapping" ...` everywhere else, as in the reference: dnsmasq's file loses a
    /// guest that has no address any more when the next one is added.
    #[export]
    fn remove_mapping(
        context: &mut Context,
        signals: &Signals,
        vnetid: Argument,
        mac: Argument,
    ) -> Result<Empty<()>, Error> {
        drop(mac);
        let vnet = text(vnetid);
        on_this_host(context, signals, |sdn| sdn.remove_mapping(&vnet))?;
        Ok(Empty::Nothing)
    }
}
