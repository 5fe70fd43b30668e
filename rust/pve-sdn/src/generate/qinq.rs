//! QinQ zones: a VLAN within the zone's VLAN for each VNet (`QinQPlugin::generate_sdn_config`).

use pve_schema::{Error, PerlStr, PerlString};

use super::bridge::{Lower, look, vnet_bridge};
use super::context::{Context, Vnet};
use super::stanza::Options;

pub(super) fn generate(context: &mut Context<'_>, vnet: &Vnet<'_>) -> Result<(), Error> {
    let bridge = vnet.zone.text("bridge")?;
    let lower = look(context, bridge.as_perl())?;
    let mtu = vnet.zone.true_text("mtu")?;
    let (uplink, peer) = (vnet.zone_prefixed("ln_"), vnet.zone_prefixed("pr_"));
    let zone = vnet.zone_prefixed("z_");
    let port = match vnet.options.true_text("tag")? {
        Some(tag) => PerlString::concat(&[zone.as_perl(), PerlStr::literal("."), tag.as_perl()]),
        None => peer.clone(),
    };
    let zone_port = match lower {
        Lower::Ovs => ovs_port(context, vnet, &bridge, mtu.as_ref())?,
        Lower::VlanAware => vlan_of_bridge(context, vnet, &bridge)?,
        Lower::Plain(below) => {
            let ports = context.answered(&below.ports)?;
            match ports.first() {
                Some(first) => vlan_of_port(context, vnet, first)?,
                None => PerlString::new(),
            }
        }
    };
    for (end, other) in [(&uplink, &peer), (&peer, &uplink)] {
        context.stanzas.once(end, || Ok(Options::veth(other)))?;
    }
    context.stanzas.once(&zone, || {
        let mut bridge = Options::default();
        bridge.maybe("mtu ", mtu.as_ref());
        bridge.line("bridge-stp off");
        bridge.parts(&[
            PerlStr::literal("bridge-ports "),
            zone_port.as_perl(),
            PerlStr::literal(" "),
            uplink.as_perl(),
        ]);
        bridge.line("bridge-fd 0");
        bridge.line("bridge-vlan-aware yes");
        bridge.line("bridge-vids 2-4094");
        Ok(bridge)
    })?;
    let options = vnet_bridge(vnet, port.as_perl(), mtu.as_ref())?;
    context.stanzas.add(vnet.id, options);
    Ok(())
}

/// A port of an Open vSwitch bridge that takes frames with tags into the zone's VLAN.
fn ovs_port(
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
    bridge: &PerlString<'_>,
    mtu: Option<&PerlString<'_>>,
) -> Result<PerlString<'static>, Error> {
    let protocol = vnet.zone.true_text("vlan-protocol")?;
    let protocol = protocol.unwrap_or(PerlString::literal("802.1q"));
    let name = vnet.zone_prefixed("sv_");
    let mut port = Options::default();
    port.line("ovs_type OVSIntPort");
    port.option("ovs_bridge ", bridge);
    port.maybe("ovs_mtu ", mtu);
    port.parts(&[
        PerlStr::literal("ovs_options vlan_mode=dot1q-tunnel tag="),
        vnet.zone.text("tag")?.as_perl(),
        PerlStr::literal(" other_config:qinq-ethtype="),
        protocol.as_perl(),
    ]);
    context.stanzas.add(name.as_perl(), port);
    // ifupdown2 merges this with the bridge's own stanza.
    let stanza = context.stanzas.of(bridge.as_perl());
    let ports = stanza.first().filter(|ports| ports.is_true());
    let mut ports = ports.unwrap_or(PerlStr::literal("ovs_ports")).into_owned();
    if !ports.as_perl().split(b' ').any(|port| port == name.as_perl()) {
        ports.extend(&[PerlStr::literal(" "), name.as_perl()]);
        stanza.replace_first(&ports);
    }
    Ok(name)
}

/// The zone's VLAN of a bridge that filters VLANs.
fn vlan_of_bridge(
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
    bridge: &PerlString<'_>,
) -> Result<PerlString<'static>, Error> {
    let tag = vnet.zone.text("tag")?;
    let name = PerlString::concat(&[bridge.as_perl(), PerlStr::literal("."), tag.as_perl()]);
    if let Some(protocol) = vnet.zone.true_text("vlan-protocol")? {
        let mut options = Options::default();
        options.option("bridge-vlan-protocol ", &protocol);
        context.stanzas.add(bridge.as_perl(), options);
        let mut options = Options::default();
        options.option("vlan-protocol ", &protocol);
        context.stanzas.add(name.as_perl(), options);
    }
    Ok(name)
}

/// The zone's VLAN on a port of a bridge that does not filter VLANs; named after the zone, since a port's name and a tag may
/// be too long together.
fn vlan_of_port(
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
    port: &PerlString<'_>,
) -> Result<PerlString<'static>, Error> {
    let name = vnet.zone_prefixed("sv_");
    let mut options = Options::default();
    options.option("vlan-raw-device ", port);
    options.option("vlan-id ", &vnet.zone.text("tag")?);
    options.maybe("vlan-protocol ", vnet.zone.true_text("vlan-protocol")?.as_ref());
    context.stanzas.add(name.as_perl(), options);
    Ok(name)
}
