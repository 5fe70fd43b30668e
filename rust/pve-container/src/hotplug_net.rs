//! An interface is plugged into a running container (the reference: `PVE::LXC::hotplug_net`).
//!
//! The reference makes both ends on the host and moves one into the container. Here that one is made where it belongs,
//! which saves the kernel's wait at each move; only where that is not possible it goes the reference's way, which then
//! gives the reference's error.

use pve_netlink::Kernel;
use pve_netlink::host::plug::parse_mac;
use pve_netlink::host::{Call, Died, Done, Surroundings, names, query, unplug};
use pve_netlink::inside::{Failed, Inside, add_device};
use pve_netlink::interface::valid_name;
use pve_netlink::link::{LinkSettings, VethPair};
use pve_netlink::netns::NetNs;
use pve_netlink::plan::{Change, Link, Step};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::{Cancel, Poll, in_thread};

use crate::net_plug::{Net, Place, net_tap_plug};
use crate::vnet_plug::veth_create;
use crate::vnets::died;

/// One queue for each direction: more makes the kernel wait for all processors when the pair is made.
const QUEUES: u32 = 1;

/// Plug `net` into container `vmid`, with `link` as the name of the host's end. `netns` is the container's namespace; where
/// there is none, it does not run.
///
/// # Errors
/// In the result: [`Died`], with everything as it was.
pub fn hotplug_net(
    place: Place<'_>,
    surroundings: &Surroundings<'_>,
    (vmid, netns): (&str, Option<&NetNs>),
    link: &str,
    net: &Net,
    poll: &mut Poll<'_>,
) -> Done<()> {
    let job = Job { place, surroundings, vmid, netns, link, peer: format!("{link}p"), net };
    let mut warnings = Vec::new();
    let mut run = |poll: &mut Poll<'_>,
                   work: &(dyn Fn(&mut Said<'_>) -> Result<bool, Died> + Sync)| {
        let ran = in_thread(poll, |cancel| {
            let mut said = Said { cancel, warnings: Vec::new() };
            let result = work(&mut said);
            (result, said.warnings)
        });
        let (result, said) = ran.unwrap_or_else(|error| (Err(error.into()), Vec::new()));
        warnings.extend(said);
        result
    };
    let result = run(poll, &|said| job.host(said)).and_then(|made| {
        // A thread of its own: it stays in the container.
        let up = run(poll, &|said| job.inside(said));
        if up.is_err() && made {
            let _ = run(&mut || Ok(()), &|said| job.undo(said));
        }
        up.map(drop)
    });
    Done { result, warnings }
}

/// What one thread has to say.
struct Said<'c> {
    cancel: &'c Cancel,
    warnings: Vec<String>,
}

impl Said<'_> {
    fn failed(&mut self, Failed { said, text }: Failed) -> Died {
        self.warnings.push(said);
        Died::Text(text)
    }
}

struct Job<'a> {
    place: Place<'a>,
    surroundings: &'a Surroundings<'a>,
    vmid: &'a str,
    netns: Option<&'a NetNs>,
    link: &'a str,
    peer: String,
    net: &'a Net,
}

impl Job<'_> {
    /// One of the host's functions, which ends before the next begins.
    fn call<T>(
        &self,
        said: &mut Said<'_>,
        work: impl FnOnce(&mut Call<'_>) -> Result<T, Died>,
    ) -> Result<T, Died> {
        said.cancel.check()?;
        let cancel = Cancel::new();
        let mut call = Call::here(self.place.kernel, &cancel, self.surroundings);
        let result = work(&mut call);
        said.warnings.extend(call.take_warnings());
        result
    }

    /// Whether the links were made by this.
    fn host(&self, said: &mut Said<'_>) -> Result<bool, Died> {
        let name = self.net.bridge.as_deref().unwrap_or_default();
        self.place.vnets.bridge(name).create().map_err(died)?;
        let there = self.there(said)?;
        let in_place = !there && self.make_in_place(said)?;
        if !in_place {
            self.call(said, |call| {
                let (link, peer) = (self.link, self.peer.as_str());
                let mac = self.net.hwaddr.as_deref().filter(|mac| !matches!(*mac, "" | "0"));
                let bridge = self.net.bridge.as_deref();
                veth_create(call, self.place.vnets, (link, peer), bridge, mac)
            })?;
        }
        let plugged = self
            .call(said, |call| net_tap_plug(call, self.place, self.link, self.net))
            .and_then(|()| if in_place { Ok(()) } else { self.attach(said) })
            .and_then(|()| Ok(said.cancel.check()?));
        if plugged.is_err() && !there {
            let _ = self.undo(said);
        }
        plugged.map(|()| !there)
    }

    fn there(&self, said: &mut Said<'_>) -> Result<bool, Died> {
        let mut tx =
            Transaction::begin(self.place.kernel, self.place.kernel.wire()?, said.cancel, None);
        let found = tx.look(&[self.link, &self.peer])?;
        Ok(found.iter().any(Option::is_some))
    }

    /// Make the pair with one end in the container, both as `veth_create` leaves them. False where that is not possible.
    fn make_in_place(&self, said: &mut Said<'_>) -> Result<bool, Died> {
        let Some(netns) = self.netns else { return Ok(false) };
        let Ok(mtu) = query::read_bridge_mtu(
            self.place.kernel,
            self.net.bridge.as_deref().unwrap_or_default(),
        ) else {
            return Ok(false);
        };
        let mac = self.net.hwaddr.as_deref().map(parse_mac);
        let named = names::check(self.link).is_ok()
            && names::check(&self.peer).is_ok()
            && valid_name(&self.net.name);
        if !named || mac == Some(None) {
            return Ok(false);
        }
        let pair = VethPair {
            name: self.link.into(),
            mtu,
            peer_name: self.net.name.clone(),
            peer_mtu: mtu,
            peer_address: mac.flatten(),
            queues: QUEUES,
            ..VethPair::default()
        };
        let link = Link::Host(self.link.into());
        let steps = [
            Step::new(&link, Change::AddVeth { pair: Box::new(pair), inside: true })
                .undone_by(Change::Delete),
            Step::new(&link, Change::DisableIpv6(true)),
            Step::new(&link, Change::Set(LinkSettings::UP)),
        ];
        let mut tx = Transaction::begin(
            self.place.kernel,
            self.place.kernel.wire()?,
            said.cancel,
            Some(netns),
        );
        let made = tx.carry_out(&steps).is_ok();
        if !made {
            let errors = tx.undo();
            said.warnings
                .extend(errors.iter().map(|error| format!("undoing failed too: {error}\n")));
        }
        Ok(made)
    }

    fn attach(&self, said: &mut Said<'_>) -> Result<(), Died> {
        said.cancel.check()?;
        let kernel = self.place.kernel;
        add_device(kernel, self.vmid, self.netns, &self.peer, &self.net.name)
            .map_err(|failed| said.failed(failed))
    }

    fn inside(&self, said: &mut Said<'_>) -> Result<bool, Died> {
        let kernel: &dyn Kernel = self.place.kernel;
        let mut inside = Inside::enter(kernel, self.vmid, self.netns)?;
        inside.link_up(&self.net.name).map_err(|failed| said.failed(failed))?;
        // A container that ended meanwhile took its end with it, and success would be a lie.
        if self.netns.is_some_and(|netns| kernel.check_still_there(netns).is_err()) {
            let mut ended = Inside::enter(kernel, self.vmid, None)?;
            ended.link_up(&self.net.name).map_err(|failed| said.failed(failed))?;
        }
        said.cancel.commit()?;
        Ok(true)
    }

    fn undo(&self, said: &mut Said<'_>) -> Result<bool, Died> {
        let cancel = Cancel::new();
        let mut call = Call::here(self.place.kernel, &cancel, self.surroundings);
        let undone = unplug::veth_delete(&mut call, self.link);
        if let Err(Died::Text(why) | Died::AtCaller(why)) = &undone {
            said.warnings.push(format!("undoing failed too: {}\n", why.trim_end()));
        }
        undone.map(|()| true)
    }
}
