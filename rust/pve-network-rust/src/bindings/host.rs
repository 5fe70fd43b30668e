//! `PVE::Network::Rust::Host`

use perlxs::{Context, Error, Signals};
use pve_container::network_lock::NetworkLockFile;
use pve_netlink::host::ovs::Installed;
use pve_netlink::host::plug::{Plug, is_true};
use pve_netlink::host::{self, Call, Died, Surroundings, names, perl_number};
use pve_netlink::tc::Rate;
use pve_netlink::{Host, Interrupted};
use pve_schema::Value;
use serde::{Deserialize, Deserializer};

use crate::node;

/// What the reference dies with.
pub(crate) fn died(died: Died) -> Error {
    match died {
        Died::Text(text) => Error::die(text),
        Died::AtCaller(text) => Error::die_at_caller(text),
        Died::Interrupted => Error::die("interrupted\n"),
    }
}

/// Makes a change on a thread of its own while signal handlers run, and warns as it says.
pub(crate) fn change<T: Send>(
    context: &mut Context,
    signals: &Signals,
    work: impl FnOnce(&mut Call<'_>) -> Result<T, Died> + Send,
) -> Result<T, Error> {
    let root = node::root();
    let interfaces = root.join("etc/network/interfaces");
    let surroundings = Surroundings {
        lock: &NetworkLockFile::below(&root),
        ovs: &Installed::below(&root),
        interfaces: &|| std::fs::read(&interfaces).ok(),
    };
    let mut by = None;
    let mut poll = || {
        signals.poll().map_err(|interrupted| {
            by = Some(interrupted);
            Interrupted
        })
    };
    let done = host::call(&Host, &surroundings, &mut poll, work);
    done.warnings.into_iter().for_each(|warning| context.warn(warning));
    match by {
        Some(interrupted) => Err(interrupted.into()),
        None => done.result.map_err(died),
    }
}

/// A text where Perl takes undef for an empty one.
pub(crate) fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}

/// A limit of so many MB a second, as Perl multiplies it; none where it is false or comes to nothing.
pub(crate) fn rate(context: &mut Context, value: &Option<String>) -> Option<Rate> {
    let value = value.as_deref().filter(|value| is_true(value))?;
    let (number, whole) = perl_number(value);
    if !whole {
        context.warn(format!("Argument \"{value}\" isn't numeric in multiplication (*)"));
    }
    // A negative one is refused by nobody, and becomes a very large one.
    Rate::new((number * 1024.0 * 1024.0) as i64 as u64)
}

/// What may be given about how an interface is plugged in: a hash, or as of old whether the bridge is to learn.
#[derive(Default)]
pub(crate) struct Options {
    learning: Option<bool>,
    isolation: bool,
    mac: Option<String>,
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Options, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let is_true = |value: &Value<'_>| value.as_scalar().is_none_or(|scalar| scalar.is_true());
        let Some(map) = value.as_map() else {
            let learning = value.is_defined().then(|| is_true(&value));
            return Ok(Options { learning, ..Options::default() });
        };
        let given = |key| map.get(key).filter(|value: &&Value<'_>| value.is_defined());
        Ok(Options {
            learning: given("learning").map(is_true),
            isolation: given("isolation").is_some_and(is_true),
            mac: given("mac").and_then(|mac| mac.as_scalar()).map(|mac| mac.to_perl().to_string()),
        })
    }
}

/// The arguments of ip(8), where Perl takes undef for an empty one.
fn words(arguments: Vec<Option<String>>) -> Vec<String> {
    arguments.into_iter().map(Option::unwrap_or_default).collect()
}

/// Interfaces of guests on the host.
#[perlxs::package(name = "PVE::Network::Rust::Host")]
pub mod package {
    use super::*;

    use perlxs::{Empty, PerlData, Truth};
    use pve_netlink::host::{
        bridge_vlan, fdb, interface, plug, query, rate as limit, unplug, veth,
    };

    /// Stands for `PVE::Network::read_bridge_mtu`: the MTU of a bridge, or of any other interface, in bytes.
    ///
    /// # Errors
    ///
    /// `bridge '...' does not exist`.
    #[export]
    fn read_bridge_mtu(bridge: Option<String>) -> Result<u32, Error> {
        query::read_bridge_mtu(&Host, text(&bridge)).map_err(died)
    }

    /// Stands for `PVE::Network::check_iface_name`: whether `ip` would take the name for an interface.
    ///
    /// Returns 1.
    ///
    /// # Errors
    ///
    /// The name is too long, empty, or has a character that none has.
    #[export]
    fn check_iface_name(name: Option<String>) -> Result<u32, Error> {
        names::check(text(&name)).map_err(Died::AtCaller).map_err(died)?;
        Ok(1)
    }

    /// Stands for `PVE::Network::is_linux_bridge`.
    ///
    /// Returns 1, or undef where the interface is no Linux bridge.
    ///
    /// # Errors
    ///
    /// The name is none, or there is no such interface.
    #[export]
    fn is_linux_bridge(iface_name: Option<String>) -> Result<Option<u32>, Error> {
        let is_one = query::is_linux_bridge(&Host, text(&iface_name)).map_err(died)?;
        Ok(is_one.then_some(1))
    }

    /// Stands for `PVE::Network::is_ovs_bridge`. Open vSwitch is asked where it is installed and the interface is no
    /// Linux bridge.
    ///
    /// Returns 1 or 0.
    ///
    /// # Errors
    ///
    /// The name is none, there is no such interface, or Open vSwitch does not answer.
    #[export]
    fn is_ovs_bridge(
        context: &mut Context,
        signals: &Signals,
        bridge: Option<String>,
    ) -> Result<bool, Error> {
        change(context, signals, |call| query::is_ovs_bridge(call, text(&bridge)))
    }

    /// Stands for `PVE::Network::disable_ipv6`: keeps the kernel from giving an interface IPv6 addresses. Without IPv6 in
    /// the kernel, or without the interface, nothing is done.
    ///
    /// # Errors
    ///
    /// The setting cannot be written.
    #[export]
    fn disable_ipv6(iface: Option<String>) -> Result<Empty<()>, Error> {
        query::disable_ipv6(&Host, text(&iface)).map_err(died)?;
        Ok(Empty::Nothing)
    }

    /// Makes a link of a kind, with a reference to a list of the arguments that `ip link add ... type ...` takes after it.
    /// `iface_create` calls this with its own.
    ///
    /// # Errors
    ///
    /// Those of `iface_create`.
    #[export]
    fn iface_create_with(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        kind: Option<String>,
        args: PerlData<Vec<Option<String>>>,
    ) -> Result<Empty<()>, Error> {
        let args = words(args.0);
        let (iface, kind) = (text(&iface), text(&kind));
        change(context, signals, |call| interface::iface_create(call, iface, kind, &args))?;
        Ok(Empty::Nothing)
    }

    /// Sets options of a link, in a reference to a list of the arguments that `ip link set` takes. `iface_set` calls
    /// this with its own.
    ///
    /// # Errors
    ///
    /// Those of `iface_set`.
    #[export]
    fn iface_set_with(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        opts: PerlData<Vec<Option<String>>>,
    ) -> Result<Empty<()>, Error> {
        let opts = words(opts.0);
        change(context, signals, |call| interface::iface_set(call, text(&iface), &opts))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::iface_set_master`: makes an interface a port of the bridge `$master`, or where that is
    /// undef, of none.
    ///
    /// # Errors
    ///
    /// `can't enslave '...' to '...'`, `can't unenslave '...'`.
    #[export]
    fn iface_set_master(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        master: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| {
            interface::iface_set_master(call, text(&iface), master.as_deref())
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::iface_delete`.
    ///
    /// # Errors
    ///
    /// `failed to delete interface '...'`.
    #[export]
    fn iface_delete(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| interface::iface_delete(call, text(&iface)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::tap_create`: brings a VM's interface up with the MTU of `$bridge`.
    ///
    /// # Errors
    ///
    /// `bridge '...' does not exist`, `interface activation failed`. Everything is as it was.
    #[export]
    fn tap_create(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        bridge: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| veth::tap_create(call, text(&iface), bridge.as_deref()))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::veth_create`: makes a pair of links with the MTU of `$bridge`, the hardware address
    /// `$mac` on the second one, and brings both up.
    ///
    /// # Errors
    ///
    /// `bridge '...' does not exist`, `can't create interface ...`, `can't activate interface ...`. Everything is as it
    /// was.
    #[export]
    fn veth_create(
        context: &mut Context,
        signals: &Signals,
        veth: Option<String>,
        vethpeer: Option<String>,
        bridge: Option<String>,
        mac: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let mac = mac.as_deref().filter(|mac| is_true(mac));
        change(context, signals, |call| {
            veth::veth_create(call, text(&veth), text(&vethpeer), bridge.as_deref(), mac)
        })?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::veth_delete`: deletes an interface, if it is there, with its firewall bridge.
    ///
    /// # Errors
    ///
    /// `failed to delete interface '...'`.
    #[export]
    fn veth_delete(
        context: &mut Context,
        signals: &Signals,
        veth: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| unplug::veth_delete(call, text(&veth)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::tap_plug`: plugs an interface into a Linux or Open vSwitch bridge.
    ///
    /// `$tag` is the VLAN of its frames without a tag, `$trunks` those of frames with one (`5;7-9`). With `$firewall` it
    /// gets a firewall bridge. `$rate` is its limit in MB a second. `$opts` is a reference to a hash: `learning`
    /// (whether the bridge learns addresses from it; where it is not given, `bridge-disable-mac-learning` of
    /// `/etc/network/interfaces` decides), `mac` (its guest's address, led to it where the bridge does not learn),
    /// `isolation` (kept apart from other such ports).
    ///
    /// # Errors
    ///
    /// Those of the Perl function. Everything is as it was, except for what Open vSwitch was told.
    #[export]
    #[allow(clippy::too_many_arguments, reason = "the reference has as many")]
    fn tap_plug(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        bridge: Option<String>,
        tag: Option<String>,
        firewall: Option<Truth>,
        trunks: Option<String>,
        rate: Option<String>,
        opts: Option<PerlData<Options>>,
    ) -> Result<Empty<()>, Error> {
        let opts = opts.map(|opts| opts.0).unwrap_or_default();
        let plug = Plug {
            tag,
            firewall: firewall.is_some_and(|firewall| firewall.0),
            trunks,
            rate: super::rate(context, &rate),
            learning: opts.learning,
            isolated: opts.isolation,
            mac: opts.mac,
        };
        change(context, signals, |call| plug::tap_plug(call, text(&iface), text(&bridge), &plug))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::tap_unplug`: takes an interface out of its bridge and removes its firewall bridge.
    ///
    /// # Errors
    ///
    /// `can't unenslave '...'`, `failed to delete interface '...'`. Everything is as it was.
    #[export]
    fn tap_unplug(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| unplug::tap_unplug(call, text(&iface)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::tap_rate_limit`: limits an interface to `$rate` MB a second in each direction; without
    /// one, no longer.
    ///
    /// # Errors
    ///
    /// `command '/sbin/tc ...' failed: ...`, as if that had been run. The limit is as it was.
    #[export]
    fn tap_rate_limit(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        rate: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let rate = super::rate(context, &rate);
        change(context, signals, |call| limit::tap_rate_limit(call, text(&iface), rate))?;
        Ok(Empty::Nothing)
    }

    /// Changes the limit of an interface in place: what waits in its queue stays there. Where there is none yet, or
    /// `$rate` is none, this is `tap_rate_limit`.
    ///
    /// # Errors
    ///
    /// As `tap_rate_limit`.
    #[export]
    fn tap_rate_change(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        rate: Option<String>,
    ) -> Result<Empty<()>, Error> {
        let rate = super::rate(context, &rate);
        change(context, signals, |call| limit::tap_rate_change(call, text(&iface), rate))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::add_bridge_fdb`: leads the address `$mac` to a guest's interface whose bridge does not
    /// learn.
    ///
    /// # Errors
    ///
    /// `command '/sbin/bridge fdb ...' failed: ...`, as if that had been run. Everything is as it was.
    #[export]
    fn add_bridge_fdb(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        mac: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| fdb::add_bridge_fdb(call, text(&iface), text(&mac)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::del_bridge_fdb`: takes back what `add_bridge_fdb` did.
    ///
    /// # Errors
    ///
    /// As `add_bridge_fdb`.
    #[export]
    fn del_bridge_fdb(
        context: &mut Context,
        signals: &Signals,
        iface: Option<String>,
        mac: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| fdb::del_bridge_fdb(call, text(&iface), text(&mac)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::copy_bridge_config`: gives the bridge `$br1` the settings of `$br0`. What it does not
    /// take is a warning.
    #[export]
    fn copy_bridge_config(
        context: &mut Context,
        signals: &Signals,
        br0: Option<String>,
        br1: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| query::copy_bridge_config(call, text(&br0), text(&br1)))?;
        Ok(Empty::Nothing)
    }

    /// Stands for `PVE::Network::activate_bridge_vlan`: makes the bridge `<bridge>v<tag>`, which stands for a VLAN of a
    /// bridge that does not filter them, under the lock that the Perl function takes.
    ///
    /// Returns its name; without a tag, that of the bridge.
    ///
    /// # Errors
    ///
    /// Those of the Perl function. Everything is as it was.
    #[export]
    fn activate_bridge_vlan(
        context: &mut Context,
        signals: &Signals,
        bridge: Option<String>,
        tag: Option<String>,
    ) -> Result<String, Error> {
        change(context, signals, |call| {
            bridge_vlan::activate_bridge_vlan(call, text(&bridge), tag.as_deref())
        })
    }

    /// Stands for `PVE::Network::activate_bridge_vlan_slave`: makes the link for the VLAN `$tag` of an interface a port of
    /// `$bridgevlan`.
    ///
    /// # Errors
    ///
    /// Those of the Perl function. Everything is as it was.
    #[export]
    fn activate_bridge_vlan_slave(
        context: &mut Context,
        signals: &Signals,
        bridgevlan: Option<String>,
        iface: Option<String>,
        tag: Option<String>,
    ) -> Result<Empty<()>, Error> {
        change(context, signals, |call| {
            let (bridge, iface) = (text(&bridgevlan), text(&iface));
            bridge_vlan::activate_bridge_vlan_slave(call, bridge, iface, text(&tag))
        })?;
        Ok(Empty::Nothing)
    }
}
