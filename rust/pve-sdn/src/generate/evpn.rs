//! EVPN zones: a VXLAN for each VNet, routed in the zone's VRF (`EvpnPlugin::generate_sdn_config`).

use pve_schema::{Error, PerlStr, PerlString, Scalar, Value};

use super::context::{Config, Context, Vnet};
use super::data::Section;
use super::interfaces::{LocalEnd, Tunnel, local_end, plus, split_list, tunnel_mtu};
use super::stanza::Options;
use super::subnets::{self, Rules};
use super::vxlan::missing_tag;

/// What the stanzas of a zone have in common.
struct Zone<'m> {
    options: Section<'m>,
    end: &'m LocalEnd,
    port: Option<PerlString<'m>>,
    mtu: Option<&'m PerlString<'static>>,
    vrf: PerlString<'static>,
    is_exit_node: bool,
}

impl Zone<'_> {
    /// The VXLAN of a number, for BGP to fill.
    fn tunnel(&self, number: &PerlString<'_>) -> Result<Options, Error> {
        let mut options = Options::default();
        options.option("vxlan-id ", number);
        options.maybe("vxlan-local-tunnelip ", self.end.true_address());
        options.maybe("vxlan-port ", self.port.as_ref());
        options.line("bridge-learning off");
        if !self.options.is_true("disable-arp-nd-suppression") {
            options.line("bridge-arp-nd-suppress on");
        }
        options.maybe("mtu ", self.mtu);
        Ok(options)
    }
}

pub(super) fn generate(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
    controller: Option<&Value<'_>>,
) -> Result<(), Error> {
    let Some(tag) = vnet.options.true_text("tag")? else { return Err(missing_tag()) };
    if !controller.is_some_and(Value::is_true) {
        return Err(Error::died_at_caller(&[PerlStr::literal("missing controller")]));
    }
    let answer = context.tunnel(vnet, |context| {
        let end = underlay(config, context, Section::of(controller)?)?;
        let mtu = tunnel_mtu(context, vnet.zone, &end)?;
        Ok(Tunnel { peers: Vec::new(), end, mtu })
    })?;
    let Tunnel { end, mtu, .. } = answer.result.as_ref().map_err(Clone::clone)?;
    let exit_nodes = vnet.zone.section("exitnodes")?;
    let zone = Zone {
        options: vnet.zone,
        end,
        port: vnet.zone.true_text("vxlan-port")?,
        mtu: mtu.as_ref(),
        vrf: vnet.zone_prefixed("vrf_"),
        is_exit_node: exit_nodes.find(context.node.as_perl()).is_some_and(Value::is_true),
    };
    let name = vnet.prefixed("vxlan_");
    context.stanzas.add(name.as_perl(), zone.tunnel(&tag)?);
    let v6 = vnet_bridge(config, context, vnet, &zone, &name)?;
    vrf(context, vnet, &zone)?;
    if zone.is_exit_node && vnet.zone.is_true("exitnodes-local-routing") {
        leave_vrf(context, vnet, &zone, v6);
    }
    Ok(())
}

/// The VNet's bridge. Returns whether it has an IPv6 subnet.
fn vnet_bridge(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
    zone: &Zone<'_>,
    tunnel: &PerlString<'_>,
) -> Result<bool, Error> {
    let mut options = Options::default();
    let rules = Rules { routes_single_addresses: false, translates: zone.is_exit_node };
    let families = subnets::add(config, context, vnet.id, rules, &mut options)?;
    options.maybe("hwaddress ", vnet.zone.true_text("mac")?.as_ref());
    options.option("bridge_ports ", tunnel);
    options.plain_bridge(false);
    options.maybe("mtu ", zone.mtu);
    options.maybe("alias ", vnet.options.true_text("alias")?.as_ref());
    families.forwarding(&mut options);
    if families.v4 || families.v6 {
        options.line("arp-accept on");
    }
    options.option("vrf ", &zone.vrf);
    context.stanzas.add(vnet.id, options);
    Ok(families.v6)
}

/// The zone's VRF, and the VXLAN and bridge between the nodes' VRFs.
fn vrf(context: &mut Context<'_>, vnet: &Vnet<'_>, zone: &Zone<'_>) -> Result<(), Error> {
    context.stanzas.once(&zone.vrf, || {
        let mut vrf = Options::default();
        vrf.line("vrf-table auto");
        let action = if zone.is_exit_node { "del" } else { "add" };
        vrf.parts(&[
            PerlStr::literal("post-up ip route "),
            PerlStr::literal(action),
            PerlStr::literal(" vrf "),
            zone.vrf.as_perl(),
            PerlStr::literal(" unreachable default metric 4278198272"),
        ]);
        Ok(vrf)
    })?;
    let Some(number) = vnet.zone.true_text("vrf-vxlan")? else { return Ok(()) };
    let name = vnet.zone_prefixed("vrfvx_");
    context.stanzas.once(&name, || zone.tunnel(&number))?;
    context.stanzas.once(&vnet.zone_prefixed("vrfbr_"), || {
        let mut bridge = Options::default();
        bridge.option("bridge-ports ", &name);
        bridge.plain_bridge(false);
        bridge.maybe("mtu ", zone.mtu);
        bridge.option("vrf ", &zone.vrf);
        Ok(bridge)
    })
}

/// A pair of interfaces by which an exit node itself gets into the VRF.
fn leave_vrf(context: &mut Context<'_>, vnet: &Vnet<'_>, zone: &Zone<'_>, v6: bool) {
    let (outside, inside) = (vnet.zone_prefixed("xvrf_"), vnet.zone_prefixed("xvrfp_"));
    let mtu = zone.mtu.map(|mtu| {
        let number = match mtu.as_perl() {
            PerlStr::Bytes(bytes) => Scalar::bytes(bytes).to_number(),
            PerlStr::Text(text) => Scalar::bytes(text.as_bytes()).to_number(),
        };
        let text = plus(number, 50).to_text().into_owned();
        PerlString::Bytes(text.into_bytes().into())
    });
    let ends = [
        (&outside, &inside, "address 10.255.255.1/30", "address fe80::1/126"),
        (&inside, &outside, "address 10.255.255.2/30", "address fe80::2/126"),
    ];
    for (name, peer, address, address6) in ends {
        let mut options = Options::default();
        options.line("link-type veth");
        options.line(address);
        if v6 {
            options.line(address6);
        }
        options.option("veth-peer-name ", peer);
        if name == &inside {
            options.option("vrf ", &zone.vrf);
        }
        options.maybe("mtu ", mtu.as_ref());
        context.stanzas.add(name.as_perl(), options);
    }
}

/// The node's own end of the tunnels.
fn underlay(
    config: &Config<'_>,
    context: &mut Context<'_>,
    controller: Section<'_>,
) -> Result<LocalEnd, Error> {
    if let Some(peers) = controller.true_text("peers")? {
        let loopback = loopback(config, context)?;
        return local_end(context, &split_list(&peers), loopback.as_ref());
    }
    let Some(fabric) = controller.true_text("fabric")? else {
        let what = "neither fabric nor peers configured for EVPN controller ";
        let id = controller.text("id")?;
        return Err(Error::died_at_caller(&[PerlStr::literal(what), id.as_perl()]));
    };
    let node = context.node.clone();
    let what = [PerlStr::literal("could not configure EVPN zone ")];
    let fabric = config.fabrics.underlay(&fabric, &node, &what)?;
    fabric.local_end(node.as_perl(), &[PerlStr::literal("EVPN zone")])
}

/// The interface with the address that this node's BGP or IS-IS controller announces. Of several controllers of a kind, the
/// first by id counts.
fn loopback<'m>(
    config: &Config<'m>,
    context: &Context<'_>,
) -> Result<Option<PerlString<'m>>, Error> {
    for kind in ["bgp", "isis"] {
        for (_, value) in config.controllers.as_ref().map_err(Clone::clone)?.iter() {
            let controller = Section::of(Some(value))?;
            let is_kind = controller.text("type")? == PerlString::literal(kind);
            if is_kind && controller.text("node")? == context.node {
                let loopback = controller.true_text("loopback")?;
                if loopback.is_some() {
                    return Ok(loopback);
                }
                break;
            }
        }
    }
    Ok(None)
}
