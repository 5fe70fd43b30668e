//! `PVE::Network::Rust::SDN`: what is generated for zones and VNets.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use perlxs::{Context, Error, List, Perl, PerlData, Return, Returned};
use pve_container::network_lock::NetworkLockFile;
use pve_netlink::Host;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::{Call, Surroundings};
use pve_netlink::wait::Cancel;
use pve_schema::Map;
use pve_sdn::generate::generate;
use pve_vnet::{Environment, ThisNode, ThisNodesStatus};

use crate::string::Text;
use crate::{error, node, string};

/// An argument that is a hash, or undef.
type Given<'a> = Option<PerlData<Map<'a>>>;

fn map(given: Given<'_>) -> Map<'_> {
    given.map_or_else(Map::new, |given| given.0)
}

/// Asks this node, as far as the caller does not say what it is.
fn on_this_node<T>(
    env: Given<'_>,
    run: impl FnOnce(&mut ThisNode<'_, '_>) -> T,
) -> Result<T, Error> {
    let env = Environment::of(map(env).into_owned());
    let env = env.map_err(|error| Error::die_at_caller(error.0))?;
    let root = node::root();
    Ok(on_this_host(&root, |call| run(&mut ThisNode::new(call, &root, env))))
}

/// Asks on the thread that this runs on: nothing waits but Open vSwitch's command, which is only run for what is no bridge
/// of the kernel's.
fn on_this_host<T>(root: &Path, run: impl FnOnce(&mut Call<'_>) -> T) -> T {
    let surroundings = Surroundings {
        lock: &NetworkLockFile::below(root),
        ovs: &Installed::below(root),
        interfaces: &|| None,
    };
    let cancel = Cancel::new();
    run(&mut Call::here(&Host, &cancel, &surroundings))
}

/// Whether it has been warned of what was generated, which is told once until it is as it should be.
static HAS_WARNED: AtomicBool = AtomicBool::new(false);

/// How zones are, and how VNets are; or the empty list.
pub(crate) struct Hashes(Option<(Map<'static>, Map<'static>)>);

impl Return for Hashes {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        match self.0 {
            Some((zones, vnets)) => List(vec![zones, vnets]).into_perl(perl),
            None => Ok(Returned::Empty),
        }
    }
}

/// What is generated for zones and VNets.
#[perlxs::package(name = "PVE::Network::Rust::SDN")]
pub mod package {
    use super::*;

    use perlxs::Data;

    /// Stands for `PVE::Network::SDN::generate_raw_etc_network_config`: the content of F</etc/network/interfaces.d/sdn>.
    ///
    /// `$running_cfg` is a reference to a hash, the configuration in effect: `version`, and `zones`, `vnets`, `subnets`,
    /// `controllers` and `fabrics`, each a hash with `ids`. It is not changed. `$env` is a reference to a hash that says what
    /// the node is instead of having it asked: `nodename`, `interfaces`, `bridges` and `routes`, see L</"The node">.
    ///
    /// Returns the text, an empty one where there are neither zones nor VNets nor fabrics.
    ///
    /// Warns of each VNet that cannot be generated: its zone is not there, it has no tag, its bridge is not there, the node
    /// has no way out for what is to be translated. That VNet is left out.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'` for a zone with a VNet on this node.
    #[export]
    fn generate_raw_etc_network_config(
        context: &mut Context,
        running_cfg: Option<PerlData<Map<'_>>>,
        env: Option<PerlData<Map<'_>>>,
    ) -> Result<Text, Error> {
        let running = map(running_cfg);
        let made = on_this_node(env, |node| generate(&running, node))?;
        string::warn_all(context, made.warnings);
        let mut out = std::io::stdout();
        // As by the reference, nobody looks whether it is read.
        let _ = out.write_all(made.printed.as_bytes()).and_then(|()| out.flush());
        made.plan.map(|plan| Text(plan.text())).map_err(error::schema)
    }

    /// Compares two configurations and what would be generated for each of them: what applying `$new` would change where
    /// `$old` is in effect.
    ///
    /// `$old` and `$new` are references to hashes as `generate_raw_etc_network_config` takes them, `$old` undef where nothing
    /// has been applied yet; `$env` as there.
    ///
    /// Returns a reference to a hash. `zones`, `vnets`, `subnets`, `controllers` and `fabrics` are hashes of what differs, by
    /// id: `state`, which is `new`, `changed` or `deleted`, and `changes`, a hash by option of `old` and `new`, undef where it
    /// is not there. `interfaces` is a hash by name: `state`, and the lines that are `removed` and `added`. `text` tells all of
    /// it for people to read, and is empty where nothing differs. The versions are not compared.
    ///
    /// Warns of each VNet of `$new` that cannot be generated.
    ///
    /// # Errors
    ///
    /// As generate_raw_etc_network_config.
    #[export]
    fn diff(
        context: &mut Context,
        old: Option<PerlData<Map<'_>>>,
        new: Option<PerlData<Map<'_>>>,
        env: Option<PerlData<Map<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let (old, new) = (map(old), map(new));
        let found = on_this_node(env, |node| pve_vnet::diff(&old, &new, node))?;
        string::warn_all(context, found.warnings);
        found.diff.map(|diff| Data(diff.to_map())).map_err(error::schema)
    }

    /// Stands for `PVE::Network::SDN::Zones::status`: how the zones and VNets in effect are on this node.
    ///
    /// Returns two references to hashes. The first has, by zone, `status` and `zone-type`; the second, by VNet, `zone`,
    /// `status` and, if it is not `available`, mostly `statusmsg`. A status is `available`; `pending`, if what was generated
    /// is missing or older than what is in effect; or `error`. Where nothing has been applied yet it returns nothing.
    ///
    /// Where the Perl function runs `ifquery`, this compares the same files with the kernel by ifupdown2's rules.
    ///
    /// Warns, once, that the local configuration is not yet generated or too old.
    ///
    /// # Errors
    ///
    /// `unknown section type '...'` for a zone with a VNet on this node; the kernel does not answer.
    #[export]
    fn status(context: &mut Context) -> Result<Hashes, Error> {
        let root = node::root();
        let found = on_this_host(&root, |call| ThisNodesStatus::new(call, &root).status());
        let Some(found) = found.map_err(error::schema)? else { return Ok(Hashes(None)) };
        match found.stale {
            Some(why) if !HAS_WARNED.swap(true, Ordering::Relaxed) => {
                context.warn(format!("{why}\n"))
            }
            Some(_) => {}
            None => HAS_WARNED.store(false, Ordering::Relaxed),
        }
        Ok(Hashes(Some(found.to_maps())))
    }
}
