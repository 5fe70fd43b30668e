//! `PVE::Network::Rust::Interfaces`

use std::collections::HashMap;

use perlxs::sys::PERL_VERSION;
use perlxs::{Context, Error, Hash, Message, Perl, PerlData, Return, Returned, to_perl};
use pve_config::interfaces::{self, Change, Changed, Finding, Link};
use pve_netlink::inventory::Brief;
use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, PerlString};
use serde::{Deserialize, Serialize};

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
    let ifaces = || Message::Literal("ifaces");
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
                    let key = Message::Literal(key);
                    match value {
                        Some(value) if !value.is_defined() => changes.undefine(key),
                        Some(value) => changes.store(key, &value)?,
                        None => changes.delete(key),
                    }
                }
            }
        }
    }
    Ok(())
}

/// Where the lines of findings are.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source<'a> {
    #[serde(borrow)]
    text: Option<Words<'a>>,
    file: Option<String>,
}

/// A finding with its file.
#[derive(Serialize)]
pub(crate) struct FindingHash {
    file: String,
    line: Option<usize>,
    iface: Option<String>,
    key: Option<&'static str>,
    message: String,
}

/// The host's network configuration.
#[perlxs::package(name = "PVE::Network::Rust::Interfaces")]
pub mod package {
    use super::*;

    use perlxs::{Data, Truth};

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

    /// Finds what reading and writing let through, and ifupdown2 or the kernel then fails on.
    ///
    /// `$config` is a reference to a hash as read_etc_network_interfaces returns it, which is not changed. `$source` is a
    /// reference to a hash: `text`, the content that it was read from, bytes, and `file`, the name to tell, without which
    /// it is `/etc/network/interfaces`. Without `text`, lines are those that write_etc_network_interfaces would write for
    /// ifupdown2.
    ///
    /// Found are addresses, gateways, prefix lengths and netmasks that are none; gateways outside of their interface's
    /// network; an address on two interfaces; ports, slaves and raw devices that are not there; interfaces that are,
    /// through others, on themselves, and bridges on bridges; a port of two interfaces; MTUs of VLANs above the lower
    /// interface's, outside of the kernel's limits or too small for IPv6; names that the kernel refuses; VLANs and VXLANs
    /// with numbers that there are not or that another one has; bond modes that there are not; and what writing dies with.
    ///
    /// Returns a reference to a list, empty if nothing was found, of references to hashes: `file`; `line`, from 1, of the
    /// option or else of the interface's first stanza, undef if there is neither; `iface` and `key`, what it is about, or
    /// undef; `message`.
    ///
    /// # Errors
    ///
    /// An argument that is no such hash.
    #[export]
    fn validate(
        config: PerlData<Map<'_>>,
        source: Option<PerlData<Source<'_>>>,
    ) -> Data<Vec<FindingHash>> {
        let Source { text, file } = source.map_or_else(Source::default, |source| source.0);
        let text = text.as_ref().map(Words::to_perl);
        let findings = interfaces::validate(&config.0, text.as_ref().map(PerlString::as_bytes));
        let file = file.unwrap_or_else(|| "/etc/network/interfaces".to_owned());
        let with_file = |finding: Finding| {
            let Finding { iface, key, line, message } = finding;
            FindingHash { file: file.clone(), line, iface, key, message }
        };
        Data(findings.into_iter().map(with_file).collect())
    }
}
