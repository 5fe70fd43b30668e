//! Simple zones: a bridge of the node alone (`SimplePlugin::generate_sdn_config`).

use pve_schema::Error;

use super::context::{Config, Context, Vnet};
use super::stanza::Options;
use super::subnets::{self, Rules};

pub(super) fn generate(
    config: &Config<'_>,
    context: &mut Context<'_>,
    vnet: &Vnet<'_>,
) -> Result<(), Error> {
    if context.stanzas.has(vnet.id) {
        return Ok(());
    }
    let mut options = Options::default();
    let rules = Rules { routes_single_addresses: true, translates: true };
    let families = subnets::add(config, context, vnet.id, rules, &mut options)?;
    options.maybe("hwaddress ", vnet.options.true_text("mac")?.as_ref());
    options.line("bridge_ports none");
    options.plain_bridge(vnet.options.is_true("vlanaware"));
    options.maybe("mtu ", vnet.zone.true_text("mtu")?.as_ref());
    options.maybe("alias ", vnet.options.true_text("alias")?.as_ref());
    families.forwarding(&mut options);
    context.stanzas.add(vnet.id, options);
    Ok(())
}
