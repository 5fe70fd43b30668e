//! `ip link add`, `ip link set` and `ip link delete` with the arguments of ip(8) (the reference: `PVE::Network::iface_create`,
//! `iface_set`, `iface_set_master`, `iface_delete`).

use super::before::Before;
use super::plug::parse_mac;
use super::{Call, Died, host_link, names};
use crate::link::{LinkSettings, VethPair};
use crate::plan::{Change, Name, Refused, Step};

/// The program that takes what is not spoken here.
const IP: &str = "/sbin/ip";

/// What the arguments of `ip link set` ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Wanted {
    settings: LinkSettings,
    /// The bridge, or none at all.
    master: Option<Option<String>>,
}

impl Wanted {
    /// None for arguments that only ip(8) knows.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "up" if wanted.settings.up.is_none() => wanted.settings.up = Some(true),
                "down" if wanted.settings.up.is_none() => wanted.settings.up = Some(false),
                "mtu" if wanted.settings.mtu.is_none() => {
                    wanted.settings.mtu = Some(words.next()?.parse().ok()?);
                }
                "promisc" => {
                    wanted.settings.promiscuous = Some(match words.next()? {
                        "on" => true,
                        "off" => false,
                        _ => return None,
                    });
                }
                "address" => {
                    let text = words.next().filter(|text| text.len() == 17)?;
                    wanted.settings.address = Some(parse_mac(text)?);
                }
                "master" if wanted.master.is_none() => {
                    wanted.master = Some(Some(words.next()?.to_owned()));
                }
                "nomaster" if wanted.master.is_none() => wanted.master = Some(None),
                _ => return None,
            }
        }
        // ip(8) makes one message of it, which the kernel takes apart in an order of its own.
        let both = wanted.master.is_some() && wanted.settings != LinkSettings::default();
        (!both && !arguments.is_empty()).then_some(wanted)
    }
}

/// `iface_set`: `ip link set dev NAME ARGUMENTS…`. Arguments that are not spoken here are left to ip(8).
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn iface_set(call: &mut Call<'_>, name: &str, arguments: &[String]) -> Result<(), Died> {
    let text = || {
        let options = arguments.join(" ");
        Died::Text(format!("failed to set interface options for '{name}' ({options})\n"))
    };
    let Some(wanted) = Wanted::parse(arguments) else {
        let mut words = vec!["link", "set", name];
        words.extend(arguments.iter().map(String::as_str));
        return call.ip(&words).map_err(|()| text());
    };
    set(call, name, &wanted).map_err(|died| match died {
        Died::Text(_) => text(),
        other => other,
    })
}

/// `iface_set_master`: make an interface a port of a bridge, or of none.
///
/// # Errors
/// [`Died`], with everything as it was.
pub fn iface_set_master(call: &mut Call<'_>, name: &str, master: Option<&str>) -> Result<(), Died> {
    let wanted = Wanted { master: Some(master.map(ToOwned::to_owned)), ..Wanted::default() };
    set(call, name, &wanted).map_err(|died| match (died, master) {
        (Died::Text(_), Some(master)) => {
            Died::Text(format!("can't enslave '{name}' to '{master}'\n"))
        }
        (Died::Text(_), None) => Died::Text(format!("can't unenslave '{name}'\n")),
        (other, _) => other,
    })
}

fn set(call: &mut Call<'_>, name: &str, wanted: &Wanted) -> Result<(), Died> {
    call.change(|call, tx| {
        let mut asked = vec![name.to_owned()];
        asked.extend(wanted.master.clone().flatten());
        let mut found = call.look(tx, &asked)?.into_iter();
        let (own, bridge) = (found.next().flatten(), found.next().flatten());
        if let Some(Some(master)) = &wanted.master {
            if bridge.is_none() {
                call.warn(format!(
                    "Error: argument \"{master}\" is wrong: Device does not exist\n\n"
                ));
                return Err(Died::Text(String::new()));
            }
        }
        let Some(own) = own else { return Err(call.not_found(name, String::new())) };
        let bridges: Vec<_> = bridge.as_ref().into_iter().collect();
        let own = call.before(tx, own, &bridges, false)?;
        call.carry_out(tx, &[step(&own, wanted)])
    })
}

fn step(own: &Before, wanted: &Wanted) -> Step {
    match &wanted.master {
        Some(master) => {
            let master: Option<Name> = master.as_deref().map(Into::into);
            Step::new(&own.link(), Change::SetMaster(master)).undone_by_all(own.membership())
        }
        None => Step::new(&own.link(), Change::Set(wanted.settings.clone()))
            .undone_by(Change::Set(wanted.settings.as_shown(&own.shown))),
    }
}

/// `iface_create`: `ip link add NAME type KIND ARGUMENTS…`. Arguments that are not spoken here are left to ip(8).
///
/// # Errors
/// [`Died`].
pub fn iface_create(
    call: &mut Call<'_>,
    name: &str,
    kind: &str,
    arguments: &[String],
) -> Result<(), Died> {
    if let Err(why) = names::check(name) {
        return Err(Died::Text(format!("failed to create interface '{name}' - {why}\n")));
    }
    let failed = || Died::Text(format!("failed to create interface '{name}'\n"));
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let change = match (kind, words.as_slice()) {
        ("bridge", []) => Change::AddBridge(None),
        ("dummy" | "ifb", []) => Change::AddKind(kind.into()),
        ("veth", ["peer", "name", peer]) if names::check(peer).is_ok() => {
            let pair = VethPair {
                name: name.into(),
                mtu: DEFAULT_MTU,
                peer_name: (*peer).into(),
                peer_mtu: DEFAULT_MTU,
                queues: 1,
                ..VethPair::default()
            };
            Change::AddVeth { pair: Box::new(pair), inside: false }
        }
        _ => {
            let mut command = vec!["link", "add", name, "type", kind];
            command.extend(&words);
            return call.ip(&command).map_err(|()| failed());
        }
    };
    call.change(|call, tx| {
        let step = Step::new(&host_link(name), change).undone_by(Change::Delete);
        call.carry_out(tx, &[step])
    })
    .map_err(|died| match died {
        Died::Text(_) => failed(),
        other => other,
    })
}

/// What an Ethernet link has that is made without one (`ETH_DATA_LEN`).
const DEFAULT_MTU: u32 = 1500;

/// `iface_delete`: `ip link delete dev NAME`.
///
/// # Errors
/// [`Died`].
pub fn iface_delete(call: &mut Call<'_>, name: &str) -> Result<(), Died> {
    call.change(|call, tx| {
        let failed = || format!("failed to delete interface '{name}'\n");
        if call.look(tx, &[name])?.pop().flatten().is_none() {
            return Err(call.not_found(name, failed()));
        }
        let step = Step::new(&host_link(name), Change::Delete).refused(Refused::Fails);
        call.carry_out(tx, &[step])
    })
}

impl Call<'_> {
    /// Run ip(8).
    fn ip(&mut self, words: &[&str]) -> Result<(), ()> {
        match super::command::run(IP.as_ref(), words) {
            Ok(ended) => {
                if !ended.error.is_empty() {
                    self.warn(ended.error);
                }
                if ended.code == Ok(0) { Ok(()) } else { Err(()) }
            }
            Err(why) => {
                self.warn(why);
                Err(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(arguments: &str) -> Option<Wanted> {
        Wanted::parse(&arguments.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_spoken_here_is_understood_and_the_rest_is_left_to_ip() {
        assert_eq!(wanted("up").unwrap().settings, LinkSettings::UP);
        assert_eq!(wanted("mtu 1400").unwrap().settings, LinkSettings::mtu(1400));
        assert_eq!(wanted("nomaster").unwrap().master, Some(None));
        assert_eq!(wanted("master vmbr0").unwrap().master, Some(Some("vmbr0".into())));
        let all = wanted("up promisc on mtu 9000").unwrap().settings;
        assert_eq!((all.up, all.promiscuous, all.mtu), (Some(true), Some(true), Some(9000)));
        for other in [
            "",
            "foo 1",
            "mtu",
            "mtu x",
            "up down",
            "master vmbr0 up",
            "type bridge_slave",
            "promisc",
        ] {
            assert_eq!(wanted(other), None, "{other}");
        }
    }
}
