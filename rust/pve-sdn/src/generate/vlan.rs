//! VLAN zones: a VLAN of the zone's bridge for each VNet (`VlanPlugin::generate_sdn_config`).

use pve_schema::{Error, PerlStr, PerlString};

use super::bridge::{Lower, look, vnet_bridge};
use super::context::{Context, Vnet};
use super::stanza::Options;

pub(super) fn generate(context: &mut Context<'_>, vnet: &Vnet<'_>) -> Result<(), Error> {
    let bridge = vnet.zone.text("bridge")?;
    let lower = look(context, bridge.as_perl())?;
    let tag = vnet.options.text("tag")?;
    let mtu = vnet.zone.true_text("mtu")?;
    let mut uplink = vnet.prefixed("ln_");
    match lower {
        Lower::Ovs => {
            let mut port = Options::default();
            port.line("ovs_type OVSIntPort");
            port.option("ovs_bridge ", &bridge);
            port.maybe("ovs_mtu ", mtu.as_ref());
            if vnet.options.is_true("vlanaware") {
                let tunnel =
                    "ovs_options vlan_mode=dot1q-tunnel other_config:qinq-ethtype=802.1q tag=";
                port.option(tunnel, &tag);
            } else {
                port.option("ovs_options tag=", &tag);
            }
            context.stanzas.add(uplink.as_perl(), port);
            // ifupdown2 merges the ports of several lines and files.
            context.stanzas.of(bridge.as_perl()).option("ovs_ports ", &uplink);
        }
        Lower::VlanAware => {
            uplink = PerlString::concat(&[bridge.as_perl(), PerlStr::literal("."), tag.as_perl()]);
        }
        Lower::Plain(below) => {
            let mut ports = PerlString::literal("bridge_ports ");
            for port in context.answered(&below.ports)? {
                let parts = [PerlStr::literal(" "), port.as_perl(), PerlStr::literal(".")];
                ports.extend(&parts);
                ports.push(tag.as_perl());
            }
            let peer = vnet.prefixed("pr_");
            ports.extend(&[PerlStr::literal(" "), peer.as_perl()]);
            for (end, other) in [(&uplink, &peer), (&peer, &uplink)] {
                let mut veth = Options::veth(other);
                veth.maybe("mtu ", mtu.as_ref());
                context.stanzas.add(end.as_perl(), veth);
            }
            let mut vlan_bridge = Options::default();
            vlan_bridge.parts(&[ports.as_perl()]);
            vlan_bridge.plain_bridge(false);
            vlan_bridge.maybe("mtu ", mtu.as_ref());
            let name =
                PerlString::concat(&[bridge.as_perl(), PerlStr::literal("v"), tag.as_perl()]);
            context.stanzas.add(name.as_perl(), vlan_bridge);
        }
    }
    let options = vnet_bridge(vnet, uplink.as_perl(), mtu.as_ref())?;
    context.stanzas.add(vnet.id, options);
    Ok(())
}
