//! `PVE::Network::Rust::Interfaces`

use std::collections::HashMap;

use perlxs::sys::PERL_VERSION;
use perlxs::{Context, Error, Hash, Message, Perl, PerlData, Return, Returned, to_perl};
use pve_config::interfaces::{self, Change, Changed, Link};
use pve_netlink::inventory::Brief;
use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, PerlString};

use super::host_links::Details;
use crate::string::{self, Words};

/// The links that the caller knows, by name.
type Links = HashMap<String, Brief>;

/// The caller's links. As by the Perl function, those that are network cards get a list of alternative names.
fn links(
    context: &mut Context,
    given: Option<Hash<HashMap<String, Details>>>,
) -> Result<Links, Error> {
    let Some(given) = given else { return Ok(Links::new()) };
    let mut links = Links::with_capacity(given.len());
    for (name, details) in given.iter() {
        let brief = Brief::from(details);
        if brief.is_physical() && details.has_no_altnames() {
            let none: [(); 0] = [];
            context.changes(&given, vec![name.as_str().into()]).store("altnames", &none)?;
        }
        links.insert(name.clone(), brief);
    }
    Ok(links)
}

/// A configuration on its way to Perl: it is read where its text and the links still live.
pub(crate) struct Read<'a> {
    text: &'a [u8],
    links: Links,
    active: Vec<PerlString<'static>>,
}

impl Return for Read<'_> {
    fn into_perl(self, perl: Perl) -> Result<Returned, Error> {
        let links = self.links.iter().map(|(name, brief)| Link {
            name: PerlStr::Text(name),
            altnames: brief.altnames.iter().map(|name| PerlStr::Text(name)).collect(),
            is_physical: brief.is_physical(),
        });
        let links: Vec<Link<'_>> = links.collect();
        let active: Vec<PerlStr<'_>> = self.active.iter().map(PerlString::as_perl).collect();
        let decoder = Decoder::of_perl(PERL_VERSION);
        let config = interfaces::read(self.text, &links, &active, decoder);
        to_perl(perl, &config).map(Returned::Scalar)
    }
}

/// Puts into effect what writing changes in the caller's hash.
fn change(
    context: &mut Context,
    config: &Hash<Map<'_>>,
    changes: Vec<Changed>,
) -> Result<(), Error> {
    let ifaces = || Message::from("ifaces");
    for Changed { iface, change } in changes {
        let name = string::message(iface);
        match change {
            Change::Deleted => context.changes(config, vec![ifaces()]).delete(name),
            Change::Replaced(iface) => {
                context.changes(config, vec![ifaces()]).store(name, &iface)?
            }
            Change::Keys(keys) => {
                let mut changes = context.changes(config, vec![ifaces(), name]);
                for (key, value) in keys {
                    match value {
                        Some(value) => changes.store(key, &value)?,
                        None => changes.delete(key),
                    }
                }
            }
        }
    }
    Ok(())
}

/// The host's network configuration.
#[perlxs::package(name = "PVE::Network::Rust::Interfaces")]
pub mod package {
    use super::*;

    use perlxs::Truth;

    use crate::error;
    use crate::string::Text;

    /// As read_etc_network_interfaces, of the file's content `$text`, bytes.
    #[export]
    fn parse_etc_network_interfaces<'a>(
        context: &mut Context,
        text: &'a [u8],
        ip_link_details: Option<Hash<HashMap<String, Details>>>,
        active: Option<PerlData<Vec<Words<'_>>>>,
    ) -> Result<Read<'a>, Error> {
        let links = links(context, ip_link_details)?;
        let active = active.iter().flat_map(|active| &active.0);
        Ok(Read { text, links, active: active.map(|name| name.to_perl().into_owned()).collect() })
    }

    /// Stands for `PVE::Network::Interfaces::__write_etc_network_interfaces`.
    ///
    /// `$config` is a reference to a hash as read_etc_network_interfaces returns it. As by the Perl function, it is
    /// changed: `cidr` and `cidr6` are deleted, ports get what their bridge or bond decides, and what was looked into comes
    /// into being. With `$ifupdown2`, `auto` starts interfaces of Open vSwitch, and a VLAN may have any name.
    ///
    /// Returns the text of the file: characters, if the configuration has any beyond ASCII.
    ///
    /// # Errors
    ///
    /// What the Perl function dies with where interfaces do not fit together.
    #[export]
    fn write_etc_network_interfaces(
        context: &mut Context,
        config: Hash<Map<'_>>,
        ifupdown2: Option<Truth>,
    ) -> Result<Text, Error> {
        let ifupdown2 = ifupdown2.is_some_and(|ifupdown2| ifupdown2.0);
        let written = interfaces::write(&config, ifupdown2);
        change(context, &config, written.changes)?;
        string::warn_all(context, written.warnings);
        written.text.map(Text).map_err(error::schema)
    }
}
