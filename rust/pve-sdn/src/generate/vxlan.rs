//! VXLAN zones: a VXLAN between given peers for each VNet (`VxlanPlugin::generate_sdn_config`).

use pve_schema::{Error, PerlStr, PerlString};

use super::bridge::vnet_bridge;
use super::context::{Config, Context, Vnet};
use super::interfaces::{LocalEnd, Tunnel, local_end, split_list, tunnel_mtu};
use super::stanza::Options;

pub(super) fn generate(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
) -> Result<(), Error> {
    let Some(tag) = vnet.options.true_text("tag")? else { return Err(missing_tag()) };
    let answer = context.tunnel(vnet, |context| {
        let (peers, end) = underlay(config, context, vnet)?;
        let mtu = tunnel_mtu(context, vnet.zone, &end)?;
        Ok(Tunnel { peers, end, mtu })
    })?;
    let Tunnel { peers, end, mtu } = answer.result.as_ref().map_err(Clone::clone)?;
    let name = vnet.prefixed("vxlan_");
    let mut tunnel = Options::default();
    tunnel.option("vxlan-id ", &tag);
    // An address that is not known counts as an empty one.
    let own = end.address.clone().unwrap_or_default();
    for peer in peers.iter().filter(|peer| **peer != own) {
        tunnel.option("vxlan_remoteip ", peer);
    }
    tunnel.maybe("vxlan-port ", vnet.zone.true_text("vxlan-port")?.as_ref());
    tunnel.maybe("mtu ", mtu.as_ref());
    context.stanzas.add(name.as_perl(), tunnel);
    let options = vnet_bridge(vnet, name.as_perl(), mtu.as_ref())?;
    context.stanzas.add(vnet.id, options);
    Ok(())
}

pub(super) fn missing_tag() -> Error {
    Error::died_at_caller(&[PerlStr::literal("missing vxlan tag")])
}

/// The zone's peers and the node's own end.
fn underlay(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
) -> Result<(Vec<PerlString<'static>>, LocalEnd), Error> {
    if let Some(peers) = vnet.zone.true_text("peers")? {
        let peers = split_list(&peers);
        let end = local_end(context, &peers, None)?;
        return Ok((peers, end));
    }
    let id = vnet.zone.text("id")?;
    let Some(fabric) = vnet.zone.true_text("fabric")? else {
        let what = "neither peers nor fabric configured for VXLAN zone ";
        return Err(Error::died_at_caller(&[PerlStr::literal(what), id.as_perl()]));
    };
    let node = context.node.clone();
    let what = [PerlStr::literal("could not configure VXLAN zone "), id.as_perl()];
    let fabric = config.fabrics.underlay(&fabric, &node, &what)?;
    let end = fabric.local_end(node.as_perl(), &[PerlStr::literal("VXLAN zone "), id.as_perl()])?;
    Ok((fabric.peers, end))
}
