//! The messages of a change.

use std::os::fd::AsFd;

use super::Transaction;
use crate::error::Error;
use crate::link::LinkSettings;
use crate::plan::{Change, Link};
use crate::request::Request;
use crate::tc::Clock;
use crate::{addr, bridge, fdb, link, route, tc};

impl Transaction<'_> {
    pub(super) fn of(&self, link: &Link) -> Result<u32, Error> {
        self.index(link).ok_or_else(|| Error::Internal(format!("the index of {link} is not known")))
    }

    fn clock(&mut self) -> Clock {
        *self.clock.get_or_insert_with(|| self.kernel.clock())
    }

    pub(super) fn requests(&mut self, link: &Link, change: &Change) -> Result<Vec<Request>, Error> {
        let name = link.name();
        let netns = |inside: bool| self.netns.filter(|_| inside).map(AsFd::as_fd);
        Ok(match change {
            Change::AddVeth { pair, inside } => {
                vec![link::add_veth(pair, netns(*inside)), link::show_named(name)]
            }
            Change::AddBridge(again) => {
                vec![link::add_bridge(name, *again), link::show_named(name)]
            }
            Change::AddVlan { parent, id } => {
                let parent = self.of(&Link::Host(parent.clone()))?;
                vec![link::add_vlan(name, parent, *id), link::show_named(name)]
            }
            Change::AddKind(kind) => vec![link::add_kind(name, kind), link::show_named(name)],
            Change::Delete => {
                vec![self.index(link).map_or_else(|| link::delete_named(name), link::delete)]
            }
            Change::Look(_) => {
                vec![self.index(link).map_or_else(|| link::show_named(name), link::show)]
            }
            Change::Set(settings) => {
                let index = self.of(link)?;
                vec![link::set(index, settings), link::show(index)]
            }
            Change::BringUp(_) => {
                let index = self.of(link)?;
                vec![link::set(index, &LinkSettings::UP), link::show(index)]
            }
            Change::SetMaster(master) => {
                let index = self.of(link)?;
                let master =
                    master.clone().map(|master| self.of(&Link::Host(master))).transpose()?;
                vec![link::set_master(index, master), link::show(index)]
            }
            Change::DisableIpv6(_) => Vec::new(),
            Change::DeleteVlans(vlans) => vec![bridge::delete_vlans(self.of(link)?, *vlans)],
            Change::AddVlans(vlans) => vec![bridge::add_vlans(self.of(link)?, vlans)],
            Change::SetPortFlags(flags) => {
                let index = self.of(link)?;
                vec![bridge::set_port_flags(index, *flags), link::show(index)]
            }
            Change::AddFdb(mac) => vec![fdb::append(self.of(link)?, *mac)],
            Change::DeleteFdb(mac) => vec![fdb::delete(self.of(link)?, *mac)],
            Change::SetBridge(setting, value) => {
                vec![bridge::set(self.of(link)?, *setting, *value)]
            }
            Change::DeleteTraffic(part) => vec![tc::delete(self.of(link)?, *part)],
            Change::AddHtb => vec![tc::add_htb(self.of(link)?)],
            Change::AddIngress => vec![tc::add_ingress(self.of(link)?)],
            Change::SetClass(rate, change) => {
                vec![tc::class(self.of(link)?, *rate, *change, self.clock())]
            }
            Change::SetPolice(rate, change) => {
                vec![tc::police(self.of(link)?, *rate, *change, self.clock())]
            }
            Change::RestoreTraffic(shown) => {
                vec![tc::restore(self.of(link)?, shown, self.clock())]
            }
            Change::AddAddress(cidr) => addr::add(self.of(link)?, *cidr),
            Change::AddRoute(address) => vec![route::add_on_link(self.of(link)?, *address)],
            Change::ReplaceDefault(gateway) => vec![route::add_default(self.of(link)?, *gateway)],
        })
    }
}
